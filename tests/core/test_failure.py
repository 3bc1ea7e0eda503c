"""A service's error, in any shape → a failure in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.failure import (
    MESSAGE_LENGTH,
    Failure,
    failure_of_status,
    failure_reported,
    one_line,
)
from deepshi_jupyter.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from tests.core.json_values import ANY_JSON, ANY_TEXT

HTML = {"content-type": "text/html; charset=utf-8"}


def of(body: Any, status: int = 400, headers: dict[str, str] | None = None) -> Failure:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure_of_status(status, headers or {}, raw)


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"message": "boom", "type": "t", "code": "c"}}, "boom", "c"),
        ({"error": {"message": "boom", "type": "t", "code": None}}, "boom", "t"),
        ({"error": {"message": "boom", "code": 1234}}, "boom", "1234"),
        ({"error": {"message": None, "type": "overloaded"}}, "overloaded", "overloaded"),
        ({"error": {"code": "overloaded"}}, "overloaded", "overloaded"),
        ({"error": {"type": "overloaded", "code": 529}}, "overloaded", "529"),
        ({"error": "boom"}, "boom", None),
        ({"error": "Bad Request", "message": "boom", "statusCode": 400}, "boom", None),
        ({"error": True, "message": "boom"}, "boom", None),
        ({"error": None, "message": "boom"}, "boom", None),
        ({"error": {}, "detail": "boom"}, "boom", None),
        ({"error": {"detail": "boom"}}, "boom", None),
        ([{"error": {"message": "boom", "status": "NOT_FOUND"}}], "boom", None),
        ({"object": "error", "message": "boom", "type": "t"}, "boom", "t"),
        ({"message": "boom"}, "boom", None),
        ({"message": ["boom", "bang"]}, "boom; bang", None),
        ({"detail": "boom"}, "boom", None),
        ({"detail": {"message": "boom"}}, "boom", None),
        ({"detail": [{"loc": ["body", "n", 0], "msg": "boom"}]}, "boom (body.n.0)", None),
        ({"detail": [{"loc": None, "msg": "boom"}, {"msg": "bang"}]}, "boom; bang", None),
        ({"success": False, "errors": [{"code": 1, "message": "boom"}]}, "boom", None),
        ("boom", "boom", None),
        ({"reason": "boom"}, '{"reason": "boom"}', None),
        (b"Not Found\n", "Not Found", None),
        (b"b\xff\xfeom", "b\ufffd\ufffdom", None),
        (b"\xef\xbb\xbf" + b'{"error":"boom"}', "boom", None),
        (b"<html><head><TITLE>Bad\nGateway</TITLE>", "Bad Gateway", None),
        (b"<html><title> </title>", "an HTML page instead of an answer", None),
        (b"<p>boom</p>", "an HTML page instead of an answer", None),
    ],
)
def test_the_services_own_words_are_found_in_any_shape(
    body: Any, message: str, code: str | None
) -> None:
    failure = of(body)
    assert (failure.what, failure.code) == (
        f"The service refused the request (400): {message}",
        code,
    )


@pytest.mark.parametrize("body", [b"", b" \n", {}, [], None, 0, ""])
def test_a_body_that_says_nothing_leaves_the_status_alone(body: Any) -> None:
    assert of(body).what == "The service refused the request (400)."


def test_a_page_is_told_by_its_type_too() -> None:
    assert "an HTML page" in of(b"oops", headers=HTML).what


@pytest.mark.parametrize(
    ("status", "error", "retryable", "todo"),
    [
        (400, BadRequestError, False, "Change the request"),
        (401, AuthenticationError, False, "DEEPSHI_API_KEY"),
        (402, InsufficientCreditsError, False, "Top up"),
        (403, PermissionDeniedError, False, "key"),
        (404, NotFoundError, False, "base URL"),
        (408, BadRequestError, True, "try again"),
        (409, BadRequestError, True, "Change the request"),
        (413, BadRequestError, False, "too large"),
        (418, BadRequestError, False, "Change the request"),
        (422, BadRequestError, False, "Change the request"),
        (429, RateLimitError, True, "Wait"),
        (500, ServerError, True, "try again"),
        (503, ServerError, True, "try again"),
        (529, ServerError, True, "try again"),
    ],
)
def test_the_status_decides_the_class_the_retry_and_the_advice(
    status: int, error: type[ApiError], retryable: bool, todo: str
) -> None:
    failure = of({"error": {"message": "boom"}}, status)
    assert (failure.error, failure.status, failure.retryable) == (error, status, retryable)
    assert todo in failure.todo
    reported = failure_reported({"error": {"message": "boom", "code": status}})
    assert (reported.error, reported.status, reported.retryable) == (error, status, retryable)
    assert reported.todo == failure.todo


@pytest.mark.parametrize(("headers", "where"), [({"location": "/v2\r\n"}, "/v2"), ({}, "nowhere")])
def test_a_redirect_is_told_with_where_it_points(headers: dict[str, str], where: str) -> None:
    failure = failure_of_status(302, headers, b"<html>moved</html>")
    assert failure.what.endswith(f"(302): it points to {where}")
    assert "base URL" in failure.todo


@pytest.mark.parametrize(
    ("report", "message", "code"),
    [
        ({"message": "boom", "code": 7}, "boom", "7"),
        ({"error": {"message": "boom", "code": "²"}}, "boom", "²"),
        ({"error": {"message": "boom", "code": "9" * 5000}}, "boom", None),
        ("boom", "boom", None),
    ],
)
def test_a_report_without_a_status_is_a_server_error_that_may_pass(
    report: Any, message: str, code: str | None
) -> None:
    failure = failure_reported(report)
    assert failure.what == f"The service reported an error in its answer: {message}"
    assert (failure.error, failure.status, failure.retryable) == (ServerError, None, True)
    assert code is None or failure.code == code


@pytest.mark.parametrize("report", [None, {}, [], 5, {"error": {}}])
def test_a_report_that_says_nothing_is_still_an_error(report: Any) -> None:
    assert failure_reported(report).what == "The service reported an error in its answer."


def test_a_long_message_is_cut() -> None:
    assert one_line("x" * MESSAGE_LENGTH) == "x" * MESSAGE_LENGTH
    cut = one_line("x" * (MESSAGE_LENGTH + 1))
    assert len(cut) == MESSAGE_LENGTH
    assert cut.endswith("…")


@given(ANY_TEXT)
def test_a_message_is_one_line_without_control_characters(text: str) -> None:
    line = one_line(f"\x1b[31m{text}\x07\n\u202e")
    assert line.isprintable()
    line.encode()


@given(ANY_JSON, st.sampled_from([302, 400, 401, 429, 500]))
def test_an_error_of_any_form_is_read_without_an_error(value: Any, status: int) -> None:
    for failure in (of(value, status), failure_reported(value)):
        shown = f"{failure.what}{failure.code}"
        shown.encode()
        assert shown.isprintable()
        assert len(shown) < 3 * MESSAGE_LENGTH


@given(st.binary(max_size=80), st.sampled_from([{}, HTML]))
def test_a_body_of_any_bytes_is_read_without_an_error(body: bytes, headers: dict[str, str]) -> None:
    assert of(body, 500, headers).what.isprintable()


def test_a_429_that_is_out_of_credits_is_no_rate_limit() -> None:
    body = b'{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}'
    failure = failure_of_status(429, {}, body)
    assert failure.error is InsufficientCreditsError
    assert not failure.retryable


def test_a_code_in_words_within_an_answer_is_acted_on() -> None:
    failure = failure_reported({"message": "bad key", "code": "invalid_api_key"})
    assert failure.error is AuthenticationError
    assert not failure.retryable
