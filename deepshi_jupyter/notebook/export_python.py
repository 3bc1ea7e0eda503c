r"""Turns and code cells → a Python script that asks the same again with ``deepshi_jupyter.ask``.

Each question stands in it as it was sent, as a literal that no content can break out of. What a
script cannot do again, such as a value that came from a variable then, is said in a comment.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from keyword import iskeyword
from typing import Any

from deepshi_jupyter.core.cell_source import read_asking_cell
from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.notebook.export_ipynb import is_exported
from deepshi_jupyter.notebook.export_markdown import images
from deepshi_jupyter.notebook.notebook_file import source_of
from deepshi_jupyter.notebook.shown_turn import ShownTurn

_HEADER = """\
# /// script
# requires-python = ">=3.11"
# dependencies = ["deepshi_jupyter"]
# ///
"""
_NOTE = (
    "Exported by deepshi_jupyter. Each question is asked anew, and costs what it costs.\n"
    "Add other packages that the code imports above (https://peps.python.org/pep-0723/)."
)
_BACKSLASH = "\\"
_NOT_PASSED = frozenset({"response_format", "tools", "tool_choice", "parallel_tool_calls"})
_MAGIC = re.compile(r"\s*(?:[%!?]|[\w.]+\?\??\s*$|from\s+__future__\s+import\b)")
_FUTURE = re.compile(r"^\s*from\s+__future__\s+import\b", re.MULTILINE)
_OUTPUT = re.compile(r"(?:^|\s)(?:-o[ =]?|--output[ =])([A-Za-z_]\w*)(?=\s|$)")
_CLOSING_QUOTE = re.compile(r'"(?="|\Z)')


def to_python(turns: Sequence[ShownTurn], notebook: Mapping[str, Any] | None = None) -> str:
    """Return a script that asks what some turns asked.

    Args:
        turns: The turns, in the order of the document.
        notebook: The notebook that they are in; its other code becomes part of the script.

    Returns:
        Python that compiles, whatever the cells hold.
    """
    parts = [_HEADER + comment(_NOTE), "import deepshi_jupyter"]
    if notebook is None:
        parts += [call_of(shown.turn.record) for shown in turns]
    else:
        parts += _cells(notebook, turns)
    return "\n\n".join(part for part in parts if part.strip()) + "\n"


def call_of(record: TurnRecord, name: str = "_deepshi") -> str:
    """Return statements that ask what a turn asked, below comments on what they cannot repeat.

    Args:
        record: The turn.
        name: The variable for the reply.
    """
    arguments = [literal(record.question), *(f"{n}={v}" for n, v in _arguments(record))]
    joined = ",\n    ".join(arguments)
    statement = f"deepshi_jupyter.ask(\n    {joined},\n)"
    return "\n".join([*map(comment, _remarks(record)), f"{name} = {statement}", f"print({name})"])


def literal(text: str) -> str:
    """Return a Python literal of a text: on several lines if the text has several.

    Args:
        text: Anything; what cannot be printed, and what a reader could take for the end of the
            literal or for a block of script metadata, is written as an escape.
    """
    if "\n" not in text:
        quote = "'" if '"' in text and "'" not in text else '"'
        return f"{quote}{_escaped(text).replace(quote, f'{_BACKSLASH}{quote}')}{quote}"
    lines = _CLOSING_QUOTE.sub(r'\\"', _escaped(text)).split("\n")
    body = "\n".join(f"\\x23{line[1:]}" if line.startswith("# ///") else line for line in lines)
    return f'"""{body}"""'


def comment(text: str) -> str:
    """Return a text as lines of comment that stay one, whatever it holds."""
    lines = (_shown(line) for line in text.split("\n"))
    return "\n".join(f"#  {line}" if line.startswith("///") else f"# {line}" for line in lines)


def code_of(source: str) -> str:
    """Return a code cell as Python: magics as comments, all of it if the rest does not compile."""
    for candidate in (source, _without_magics(source)):
        if compiles(candidate) and not _has_future(candidate):
            return candidate
    return comment(source)


def compiles(source: str) -> bool:
    """True if a text is a Python module; it is not run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<cell>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True


def _cells(notebook: Mapping[str, Any], turns: Iterable[ShownTurn]) -> list[str]:
    asked: dict[int, list[TurnRecord]] = {}
    for shown in turns:
        asked.setdefault(shown.place, []).append(shown.turn.record)
    parts = []
    for place, cell in enumerate(notebook["cells"]):
        source, kind = source_of(cell), cell.get("cell_type")
        if kind == "code" and (asking := read_asking_cell(source)) is not None:
            output = _OUTPUT.search(asking.line)
            name = output[1] if output and not iskeyword(output[1]) else "_deepshi"
            asks = [call_of(record, name) for record in asked.get(place, ())]
            parts += asks or [comment(f"Not asked yet:\n{source}")]
        elif kind == "code" and _is_models(cell):
            parts.append(comment(f"The model's code, which was not run:\n{source}"))
        elif kind == "code":
            parts.append(code_of(source))
        else:
            parts.append(comment(source))
    return [part for part in parts if part.strip("# \n")]


def _is_models(cell: Mapping[str, Any]) -> bool:
    """True if a cell is an exported piece of an answer that nobody has run."""
    return is_exported(cell) and cell.get("execution_count") is None and not cell.get("outputs")


def _arguments(record: TurnRecord) -> list[tuple[str, str]]:
    """Return the keyword arguments of a call, as source."""
    found = [("model", literal(record.model))] if record.model else []
    if record.system_from == "cell":
        found.append(("system", literal(record.system)))
    if record.chat != MAIN_CHAT:
        found.append(("chat", literal(record.chat)))
    if record.start:
        found.append((record.start, "True"))
    found += _form(record.parameters.get("response_format"))
    passed = {n: v for n, v in record.parameters.items() if n not in _NOT_PASSED}
    found += [(n, value(v)) for n, v in passed.items() if n in PARAMETERS]
    extra = {n: v for n, v in passed.items() if n not in PARAMETERS}
    return [*found, ("extra", value(extra))] if extra else found


def _form(response_format: Any) -> list[tuple[str, str]]:
    """Return the arguments that ask for the form that an answer was asked for."""
    form = response_format if isinstance(response_format, dict) else {}
    inner = form.get("json_schema")
    if isinstance(inner, dict) and isinstance(inner.get("schema"), dict):
        return [("schema", value(inner["schema"]))]
    return [("json", "True")] if form.get("type") == "json_object" else []


def value(json_value: Any) -> str:
    """Return a JSON value as a Python expression."""
    if isinstance(json_value, str):
        return literal(json_value) if "\n" not in json_value else ascii(json_value)
    if isinstance(json_value, dict):
        return f"{{{', '.join(f'{value(k)}: {value(v)}' for k, v in json_value.items())}}}"
    if isinstance(json_value, list | tuple):
        return f"[{', '.join(map(value, json_value))}]"
    return repr(json_value)


def _remarks(record: TurnRecord) -> list[str]:
    """Return what a call does not repeat of a turn, in words."""
    found = []
    template = (record.prompt or {}).get("template")
    if isinstance(template, str) and template != record.question:
        found.append(f"It was written as below; the call holds what was sent:\n{template}")
    if names := [_tool_name(tool) for tool in record.parameters.get("tools") or ()]:
        found.append(f"The model could call {', '.join(names)}: pass these functions as `tools`.")
    for message in record.messages[:1]:
        found += [f"It was sent {words}: pass it as `attach`." for words in images(message)]
    if record.fork:
        fork = f"the turn {record.fork.turn} of the conversation {record.fork.chat!r}"
        found.append(f"It went on from {fork}: pass `start_from`.")
    if record.system_from == "setting" and record.system:
        found.append(f"It was sent below the system prompt of the settings:\n{record.system}")
    return found


def _tool_name(tool: Any) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    return str(function.get("name", "?")) if isinstance(function, dict) else "?"


def _escaped(text: str) -> str:
    """Return a text as it can stand between quotes, which it must not hold itself."""
    return "\n".join(_shown(line) for line in text.replace(_BACKSLASH, "\\\\").split("\n"))


def _shown(text: str) -> str:
    r"""Return a text whose characters that cannot be printed are escapes, such as ``\x0d``."""
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in text)


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    if lines and lines[0].lstrip().startswith("%%"):
        return comment(source)
    return "\n".join(comment(line) if _MAGIC.match(line) else line for line in lines)


def _has_future(source: str) -> bool:
    """True if a cell imports from ``__future__``, which a script may only do at its top."""
    return _FUTURE.search(source) is not None
