"""``%deepshi restore``: bring back the turns of cells whose outputs were cleared."""

from __future__ import annotations

import time
from collections.abc import Sequence

from deepshi_jupyter.core.conversation import Turn
from deepshi_jupyter.core.mark import VERSION, Mark
from deepshi_jupyter.display.bundle import answer_markdown
from deepshi_jupyter.display.marked import Marked
from deepshi_jupyter.display.safe_markdown import literal
from deepshi_jupyter.errors import OptionError
from deepshi_jupyter.magics.turn_table import shortened
from deepshi_jupyter.notebook.cleared import Placement, placements
from deepshi_jupyter.notebook.notebook_file import cell_views, read_notebook
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session


def restore(session: Session, words: list[str]) -> Marked:
    """Bring back the turns of cells whose outputs were cleared, from the journal."""
    if words:
        raise OptionError(f"restore does not take {' '.join(words)!r}.", "Write %deepshi restore.")
    found = _placements(session)
    if found is None:
        return Marked("No notebook file belongs to this kernel, so no cell was cleared.", [])
    restored = [placement for placement in found if _fits_a_mark(placement)]
    marks = [_bring_back(session, placement) for placement in restored]
    session.mark(*marks)
    return Marked(_in_words(found, restored), marks, "\n\n".join(map(_shown, restored)))


def _placements(session: Session) -> list[Placement] | None:
    """Return what can be put back into the notebook as it was saved last; None if there is none."""
    path = session.state.path
    if path is None or not path.exists():
        return None
    session.state.restore()
    views, _ = cell_views(read_notebook(path))
    running = {turn.cell for turn in session.state.timeline}
    records = session.state.journaled()
    return [p for p in placements(views, records) if p.cell.id not in running]


def _fits_a_mark(placement: Placement) -> bool:
    return bool(placement.records and placement.cell.asking is not None and placement.cell.id)


def _bring_back(session: Session, placement: Placement) -> Mark:
    cell, record = placement.cell, placement.records[-1]
    turn = Turn(record=record, cell=cell.id, number=cell.number or 0, ended=time.time())
    session.state.keep_below(turn, cell.id)
    return Mark(v=VERSION, mark="restore", turn=record.id, cell=cell.id, record=record.as_json())


def _shown(placement: Placement) -> str:
    asking = placement.cell.asking
    title = shortened(asking.body) if asking else ""
    return f"**{literal(title)}**\n\n{answer_markdown(answer_of(placement.records[-1]))}"


def _in_words(found: Sequence[Placement], restored: Sequence[Placement]) -> str:
    if not found:
        return "No answer is missing in the notebook as it was saved last."
    count = len(restored)
    sentence = f"{count} turn{'' if count == 1 else 's'} brought back from the journal."
    left = len(found) - count
    if left:
        stay = "1 cell stays" if left == 1 else f"{left} cells stay"
        sentence += (
            f" {stay} without: `deepshi-jupyter restore NB` says why, and puts answers back into "
            "the cells themselves."
        )
    return sentence
