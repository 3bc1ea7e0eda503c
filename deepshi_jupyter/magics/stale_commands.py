"""``%deepshi run-stale``: ask again what no longer fits what stands above it, price first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.cell_source import MAGIC, AskingCell, read_asking_cell
from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.estimate import Estimate, estimate
from deepshi_jupyter.core.mark import VERSION, Mark
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.staleness import CellStatus, CellView, statuses
from deepshi_jupyter.display.bundle import answer_markdown
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.display.live import Silent
from deepshi_jupyter.display.marked import Marked
from deepshi_jupyter.display.publish import InPlaceOf
from deepshi_jupyter.display.running_cell import running_cell, running_shell
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.magics.ask import question_at
from deepshi_jupyter.magics.options import parser_of
from deepshi_jupyter.magics.turn_commands import Words
from deepshi_jupyter.magics.turn_table import cell_name, shortened
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session


class Stale(msgspec.Struct, frozen=True):
    """A stale turn and what its cell asks now."""

    turn: Turn
    status: CellStatus
    asking: AskingCell


def run_stale(session: Session, words: list[str]) -> Any:
    """Ask again what is stale: price first, then with ``--yes``, up to ``--budget USD``."""
    reader = Words(prog="run-stale", add_help=False)
    reader.add_argument("--yes", action="store_true")
    reader.add_argument("--budget", type=float, metavar="USD")
    options = reader.parse_args(words)
    stale, by_hand = _stale(session)
    if not stale:
        return Table(("cell", "state", "question"), by_hand, _nothing(by_hand))
    again = _Again(session, running_shell())
    return again.run(options.budget) if options.yes else again.plan(stale, by_hand)


class _Again:
    """Asks stale turns again, in their order."""

    def __init__(self, session: Session, shell: Any) -> None:
        self._session = session
        self._shell = shell

    def plan(self, stale: list[Stale], by_hand: list[tuple[str, ...]]) -> Table:
        """Show what would be asked, and about what it would take; nothing is sent."""
        rows = [
            (cell_name(one.turn), ", ".join(one.status.states), shortened(one.asking.body))
            for one in stale
        ]
        note = (
            f"{len(rows)} question{'' if len(rows) == 1 else 's'} would be asked again: "
            f"{_sum_of([self._estimate(one) for one in stale])}. Run `%deepshi run-stale --yes` "
            "to ask; `--budget USD` stops when so much is spent."
        )
        return Table(("cell", "state", "question"), [*rows, *by_hand], note)

    def run(self, budget: float | None) -> Marked:
        """Ask until nothing is stale, or the budget is spent."""
        before = self._session.spent.cost
        asked: dict[str, tuple[Mark, str]] = {}
        while left := [one for one in _stale(self._session)[0] if self._slot(one) not in asked]:
            if budget is not None and self._session.spent.cost - before >= budget:
                break
            slot = self._slot(left[0])
            asked[slot] = self._ask(left[0])
        spent = self._session.spent.cost - before
        rest = f"; {len(left)} left, as the budget is spent" if left else ""
        sentence = f"{len(asked)} asked again, {dollars(spent)} as reported{rest}."
        shown = "\n\n".join(markdown for _, markdown in asked.values() if markdown)
        return Marked(sentence, [mark for mark, _ in asked.values()], shown)

    def _slot(self, one: Stale) -> str:
        return self._session.state.timeline.key_of(one.turn)

    def _ask(self, one: Stale) -> tuple[Mark, str]:
        """Ask a turn anew in its place; return its mark, and its answer if it shows only here."""
        shown_as = one.turn.shown_as
        self._session.ask(self._question(one), InPlaceOf(shown_as) if shown_as else Silent())
        record = self._session.last_record
        if record is None:
            raise RuntimeError("an answered question left no record")
        mark = Mark(
            v=VERSION,
            mark="again",
            turn=record.id,
            cell=one.turn.cell,
            instead_of=one.turn.record.id,
            record=record.as_json(),
        )
        self._session.mark(mark)
        return mark, "" if shown_as else answer_markdown(answer_of(record))

    def _estimate(self, one: Stale) -> Estimate:
        request = self._session.prepare(self._question(one))
        catalogue = self._session.connection.catalogue_at_hand()
        return estimate(request, catalogue.get(request.model) if catalogue else None)

    def _question(self, one: Stale) -> Question:
        turn = one.turn
        place = Place(
            cell=turn.cell,
            execution=running_cell(self._shell).execution,
            number=turn.number,
            source=f"{MAGIC} {one.asking.line}\n{one.asking.body}",
            slot=self._slot(one),
            shown_as=turn.shown_as,
        )
        return question_at(self._session, self._shell, parser_of(self._shell), one.asking, place)


def _stale(session: Session) -> tuple[list[Stale], list[tuple[str, ...]]]:
    """Return the stale turns of ``%%deepshi`` cells, and rows for those that a user must run."""
    cells = list(_cells(session))
    order = session.state.order()
    found: list[Stale] = []
    by_hand: list[tuple[str, ...]] = []
    for status in statuses([view for view, _ in cells]):
        turn = next((t for v, t in cells if v is status.cell), None)
        if turn is not None and order is not None and order.is_rewritten(turn):
            words = f"not saved as it is now: save the notebook, or run it: {turn.record.question}"
            by_hand.append((cell_name(turn), "edited", shortened(words)))
            continue
        if turn is None or not status.is_stale or status.state == "unsent":
            continue
        asking = status.cell.asking
        if asking is None:
            words = f"asked from Python code, run it yourself: {turn.record.question}"
            by_hand.append((cell_name(turn), ", ".join(status.states), shortened(words)))
        else:
            found.append(Stale(turn, status, asking))
    return found, by_hand


def _cells(session: Session) -> Iterator[tuple[CellView, Turn]]:
    """Return the visible turns as staleness reads them, with the latest source known."""
    order = session.state.order()
    for index, turn in enumerate(session.state.visible()):
        source = (order.source_of(turn) if order else "") or turn.source
        view = CellView(
            index=index,
            id=turn.cell,
            number=turn.number,
            source_sha256=text_sha256(source) if source else "",
            asking=read_asking_cell(source) if source else None,
            records=(turn.record,),
            marks=tuple(session.state.marks) if index == 0 else (),
        )
        yield view, turn


def _nothing(by_hand: list[tuple[str, ...]]) -> str:
    return "" if by_hand else "Nothing is stale: every answer fits what stands above it."


def _sum_of(estimates: list[Estimate]) -> str:
    tokens = sum(estimate.prompt_tokens for estimate in estimates)
    words = f"≈ {tokens:,} tokens in"
    lows = [estimate.low for estimate in estimates if estimate.low is not None]
    highs = [estimate.high for estimate in estimates if estimate.high is not None]
    if len(lows) < len(estimates):
        return f"{words}; price unknown: the catalogue does not say"
    low, high = dollars(sum(lows)), dollars(sum(highs)).removeprefix("$")
    # One $ only: a page reads what stands between two of them as mathematics.
    return f"{words}, ≈ {low}–{high}" if highs else f"{words}, at least ≈ {low}"
