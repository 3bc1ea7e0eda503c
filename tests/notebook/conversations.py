"""Notebooks with conversations of every kind, for property tests of export and import."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from hypothesis import strategies as st

from tests.notebook.study import Study

Json = dict[str, Any]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PNG_SHA256 = hashlib.sha256(PNG).hexdigest()
NAMED_IMAGE = {"type": "image", "media_type": "image/png", "sha256": PNG_SHA256}
IMAGE_URL = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"},
}
NESTED = "See:\n````md\n```python\nprint('inner')\n```\n````\nand\n```python\nx = 1\n```\nend"
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]

_SPECIAL = [
    "a\r\nb",
    NESTED,
    "```python\nunclosed",
    "ü 漢字 🤖 \u2028 x",
    "{{x}} \\{{",
    "\x00\x1b[0m",
]
_TEXTS = st.one_of(
    st.sampled_from(_SPECIAL),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)


def tool_messages(question: str, arguments: str) -> tuple[Json, ...]:
    """Return a question with a round of tools."""
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": arguments}}
    return (
        {"role": "user", "content": question},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
    )


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """Draw a notebook with turns in several chats; some with tools, images, several answers."""
    study = Study(system=draw(st.sampled_from(["", "Be brief.\nAlways."])))
    for _ in range(draw(st.integers(1, 5))):
        study.ask(
            draw(_TEXTS),
            draw(st.sampled_from(["", "--chat b", "--once", "--new", "--system 'S s'", "-t 0.5"])),
            draw(_TEXTS),
            **draw(_FIELDS),
        )
        if draw(st.booleans()):
            study.markdown(draw(_TEXTS))
    return study


_FIELDS: st.SearchStrategy[Json] = st.one_of(
    st.just({}),
    st.builds(lambda text: {"messages": tool_messages(text, '{"a": 1}')}, _TEXTS),
    st.builds(
        lambda text: {
            "messages": (
                {"role": "user", "content": [{"type": "text", "text": text}, NAMED_IMAGE]},
            )
        },
        _TEXTS,
    ),
    st.builds(
        lambda one, two: {
            "answers": tuple(
                {"message": {"role": "assistant", "content": text}, "reasoning": "So."}
                for text in (one, two)
            )
        },
        _TEXTS,
        _TEXTS,
    ),
)
