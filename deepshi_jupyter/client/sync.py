"""The synchronous client: it sends and waits; what is sent and what came is decided in `core`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from deepshi_jupyter.client.base import (
    DEFAULT_MODEL,
    DRAIN_SECONDS,
    BaseClient,
    interrupted,
    is_encoded,
    left_unread,
    warn_if_cut,
)
from deepshi_jupyter.client.connection import Connection, shut_down, socket_of
from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.client.transport_failure import TRANSPORT_ERRORS, failure_of
from deepshi_jupyter.core.call import Call
from deepshi_jupyter.core.catalogue import Catalogue
from deepshi_jupyter.core.events import Event, Retrying
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest, Messages


class Client(BaseClient):
    """A client of the Deepshi API, or of any OpenAI-compatible one.

    Args:
        base_url: The API's address; default ``DEEPSHI_BASE_URL``, then ``https://api.deepshi.ai/v1``.
        api_key: The key; default ``DEEPSHI_API_KEY``, then the system keyring.
        max_retries: Tries after the first, for connection errors, 408, 409, 429 and 5xx, and only
            before the first delta.
        connect_timeout: Seconds to wait for a connection.
        idle_timeout: Seconds of silence between two pieces of an answer that end the call; the
            answer as a whole may take as long as it likes.
        transport: An httpx transport to use instead of the network.

    Raises:
        ConfigurationError: The address or the key cannot be used.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        *,
        max_retries: int = 2,
        connect_timeout: float = 10.0,
        idle_timeout: float = 120.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            base_url,
            api_key,
            max_retries=max_retries,
            connect_timeout=connect_timeout,
            idle_timeout=idle_timeout,
        )
        self._http = httpx.Client(transport=transport, **self._http_options())
        self._undrained: list[tuple[httpx.Response, Iterator[bytes]]] = []

    def ask(
        self,
        messages: Messages,
        *,
        model: str = DEFAULT_MODEL,
        stream: bool = True,
        extra: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> Reply:
        """Ask and wait for the whole reply.

        Args:
            messages: A prompt, or messages oldest first; a `Reply` stands for its message.
            model: A model id.
            stream: Whether the answer comes as a stream; a broken stream keeps what came.
            extra: Further fields of the body, sent as they are.
            **parameters: ``temperature``, ``seed`` … as in the API contract, "Request body".

        Returns:
            The reply. One that broke off has the status ``truncated``; `Reply.raise_for_status`
            turns that into an error.

        Raises:
            InputError: The API would refuse the request; nothing was sent.
            CallError: The call failed; its `partial` is the reply as far as it came.
        """
        options = {"model": model, "stream": stream, "extra": extra, **parameters}
        answer = ReplyStream(self, self._prepare_and_warn(messages, options))
        try:
            for _ in answer:
                pass
        except KeyboardInterrupt:
            raise interrupted(answer.stop()) from None
        return warn_if_cut(answer.reply)

    def stream(
        self,
        messages: Messages,
        *,
        model: str = DEFAULT_MODEL,
        extra: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> ReplyStream:
        """Ask and iterate over what comes, as it comes; `ReplyStream.reply` is whole at the end.

        The arguments and errors are those of `ask`.
        """
        options = {"model": model, "stream": True, "extra": extra, **parameters}
        return ReplyStream(self, self._prepare_and_warn(messages, options))

    def send(self, request: ChatRequest) -> ReplyStream:
        """Send a request that `prepare` made."""
        return ReplyStream(self, request)

    def models(self, *, refresh: bool = False) -> Catalogue:
        """Return the models that the endpoint lists; asked once, then remembered.

        Args:
            refresh: Ask again.

        Raises:
            CallError: The endpoint cannot be reached, refuses, or lists nothing.
        """
        if self.catalogue is not None and not refresh:
            return self.catalogue
        try:
            response = self._http.get(self._url("/models"), auth=self._auth())
        except TRANSPORT_ERRORS as error:
            raise self._error_of(failure_of(error, self.endpoint.host)) from None
        return self._read_models(response)

    def close(self) -> None:
        """Close all connections."""
        for response, _ in self._undrained:
            response.close()
        self._undrained.clear()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, request: ChatRequest, trace: Callable[..., None]) -> httpx.Response:
        self._drain()
        message = self._http.build_request(
            "POST",
            self._url("/chat/completions"),
            content=request.encode(),
            headers=self._headers(request),
            extensions={"trace": trace},
        )
        return self._http.send(message, auth=self._auth(), stream=True)

    def _keep_for_draining(self, response: httpx.Response, pieces: Iterator[bytes]) -> None:
        self._undrained.append((response, pieces))

    def _drain(self) -> None:
        """Read what follows ``[DONE]``, so that the connection can serve again.

        That is done before the next request and not after the answer: a server may keep the
        connection open for long, and nobody should wait for that. A guard ends it.
        """
        while True:
            try:  # several calls may run at the same time
                response, pieces = self._undrained.pop()
            except IndexError:
                return
            guard = threading.Timer(DRAIN_SECONDS, _shut_down, [response])
            guard.start()
            with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
                for _ in pieces:
                    pass
            guard.cancel()
            response.close()


class ReplyStream:
    """An answer as it comes: iterate over its events, then read `reply`."""

    def __init__(self, client: Client, request: ChatRequest) -> None:
        self.request = request
        self._client = client
        self._call: Call = client._new_call(request)
        self._events = self._run()
        self._finished = False
        self._connection = Connection()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    @property
    def reply(self) -> Reply:
        """The reply; reads the rest of the answer first if there is any.

        Raises:
            CallError: The call failed.
        """
        for _ in self._events:
            pass
        if not self._finished:
            raise left_unread()
        return self._call.result()

    def stop(self) -> Reply:
        """Close the connection at once and return what came, marked ``interrupted``.

        Raises:
            CallInterruptedError: Nothing came yet.
        """
        self._events.close()
        if not self._finished:
            self._finished = True
            self._call.interrupt()
        return self._call.result()

    def cancel(self) -> None:
        """End the answer from another thread than the one that iterates over it.

        The connection is closed at whatever stage it is; the iteration then ends, and `reply` is
        what came, marked ``interrupted``.
        """
        self._connection.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._events.close()

    def _run(self) -> Generator[Event, None, None]:
        while True:
            events = yield from self._try()
            yield from events
            if not events or not isinstance(events[-1], Retrying):
                break
            if self._connection.cancelled.wait(events[-1].wait):
                self._call.interrupt()
                break
            self._call.begin_again()
        self._finished = True

    def _try(self) -> Generator[Event, None, list[Event]]:
        """Send once and pass on what comes; return the last events."""
        try:
            response = self._client._open(self.request, self._connection.trace)
            self._connection.answered(response)
            yield from self._read(response)
        except TRANSPORT_ERRORS as error:
            if self._connection.cancelled.is_set():
                self._call.interrupt()
                return []
            return self._call.end(failure_of(error, self._client.endpoint.host))
        return self._call.end()

    def _read(self, response: httpx.Response) -> Iterator[Event]:
        call = self._call
        keep = False
        try:
            call.head(response.status_code, response.headers)
            pieces = body_pieces(response)
            for piece in pieces:
                yield from call.feed(piece)
                if call.done:
                    keep = call.may_drain
                    break
        finally:
            self._connection.rest()
            if keep:
                self._client._keep_for_draining(response, pieces)
            else:
                response.close()


def body_pieces(response: httpx.Response) -> Iterator[bytes]:
    """Iterate over the body as it comes, decoded only where it says that it is encoded."""
    return response.iter_bytes() if is_encoded(response) else response.iter_raw()


def _shut_down(response: httpx.Response) -> None:
    if (raw := socket_of(response)) is not None:
        shut_down(raw)
