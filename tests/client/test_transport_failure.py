"""What httpx raises → a failure in words."""

from __future__ import annotations

import inspect
import ssl

import httpx
import pytest

from deepshi_jupyter.client.transport_failure import failure_of
from deepshi_jupyter.core.failure import Failure
from deepshi_jupyter.errors import (
    CallError,
    ConnectionFailedError,
    MalformedStreamError,
    StreamCutError,
    TimedOutError,
)

HOST = "api.example"


def caused(error: httpx.HTTPError, *causes: BaseException) -> httpx.HTTPError:
    """Chain an error to its causes, the nearest first, as httpx and httpcore do."""
    link: BaseException = error
    for cause in causes:
        link.__cause__ = cause
        link = cause
    return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "cls", "retryable", "words"),
    [
        (httpx.ConnectTimeout(""), TimedOutError, True, "connect timeout"),
        (httpx.PoolTimeout(""), TimedOutError, True, "connect timeout"),
        (httpx.ReadTimeout(""), TimedOutError, False, "idle timeout"),
        (httpx.WriteTimeout(""), TimedOutError, False, "idle timeout"),
        (httpx.ConnectError("[Errno 111]"), ConnectionFailedError, True, "[Errno 111]"),
        (httpx.ConnectError(""), ConnectionFailedError, True, "ConnectError"),
        (httpx.ProxyError("407 Proxy"), ConnectionFailedError, True, "407 Proxy"),
        (httpx.ReadError(""), StreamCutError, True, "ReadError"),
        (httpx.WriteError("broken pipe"), StreamCutError, True, "broken pipe"),
        (httpx.RemoteProtocolError("peer closed."), StreamCutError, True, "broke: peer closed."),
        (httpx.DecodingError("bad gzip"), MalformedStreamError, False, "bad gzip"),
        (httpx.UnsupportedProtocol("no 'ws'"), ConnectionFailedError, False, "no 'ws'"),
        (httpx.InvalidURL("bad host"), ConnectionFailedError, False, "bad host"),
    ],
)  # fmt: skip
def test_each_kind_of_failure_has_its_class_and_words(
    error: httpx.HTTPError, cls: type[CallError], retryable: bool, words: str
) -> None:
    failure = failure_of(error, HOST)
    assert (failure.error, failure.retryable, failure.status) == (cls, retryable, None)
    assert words in failure.what
    assert HOST in failure.what
    assert failure.todo


def raised_by_httpx() -> list[type[httpx.HTTPError]]:
    def leaves(cls: type[httpx.HTTPError]) -> list[type[httpx.HTTPError]]:
        below = [leaf for sub in cls.__subclasses__() for leaf in leaves(sub)]
        return below or [cls]

    return [cls for cls in leaves(httpx.RequestError) if cls.__module__.startswith("httpx")]


@pytest.mark.parametrize("cls", raised_by_httpx(), ids=lambda cls: cls.__name__)
def test_whatever_httpx_raises_becomes_a_failure_of_two_sentences(
    cls: type[httpx.HTTPError],
) -> None:
    assert "message" in inspect.signature(cls).parameters
    failure = failure_of(cls("It failed."), HOST)
    assert isinstance(failure, Failure)
    assert failure.what.endswith(".")
    assert not failure.what.endswith("..")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (untrusted(), "its certificate is not trusted (self-signed certificate)"),
        (
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "wrong version number",
        ),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "EOF occurred"),
    ],
)
@pytest.mark.parametrize("between", [(), (OSError("wrapped"),)], ids=["direct", "wrapped"])
def test_a_tls_failure_says_why_and_points_to_the_ca_bundle(
    error: ssl.SSLError, words: str, between: tuple[BaseException, ...]
) -> None:
    failure = failure_of(caused(httpx.ConnectError("x"), *between, error), HOST)
    assert (failure.error, failure.retryable) == (ConnectionFailedError, False)
    assert words.lower() in failure.what.lower()
    assert "SSL_CERT_FILE" in failure.todo


@pytest.mark.parametrize(
    "end", [ssl.SSLEOFError(8, "EOF occurred"), ssl.SSLZeroReturnError(6, "closed")]
)
def test_a_tls_connection_that_ended_early_is_a_cut_answer_and_no_question_of_trust(
    end: ssl.SSLError,
) -> None:
    failure = failure_of(caused(httpx.ReadError("EOF occurred"), OSError("x"), end), HOST)
    assert (failure.error, failure.retryable) == (StreamCutError, True)
    assert "SSL_CERT_FILE" not in failure.todo


def test_a_context_without_a_cause_is_found_too() -> None:
    error = httpx.ConnectError("x")
    error.__context__ = untrusted()
    assert "not trusted" in failure_of(error, HOST).what
