"""The options of a ``%%deepshi`` line as the front end reads them.

``python -m tests.frontend.magic_options`` writes the file that TypeScript imports, from the magic's
own parser and the table of parameters.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from deepshi_jupyter.magics.cursor_place import options_of
from deepshi_jupyter.magics.deepshi import DeepshiMagics
from deepshi_jupyter.sliders.control import CONTROLS, Control

FILE = Path(__file__).parents[2] / "labextension/lab/src/editing/magic-options.json"
PARSER: argparse.ArgumentParser = DeepshiMagics.deepshi.parser


def text() -> str:
    """Return what the file is to hold."""
    options = {" ".join(o.names): _option(o.dest, o.takes_value) for o in options_of(PARSER)}
    controls = {name: _control(control) for name, control in CONTROLS.items()}
    return json.dumps({"options": options, "controls": controls}, indent=2) + "\n"


def _option(dest: str, takes_value: bool) -> dict[str, Any]:
    return {"dest": dest, "takesValue": takes_value}


def _control(control: Control) -> dict[str, Any]:
    parameter = control.parameter
    return {
        "kind": control.kind,
        "low": parameter.low,
        "high": parameter.high,
        "step": control.step,
        "start": control.start if isinstance(control.start, int | float) else None,
    }


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
