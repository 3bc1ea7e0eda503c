from __future__ import annotations

from typing import Any

import pytest

from deepshi_jupyter import Reply
from deepshi_jupyter.core.events import Retrying
from deepshi_jupyter.errors import (
    AuthenticationError,
    BadRequestError,
    CallError,
    InsufficientCreditsError,
    MalformedStreamError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    StreamCutError,
    TimedOutError,
)
from tests.real.matters import Question, able
from tests.real.servers import Server
from tests.real.shells import Address, Shell, assert_two_useful_lines, outcome

STRANGE_KEY = "sk-bf-canary-5d10c2"


def options(server: Server, question: Question) -> dict[str, Any]:
    return {"model": question.model or server.model, **question.parameters}


def prompt_for(question: Question, shell: Shell) -> str:
    """aimock counts the tries of each prompt; each client has its own."""
    once = question.prompt in ("go:429", "go:503")
    return f"{question.prompt} {shell.name}" if once else question.prompt


@pytest.fixture
def came(server: Server, question: Question, shell: Shell, address: Address) -> Reply | CallError:
    return outcome(shell, address, prompt_for(question, shell), **options(server, question))


def error_of(came: Reply | CallError) -> CallError:
    assert isinstance(came, CallError), came
    assert_two_useful_lines(came)
    return came


@able("429 once")
def test_a_rate_limit_is_waited_for_as_long_as_the_server_asks(
    server: Server, question: Question, shell: Shell, address: Address, waits: list[float]
) -> None:
    answered = shell.ask(address, prompt_for(question, shell), **options(server, question))
    retrying = answered.events[0]
    assert isinstance(retrying, Retrying)
    assert "429" in retrying.why
    assert waits == [{"offline": 1.0, "aimock": 2.0}[server.name]]
    assert [attempt.status for attempt in answered.reply.attempts] == [429, 200]
    assert answered.reply.status == "complete"
    assert question.text in (None, answered.reply.text)


@able("503 first")
def test_an_overloaded_server_is_asked_again(
    server: Server, question: Question, shell: Shell, address: Address, waits: list[float]
) -> None:
    reply = shell.ask(address, prompt_for(question, shell), **options(server, question)).reply
    tries = {"offline": [503, 200], "aimock": [503, 503, 200]}[server.name]
    assert [attempt.status for attempt in reply.attempts] == tries
    assert len(waits) == len(tries) - 1
    assert question.text in (None, reply.text)


@able("429 always")
def test_a_rate_limit_that_does_not_end_is_an_error(came: Reply | CallError) -> None:
    error = error_of(came)
    assert isinstance(error, RateLimitError)
    assert [attempt.status for attempt in error.attempts] == [429, 429, 429]
    assert "3 tries" in error.what


@able("503 always")
def test_an_overload_that_does_not_end_is_an_error(came: Reply | CallError) -> None:
    error = error_of(came)
    assert isinstance(error, ServerError)
    assert [attempt.status for attempt in error.attempts] == [503, 503, 503]


@able("429 always")
def test_without_retries_the_first_refusal_counts(
    server: Server, question: Question, shell: Shell, address: Address, waits: list[float]
) -> None:
    once = Address(address.base_url, address.api_key, max_retries=0)
    error = error_of(outcome(shell, once, question.prompt, **options(server, question)))
    assert len(error.attempts) == 1
    assert waits == []


@able("401")
def test_a_refused_key_is_not_tried_again(came: Reply | CallError) -> None:
    error = error_of(came)
    assert isinstance(error, AuthenticationError)
    assert (error.status, error.code, len(error.attempts)) == (401, "invalid_api_key", 1)
    assert "DEEPSHI_API_KEY" in error.todo


@able("another key")
def test_a_key_that_the_server_does_not_know_stays_secret(
    server: Server, question: Question, shell: Shell
) -> None:
    address = Address(server.base_url, STRANGE_KEY)
    error = error_of(outcome(shell, address, question.prompt, model=server.model))
    assert isinstance(error, AuthenticationError)
    assert STRANGE_KEY not in f"{error!r} {error} {vars(error)} {error.attempts}"


@able("another key")
def test_the_catalogue_refuses_an_unknown_key_in_the_same_words(
    server: Server, question: Question, shell: Shell
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        shell.models(Address(server.base_url, STRANGE_KEY))
    assert_two_useful_lines(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (402, InsufficientCreditsError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (500, ServerError),
        (502, ServerError),
        (504, ServerError),
    ],
)
@pytest.mark.parametrize("server", ["offline"], indirect=True)
def test_each_status_has_its_error(
    server: Server, status: int, kind: type[CallError], shell: Shell, address: Address
) -> None:
    error = error_of(outcome(shell, address, "hello", model=f"offline-error-{status}"))
    assert type(error) is kind
    assert error.status == status
    assert len(error.attempts) == (3 if status >= 500 else 1)


@able("unknown model")
def test_an_unknown_model_is_named(
    server: Server, question: Question, came: Reply | CallError
) -> None:
    error = error_of(came)
    assert isinstance(error, BadRequestError | NotFoundError)
    assert len(error.attempts) == 1
    if server.name == "offline":  # mlx speaks of its cache instead
        assert "no-such-model" in error.what


@able("refused parameter")
def test_a_refused_parameter_is_an_error_in_the_servers_own_words(
    server: Server, question: Question, came: Reply | CallError
) -> None:
    error = error_of(came)
    assert isinstance(error, BadRequestError)
    (name,) = question.parameters.get("extra", question.parameters)
    assert name in error.what


@able("another address")
def test_an_address_where_nothing_lives_says_so(came: Reply | CallError) -> None:
    error = error_of(came)
    assert isinstance(error, NotFoundError)
    assert "base URL" in error.todo


@pytest.mark.parametrize("server", ["mlx"], indirect=True)
def test_an_error_typed_as_json_that_is_plain_text_is_read(server: Server, shell: Shell) -> None:
    error = outcome(shell, Address(f"{server.root}/nothing"), "go:plain", model=server.model)
    assert isinstance(error, NotFoundError)
    assert error.what == "The service refused the request (404): Not Found"


@pytest.mark.parametrize("server", ["mlx"], indirect=True)
def test_a_catalogue_that_comes_as_a_success_with_nothing_in_it_is_an_error(
    server: Server, shell: Shell, address: Address
) -> None:
    """It does so where there is no model cache, as on a new machine."""
    assert server.folder is not None
    cache = server.folder / "hub"
    cache.rmdir()
    try:
        with pytest.raises(MalformedStreamError) as caught:
            shell.models(address)
    finally:
        cache.mkdir()
    assert_two_useful_lines(caught.value)


@able("content filter")
def test_a_filtered_answer_is_complete_and_says_why_it_ended(
    question: Question, came: Reply | CallError
) -> None:
    assert isinstance(came, Reply)
    assert (came.text, came.status, came.finish_reason) == (
        question.text,
        "complete",
        "content_filter",
    )


@able("broken off", "disconnected")
def test_an_answer_that_breaks_off_is_kept_and_marked(
    question: Question, came: Reply | CallError
) -> None:
    assert isinstance(came, Reply)
    assert (came.status, came.finish_reason) == ("truncated", None)
    assert came.text
    assert question.text is None or question.text.startswith(came.text)
    (only,) = came.attempts
    assert "broke" in (only.error or "")
    with pytest.raises(StreamCutError) as caught:
        came.raise_for_status()
    assert_two_useful_lines(caught.value)
    assert caught.value.partial is came


@able("no answer")
def test_a_connection_that_closes_without_an_answer_is_tried_again(
    came: Reply | CallError,
) -> None:
    error = error_of(came)
    assert isinstance(error, StreamCutError)
    assert len(error.attempts) == 3


@pytest.mark.parametrize("stream", [True, False])
@able("malformed")
def test_an_answer_that_is_not_json_is_an_error(
    server: Server, question: Question, shell: Shell, address: Address, stream: bool
) -> None:
    error = error_of(outcome(shell, address, question.prompt, model=server.model, stream=stream))
    assert isinstance(error, MalformedStreamError)


@able("error in mid-stream")
def test_an_error_in_mid_stream_keeps_what_came(came: Reply | CallError) -> None:
    error = error_of(came)
    assert isinstance(error, ServerError)
    assert error.partial.text
    assert error.partial.status == "truncated"
    assert len(error.attempts) == 1


@able("slow first token")
def test_a_slow_first_token_is_waited_for(question: Question, came: Reply | CallError) -> None:
    assert isinstance(came, Reply)
    assert (came.text, came.status) == (question.text, "complete")
    assert came.time_to_first_token is not None
    assert came.time_to_first_token <= came.duration


@able("silence")
def test_silence_beyond_the_idle_timeout_ends_the_call_and_is_not_tried_again(
    server: Server, question: Question, shell: Shell, address: Address
) -> None:
    impatient = Address(address.base_url, address.api_key, idle_timeout=0.2)
    error = error_of(outcome(shell, impatient, question.prompt, **options(server, question)))
    assert isinstance(error, TimedOutError)
    assert len(error.attempts) == 1
    assert "idle_timeout" in error.todo
