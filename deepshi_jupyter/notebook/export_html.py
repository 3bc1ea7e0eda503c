"""Turns → one HTML page to read: no scripts, nothing from elsewhere, each turn folds to its record.

The page forbids itself scripts and connections by a policy of its own
(https://www.w3.org/TR/CSP3/), and everything in it is escaped; the policy is there for the case
that an escape was forgotten.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence

from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.text import mend
from deepshi_jupyter.core.turn_record import TurnRecord, text_of
from deepshi_jupyter.notebook.answer_parts import answer_texts, in_form
from deepshi_jupyter.notebook.export_markdown import banner, images, tool_calls
from deepshi_jupyter.notebook.shown_turn import ShownTurn
from deepshi_jupyter.notebook.turn_facts import turn_line

Render = Callable[[str], str]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --paper: #fff; --soft: #f3f4f6; --line: #d0d4da;
  --quiet: #5f6670; --warn: #8a4b00; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #16181c; --soft: #22252b;
  --line: #3a3f47; --quiet: #a2a9b3; --warn: #ffb868; --link: #8ab4f8; } }
body { margin: 2rem auto; max-width: 50rem; padding: 0 1rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
pre { background: var(--soft); border-radius: 4px; padding: .7rem; overflow-x: auto; }
pre.said { white-space: pre-wrap; font: inherit; border-left: 4px solid var(--line); }
code { font-family: ui-monospace, monospace; font-size: .92em; }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: .2rem .5rem; }
section { border-top: 1px solid var(--line); margin-top: 1.5rem; }
h2 { font-size: 1rem; color: var(--quiet); } h3 { font-size: .9rem; color: var(--quiet); }
footer, .facts { color: var(--quiet); font-size: .85rem; } .stale { color: var(--warn); }
summary { cursor: pointer; color: var(--quiet); font-size: .85rem; }
img { max-width: 100%; }
@media print { details { display: none; } }
"""


def to_html(turns: Sequence[ShownTurn], render: Render, title: str = "Conversation") -> str:
    """Return a page that holds all that a reader needs of some turns.

    Args:
        turns: The turns, in the order of the document.
        render: Makes safe HTML of a model's markdown: no raw HTML, no images from elsewhere.
        title: The title of the page.
    """
    facts = "".join(f"<li>{_escaped(fact)}</li>" for fact in banner(turns))
    sections = "\n".join(_section(i, shown, render) for i, shown in enumerate(turns, 1))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{_escaped(title)}</h1>\n<ul>{facts}</ul>\n{sections}\n</body>\n</html>\n"
    )


def _section(number: int, shown: ShownTurn, render: Render) -> str:
    record = shown.turn.record
    stale = "".join(f'<p class="stale">{_escaped(reason)}</p>' for reason in shown.reasons)
    parts = [
        f"<h2>{number} · {_escaped(record.chat)}</h2>",
        _system(record),
        *_messages(record),
        *_answers(record, render),
        stale,
        f'<p class="facts">{_escaped(turn_line(record))}</p>',
        _record(record),
    ]
    return f"<section>\n{_lines(parts)}\n</section>"


def _system(record: TurnRecord) -> str:
    if not record.system:
        return ""
    return f"<details><summary>System prompt</summary>{_said(record.system)}</details>"


def _messages(record: TurnRecord) -> list[str]:
    parts = []
    for message in record.messages:
        text = text_of(message)
        if message.get("role") == "tool":
            parts.append(f"<details><summary>Result of the tool</summary>{_said(text)}</details>")
            continue
        parts.append(_said(text) if text else "")
        parts += [
            f"<p>Tool call <code>{_escaped(words)}</code></p>" for words in tool_calls(message)
        ]
        parts += [f'<p class="facts">{_escaped(words)}</p>' for words in images(message)]
    return parts


def _answers(record: TurnRecord, render: Render) -> list[str]:
    texts = list(answer_texts(record.call))
    if not texts:
        return ["<h3>No answer</h3>"]
    parts = []
    for number, text in enumerate(texts, 1):
        of = f" {number} of {len(texts)}" if len(texts) > 1 else ""
        parts += [f"<h3>Answer{of}</h3>", f"<div>{render(in_form(text, record.form))}</div>"]
    return parts


def _record(record: TurnRecord) -> str:
    text = json.dumps(record.as_json(), ensure_ascii=False, indent=1, sort_keys=True)
    tip = f" · tip {record.tip}" if record.tip else ""
    summary = f"<summary>Record{_escaped(tip)}</summary>"
    return f"<details>{summary}<pre><code>{_escaped(text)}</code></pre></details>"


def _said(text: str) -> str:
    return f'<pre class="said">{_escaped(text)}</pre>'


def _escaped(text: str) -> str:
    return html.escape(printable(mend(text)))


def _lines(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)
