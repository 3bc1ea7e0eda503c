"""The subcommands of ``%deepshi`` about turns: what there is, what is sent, what counts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from deepshi_jupyter.core.chat import MAIN_CHAT
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import VERSION, Mark, What
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.core.turn_reference import HOW, find_turn
from deepshi_jupyter.display.bundle import answer_markdown
from deepshi_jupyter.display.marked import Marked
from deepshi_jupyter.display.publish import publish
from deepshi_jupyter.display.running_cell import running_cell, running_shell
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.magics.turn_table import (
    cell_name,
    context_table,
    cost_table,
    history_table,
    versions_table,
)
from deepshi_jupyter.picked import pick_version
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session


class Words(argparse.ArgumentParser):
    """Reads the words of a subcommand; what it does not take is one of our errors."""

    def error(self, message: str) -> NoReturn:
        """Raise the error that IPython shows in two lines."""
        raise OptionError(f"%deepshi {self.prog}: {message}.", f"Usage: {self.format_usage()[7:]}")


def history(session: Session, words: list[str]) -> Table:
    """Show the visible turns above this cell, of all chats or with ``--chat NAME`` of one."""
    reader = Words(prog="history", add_help=False)
    reader.add_argument("--chat")
    options = reader.parse_args(words)
    turns = turns_above(session)
    shown = [turn for turn in turns if options.chat in (None, turn.record.chat)]
    return history_table(shown, session.state.standing, f"{session.state.note}.")


def context(session: Session, words: list[str]) -> Table:
    """Show exactly what the next question, of ``--chat NAME``, would send before itself."""
    reader = Words(prog="context", add_help=False)
    reader.add_argument("--chat", default=MAIN_CHAT)
    options = reader.parse_args(words)
    question = Question(prompt=verbatim(""), chat=options.chat, place=running_cell(running_shell()))
    opening = session.preparation.preview(question)
    room = opening.entry.context_length if opening.entry else None
    return context_table(
        opening.context, turns_above(session), opening.order, room, session.state.standing
    )


def versions(session: Session, words: list[str]) -> Table:
    """List the answers that a cell has had: ``versions 3``; ``pick`` lets another one count."""
    turn = _named(session, "versions", words)
    return versions_table(session.state.versions(turn), turn.record.id)


def pick(session: Session, words: list[str]) -> Marked:
    """Let another answer of a cell count: ``pick 1 3`` takes version 1 of cell [3]."""
    if not words or not words[0].isdecimal():
        raise OptionError(
            "pick needs the number of a version.", "Such as `pick 1 3`; see %deepshi versions."
        )
    turn = _named(session, "pick", words[1:])
    found = session.state.versions(turn)
    number = int(words[0])
    if not 1 <= number <= len(found):
        raise OptionError(
            f"Cell {cell_name(turn)} has {len(found)} versions, not {number}.",
            "`%deepshi versions CELL` lists them.",
        )
    return _picked(session, turn, found[number - 1], number)


def skip(session: Session, words: list[str]) -> Marked:
    """Leave the turn of a cell out of every later context: ``skip 3``."""
    return _marked(session, "skip", words, "is not sent from now on")


def unskip(session: Session, words: list[str]) -> Marked:
    """Send the turn of a cell again: ``unskip 3``."""
    return _marked(session, "unskip", words, "is sent again")


def pin(session: Session, words: list[str]) -> Marked:
    """Never leave the turn of a cell out of a context that is too long: ``pin 3``."""
    return _marked(session, "pin", words, "is never left out of a long context")


def unpin(session: Session, words: list[str]) -> Marked:
    """Let the turn of a cell be left out of a context that is too long: ``unpin 3``."""
    return _marked(session, "unpin", words, "may be left out of a long context")


def cost(session: Session, words: list[str]) -> Table:
    """Show what the turns of this notebook used and cost, as the service reported it."""
    if words:
        raise OptionError(f"cost does not take {' '.join(words)!r}.", "Write %deepshi cost.")
    session.state.restore()
    return cost_table(session.state.timeline)


def turns_above(session: Session) -> list[Turn]:
    """Return the visible turns above the cell that runs; all of them in a cell of its own."""
    place = session.state.located(running_cell(running_shell()))
    return list(session.state.seen(place).turns)


def _named(session: Session, command: str, words: Sequence[str]) -> Turn:
    """Return the turn that the words of a command name; none name the last one above."""
    if len(words) > 1:
        raise OptionError(f"{command} takes one cell, found {' '.join(words)!r}.", HOW)
    session.state.restore()
    turns = list(session.state.timeline)
    if not turns:
        raise OptionError("There is no turn yet.", "Ask something first, with %%deepshi.")
    return find_turn(words[0], turns) if words else (turns_above(session) or turns)[-1]


def _marked(session: Session, what: What, words: list[str], said: str) -> Marked:
    turn = _named(session, what, words)
    mark = Mark(v=VERSION, mark=what, turn=turn.record.id, cell=turn.cell)
    session.mark(mark)
    return Marked(f"The turn of cell {cell_name(turn)} {said}.", [mark])


def _picked(session: Session, turn: Turn, record: TurnRecord, number: int) -> Marked:
    answer = answer_of(record)
    mark = pick_version(session, turn, record)
    if turn.shown_as:  # this kernel displayed it, so it can show another one there
        publish(answer, instead_of=turn.shown_as)
    sentence = f"Version {number} counts as the answer of cell {cell_name(turn)} from now on."
    return Marked(sentence, [mark], answer_markdown(answer))
