from __future__ import annotations

import base64
import hashlib
import json

from deepshi_jupyter.core.reply import Attempt, Choice, Reply
from deepshi_jupyter.core.template import fill, verbatim
from deepshi_jupyter.core.usage import read_usage
from deepshi_jupyter.notebook.turn_record import turn_record

USER = {"role": "user", "content": "hello"}


def reply(**fields: object) -> Reply:
    known = {
        "choices": (Choice(text="Hi", finish_reason="stop", reasoning="Hm."),),
        "model": "served-1",
        "request": {"model": "asked", "messages": [USER], "seed": 7, "stream": True},
        "usage": read_usage({"prompt_tokens": 3, "cost": {"total_cost": 0.25}}),
        "attempts": (Attempt(1, 503, "overloaded", 0.5, 0.1), Attempt(2, 200, None, 0.0, 1.0)),
        "endpoint": "https://api.example/v1",
        "started": "2026-11-23T00:00:00.000+00:00",
        "duration": 1.23456,
    }
    return Reply(**{**known, **fields})  # type: ignore[arg-type]


def test_it_says_what_was_asked_and_answered_and_how() -> None:
    record = turn_record(reply(), [USER], verbatim("hello"))
    assert record["v"] == 1
    assert record["kind"] == "live"
    assert record["messages"] == [USER]
    assert record["answers"] == [
        {
            "message": {"role": "assistant", "content": "Hi"},
            "finish_reason": "stop",
            "reasoning": "Hm.",
        }
    ]
    assert record["model"] == {"asked": "asked", "served": "served-1"}
    assert record["parameters"] == {"seed": 7}
    assert record["cost_usd"] == 0.25
    assert record["duration"] == 1.235
    assert record["failed_attempts"] == [{"status": 503, "error": "overloaded", "wait": 0.5}]
    assert record["source_sha256"] == hashlib.sha256(b"hello").hexdigest()


def test_it_is_json_whose_bytes_are_the_same_each_time() -> None:
    first, second = (json.dumps(turn_record(reply(), [USER], verbatim("hello"))) for _ in range(2))
    assert first == second


def test_an_answer_that_broke_off_is_partial() -> None:
    assert turn_record(reply(status="truncated"), [USER], None)["kind"] == "partial"


def test_values_are_kept_beside_their_template() -> None:
    record = turn_record(reply(), [USER], fill("{{1 + 1}} is two", {}))
    assert record["prompt"] == {
        "template": "{{1 + 1}} is two",
        "inserted": [{"expression": "1 + 1", "text": "2"}],
    }
    assert "prompt" not in turn_record(reply(), [USER], verbatim("hello"))


def test_an_image_is_named_by_its_hash() -> None:
    url = "data:image/png;base64," + base64.b64encode(b"bytes").decode()
    image = {"type": "image_url", "image_url": {"url": url}}
    text = {"type": "text", "text": "What is it?"}
    record = turn_record(reply(), [{"role": "user", "content": [text, image]}], None)
    assert record["messages"][0]["content"] == [
        text,
        {
            "type": "image",
            "media_type": "image/png",
            "sha256": hashlib.sha256(b"bytes").hexdigest(),
        },
    ]
