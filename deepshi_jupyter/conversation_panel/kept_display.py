"""What stays of a panel in its cell: the records of its turns, and a text for who reads without it.

A kernel can write into a cell that does not run only by the id of a display that it made there. So
the display is made when the cell runs, even without a turn, and updated after each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepshi_jupyter.conversation_panel.shown_turn import question_of
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.turn_record import MIME_TYPE, VERSION, Json, TurnRecord
from deepshi_jupyter.display.bundle import answer_markdown
from deepshi_jupyter.display.safe_markdown import literal
from deepshi_jupyter.recorded_turn import answer_of

CLASS = "deepshi-panel-record"
"""The class of the display's first line, by which the page finds it beside a living panel."""


class KeptDisplay:
    """One display of a cell.

    Args:
        name: Its display id.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._texts: dict[str, tuple[TurnRecord, str]] = {}
        self._shown: list[TurnRecord] | None = None

    def show(self, records: Sequence[TurnRecord]) -> None:
        """Make the display, in the cell that runs."""
        self._shown = list(records)
        self._publish(update=False)

    def update(self, records: Sequence[TurnRecord]) -> None:
        """Let the display hold these turns, from any thread; before `show` there is none."""
        if self._shown is None or self._shown == list(records):
            return
        self._shown = list(records)
        self._publish(update=True)

    def _publish(self, *, update: bool) -> None:
        from IPython.display import publish_display_data

        place: dict[str, Any] = {"display_id": self._name}
        publish_display_data(self._bundle(self._shown or []), transient=place, update=update)

    def _bundle(self, records: list[TurnRecord]) -> Json:
        count = f"{len(records)} answer{'' if len(records) == 1 else 's'} recorded"
        if not records:
            return {"text/plain": "No answer recorded"}
        head = f'<small class="{CLASS}">{count}</small>'
        turns = [record.as_json() for record in records]
        return {
            "text/plain": count,
            "text/markdown": "\n\n".join([head, *map(self._text, records)]),
            MIME_TYPE: {"v": VERSION, "turns": turns},
        }

    def _text(self, record: TurnRecord) -> str:
        made_of, text = self._texts.get(record.id, (None, ""))
        if made_of is not record:
            text = f"{quoted_question(record)}\n\n{answer_markdown(answer_of(record))}"
            self._texts[record.id] = (record, text)
        return text


def quoted_question(record: TurnRecord) -> str:
    """Return markdown that shows a question as it was written, as a quote."""
    lines = printable(question_of(record)).strip("\n").split("\n")
    return f"> **Question:** {'<br>'.join(map(literal, lines))}"
