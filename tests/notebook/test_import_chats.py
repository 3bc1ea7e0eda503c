"""Chats from elsewhere as notebooks."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepshi_jupyter.core.cell_source import read_asking_cell
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.template import fill_words
from deepshi_jupyter.display.safe_markdown import safe_markdown
from deepshi_jupyter.errors import RecordError
from deepshi_jupyter.notebook.import_chats import import_chats
from deepshi_jupyter.notebook.import_turns import quoted, with_markdown
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.notebook.conversations import IMAGE_URL, PNG, PNG_SHA256, tool_messages

Json = dict[str, Any]

USER = {"role": "user", "content": "a"}
ANSWER = {"role": "assistant", "content": "A"}
SYSTEM = {"role": "system", "content": "Be brief."}


def imported(value: Any) -> Json:
    return import_chats(json.dumps(value).encode()).notebook


def sources(notebook: Json) -> list[str]:
    return [cell["source"] for cell in notebook["cells"]]


def tips(notebook: Json) -> list[str]:
    return [shown.turn.record.tip for shown in shown_in(notebook).turns]


def test_a_list_of_messages_is_a_conversation_that_goes_on() -> None:
    messages = [SYSTEM, USER, ANSWER, USER, ANSWER]
    notebook = imported(messages)
    assert sources(notebook) == [
        "%load_ext deepshi_jupyter",
        "%%deepshi --system 'Be brief.'\na",
        "%%deepshi\na",
    ]
    assert tips(notebook)[-1] == chain(messages)
    assert {shown.states for shown in shown_in(notebook).turns} == {("fresh",)}
    assert notebook == imported({"messages": messages})
    nbformat.validate(nbformat.from_dict(notebook))


def test_a_record_says_that_it_was_imported_and_leaves_out_what_is_not_known() -> None:
    (shown,) = shown_in(imported([USER, ANSWER])).turns
    record = shown.turn.record.as_json()
    assert record["kind"] == "imported"
    assert record["endpoint"] == record["model"] == ""
    assert record["calls"] == [{"status": "complete", "answers": [{"message": ANSWER}]}]
    assert record["made_by"].keys() == {"deepshi_jupyter"}
    assert "started" not in json.dumps(record)


def test_several_chats_have_names_of_their_own_and_ids_that_differ() -> None:
    notebook = imported([{"messages": [USER, ANSWER]}, [USER, ANSWER]])
    assert sources(notebook)[1:] == ["%%deepshi --chat chat-1\na", "%%deepshi --chat chat-2\na"]
    assert len({cell["id"] for cell in notebook["cells"]}) == 3


def test_tools_models_and_the_file_s_other_fields_are_kept() -> None:
    messages = [*tool_messages("1+2?", "{}"), ANSWER]
    notebook = imported({"messages": messages, "model": "m", "tools": [{"type": "function"}]})
    (shown,) = shown_in(notebook).turns
    assert shown.turn.record.own_messages == tuple(messages)
    assert shown.turn.record.model == "m"
    assert shown.turn.record.parameters == {"tools": [{"type": "function"}]}


def test_a_question_without_an_answer_is_a_cell_that_was_not_sent() -> None:
    notebook = imported([USER, ANSWER, {"role": "user", "content": "b"}])
    assert notebook["cells"][-1]["source"] == "%%deepshi\nb"
    assert notebook["cells"][-1]["outputs"] == []


def test_messages_in_an_unusual_order_keep_their_chain() -> None:
    developer = {"role": "developer", "content": "D"}
    for messages in (
        [developer, USER, ANSWER],
        [ANSWER, USER, USER, ANSWER],
        [USER, SYSTEM, ANSWER],
    ):
        assert tips(imported(messages))[-1] == chain(messages)


def test_images_are_named_by_their_hash_and_their_bytes_handed_on() -> None:
    content = [{"type": "text", "text": "What?"}, IMAGE_URL]
    data = json.dumps([{"role": "user", "content": content}, ANSWER]).encode()
    found = import_chats(data)
    assert found.objects == {PNG_SHA256: PNG}
    assert "base64" not in json.dumps(found.notebook)
    assert tips(found.notebook) == [chain([{"role": "user", "content": content}, ANSWER])]


def test_a_template_in_a_question_is_sent_as_it_is() -> None:
    notebook = imported([{"role": "user", "content": "{{x}}"}, ANSWER])
    assert sources(notebook)[1] == "%%deepshi --raw\n{{x}}"


def test_answers_show_neutralised() -> None:
    notebook = imported([USER, {"role": "assistant", "content": "<script>x</script>"}])
    (output,) = with_markdown(notebook, safe_markdown)["cells"][1]["outputs"]
    assert "<script>" not in output["data"]["text/markdown"]
    assert output["data"]["text/plain"] == "<script>x</script>"


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"1", b"{}", b'{"messages": 1}', b"not json", b'[{"content": "a"}]', b"\xff"],
)
def test_what_holds_no_chats_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(RecordError):
        import_chats(data)


def test_a_line_that_is_broken_is_named() -> None:
    good = json.dumps({"messages": [USER, ANSWER]}).encode()
    with pytest.raises(RecordError, match="Line 2"):
        import_chats(good + b"\n{oh\n")
    with pytest.raises(RecordError, match="line 1"):
        import_chats(b'{"messages": [], "deepshi": {"v": 1, "turns": [{}]}}\n')
    with pytest.raises(RecordError, match="Line 1"):
        import_chats(b'{"messages": [], "deepshi": {"v": 9}}\n')


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("\"'\\{} -\n\x00", max_size=20))
def test_any_text_is_one_word_of_a_magic_line(text: str) -> None:
    line = f"--system {quoted(text)} --once"
    assert "\n" not in line
    asking = read_asking_cell(f"%%deepshi {line}\nbody")
    assert asking is not None
    assert asking.body == "body"
    assert "--once" in asking.options
    if len(text) <= 1000:
        assert fill_words(line, {}) == ["--system", text, "--once"]


_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "user", "assistant", "tool"]),
            "content": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        }
    ),
    max_size=7,
)


@settings(deadline=None)
@given(_MESSAGES)
def test_any_messages_up_to_the_last_answer_keep_their_chain(messages: list[Json]) -> None:
    answers = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
    if not answers:
        return
    notebook = imported({"messages": messages})
    whole = [s for s in shown_in(notebook).turns if s.turn.record.kind == "imported"]
    assert whole[-1].turn.record.tip == chain(messages[: answers[-1] + 1])
    assert {shown.states for shown in whole} == {("fresh",)}
    nbformat.validate(nbformat.from_dict(json.loads(json.dumps(notebook))))
