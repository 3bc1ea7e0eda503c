"""How a question begins: where it stands, what it sees, of whom it is asked."""

from __future__ import annotations

import msgspec

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.core.conversation import Context
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.turn_record import Fork, OrderSource


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What is settled before the first call of a turn.

    Attributes:
        turn: The id that the turn will have.
        place: Where it is asked.
        number: Which question of its execution it is, from 0.
        context: What is sent before it.
        parent: The chain of the context as it is recorded.
        order: Who said what stands above.
        fork: The turn that its context goes on from, or None.
        entry: What the catalogue says of the model, or None.
        mode: Where its answer comes from, one of `deepshi_jupyter.settings.MODES`.
        keys: The request keys of the visible calls above.
    """

    turn: str
    place: Place
    number: int
    context: Context
    parent: str
    order: OrderSource
    fork: Fork | None = None
    entry: Model | None = None
    mode: str = "live"
    keys: frozenset[str] = frozenset()
