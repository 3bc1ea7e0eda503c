"""The reply: what it says, what it shows, what goes back to the service."""

from __future__ import annotations

import pickle
from typing import Any

import msgspec
import pytest

from deepshi_jupyter.core.reply import Attempt, Choice, Reply, Status, ToolCall
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.errors import InputError, StreamCutError

CALL = ToolCall("a", "f", '{"x":1}', {"extra_content": {"s": 1}})
FULL = Choice(
    text="Hi",
    reasoning="hm",
    refusal="no",
    finish_reason="stop",
    tool_calls=(CALL,),
    images=({"type": "image_url"},),
    logprobs=({"token": "Hi"},),
)


def reply(text: str = "Hi", status: Status = "complete", **fields: Any) -> Reply:
    return Reply(choices=(Choice(text=text),), status=status, model="m", **fields)


@pytest.mark.parametrize(
    "name",
    [
        "text",
        "reasoning",
        "refusal",
        "tool_calls",
        "images",
        "logprobs",
        "finish_reason",
        "message",
    ],
)
def test_a_reply_speaks_of_its_first_choice(name: str) -> None:
    several = Reply(choices=(FULL, Choice(index=1, text="Yo")))
    assert getattr(several, name) == getattr(FULL, name)
    assert several.texts == ["Hi", "Yo"]


def test_a_reply_without_choices_is_empty_and_not_an_error() -> None:
    nothing = Reply()
    assert (nothing.text, nothing.texts, nothing.tool_calls, nothing.code) == ("", [], (), [])
    assert (nothing.finish_reason, nothing.cost) == (None, None)
    assert nothing.message == {"role": "assistant", "content": ""}


def test_the_cost_is_what_the_service_says() -> None:
    assert reply(usage=Usage(cost=0.5)).cost == 0.5
    assert reply(usage=Usage()).cost is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, null]}', {"a": [1, None]}),
        (' \n{"a": 1}\n', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ("```\n[1]\n```\n", [1]),
        ('"```"', "```"),
        ("3", 3),
    ],
)
def test_an_answer_in_json_is_read_fenced_or_not(text: str, value: Any) -> None:
    assert reply(text).json == value


@pytest.mark.parametrize(
    "text", ["", "Sure!", "{'a': 1}", "```\n1\n```\n```\n2\n```", "[" * 100_000]
)
def test_an_answer_that_is_not_json_says_so(text: str) -> None:
    with pytest.raises(InputError, match="The answer is not JSON"):
        _ = reply(text).json


def test_code_is_a_list_of_the_blocks() -> None:
    blocks = reply("Run:\n```python\nx = 1\n```\nor\n```\ny\n```").code
    assert [(block, block.language) for block in blocks] == [("x = 1", "python"), ("y", "")]


@pytest.mark.parametrize("status", ["complete", "unconfirmed"])
def test_a_whole_answer_is_returned_by_raise_for_status(status: Status) -> None:
    whole = reply(status=status)
    assert whole.raise_for_status() is whole


@pytest.mark.parametrize("status", ["truncated", "interrupted"])
def test_a_broken_answer_is_raised_by_raise_for_status_and_kept(status: Status) -> None:
    attempts = (Attempt(1, 200, None, 0.0, 1.0),)
    broken = reply(status=status, request_id="r1", attempts=attempts)
    with pytest.raises(StreamCutError, match=rf"after 2 characters \({status}\)") as caught:
        broken.raise_for_status()
    assert caught.value.partial is broken
    assert (caught.value.request_id, caught.value.attempts) == ("r1", attempts)


TEXT_SEGMENT = {"type": "reasoning.text", "text": "hm"}
SIGNED = {"type": "reasoning.text", "text": "hm", "signature": "s"}
ENCRYPTED = {"type": "reasoning.encrypted", "data": "x"}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice(text="Hi", reasoning="hm"), {"content": "Hi"}),
        (Choice(refusal="no"), {"content": "", "refusal": "no"}),
        (Choice(text="Hi", refusal="no"), {"content": "Hi"}),
        (Choice(text="Hi", reasoning_details=(TEXT_SEGMENT,)), {"content": "Hi"}),
        (
            Choice(text="Hi", reasoning_details=(SIGNED, TEXT_SEGMENT)),
            {"content": "Hi", "reasoning_details": [SIGNED, TEXT_SEGMENT]},
        ),
        (
            Choice(text="Hi", reasoning_details=(ENCRYPTED,)),
            {"content": "Hi", "reasoning_details": [ENCRYPTED]},
        ),
    ],
)
def test_what_goes_back_is_the_answer_and_reasoning_only_where_it_is_signed(
    choice: Choice, message: dict[str, Any]
) -> None:
    assert choice.message == {"role": "assistant", **message}


def test_tool_calls_go_back_with_all_that_came_with_them() -> None:
    assert Choice(tool_calls=(CALL,)).message["tool_calls"] == [
        {
            "id": "a",
            "type": "function",
            "function": {"name": "f", "arguments": '{"x":1}'},
            "extra_content": {"s": 1},
        }
    ]


def test_a_reply_prints_as_its_text() -> None:
    assert f"{reply('Hi')}" == str(reply("Hi")) == "Hi"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hi", "'Hi'"),
        ("a\n'b'", "\"a\\n'b'\""),
        ("x" * 80, f"'{'x' * 80}'"),
        ("x" * 81, f"'{'x' * 77}…'"),
    ],
)
def test_its_repr_is_one_short_line(text: str, shown: str) -> None:
    assert repr(reply(text)) == f"Reply({shown}, model='m', status='complete')"


def test_it_shows_as_its_text_where_nobody_presents_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reply, "presenter", None)
    assert reply()._repr_mimebundle_() == {"text/plain": "Hi"}


def test_it_shows_as_the_presenter_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def present(shown: Reply) -> dict[str, Any]:
        return {"text/plain": shown.text, "text/markdown": f"**{shown.text}**"}

    monkeypatch.setattr(Reply, "presenter", present)
    bundle = reply()._repr_mimebundle_(include=["text/plain"], exclude=None)
    assert bundle == {"text/plain": "Hi", "text/markdown": "**Hi**"}


def test_a_reply_does_not_change_and_survives_a_pickle_and_json() -> None:
    whole = Reply(choices=(FULL,), usage=Usage(cost=0.5), attempts=(Attempt(1, 200, None, 0, 1),))
    with pytest.raises(AttributeError):
        whole.status = "truncated"  # type: ignore[misc]  # that is what is tested
    assert pickle.loads(pickle.dumps(whole)) == whole
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Reply) == whole
