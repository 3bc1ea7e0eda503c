"""What front ends ask: each kind of message as a value (``tests/frontend/protocol``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from deepshi_jupyter.errors import OptionError

Json = dict[str, Any]

MOST_CELLS = 100_000
"""Cells of an order; more are no notebook."""

_Count = Annotated[int, msgspec.Meta(ge=0)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    v: Literal[1]


class Hello(_Message, frozen=True, tag="hello"):
    """A front end is there, and reads these things."""

    front_end: str
    reads: tuple[str, ...]


class Cell(msgspec.Struct, frozen=True):
    """A cell and the SHA-256 of its source."""

    id: str
    sha256: str


class Order(_Message, frozen=True, tag="order"):
    """All cells from the top, and which of them are about to run."""

    seq: _Count
    cells: Annotated[tuple[Cell, ...], msgspec.Meta(max_length=MOST_CELLS)]
    runs: tuple[str, ...]


class StopAnswer(_Message, frozen=True, tag="stop"):
    """End the answer of a turn, or of a cell."""

    turn: str = ""
    cell: str = ""

    def __post_init__(self) -> None:
        if not self.turn and not self.cell:
            raise ValueError("neither turn nor cell is given")


class Snapshot(_Message, frozen=True, tag="snapshot"):
    """Tell what came of an answer so far."""

    turn: str


class NotebookValues(_Message, frozen=True, tag="settings"):
    """The settings in the notebook's metadata."""

    model: str | None
    system: str | None
    mode: str | None
    parameters: Json

    @property
    def values(self) -> Json:
        """What stands in the metadata."""
        return {name: getattr(self, name) for name in ("model", "system", "mode", "parameters")}


class AskStatus(_Message, frozen=True, tag="status"):
    """Tell what is shown of the conversation, at a cell or at the end."""

    cell: str | None = None


class Versions(_Message, frozen=True, tag="versions"):
    """Tell the answers that a turn's question had."""

    turn: str


class Pick(_Message, frozen=True, tag="pick"):
    """Let another version of a turn count."""

    turn: str
    version: str


Message = Hello | Order | StopAnswer | Snapshot | NotebookValues | AskStatus | Versions | Pick


def read_message(data: Any) -> Message:
    """Read what a front end sent; fields that are not known are passed over.

    Raises:
        OptionError: It is of another version, of no kind that is known, or not of its form.
    """
    try:
        message: Message = msgspec.convert(data, Message)
    except (ValueError, RecursionError) as error:
        raise OptionError(
            f"A message of the front end cannot be read: {error}.",
            "Reload the page; if that does not help, install the same version for both.",
        ) from None
    return message


def kind_of(data: Any) -> str:
    """Return the kind that a message names, readable or not; an empty text if it names none."""
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else ""
