"""What is chosen in a panel, as the options of a ``%%deepshi`` cell that asks the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from deepshi_jupyter.conversation_panel.chosen import Chosen
from deepshi_jupyter.core.cell_source import options_of
from deepshi_jupyter.core.chat import MAIN_CHAT, Start
from deepshi_jupyter.notebook.import_turns import quoted
from deepshi_jupyter.tools.definition import Tool


def asking_options(
    chosen: Chosen, chat: str, start: Start, tools: Sequence[Tool]
) -> tuple[str, ...]:
    """Return the options as a record keeps them.

    Args:
        chosen: Model, system prompt and parameters of the question.
        chat: Its conversation.
        start: Where its context begins.
        tools: The tools that it offers.
    """
    words = [] if chat == MAIN_CHAT else ["--chat", shlex.quote(chat)]
    words += ["--new"] if start == "new" else []
    words += ["--model", shlex.quote(chosen.model)] if chosen.model else []
    words += [] if chosen.system is None else ["--system", quoted(chosen.system)]
    words += ["--tools", ",".join(tool.name for tool in tools)] if tools else []
    for name, value in chosen.parameters.items():
        words += _option(name, value)
    return options_of(" ".join(words))


def _option(name: str, value: Any) -> Iterator[str]:
    if value is None:
        yield from ("--param", f"{name}=null")
        return
    for each in value if isinstance(value, list) else [json.dumps(value)]:
        yield from (f"--{name.replace('_', '-')}", quoted(each))
