"""The asynchronous client: the same call as in `sync`, awaited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from deepshi_jupyter.client.base import (
    DEFAULT_MODEL,
    DRAIN_SECONDS,
    BaseClient,
    is_encoded,
    left_unread,
    warn_if_cut,
)
from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.client.transport_failure import TRANSPORT_ERRORS, failure_of
from deepshi_jupyter.core.call import Call
from deepshi_jupyter.core.catalogue import Catalogue
from deepshi_jupyter.core.events import Event, Retrying
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest, Messages


class AsyncClient(BaseClient):
    """The asynchronous twin of `deepshi_jupyter.Client`, with the same arguments and errors.

    Use one within one event loop. Cancelling a task that awaits a reply closes its connection at
    once; what had come is in `AsyncReplyStream.stop`.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        *,
        max_retries: int = 2,
        connect_timeout: float = 10.0,
        idle_timeout: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(
            base_url,
            api_key,
            max_retries=max_retries,
            connect_timeout=connect_timeout,
            idle_timeout=idle_timeout,
        )
        self._http = httpx.AsyncClient(transport=transport, **self._http_options())
        self._undrained: list[tuple[httpx.Response, AsyncIterator[bytes]]] = []

    async def ask(
        self,
        messages: Messages,
        *,
        model: str = DEFAULT_MODEL,
        stream: bool = True,
        extra: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Reply:
        """Ask and wait for the whole reply; see `deepshi_jupyter.Client.ask`."""
        options = {"model": model, "stream": stream, "extra": extra, **parameters}
        answer = AsyncReplyStream(self, self._prepare_and_warn(messages, options))
        return warn_if_cut(await answer.reply())

    def stream(
        self,
        messages: Messages,
        *,
        model: str = DEFAULT_MODEL,
        extra: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> AsyncReplyStream:
        """Ask and iterate with ``async for``; see `deepshi_jupyter.Client.stream`."""
        options = {"model": model, "stream": True, "extra": extra, **parameters}
        return AsyncReplyStream(self, self._prepare_and_warn(messages, options))

    def send(self, request: ChatRequest) -> AsyncReplyStream:
        """Send a request that `prepare` made."""
        return AsyncReplyStream(self, request)

    async def models(self, *, refresh: bool = False) -> Catalogue:
        """Return the models that the endpoint lists; see `deepshi_jupyter.Client.models`."""
        if self.catalogue is not None and not refresh:
            return self.catalogue
        try:
            response = await self._http.get(self._url("/models"), auth=self._auth())
        except TRANSPORT_ERRORS as error:
            raise self._error_of(failure_of(error, self.endpoint.host)) from None
        return self._read_models(response)

    async def close(self) -> None:
        """Close all connections."""
        for response, _ in self._undrained:
            await response.aclose()
        self._undrained.clear()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _open(self, request: ChatRequest) -> httpx.Response:
        await self._drain()
        message = self._http.build_request(
            "POST",
            self._url("/chat/completions"),
            content=request.encode(),
            headers=self._headers(request),
        )
        return await self._http.send(message, auth=self._auth(), stream=True)

    def _keep_for_draining(self, response: httpx.Response, pieces: AsyncIterator[bytes]) -> None:
        self._undrained.append((response, pieces))

    async def _drain(self) -> None:
        """Read what follows ``[DONE]``; see `deepshi_jupyter.client.sync.Client`."""
        while self._undrained:
            response, pieces = self._undrained.pop()
            with contextlib.suppress(httpx.HTTPError, httpx.StreamError, TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    async for _ in pieces:
                        pass
            await response.aclose()


class AsyncReplyStream:
    """An answer as it comes: iterate with ``async for``, then await `reply`."""

    def __init__(self, client: AsyncClient, request: ChatRequest) -> None:
        self.request = request
        self._client = client
        self._call: Call = client._new_call(request)
        self._events = self._run()
        self._finished = False

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def reply(self) -> Reply:
        """Return the reply; reads the rest of the answer first if there is any.

        Raises:
            CallError: The call failed.
        """
        async for _ in self._events:
            pass
        if not self._finished:
            raise left_unread()
        return self._call.result()

    async def stop(self) -> Reply:
        """Close the connection at once and return what came, marked ``interrupted``.

        Raises:
            CallInterruptedError: Nothing came yet.
        """
        await self._events.aclose()
        if not self._finished:
            self._finished = True
            self._call.interrupt()
        return self._call.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._events.aclose()

    async def _run(self) -> AsyncGenerator[Event, None]:
        while True:
            last: list[Event] = []
            async with contextlib.aclosing(self._try(last)) as events:
                async for event in events:
                    yield event
            for event in last:
                yield event
            if not last or not isinstance(last[-1], Retrying):
                break
            await asyncio.sleep(last[-1].wait)
            self._call.begin_again()
        self._finished = True

    async def _try(self, last: list[Event]) -> AsyncGenerator[Event, None]:
        """Send once and pass on what comes; put the last events into `last`."""
        try:
            response = await self._client._open(self.request)
            async with contextlib.aclosing(self._read(response)) as events:
                async for event in events:
                    yield event
        except TRANSPORT_ERRORS as error:
            last += self._call.end(failure_of(error, self._client.endpoint.host))
        else:
            last += self._call.end()

    async def _read(self, response: httpx.Response) -> AsyncGenerator[Event, None]:
        call = self._call
        keep = False
        try:
            call.head(response.status_code, response.headers)
            pieces = body_pieces(response)
            async for piece in pieces:
                for event in call.feed(piece):
                    yield event
                if call.done:
                    keep = call.may_drain
                    break
        finally:
            if keep:
                self._client._keep_for_draining(response, pieces)
            else:
                await response.aclose()


def body_pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    """Iterate over the body as it comes, decoded only where it says that it is encoded."""
    return response.aiter_bytes() if is_encoded(response) else response.aiter_raw()
