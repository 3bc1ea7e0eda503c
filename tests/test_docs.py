"""What the pages say runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deepshi_jupyter.core.reply import Attempt, Choice, Reply
from deepshi_jupyter.core.template import fill
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.notebook.turn_record import turn_record
from tests.kernel import Kernel

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [source.rstrip("\n") for name, source in found if name == language]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_the_cells_of_a_page_run_as_pasted(page: Path) -> None:
    with Kernel() as kernel:
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


def test_every_field_of_the_turn_record_is_described() -> None:
    """A record with all that there can be has the fields of the page's tables, and no others."""
    attempt = Attempt(1, 429, "Too many requests.", wait=1.0, duration=0.1)
    choice = Choice(text="Hi", finish_reason="stop", reasoning="So.", logprobs=({"token": "Hi"},))
    reply = Reply(
        choices=(choice,),
        model="m",
        id="i",
        created=1,
        system_fingerprint="f",
        usage=Usage(cost=0.1, raw={"prompt_tokens": 1}),
        endpoint="http://127.0.0.1/v1",
        attempts=(attempt, attempt),
        request_id="r",
        started="2026-11-01T00:00:00.000+00:00",
        time_to_first_token=0.1,
        notices=("Mind this.",),
    )
    record = turn_record(reply, [{"role": "user", "content": "1"}], fill("{{n}}", {"n": 1}))
    inner = (record["answers"][0], record["prompt"], record["failed_attempts"][0])
    page = (ROOT / "docs" / "turn-record.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert described == [name for fields in (record, *inner) for name in fields]


def test_the_example_of_a_turn_record_has_the_fields_that_are_always_there() -> None:
    (example,) = blocks(ROOT / "docs" / "turn-record.md", "json")
    bare = turn_record(Reply(choices=(Choice(),), endpoint="e", started="s"), [{}], None)
    assert bare.keys() <= json.loads(example).keys()
