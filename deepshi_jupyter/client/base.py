"""What both shells share: settings, requests, headers, and the reading of the catalogue."""

from __future__ import annotations

import random
import ssl
import time
import urllib.request
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

import httpx

from deepshi_jupyter.client.credentials import Credential, Secret, find_credential, require_key
from deepshi_jupyter.client.endpoint import Endpoint, find_endpoint
from deepshi_jupyter.core.call import Call, Clock
from deepshi_jupyter.core.catalogue import Catalogue, read_catalogue
from deepshi_jupyter.core.failure import Failure, failure_of_status
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest, Messages, build_request
from deepshi_jupyter.core.retry import RetryPolicy
from deepshi_jupyter.errors import CallInterruptedError, DeepshiWarning
from deepshi_jupyter.version import __version__

DEFAULT_MODEL = "deepshi-3.0"
KEEPALIVE_SECONDS = 30.0
DRAIN_SECONDS = 0.1
"""How long the rest of a finished answer is waited for, so that its connection can serve again."""

_CLOCK = Clock(time.perf_counter, lambda: datetime.now(UTC), random.random)


class HttpOptions(TypedDict):
    """The arguments that both kinds of httpx client take alike."""

    trust_env: bool
    verify: ssl.SSLContext
    timeout: httpx.Timeout
    limits: httpx.Limits
    headers: dict[str, str]


class KeyAuth(httpx.Auth):
    """Puts the key into the request's header, and keeps it nowhere else."""

    __slots__ = ("_secret",)

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Any:
        """Add the header that the API contract asks for ("Endpoint and key")."""
        if self._secret is not None:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        yield request


class BaseClient:
    """Settings of a client; see `deepshi_jupyter.Client` for the arguments."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        *,
        max_retries: int = 2,
        connect_timeout: float = 10.0,
        idle_timeout: float = 120.0,
    ) -> None:
        self.endpoint: Endpoint = find_endpoint(base_url)
        self.credential: Credential = find_credential(self.endpoint, api_key)
        self.policy = RetryPolicy(max_retries=max_retries)
        self.timeout = httpx.Timeout(idle_timeout, connect=connect_timeout, pool=connect_timeout)
        self.catalogue: Catalogue | None = None
        """What the endpoint lists, once it was asked (`models`)."""
        if self.credential.secret is not None and self.endpoint.sends_key_in_clear:
            warnings.warn(
                f"The key goes to {self.endpoint.host} over plain http and can be read on the way; "
                "use https.",
                DeepshiWarning,
                stacklevel=3,
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint.base_url!r})"

    def check_key(self) -> None:
        """Raise if a key is needed and missing.

        Raises:
            MissingKeyError: It is.
        """
        require_key(self.endpoint, self.credential)

    def prepare(
        self,
        messages: Messages,
        *,
        model: str = DEFAULT_MODEL,
        stream: bool = True,
        extra: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> ChatRequest:
        """Build and check the request that `ask` would send, and send nothing.

        Args:
            messages: A prompt, or messages oldest first.
            model: A model id.
            stream: Whether the answer is to come as a stream.
            extra: Further fields of the body, sent as they are.
            **parameters: Fields of the API contract, "Request body".

        Returns:
            The request with its body and notices.

        Raises:
            InputError: The API would refuse it, or a key is missing.
        """
        self.check_key()
        return build_request(
            messages,
            model=model,
            stream=stream,
            parameters=parameters,
            extra=extra,
            catalogue=self.catalogue,
        )

    def _prepare_and_warn(self, messages: Messages, options: Mapping[str, Any]) -> ChatRequest:
        request = self.prepare(messages, **options)
        for notice in request.notices:
            warnings.warn(notice, DeepshiWarning, stacklevel=3)
        return request

    def _new_call(self, request: ChatRequest) -> Call:
        return Call(request, self.endpoint.base_url, self.policy, _CLOCK, self._redact)

    def _http_options(self) -> HttpOptions:
        return HttpOptions(
            trust_env=not self.endpoint.is_loopback,  # no proxy leads back to this machine
            verify=_tls_context(self.endpoint),
            timeout=self.timeout,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=KEEPALIVE_SECONDS),
            headers={"User-Agent": f"deepshi-jupyter/{__version__}", "Accept-Encoding": "identity"},
        )

    def _url(self, path: str) -> str:
        return self.endpoint.base_url + path

    def _headers(self, request: ChatRequest) -> dict[str, str]:
        accept = "text/event-stream" if request.stream else "application/json"
        return {"Content-Type": "application/json", "Accept": accept}

    def _auth(self) -> KeyAuth:
        return KeyAuth(self.credential.secret)

    def _redact(self, text: str) -> str:
        secret = self.credential.secret
        return secret.redact(text) if secret else text

    def _read_models(self, response: httpx.Response) -> Catalogue:
        if not response.is_success:
            raise self._error_of(
                failure_of_status(response.status_code, response.headers, response.content)
            )
        self.catalogue = read_catalogue(response.content)
        return self.catalogue

    def _error_of(self, failure: Failure) -> Exception:
        return failure.error(
            self._redact(failure.what), failure.todo, status=failure.status, code=failure.code
        )


def _tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """Return what httpx needs for TLS; loading the CA bundle takes 20 ms, so only where it is used.

    It heeds SSL_CERT_FILE and SSL_CERT_DIR on this machine too, where the environment's proxies are
    not heeded. Without https and without a proxy there is no TLS; the empty context given then
    would refuse every certificate.
    """
    if endpoint.is_secure or (not endpoint.is_loopback and urllib.request.getproxies()):
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def is_encoded(response: httpx.Response) -> bool:
    """True if the body is compressed although plain bytes were asked for."""
    return bool(response.headers.get("content-encoding", "identity") != "identity")


def interrupted(partial: Reply) -> CallInterruptedError:
    """Make the error of a call that the user stopped, with what came."""
    return CallInterruptedError(
        f"Interrupted after {len(partial.text):,} characters.",
        "What came is kept as `.partial` of this error.",
        request_id=partial.request_id,
        attempts=partial.attempts,
        partial=partial,
    )


def left_unread() -> CallInterruptedError:
    """Make the error of an answer that was closed before it was read to its end."""
    return CallInterruptedError(
        "The answer was closed before its end.", "Read `reply` first, or call `stop` for a part."
    )


def warn_if_cut(reply: Reply) -> Reply:
    """Return the reply, with a warning if its answer broke off."""
    if reply.status == "truncated":
        warnings.warn(
            f"The answer broke off after {len(reply.text):,} characters: `.status` is "
            "'truncated' (`.raise_for_status()` makes that an error).",
            DeepshiWarning,
            stacklevel=3,
        )
    return reply
