"""Tool calls that arrive in pieces → whole tool calls.

The API contract keys the pieces by ``index``; servers of the family also leave the index out,
repeat the id and name in each piece, send the name in pieces, or the arguments as an object.
"""

from __future__ import annotations

import json
from typing import Any

from deepshi_jupyter.core.events import ToolCallDelta
from deepshi_jupyter.core.reply import ToolCall
from deepshi_jupyter.core.text import TextBuilder
from deepshi_jupyter.core.wire import as_dict, as_name, storable

_KNOWN = frozenset({"index", "id", "type", "function"})


class _Pieces:
    """The pieces of one call."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id: str | None = None
        self.name = ""
        self.arguments = TextBuilder()
        self.extra: dict[str, Any] = {}

    def add_name(self, name: str, *, repeated_header: bool) -> str:
        """Add a piece of the name unless it repeats what is known; return what is new."""
        if repeated_header or name == self.name:
            return ""
        self.name += name
        return name


class ToolCallBuilder:
    """Gathers the tool calls of one choice."""

    def __init__(self, choice: int) -> None:
        self._choice = choice
        self._calls: list[_Pieces] = []

    def add(self, piece: dict[str, Any]) -> ToolCallDelta:
        """Take one piece of a call.

        Args:
            piece: An element of ``delta.tool_calls`` or ``message.tool_calls``.

        Returns:
            What the piece brought, with the call's position among the calls.
        """
        identity = as_name(piece.get("id"))
        function = as_dict(piece.get("function"))
        name = as_name(function.get("name"))
        position = self._position(piece.get("index"), identity, name)
        call = self._calls[position]
        repeated = identity is not None and identity == call.id
        call.id = call.id or identity
        new_name = call.add_name(name, repeated_header=repeated) if name else ""
        arguments = call.arguments.add(_arguments(function.get("arguments")))
        call.extra |= storable({key: piece[key] for key in piece.keys() - _KNOWN})
        return ToolCallDelta(position, identity, new_name, arguments, self._choice)

    def build(self) -> tuple[ToolCall, ...]:
        """Return the calls as far as they came, in the order of their first pieces."""
        calls = []
        for call in self._calls:
            call.arguments.flush()
            calls.append(ToolCall(call.id, call.name, str(call.arguments), call.extra))
        return tuple(calls)

    def _position(self, index: Any, identity: str | None, name: str | None) -> int:
        """Find the call that a piece belongs to, or open a new one."""
        number = index if isinstance(index, int) else None
        for position in range(len(self._calls) - 1, -1, -1):
            call = self._calls[position]
            same_place = number is None or call.index is None or call.index == number
            another = _is_another(call, identity, name)
            if same_place and not another and self._may_continue(call, number, identity, name):
                return position
        self._calls.append(_Pieces(number))
        return len(self._calls) - 1

    def _may_continue(
        self, call: _Pieces, number: int | None, identity: str | None, name: str | None
    ) -> bool:
        """Without an index, a piece continues the call of its id, or the last one's arguments."""
        if number is not None:
            return True
        if identity is not None:
            return call.id in (None, identity)
        return call is self._calls[-1] and not (name and call.arguments)


def _is_another(call: _Pieces, identity: str | None, name: str | None) -> bool:
    """True if a piece begins a call of its own although it may stand at the same index.

    Servers that give every call the index 0 are told by a new id with a name or, where there are
    no ids, by another name after arguments.
    """
    if not name:
        return False
    if identity and call.id:
        return identity != call.id
    return not identity and not call.id and bool(call.arguments) and name != call.name


def _arguments(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
