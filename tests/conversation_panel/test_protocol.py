"""What panel and page say to each other is what the files say that both are tested against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from deepshi_jupyter.conversation_panel.page_messages import PageMessage, read_message
from deepshi_jupyter.errors import InputError
from tests.chat_server import ChatServer
from tests.conversation_panel.conftest import OpenPage
from tests.conversation_panel.test_panel import calling, hanging
from tests.conversation_panel.test_panel import tool as tool

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "frontend" / "protocol"
FILES = {p.stem.removeprefix("panel-"): p for p in sorted(FOLDER.glob("panel-*.json"))}
EXCHANGES: dict[str, Json] = {
    kind: json.loads(path.read_text(encoding="utf-8")) for kind, path in FILES.items()
}


def shape(value: Any) -> Any:
    """The names of all fields and the kinds of their values; a null fits anything."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
    )


def fits(value: Any, example: Any) -> bool:
    """True if a value has the fields of an example, all of them and no others."""
    if isinstance(value, dict) and isinstance(example, dict):
        same = value.keys() == example.keys()
        return same and all(fits(value[name], example[name]) for name in value)
    if isinstance(value, list) and isinstance(example, list):
        return all(any(fits(each, other) for other in example) for each in value) or not example
    if value is None or example is None:
        return True
    return bool(shape(value) == shape(example))


@pytest.mark.parametrize("kind", EXCHANGES)
def test_a_file_is_of_one_kind(kind: str) -> None:
    exchange = EXCHANGES[kind]
    messages = [*exchange["page"], *exchange["kernel"]]
    assert messages
    assert {(message["v"], message["kind"]) for message in messages} == {(1, kind)}
    assert exchange["kind"] == kind
    assert exchange["reply"] is None or exchange["reply"] in EXCHANGES


def test_every_kind_of_message_of_the_page_has_a_file() -> None:
    known = {message.__struct_config__.tag for message in get_args(PageMessage)}
    assert {kind for kind in EXCHANGES if EXCHANGES[kind]["page"]} == known


@pytest.mark.parametrize("kind", [k for k in EXCHANGES if EXCHANGES[k]["page"]])
def test_the_kernel_reads_what_the_page_says_and_fields_that_it_does_not_know(kind: str) -> None:
    for message in EXCHANGES[kind]["page"]:
        read = read_message({**message, "later": 1})
        assert read == read_message(message)
        said = {name: value for name, value in message.items() if name not in ("v", "kind")}
        for name, value in said.items():
            found = getattr(read, name)
            assert (list(found) if isinstance(found, tuple) else found) == value


@pytest.mark.parametrize("kind", EXCHANGES)
def test_the_kernel_refuses_what_it_cannot_read(kind: str) -> None:
    for message in EXCHANGES[kind]["unreadable"]:
        with pytest.raises(InputError, match="does not read"):
            read_message(message)


def test_what_the_kernel_says_has_the_fields_of_the_files(
    open_page: OpenPage, server: ChatServer, tool: list[str]
) -> None:
    page = open_page(tools="rain", names={"x": 3})
    page.wait("models")
    server.plan("rain?", calling("rain", '{"city": "Liège"}'))
    ask = page.begin("rain?")
    page.wait("tool")
    page.say("decide", ask=ask, call="call-1", decision="once")
    turn = str(page.ended(ask)["turn"])
    page.ask("{{x}}")
    server.plan("slow", hanging("Half"))
    slow = page.begin("slow", instead_of=turn)
    page.wait("delta", lambda m: m["ask"] == slow)
    page.say("snapshot", ask=slow)
    page.say("stop", ask=slow)
    page.ended(slow)
    page.ended(page.begin("{{y}}"))
    page.say("preview", id="p", text="{{x}} {{y}}", evaluate=False)
    page.say("preview", id="p", text="{{y}}", evaluate=True)
    page.say("set", name="stop", value=["END"])
    page.say("set", name="stop", value=1)
    page.say("insert", turn=str(page.order[0]), what="answer")
    page.say("export", format="md")
    page.wait("exported")
    page.say("ping", id="q")
    page.say("math")
    said = {message["kind"] for message in page.told}
    assert said == {kind for kind in EXCHANGES if EXCHANGES[kind]["kernel"]}
    for message in page.told:
        examples = EXCHANGES[message["kind"]]["kernel"]
        assert any(fits(message, example) for example in examples), message
