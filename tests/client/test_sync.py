from __future__ import annotations

import json
import warnings

import pytest

from deepshi_jupyter import Client
from deepshi_jupyter.client.connection import Cancellation
from deepshi_jupyter.core.events import Retrying, TextDelta
from deepshi_jupyter.errors import (
    CallInterruptedError,
    ConnectionFailedError,
    DeepshiWarning,
    MissingKeyError,
    RateLimitError,
    ServerError,
    StreamCutError,
    TimedOutError,
    UnknownModelError,
)
from tests.chunks import DONE, answer, chunk, usage_chunk
from tests.wire_server import Played, WireServer

KEY = "sk-bf-canary-7f3a"
JSON = {"content-type": "application/json"}


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the waits between tries and do not wait."""
    noted: list[float] = []

    class Never(Cancellation):
        def wait(self, timeout: float | None = None) -> bool:
            noted.append(timeout or 0.0)
            return False

    monkeypatch.setattr("deepshi_jupyter.client.connection.Cancellation", Never)
    return noted


def test_the_request_is_sent_as_the_contract_has_it() -> None:
    with WireServer(Played(answer("Hi"))) as server, Client(server.base_url, KEY) as client:
        client.ask("hello", model="m", temperature=0.5, seed=7, extra={"top_k": 40})
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "temperature": 0.5,
        "seed": 7,
        "top_k": 40,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_streaming_one_json_answer_is_read() -> None:
    body = json.dumps(
        {
            "id": "c",
            "model": "m",
            "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}],
        }
    ).encode()
    with (
        WireServer(Played([body], headers=JSON)) as server,
        Client(server.base_url, KEY) as client,
    ):
        reply = client.ask("hello", model="m", stream=False)
    assert reply.text == "Hi"
    assert "stream" not in json.loads(server.received[0].body)


def test_a_reply_knows_its_call() -> None:
    played = Played(
        [*answer("Hi", done=False), usage_chunk(3, 2, cost=0.00001), DONE],
        headers={"content-type": "text/event-stream", "x-request-id": "req-1"},
    )
    with WireServer(played) as server, Client(server.base_url, KEY) as client:
        reply = client.ask("hello", model="asked")
    assert reply.request["messages"][0]["content"] == "hello"
    assert reply.endpoint == server.base_url
    assert reply.request_id == "req-1"
    assert reply.cost == 0.00001
    assert reply.time_to_first_token is not None
    assert 0 < reply.time_to_first_token <= reply.duration
    assert [attempt.status for attempt in reply.attempts] == [200]


def test_connections_serve_again() -> None:
    with WireServer(Played(answer("Hi"))) as server, Client(server.base_url, KEY) as client:
        for _ in range(5):
            client.ask("hello", model="m")
        assert server.connections == 1


def test_a_server_that_hangs_after_done_keeps_nobody_waiting() -> None:
    with (
        WireServer(Played(answer("Hi"), end="hang")) as server,
        Client(server.base_url, KEY, idle_timeout=60) as client,
    ):
        assert client.ask("one", model="m").text == "Hi"
        assert client.ask("two", model="m").text == "Hi"
        assert server.connections == 2


def test_a_failure_before_the_first_delta_is_tried_again(waits: list[float]) -> None:
    error = json.dumps({"error": {"message": "overloaded"}}).encode()
    with (
        WireServer(Played([error], 503, JSON), Played(answer("Hi"))) as server,
        Client(server.base_url, KEY) as client,
    ):
        stream = client.stream("hello", model="m")
        events = list(stream)
    retry = events[0]
    assert isinstance(retry, Retrying)
    assert "overloaded" in retry.why
    assert waits == [retry.wait]
    assert [(a.status, a.wait > 0) for a in stream.reply.attempts] == [(503, True), (200, False)]


def test_a_cut_before_the_first_delta_is_tried_again() -> None:
    role_only = [chunk({"role": "assistant", "content": ""})]
    with (
        WireServer(Played(role_only, end="dirty"), Played(answer("Hi"))) as server,
        Client(server.base_url, KEY) as client,
    ):
        reply = client.ask("hello", model="m")
    assert reply.text == "Hi"
    assert len(reply.attempts) == 2


def test_after_the_first_delta_nothing_is_tried_again() -> None:
    cut = Played([chunk({"content": "Hi"})], end="dirty")
    with WireServer(cut) as server, Client(server.base_url, KEY) as client:
        with pytest.warns(DeepshiWarning, match="broke off after 2 characters"):
            reply = client.ask("hello", model="m")
        assert (reply.text, reply.status) == ("Hi", "truncated")
        assert len(server.received) == 1
    with pytest.raises(StreamCutError) as caught:
        reply.raise_for_status()
    assert caught.value.partial is reply


def test_retry_after_is_obeyed(waits: list[float]) -> None:
    refusal = Played([b"{}"], 429, {**JSON, "retry-after": "7"})
    with (
        WireServer(refusal, Played(answer("Hi"))) as server,
        Client(server.base_url, KEY) as client,
    ):
        client.ask("hello", model="m")
    assert waits == [7.0]


def test_a_retry_after_that_is_too_long_ends_the_call_at_once(waits: list[float]) -> None:
    refusal = Played([b"{}"], 429, {**JSON, "retry-after": "3600"})
    with (
        WireServer(refusal) as server,
        Client(server.base_url, KEY) as client,
        pytest.raises(RateLimitError, match="asks to wait 3600 s"),
    ):
        client.ask("hello", model="m")
    assert waits == []


def test_tries_are_bounded() -> None:
    with (
        WireServer(Played([b"{}"], 500, JSON)) as server,
        Client(server.base_url, KEY, max_retries=3) as client,
        pytest.raises(ServerError, match="after 4 tries") as caught,
    ):
        client.ask("hello", model="m")
    assert [attempt.number for attempt in caught.value.attempts] == [1, 2, 3, 4]
    assert len(server.received) == 4


def test_silence_longer_than_the_idle_timeout_ends_the_call_and_is_not_tried_again() -> None:
    with (
        WireServer(Played([], end="hang")) as server,
        Client(server.base_url, KEY, idle_timeout=0.1) as client,
        pytest.raises(TimedOutError, match="idle timeout"),
    ):
        client.ask("hello", model="m")
    assert len(server.received) == 1


def test_silence_in_the_middle_keeps_what_came() -> None:
    with (
        WireServer(Played([chunk({"content": "Hi"})], end="hang")) as server,
        Client(server.base_url, KEY, idle_timeout=0.1) as client,
    ):
        reply = client.stream("hello", model="m").reply
    assert (reply.text, reply.status) == ("Hi", "truncated")
    assert "idle timeout" in (reply.attempts[0].error or "")


def test_a_refused_connection_says_where_to_look() -> None:
    with WireServer(Played([])) as server:
        address = server.base_url
    with (
        Client(address, KEY, max_retries=0) as client,
        pytest.raises(ConnectionFailedError, match=r"No connection to 127\.0\.0\.1") as caught,
    ):
        client.ask("hello", model="m")
    assert "base URL" in caught.value.todo


def test_stopping_closes_the_connection_at_once_and_keeps_what_came() -> None:
    with (
        WireServer(Played([chunk({"content": "Hi"})], end="hang")) as server,
        Client(server.base_url, KEY) as client,
    ):
        stream = client.stream("hello", model="m")
        assert next(iter(stream)) == TextDelta("Hi")
        reply = stream.stop()
        assert (reply.text, reply.status) == ("Hi", "interrupted")
        assert server.closed_by_client.wait(5)


def test_stopping_before_anything_came_says_so() -> None:
    with WireServer(Played(answer("Hi"))) as server, Client(server.base_url, KEY) as client:
        stream = client.stream("hello", model="m")
        with pytest.raises(CallInterruptedError, match="before any text"):
            stream.stop()


def test_leaving_a_stream_closes_its_connection() -> None:
    with (
        WireServer(Played([chunk({"content": "Hi"})], end="hang")) as server,
        Client(server.base_url, KEY) as client,
    ):
        with client.stream("hello", model="m") as stream:
            next(iter(stream))
        assert server.closed_by_client.wait(5)


def test_an_interrupt_while_asking_carries_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted_body(response: object) -> object:
        yield chunk({"content": "Hi"})
        raise KeyboardInterrupt

    monkeypatch.setattr("deepshi_jupyter.client.sync.body_pieces", interrupted_body)
    with (
        WireServer(Played(answer("Hi there"))) as server,
        Client(server.base_url, KEY) as client,
        pytest.raises(CallInterruptedError) as caught,
    ):
        client.ask("hello", model="m")
    assert caught.value.partial.text == "Hi"


def test_the_catalogue_is_asked_once_and_then_guards_requests() -> None:
    listing = {"data": [{"id": "good", "supported_sampling_parameters": ["temperature"]}]}
    with (
        WireServer(Played([json.dumps(listing).encode()], headers=JSON)) as server,
        Client(server.base_url, KEY) as client,
    ):
        assert [model.id for model in client.models()] == ["good"]
        client.models()
        assert len(server.received) == 1
        with pytest.raises(UnknownModelError, match="no model 'goood'") as caught:
            client.ask("hello", model="goood")
        assert "good" in caught.value.todo
        assert len(server.received) == 1
        assert client.prepare("hello", model="good", top_p=0.5).notices == (
            "good ignores top_p: the catalogue does not list it for this model.",
        )


def test_notices_are_warnings_of_the_caller() -> None:
    with (
        WireServer(Played(answer("Hi"))) as server,
        Client(server.base_url, KEY) as client,
        pytest.warns(DeepshiWarning, match="temperature and top_p") as caught,
    ):
        client.ask("hello", model="m", temperature=1, top_p=0.5)
    assert caught[0].filename == __file__


def test_a_key_over_plain_http_to_another_host_is_warned_of() -> None:
    with pytest.warns(DeepshiWarning, match="plain http"):
        Client("http://gateway.example/v1", KEY).close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Client("http://127.0.0.1:9/v1", KEY).close()


def test_deepshi_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSHI_API_KEY", raising=False)
    with (
        Client("https://api.deepshi.ai/v1") as client,
        pytest.raises(MissingKeyError, match="login"),
    ):
        client.ask("hello")


def test_the_key_shows_nowhere() -> None:
    refusal = json.dumps({"error": {"message": f"Incorrect API key: {KEY}"}}).encode()
    with WireServer(Played([refusal], 401, JSON)) as server, Client(server.base_url, KEY) as client:
        with pytest.raises(Exception, match="‹key›") as caught:
            client.ask("hello", model="m")
        shown = [repr(client), str(vars(client)), str(caught.value), repr(caught.value)]
        shown += [str(vars(caught.value)), *caught.value._render_traceback_()]  # type: ignore[attr-defined]
    assert not [text for text in shown if KEY in text]


def test_a_body_that_is_compressed_all_the_same_is_read() -> None:
    import gzip

    headers = {"content-type": "text/event-stream", "content-encoding": "gzip"}
    packed = gzip.compress(b"".join(answer("Hi")))
    with (
        WireServer(Played([packed], headers=headers)) as server,
        Client(server.base_url, KEY) as client,
    ):
        assert client.ask("hello", model="m").text == "Hi"


def test_a_host_name_that_cannot_be_encoded_is_an_error_of_ours() -> None:
    with (
        Client("http://xn--zzzzzzz99999.example/v1", max_retries=0) as client,
        pytest.raises(ConnectionFailedError, match="cannot be called"),
    ):
        client.ask("hello", model="m")


def test_a_stream_that_was_left_unread_has_no_reply() -> None:
    with WireServer(Played(answer("Hi"))) as server, Client(server.base_url, KEY) as client:
        with client.stream("hello", model="m") as stream:
            pass
        with pytest.raises(CallInterruptedError, match="closed before its end"):
            _ = stream.reply
