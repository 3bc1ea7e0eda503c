from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest

from deepshi_jupyter.offline import catalogue
from deepshi_jupyter.offline.endpoint import Endpoint
from deepshi_jupyter.offline.steps import Answer
from tests.offline.asking import CHAT, answer_to, ask, body, data_of

KEY = "sk-bf-right"


def _get(path: str, endpoint: Endpoint | None = None, **headers: str) -> Answer:
    return (endpoint or Endpoint()).answer("GET", path, headers, b"")


def _value(answer: Answer) -> Any:
    return json.loads(data_of(answer))


def test_the_catalogue_is_listed() -> None:
    answer = _get("/v1/models?limit=5")
    assert answer.status == 200
    assert [entry["id"] for entry in _value(answer)["data"]] == [
        *catalogue.MODELS,
        *catalogue.FAILING,
    ]


def test_one_entry_can_be_asked_for() -> None:
    assert _value(_get("/v1/models/offline-chat"))["id"] == "offline-chat"
    missing = _get("/v1/models/offline-cat")
    assert (missing.status, _value(missing)["error"]["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/chat/completions", "/v1/completions", "/v1x/models"]
)
def test_another_address_is_404_with_an_error_body(path: str) -> None:
    answer = _get(path)
    assert answer.status == 404
    assert _value(answer)["error"]["code"] == "not_found"


def test_another_method_is_405_with_an_error_body() -> None:
    answer = _get(CHAT)
    assert answer.status == 405
    assert "POST" in _value(answer)["error"]["message"]


def test_an_unknown_model_is_400() -> None:
    answer = answer_to(model="offline-chad")
    error = _value(answer)["error"]
    assert (answer.status, error["code"], error["param"]) == (400, "model_not_found", "model")
    assert "offline-chat" in error["message"]


def test_any_key_or_none_is_accepted() -> None:
    assert _get("/v1/models").status == 200
    assert _get("/v1/models", authorization="Bearer whatever").status == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {KEY}", 200),
        (f"bearer {KEY}", 200),
        ("Bearer wrong", 401),
        (KEY, 401),
        ("", 401),
        ("Bearer schlüssel", 401),
    ],
)
def test_a_required_key_is_required(header: str, status: int) -> None:
    answer = _get("/v1/models", Endpoint(require_key=KEY), Authorization=header)
    assert answer.status == status
    if status == 401:
        assert _value(answer)["error"]["code"] == "invalid_api_key"
        assert "wrong" not in data_of(answer).decode()


def test_the_key_is_in_no_representation() -> None:
    assert KEY not in repr(Endpoint(require_key=KEY))


def test_every_answer_has_a_request_id() -> None:
    for answer in (answer_to(), answer_to(model="nope"), _get("/v1/models")):
        assert answer.headers["x-request-id"].startswith("req_offline_")


def test_the_request_id_is_repeatable_with_a_seed() -> None:
    assert answer_to(seed=1).headers == answer_to(seed=1).headers
    assert answer_to().headers["x-request-id"] != answer_to().headers["x-request-id"]


def test_an_answer_that_is_not_streamed_tells_its_length() -> None:
    answer = answer_to(seed=1)
    assert int(answer.headers["content-length"]) == len(data_of(answer))


def test_time_and_chance_come_from_outside() -> None:
    def endpoint() -> Endpoint:
        return Endpoint(now=lambda: 5.9, entropy=lambda: 7)

    assert ask(endpoint())["created"] == 5
    assert ask(endpoint()) == ask(endpoint())
    assert ask()["created"] == catalogue.RELEASED


def test_a_stream_is_generated_only_as_far_as_it_is_read() -> None:
    answer = answer_to(model="offline-flood-999999", stream=True)
    assert len(list(islice(answer.steps, 5))) == 5


def test_a_pace_is_not_negative() -> None:
    with pytest.raises(ValueError, match="tokens a second"):
        Endpoint(-1)


def test_names_of_methods_and_headers_may_have_any_case() -> None:
    endpoint = Endpoint(require_key=KEY)
    answer = endpoint.answer("post", CHAT, {"AUTHORIZATION": f"Bearer {KEY}"}, body())
    assert answer.status == 200
