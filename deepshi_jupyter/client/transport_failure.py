"""What httpx raises → a failure in words that a user can act on."""

from __future__ import annotations

import ssl

import httpx

from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.errors import ConnectionFailedError, StreamCutError, TimedOutError


def failure_of(error: httpx.HTTPError | httpx.InvalidURL, host: str) -> Failure:
    """Describe why a connection failed, broke or fell silent.

    Args:
        error: What httpx raised (https://www.python-httpx.org/exceptions/).
        host: The host that was called.

    Returns:
        The failure; connections that were never made or broke may be tried again, a service
        that is silent for too long may not: it may still be working, and be paid for it.
    """
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure(
            error=TimedOutError,
            what=f"No connection to {host} within the connect timeout.",
            todo="Check the network and the base URL, or raise `connect_timeout`.",
            retryable=True,
        )
    if isinstance(error, httpx.TimeoutException):
        return Failure(
            error=TimedOutError,
            what=f"{host} sent nothing for longer than the idle timeout.",
            todo="Raise `idle_timeout` if the model thinks for so long, or try again.",
        )
    if (cause := _tls_cause(error)) is not None:
        return Failure(
            error=ConnectionFailedError,
            what=f"The TLS connection to {host} failed: {_reason(cause)}.",
            todo="Point SSL_CERT_FILE to your organisation's CA bundle, or check the base URL.",
        )
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return Failure(
            error=ConnectionFailedError,
            what=f"No connection to {host}: {error}.",
            todo="Check the base URL, the network and proxy variables (HTTPS_PROXY, NO_PROXY).",
            retryable=True,
        )
    return Failure(
        error=StreamCutError,
        what=f"The connection to {host} broke: {str(error) or type(error).__name__}.",
        todo="Run the cell again; if it happens often, a proxy may cut long answers.",
        retryable=True,
    )


def _tls_cause(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    return (error.reason or str(error)).replace("_", " ").lower()
