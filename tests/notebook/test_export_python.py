"""Turns as a script."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deepshi_jupyter.core.turn_record import Fork, TurnRecord
from deepshi_jupyter.notebook.export_ipynb import to_ipynb
from deepshi_jupyter.notebook.export_python import (
    code_of,
    comment,
    compiles,
    literal,
    to_python,
    value,
)
from deepshi_jupyter.notebook.recording_file import read_recording
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.notebook.conversations import NAMED_IMAGE, TOOLS, studies
from tests.notebook.study import Study

_PEP_723 = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def script(study: Study) -> str:
    return to_python(shown_in(study.notebook).turns, study.notebook)


def asks(source: str) -> list[ast.Call]:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        tree = ast.parse(source)  # a user's own code may hold an escape such as "\\8"
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) == "deepshi_jupyter.ask"]


def arguments(call: ast.Call) -> dict[str, Any]:
    return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def test_a_script_runs_and_asks_what_was_asked(tmp_path: Path) -> None:
    study = Study()
    study.ask("How?", "--seed 7", model="offline-chat")
    study.ask('And "why"?\n\\n {{x}}', "--once --raw", model="offline-chat")
    study.ask("Aside?", model="offline-chat", start="aside")
    path, recording = tmp_path / "study.py", tmp_path / "answers.jsonl"
    path.write_text(script(study), encoding="utf-8")
    chosen = {"DEEPSHI_BASE_URL": "offline", "DEEPSHI_RECORD": str(recording)}
    done = subprocess.run(
        [sys.executable, str(path)], env={**os.environ, **chosen}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    asked = [(record.question, record.start) for record in read_recording(recording)]
    assert asked == [("How?", ""), ('And "why"?\n\\n {{x}}', "once"), ("Aside?", "aside")]


def test_a_script_asks_with_the_same_options_and_keeps_other_code() -> None:
    study = Study()
    study.code("x = 1")
    study.ask("How?", "-t 0.5 --chat b --once -o r --system 'S'")
    study.markdown("# A title")
    (call,) = asks(text := script(study))
    assert arguments(call) == {
        "model": "deepshi-3.0",
        "system": "S",
        "chat": "b",
        "once": True,
        "temperature": 0.5,
    }
    assert "\nx = 1\n" in text
    assert "\nr = deepshi_jupyter.ask(" in text
    assert "\n# # A title\n" in text


def test_the_header_says_what_to_install() -> None:
    match = _PEP_723.search(script(Study()))
    assert match is not None
    content = "".join(line[2:] for line in match["content"].splitlines(keepends=True))
    assert tomllib.loads(content)["dependencies"] == ["deepshi_jupyter"]


def test_no_text_makes_a_second_header() -> None:
    study = Study()
    block = "a\n# /// script\n# dependencies = ['evil']\n# ///\n"
    study.ask(block)
    study.markdown(block.replace("# ", ""))
    assert len(list(_PEP_723.finditer(script(study)))) == 1


def test_magics_become_comments_and_a_cell_that_is_no_python_too() -> None:
    assert code_of("%matplotlib inline\nx = 1") == "# %matplotlib inline\nx = 1"
    assert code_of("!pip install x\nx?\ny = 5") == "# !pip install x\n# x?\ny = 5"
    assert code_of("%%bash\nls") == "# %%bash\n# ls"
    assert code_of("if x:\n    %time f()") == "# if x:\n#     %time f()"
    assert code_of("x = (5\n% 3)") == "x = (5\n% 3)"
    assert code_of("from __future__ import annotations\nx = 1").startswith("# from __future__")
    assert code_of("await f()") == "# await f()"


def test_a_model_s_code_stays_a_comment_until_a_user_has_run_it() -> None:
    study = Study()
    study.ask("?", answer="```python\nrun_me()\n```")
    study.notebook = to_ipynb(study.notebook, shown_in(study.notebook).turns, str)
    assert "\n# run_me()" in script(study)
    study.cells[1]["execution_count"] = 7
    assert "\nrun_me()" in script(study)


def made(**fields: Any) -> str:
    study = Study()
    study.ask("How?", **fields)
    return script(study)


def test_what_a_call_does_not_repeat_is_said() -> None:
    content = [{"type": "text", "text": "How?"}, NAMED_IMAGE]
    text = made(
        prompt={"template": "{{q}}?", "inserted": [{"expression": "q", "text": "How"}]},
        parameters={"tools": TOOLS},
        fork=Fork("main", "x"),
        messages=({"role": "user", "content": content},),
    )
    assert "# {{q}}?" in text
    assert "could call add" in text
    assert "`attach`" in text
    assert "`start_from`" in text


def test_forms_and_fields_that_are_not_known_are_passed() -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [None, True, "\n"]}}}
    form = {"type": "json_schema", "json_schema": {"name": "A", "schema": schema}}
    (call,) = asks(made(parameters={"response_format": form, "top_k": 5, "seed": 1}))
    given_ = arguments(call)
    assert (given_["schema"], given_["extra"], given_["seed"]) == (schema, {"top_k": 5}, 1)
    (call,) = asks(made(parameters={"response_format": {"type": "json_object"}}))
    assert arguments(call)["json"] is True


def test_a_loop_stays_the_code_that_it_was() -> None:
    study = Study()
    study.loop(["a", "b"])
    assert len(asks(script(study))) == 1


_ANY = st.text(st.characters(), max_size=40) | st.text("\"'\\\n\r\t\x00#/ {}", max_size=30)


@given(_ANY)
def test_a_literal_is_its_text(text: str) -> None:
    source = literal(text)
    assert ast.literal_eval(source) == text
    source.encode()
    assert "\r" not in source


@given(_ANY)
def test_a_comment_stays_a_comment(text: str) -> None:
    assert ast.parse(comment(text)).body == []
    assert not _PEP_723.search(f"{comment(text)}\n")


@given(_ANY)
def test_a_cell_of_code_compiles_or_is_a_comment(text: str) -> None:
    assert compiles(code_of(text))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ANY, inner, max_size=3),
    max_leaves=8,
)


@given(_JSON)
def test_a_value_is_its_json(json_value: Any) -> None:
    assert ast.literal_eval(value(json_value)) == json_value


@settings(max_examples=60, deadline=None)
@given(studies(), st.lists(_ANY, max_size=3))
@example(Study(), ["'\\8'"])
def test_any_notebook_makes_a_script_that_asks_what_was_sent(study: Study, code: list[str]) -> None:
    for source in code:
        study.code(source)
    questions = [ast.literal_eval(call.args[0]) for call in asks(script(study))]
    assert questions == [record.question for record in study.records()]


def test_turns_without_a_notebook_make_a_script() -> None:
    study = Study()
    record: TurnRecord = study.ask("How?")
    (shown,) = shown_in(study.notebook).turns
    (call,) = asks(to_python([msgspec.structs.replace(shown, place=-1, source="")]))
    assert ast.literal_eval(call.args[0]) == record.question
