"""What the page says, read: one value for each kind of message."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from deepshi_jupyter.errors import InputError

VERSION = 1

Decision = Literal["once", "always", "refuse"]
What = Literal["answer", "code", "turn"]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower):
    v: Literal[1]


class Hello(_Message, frozen=True):
    """A page has drawn the panel and knows nothing yet."""


class Ask(_Message, frozen=True):
    """A question; `instead_of` is the turn of the panel that it takes the place of."""

    ask: str
    text: str
    attach: tuple[str, ...] = ()
    instead_of: str | None = None


class Regenerate(_Message, frozen=True):
    """The question of a turn is to be asked again."""

    ask: str
    turn: str


class Stop(_Message, frozen=True):
    """The answer that comes is to end."""

    ask: str


class Decide(_Message, frozen=True):
    """Whether a tool may run."""

    ask: str
    call: str
    decision: Decision


class Branch(_Message, frozen=True):
    """Another branch is to stand in the place of a turn."""

    turn: str
    to: str


class Preview(_Message, frozen=True):
    """What the values of a question would be; without `evaluate` only names are looked up."""

    id: str
    text: str
    evaluate: bool = False


class Set(_Message, frozen=True):
    """A model, system prompt or parameter; null is automatic."""

    name: str
    value: int | float | str | tuple[str, ...] | None


class Models(_Message, frozen=True):
    """The models are to be listed."""

    refresh: bool = False


class Snapshot(_Message, frozen=True):
    """What came of an answer so far is wanted, as a message was lost."""

    ask: str


class Insert(_Message, frozen=True):
    """A turn, its answer or its code is wanted as a cell."""

    turn: str
    what: What


class Export(_Message, frozen=True):
    """The conversation is wanted as a file."""

    format: str


class Ping(_Message, frozen=True):
    """Is the kernel there?"""

    id: str


class Math(_Message, frozen=True):
    """The page has met mathematics and wants the code that sets it."""


PageMessage = (
    Hello
    | Ask
    | Regenerate
    | Stop
    | Decide
    | Branch
    | Preview
    | Set
    | Models
    | Snapshot
    | Insert
    | Export
    | Ping
    | Math
)


def read_message(content: Any) -> PageMessage:
    """Read a message of the page; fields that are not known are passed over.

    Raises:
        InputError: It is of another version, or not a message.
    """
    try:
        message: PageMessage = msgspec.convert(content, PageMessage)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise InputError(
            f"The page sent a message that this kernel does not read: {error}.",
            "Reload the page and run this cell again; if that does not help, update "
            "deepshi_jupyter.",
        ) from None
    return message
