"""The words by which a user names a turn → the turn."""

from __future__ import annotations

from collections.abc import Sequence

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.turn_record import Fork
from deepshi_jupyter.errors import OptionError

_SHORTEST = 4
"""So many characters of an id name it, if no other begins with them."""

HOW = "Name a cell by its number, such as 3, by -1 for the last turn, or by the start of its id."


def find_turn(name: str, turns: Sequence[Turn]) -> Turn:
    """Return the turn that a user names.

    Args:
        name: The number beside the cell, ``-1`` for the last turn, ``-2`` for the one before it,
            or the beginning of the id of the cell or turn.
        turns: The turns to choose from, in order.

    Raises:
        OptionError: None or several are named so.
    """
    found = _found(name.strip().strip("[]"), turns)
    if len(found) == 1:
        return found[0]
    numbers = ", ".join(str(turn.number) for turn in turns if turn.number)
    there = f" The turns above have the numbers {numbers}." if numbers else ""
    problem = "no turn" if not found else f"{len(found)} turns"
    raise OptionError(f"{name!r} names {problem}.", f"{HOW}{there}")


def fork_of(name: str, turns: Sequence[Turn]) -> Fork:
    """Return the fork that ``CHAT@CELL`` names.

    Args:
        name: The text; without ``CHAT@``, the chat is that of the turn.
        turns: The turns above, in order.

    Raises:
        OptionError: No turn of that chat is named so.
    """
    chat, at, cell = name.rpartition("@")
    if at:
        turns = [turn for turn in turns if turn.record.chat == chat]
        if not turns:
            raise OptionError(
                f"--from {name!r}: no turn of a chat {chat!r} stands above.",
                "Write --from CHAT@CELL; `%deepshi history` lists chats and cells.",
            )
    turn = find_turn(cell, turns)
    return Fork(turn.record.chat, turn.record.id)


def _found(name: str, turns: Sequence[Turn]) -> list[Turn]:
    exact = [turn for turn in turns if name in turn.names]
    if exact:  # first, as an id may look like a number
        return exact[-1:]
    if name.startswith("-") and name[1:].isdecimal():
        place = int(name)
        return [turns[place]] if -len(turns) <= place < 0 else []
    if name.isdecimal():
        numbered = [turn for turn in turns if turn.number == int(name)]
        running = [turn for turn in numbered if turn.execution]
        return (running or numbered)[-1:]
    if len(name) < _SHORTEST:
        return []
    return [turn for turn in turns if any(n.startswith(name) for n in turn.names)]
