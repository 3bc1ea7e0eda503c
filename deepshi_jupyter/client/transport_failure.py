"""What httpx raises → a failure in words that a user can act on."""

from __future__ import annotations

import ssl

import httpx

from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.errors import (
    ConnectionFailedError,
    MalformedStreamError,
    StreamCutError,
    TimedOutError,
)

TRANSPORT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
"""All that httpx raises for a connection; a host name that cannot be encoded is a UnicodeError."""


def failure_of(error: httpx.HTTPError | httpx.InvalidURL | UnicodeError, host: str) -> Failure:
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
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | UnicodeError):
        return Failure(
            error=ConnectionFailedError,
            what=f"The address of {host} cannot be called: {_words(error)}.",
            todo="Check the base URL.",
        )
    if isinstance(error, httpx.DecodingError):
        return Failure(
            error=MalformedStreamError,
            what=f"{host} compressed its answer in a way that cannot be read: {_words(error)}.",
            todo="Run the cell again; if it happens often, a proxy changes the answers.",
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
            what=f"No connection to {host}: {_words(error)}.",
            todo="Check the base URL, the network and proxy variables (HTTPS_PROXY, NO_PROXY).",
            retryable=True,
        )
    return Failure(
        error=StreamCutError,
        what=f"The connection to {host} broke: {_words(error)}.",
        todo="Run the cell again; if it happens often, a proxy may cut long answers.",
        retryable=True,
    )


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _tls_cause(error: Exception) -> ssl.SSLError | None:
    """Find the TLS error behind a failure; a connection that only ended is none once it stood."""
    cause: BaseException | None = error
    while cause is not None:
        is_end = isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        if isinstance(cause, ssl.SSLError):
            return None if is_end and not isinstance(error, httpx.ConnectError) else cause
        cause = cause.__cause__ or cause.__context__
    return None


def _reason(error: ssl.SSLError) -> str:
    """Read OpenSSL's words; an error that was raised in Python lacks these attributes."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "") or error
        return f"its certificate is not trusted ({why})"
    return (getattr(error, "reason", "") or str(error)).replace("_", " ").lower()
