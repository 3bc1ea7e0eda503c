"""What the pages say runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from deepshi_jupyter.core.cell_source import read_asking_cell
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.mark import Mark, What
from deepshi_jupyter.core.recorded_reply import recorded_call
from deepshi_jupyter.core.reply import Attempt, Choice, Reply
from deepshi_jupyter.core.request_key import NOT_IN_THE_KEY, key_of_chain
from deepshi_jupyter.core.turn_record import Cut, Fork, RecordedCall, TurnRecord, read_record
from deepshi_jupyter.tools.result import ToolResult
from tests.kernel import Kernel

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [source.rstrip("\n") for name, source in found if name == language]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_the_cells_of_a_page_run_as_pasted(page: Path, tmp_path: Path) -> None:
    with Kernel(tmp_path) as kernel:
        for source in blocks(page, "python"):
            run = kernel.run(source)
            assert run.error is None, (source, run.error)
            if source.startswith("%%deepshi"):
                assert run.bundles[-1]["text/plain"]


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    main, tests = blocks(ROOT / "README.md", "bash")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert tests == 'pip install ".[test]" && pytest'
    assert 'pip install -q ".[test]" && pytest' in script
    assert main == "pip install . && deepshi-jupyter demo"
    assert 'pip" install -q .' in script
    assert "deepshi-jupyter demo" in script


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


RECORD_PAGE = ROOT / "docs" / "turn-record.md"
SCHEMA = json.loads(
    (ROOT / "deepshi_jupyter" / "notebook" / "turn.schema.json").read_text(encoding="utf-8")
)
_FORMS = {"call": RecordedCall, "fork": Fork, "cut": Cut, "tool": ToolResult}


def tables_of_the_record() -> list[list[str]]:
    """Return the fields of each table of the page, in order."""
    page = RECORD_PAGE.read_text(encoding="utf-8")
    tables = re.findall(r"^\| field \|.*\n\|.*\n((?:\| `.*\n)+)", page, re.MULTILINE)
    return [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]


def test_page_schema_and_code_have_the_same_fields_of_a_turn() -> None:
    fields = [*TurnRecord.__struct_fields__, "sha256"]
    assert tables_of_the_record()[0] == list(SCHEMA["properties"]) == fields


def test_page_and_schema_have_the_same_fields_of_all_inner_objects() -> None:
    inner = ("call", "answer", "attempt", "fork", "cut", "prompt", "tool")
    described = [list(SCHEMA["$defs"][name]["properties"]) for name in inner]
    assert tables_of_the_record()[1:] == described


@pytest.mark.parametrize("name", _FORMS)
def test_schema_and_code_have_the_same_fields_of_an_inner_object(name: str) -> None:
    assert list(SCHEMA["$defs"][name]["properties"]) == list(_FORMS[name].__struct_fields__)


def test_the_fields_of_answers_attempts_and_prompts_are_those_that_are_written() -> None:
    attempt = Attempt(1, 429, "Too many requests.", wait=1.0, duration=0.1)
    choice = Choice(
        text="Hi",
        finish_reason="stop",
        reasoning="So.",
        refusal="No.",
        images=({"type": "image_url"},),
        logprobs=({"token": "Hi"},),
    )
    call = recorded_call(Reply(choices=(choice,), attempts=(attempt, attempt)))
    for name, written in (("answer", call.answers), ("attempt", call.failed_attempts)):
        assert list(SCHEMA["$defs"][name]["properties"]) == list(written[0])


def test_the_example_of_a_turn_record_is_one() -> None:
    (example,) = blocks(RECORD_PAGE, "json")
    written = json.loads(example)
    Draft202012Validator(SCHEMA).validate(written)
    assert read_record(written).as_json() == written
    assert list(written)[-1] == "sha256"


def test_the_hashes_of_the_example_are_those_of_its_messages() -> None:
    """The page computes them with the standard library; here is what the package says."""
    (example,) = blocks(RECORD_PAGE, "json")
    (steps,) = blocks(RECORD_PAGE, "python")
    record = read_record(json.loads(example))
    parent = chain([{"role": "system", "content": record.system}])
    sent = chain(record.messages, parent)
    body = {"model": record.model, **record.parameters}
    key = key_of_chain(record.endpoint, sent, body)
    assert (record.parent, record.tip, record.call.request_key) == (
        *(parent, record.chained(parent), key),
    )
    assert all(f'"{value}"' in steps for value in (parent, sent, record.tip, key))
    exec(compile(steps, str(RECORD_PAGE), "exec"), {})
    source = blocks(RECORD_PAGE, "text")[-1]
    cell = read_asking_cell(source)
    assert cell is not None
    assert (cell.options, cell.source_sha256) == (record.options, record.source_sha256)


def test_the_page_describes_marks_as_the_code_has_them() -> None:
    page = RECORD_PAGE.read_text(encoding="utf-8")
    table = page.partition("| name | type |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(Mark.__struct_fields__)
    (meanings,) = re.findall(r"^\| `mark` \|.*$", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", meanings)) == {"mark", *get_args(What)}


def test_the_page_names_every_field_that_does_not_count_in_a_key() -> None:
    page = RECORD_PAGE.read_text(encoding="utf-8")
    (sentence,) = re.findall(r"is left out: (`stream`.*?)\.\n", page, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == NOT_IN_THE_KEY
