"""The door to the network for many requests at once: aiohttp under the calls of `core`.

aiohttp directly: an httpx transport over it (``httpx-aiohttp``) was measured first and costs 0.3 to
0.6 ms a call more, which is nearly twice as much (``docs/scale.md``). What is sent and what
came is decided in `deepshi_jupyter.core.call`, as in the other clients.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import aiohttp
import httpx
import msgspec

from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.client.endpoint import Endpoint
from deepshi_jupyter.client.transport_failure import failure_of
from deepshi_jupyter.core.call import Call
from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.version import __version__

_KEEPALIVE_SECONDS = 30.0


class Address(msgspec.Struct, frozen=True):
    """Where requests go, and how long is waited.

    Attributes:
        endpoint: The base URL.
        connect_timeout: Seconds to wait for a connection.
        idle_timeout: Seconds of silence that end a call.
    """

    endpoint: Endpoint
    connect_timeout: float = 10.0
    idle_timeout: float = 120.0


class Door:
    """Connections to one endpoint; use as an async context manager, within one event loop.

    Args:
        address: Where requests go.
        secret: The key, or None.
    """

    def __init__(self, address: Address, secret: Secret | None) -> None:
        self._address = address
        self._secret = secret
        self._url = f"{address.endpoint.base_url}/chat/completions"
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        endpoint = self._address.endpoint
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=_KEEPALIVE_SECONDS,
                ssl=httpx.create_ssl_context() if endpoint.is_secure else True,
            ),
            timeout=aiohttp.ClientTimeout(
                total=None,
                sock_connect=self._address.connect_timeout,
                sock_read=self._address.idle_timeout,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": f"deepshi-jupyter/{__version__}",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
            },
            trust_env=not endpoint.is_loopback,  # no proxy leads back to this machine
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def send(self, call: Call) -> tuple[int | None, Mapping[str, str], list[Event]]:
        """Send a call once and read what comes.

        Args:
            call: The call; it takes in what comes.

        Returns:
            The HTTP status, None if no answer came; the headers; the last events of the try, which
            end with a `Retrying` if there is to be another one.
        """
        status: int | None = None
        headers: Mapping[str, str] = {}
        broken: Failure | None = None
        try:
            async with self._session.post(
                self._url,
                data=call.request.encode(),
                headers=self._authorization(),
                allow_redirects=False,
            ) as answer:
                status, headers = answer.status, answer.headers
                call.head(status, headers)
                await _read(answer, call)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            broken = _failure(error, self._address.endpoint.host)
        return status, headers, call.end(broken)

    def _authorization(self) -> dict[str, str]:
        """Return the header with the key, which is kept nowhere else."""
        return {"Authorization": f"Bearer {self._secret.reveal()}"} if self._secret else {}


async def _read(answer: aiohttp.ClientResponse, call: Call) -> None:
    async for piece in answer.content.iter_any():
        call.feed(piece)
        if call.done and not answer.content.is_eof():
            await _drain(answer)
            return


async def _drain(answer: aiohttp.ClientResponse) -> None:
    """Read what follows ``[DONE]``, so that the connection can serve again; not for long."""
    try:
        async with asyncio.timeout(0.1):
            await answer.content.read()
    except TimeoutError:
        answer.close()


def _failure(error: Exception, host: str) -> Failure:
    """Describe a failure in the same words as the other clients, which speak of httpx's errors."""
    same = _as_httpx(error)
    same.__cause__ = error.__cause__ or error  # what ssl says stands behind what aiohttp says
    return failure_of(same, host)


def _as_httpx(error: Exception) -> httpx.HTTPError | httpx.InvalidURL:
    words = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout(words)
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(words)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError):
        return httpx.ConnectError(words)  # before ValueError, which a bad certificate is as well
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return httpx.InvalidURL(words)
    if isinstance(error, aiohttp.ContentTypeError):
        return httpx.DecodingError(words)
    return httpx.ReadError(words)
