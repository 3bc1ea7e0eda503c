"""What the sliders of JupyterLab write is what a cell reads.

`labextension/lab/src/editing/magic-line.test.ts` reads the same file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.core.template import fill_words
from deepshi_jupyter.magics.options import extra_of, parameters_of, read_options
from deepshi_jupyter.sliders.control import controlled
from deepshi_jupyter.sliders.line import rewritten
from tests.frontend import magic_options

FILE = Path(__file__).parent / "protocol" / "magic-lines.json"
LINES = json.loads(FILE.read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = LINES["cases"]

each_line = pytest.mark.parametrize("case", CASES, ids=[case["line"] for case in CASES])


def options_of(line: str) -> argparse.Namespace:
    return read_options(magic_options.PARSER, fill_words(line, LINES["names"]))


def own_of(line: str) -> dict[str, Any]:
    """What a line says of the parameters that have a control, as the cell reads it."""
    options = options_of(line)
    model = {"model": options.model} if options.model else {}
    return model | controlled({**parameters_of(options), **extra_of(options)[0]})


def others_of(line: str) -> dict[str, Any]:
    """What a line says of everything else."""
    options = vars(options_of(line))
    others = {name: value for name, value in options.items() if name not in own_names()}
    params = [word for word in others["param"] if word.partition("=")[0] not in own_names()]
    return others | {"param": params}


def own_names() -> set[str]:
    return {"model", "max_completion_tokens", *json.loads(magic_options.text())["controls"]}


def wanted(case: dict[str, Any]) -> dict[str, Any]:
    """What the line of a case says after the change."""
    after = own_of(case["line"]) | case.get("set", {})
    return {name: value for name, value in after.items() if name not in case.get("drop", [])}


def values_of(reads: dict[str, Any]) -> dict[str, Any]:
    return {n: v["value"] if isinstance(v, dict) else v for n, v in reads.items()}


@each_line
def test_a_line_is_read_as_the_file_says(case: dict[str, Any]) -> None:
    assert own_of(case["line"]) == values_of(case["reads"])


@each_line
def test_a_rewritten_line_is_read_as_what_was_set_and_nothing_else(case: dict[str, Any]) -> None:
    assert own_of(case["rewritten"]) == wanted(case)
    assert others_of(case["rewritten"]) == others_of(case["line"])


@each_line
def test_the_sliders_of_the_kernel_write_the_same_line(case: dict[str, Any]) -> None:
    before, after = own_of(case["line"]), wanted(case)
    if before.get("model") == after.get("model"):  # the kernel's sliders leave the model alone
        line = rewritten(case["line"], before, after, magic_options.PARSER)
        assert line == case["rewritten"]


def test_the_options_that_the_front_end_knows_are_those_of_the_magic() -> None:
    """`python -m tests.frontend.magic_options` mends it; then `npm run build` in lab/."""
    assert magic_options.FILE.read_text(encoding="utf-8") == magic_options.text()
