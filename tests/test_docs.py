"""What the pages say runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
