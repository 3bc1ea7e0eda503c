"""The final bundle of an answer, under an id by which this kernel can show another one there."""

from __future__ import annotations

from typing import Any

from deepshi_jupyter.display.answer import Answer
from deepshi_jupyter.display.bundle import answer_bundle


def publish(answer: Answer, *, instead_of: str = "") -> None:
    """Display an answer in the cell that runs.

    Args:
        answer: The answer.
        instead_of: The id of a turn whose answer this kernel displayed; this one takes its place,
            in its cell, where the front end still shows it.
    """
    from IPython.display import publish_display_data

    turn = instead_of or str((answer.record or {}).get("id", ""))
    options: dict[str, Any] = {"transient": {"display_id": display_id(turn)}} if turn else {}
    publish_display_data(answer_bundle(answer), update=bool(instead_of), **options)


def display_id(turn: str) -> str:
    """Return the id under which the answer of a turn is displayed."""
    return f"deepshi-{turn}"


class InPlaceOf:
    """Shows an answer where another one stands, in a cell that is not running.

    Args:
        turn: The id of the turn whose answer this kernel displayed there.
    """

    interval = 0.5
    replaceable = True

    def __init__(self, turn: str) -> None:
        self._turn = turn

    def begin(self, answer: Answer) -> None:
        """Do nothing: what shows is what came."""

    def show(self, events: list[Any]) -> None:
        """Do nothing: the old answer stands until the new one is whole."""

    def card(self, outcome: Any) -> None:
        """Do nothing."""

    def end(self, answer: Answer) -> None:
        """Put the answer there."""
        publish(answer, instead_of=self._turn)

    def abandon(self) -> None:
        """Do nothing: the old answer stays."""
