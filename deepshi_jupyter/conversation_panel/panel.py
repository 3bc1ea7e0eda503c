"""One panel: what its page says is done, and what happens in the notebook is told to the page.

Its questions run in threads of their own. What the page says comes in whatever thread the kernel
reads it in, beside the cells where the kernel can do that; nothing here waits in it.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from deepshi_jupyter.conversation_panel import page_messages as page
from deepshi_jupyter.conversation_panel.asking_line import asking_options
from deepshi_jupyter.conversation_panel.branches import Branches
from deepshi_jupyter.conversation_panel.chosen import (
    Chosen,
    models_of,
    settings_of,
    spent_in_words,
)
from deepshi_jupyter.conversation_panel.exported import exported
from deepshi_jupyter.conversation_panel.insertion import insertion
from deepshi_jupyter.conversation_panel.kept_display import KeptDisplay
from deepshi_jupyter.conversation_panel.seat import Seat
from deepshi_jupyter.conversation_panel.transcript import Standing, Transcript, stale_reasons
from deepshi_jupyter.conversation_panel.underway import Underway
from deepshi_jupyter.conversation_panel.wire import Send, Wire
from deepshi_jupyter.conversation_panel.written import (
    Written,
    asked_before,
    named_values,
    written,
)
from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.catalogue import Catalogue
from deepshi_jupyter.core.chat import MAIN_CHAT, Start
from deepshi_jupyter.core.conversation import Turn, Wanted
from deepshi_jupyter.core.template import Inserted, fill
from deepshi_jupyter.core.turn_record import Json, TurnRecord
from deepshi_jupyter.errors import CallInterruptedError, DeepshiError, InputError
from deepshi_jupyter.notebook.shown_turn import ShownTurn
from deepshi_jupyter.question import Question
from deepshi_jupyter.session import Session
from deepshi_jupyter.tools import default_toolbox
from deepshi_jupyter.tools.toolbox import Wanted as WantedTools

GATHER = 0.05
"""Seconds for which changes in the notebook are gathered before the page is told."""

MODELS_SECONDS = 30.0
"""How long the list of models is waited for, in a thread of its own."""

MATH = Path(__file__).parents[1] / "panel" / "static" / "math.js"


class Panel:
    """One panel on a conversation of a session.

    Args:
        session: The session.
        seat: Where the panel stands.
        chat: The conversation.
        new: Whether the context begins at its first question.
        tools: What the model may call.
        names: The variables of the notebook.
        display: What stays of it in its cell, or None.
        before: A panel whose turns and choices it goes on with, or None.
        turns: The turns of its cell that a file has kept.
    """

    def __init__(
        self,
        session: Session,
        seat: Seat,
        *,
        chat: str = MAIN_CHAT,
        new: bool = False,
        tools: WantedTools | Iterable[WantedTools] = (),
        names: Mapping[str, Any] | None = None,
        display: KeptDisplay | None = None,
        before: Panel | None = None,
        turns: Iterable[Turn] = (),
    ) -> None:
        default_toolbox.select(tools)  # a name that is not known is said at once
        self.chat = chat
        self.seat = seat
        self.wire = Wire(lambda: session.preparation.redactor)
        self._session = session
        self._new = new
        self._tools = tools
        self._names = names if names is not None else {}
        self._display = display
        self._branches = Branches()
        self._chosen = Chosen()
        self._written: dict[str, Written] = {}
        self._thought: dict[str, float] = {}
        self._timeline = session.state.timeline
        self._transcript = Transcript()
        self._turns: dict[str, Turn] = {}
        self._settings: Json = {}
        self._underway: Underway | None = None
        self._worker: threading.Thread | None = None
        self._context = contextvars.copy_context()  # what a thread prints belongs to this cell
        self._lock = threading.RLock()
        self._refresh_due = False
        self._closed = threading.Event()
        if before is not None:
            self._go_on_with(before)
        else:
            self._branches.follow(turns)
        self._stand_in_this_execution()
        session.watchers.append(self._changed)

    def _go_on_with(self, before: Panel) -> None:
        self._branches, self._chosen = before._branches, before._chosen
        self._written, self._thought = before._written, before._thought

    @property
    def records(self) -> list[TurnRecord]:
        """The records of the turns that stand, oldest first."""
        return [turn.record for turn in self._branches.path]

    @property
    def is_closed(self) -> bool:
        """True once it tells nothing more."""
        return self._closed.is_set()

    def connect(self, send: Send) -> None:
        """Tell the page by this."""
        self.wire.connect(send)

    def close(self) -> None:
        """End the answer that comes, and tell nothing more."""
        self._closed.set()
        with contextlib.suppress(ValueError):
            self._session.watchers.remove(self._changed)
        if (underway := self._underway) is not None:
            underway.stop.request()
        self.wire.connect(None)

    def end_answer(self, patience: float) -> None:
        """End the answer that comes, and wait so many seconds for its turn to stand."""
        if (underway := self._underway) is not None:
            underway.stop.request()
        if (worker := self._worker) is not None:
            worker.join(patience)

    def receive(self, content: Any) -> None:
        """Do what the page says; what is wrong with it is told to the page."""
        try:
            message = page.read_message(content)
            self._HANDLERS[type(message)](self, message)
        except Exception as error:
            self.wire.tell("error", **self._problem(error))

    # --- what the page says -------------------------------------------------------------------

    def _hello(self, _: page.Hello) -> None:
        with self._lock:
            self._look()
            self.wire.tell("settings", **self._settings)
            self.wire.tell(**self._transcript.everything())
            if (underway := self._underway) is not None:
                underway.tell_begin()
                underway.tell_snapshot()
                underway.tell_cards()
        self._in_thread(self._list_models)

    def _ask(self, message: page.Ask) -> None:
        def begin() -> None:
            self._check_is_free()
            asked = written(message.text, message.attach, self._names)
            self._begin(message.ask, asked, message.instead_of or "")

        self._or_ended(message.ask, begin)

    def _regenerate(self, message: page.Regenerate) -> None:
        def begin() -> None:
            turn = self._own(message.turn)
            asked = self._written.get(message.turn) or asked_before(turn.record)
            self._begin(message.ask, asked, message.turn, again=True)

        self._or_ended(message.ask, begin)

    def _stop(self, message: page.Stop) -> None:
        if (underway := self._named(message.ask)) is not None:
            underway.stop.request()

    def _decide(self, message: page.Decide) -> None:
        if (underway := self._named(message.ask)) is not None:
            underway.leave.decide(message.call, message.decision)

    def _snapshot(self, message: page.Snapshot) -> None:
        if (underway := self._named(message.ask)) is not None:
            underway.tell_snapshot()

    def _branch(self, message: page.Branch) -> None:
        with self._lock:
            self._check_is_free()
            self._own(message.turn)
            if message.to not in self._branches.beside(message.turn):
                raise InputError("There is no such branch.", "Reload the page.")
            self._branches.choose(message.to)
            self._stand()
            self._refresh()
        self._session.changed()

    def _preview(self, message: page.Preview) -> None:
        problem = None
        try:
            found = self._values(message)
        except DeepshiError as error:
            found, problem = [], self._problem(error)
        values = [{"expression": v.expression, "text": v.text, "note": v.note} for v in found]
        clean, _ = self._session.preparation.redactor.asked(values)
        self.wire.tell("preview", id=message.id, values=clean, error=problem)

    def _values(self, message: page.Preview) -> list[Inserted]:
        if message.evaluate:
            return [*fill(message.text, self._names).inserted]
        return named_values(message.text, self._names)

    def _set(self, message: page.Set) -> None:
        try:
            self._chosen = self._chosen.but(message.name, message.value)
        finally:  # so that the page shows what holds, also when it was refused
            with self._lock:
                self._look()
                self.wire.tell("settings", **self._settings)

    def _models(self, message: page.Models) -> None:
        self._in_thread(lambda: self._list_models(refresh=message.refresh))

    def _insert(self, message: page.Insert) -> None:
        turn = self._turns.get(message.turn)
        if turn is None:
            raise InputError("The turn is no longer there.", "Reload the page.")
        is_kept = self.seat.where == "cell" or bool(turn.cell)
        found = insertion(turn.record, message.what, is_kept=is_kept)
        self.wire.tell("inserted", turn=message.turn, what=message.what, **found)

    def _export(self, message: page.Export) -> None:
        def write() -> None:
            try:
                self.wire.tell("exported", **self._file(message.format))
            except Exception as error:
                self.wire.tell("error", **self._problem(error))

        self._in_thread(write)

    def _ping(self, message: page.Ping) -> None:
        self.wire.tell("pong", id=message.id)

    def _math(self, _: page.Math) -> None:
        source = MATH.read_text(encoding="utf-8") if MATH.exists() else ""
        self.wire.tell("math", source=source)

    _HANDLERS: Mapping[type, Callable[[Panel, Any], None]] = {
        page.Hello: _hello,
        page.Ask: _ask,
        page.Regenerate: _regenerate,
        page.Stop: _stop,
        page.Decide: _decide,
        page.Snapshot: _snapshot,
        page.Branch: _branch,
        page.Preview: _preview,
        page.Set: _set,
        page.Models: _models,
        page.Insert: _insert,
        page.Export: _export,
        page.Ping: _ping,
        page.Math: _math,
    }

    # --- one question -------------------------------------------------------------------------

    def _or_ended(self, ask: str, begin: Callable[[], None]) -> None:
        """Begin a question; one that cannot be asked ends at once."""
        try:
            begin()
        except Exception as error:
            self.wire.tell("ended", ask=ask, turn=None, error=self._problem(error))

    def _begin(self, ask: str, asked: Written, instead_of: str, *, again: bool = False) -> None:
        with self._lock:
            self._check_is_free()
            redactor = self._session.preparation.redactor
            underway = Underway(ask, asked, instead_of, self.wire, redactor)
            underway.before = underway.kept = self._branches.path
            if instead_of:
                self._own(instead_of)
                underway.kept = self._before(instead_of)
            question = self._question(underway, again=again)
            self._underway = underway
            self._branches.follow(underway.kept)
            self._stand()
            self._refresh()
            underway.tell_begin()
            self._worker = self._in_thread(lambda: self._answer(underway, question))
        self._session.changed()

    def _question(self, underway: Underway, *, again: bool) -> Question:
        tools = default_toolbox.select(self._tools)
        start: Start = "new" if self._new and not underway.kept else ""
        prompt = underway.written.prompt
        is_recorded = again and self._session.settings.mode_of() == "auto"
        return Question(
            prompt=prompt,
            model=self._chosen.model,
            system=self._chosen.system,
            parameters=dict(self._chosen.parameters),
            attachments=underway.written.attachments,
            remarks=underway.written.remarks,
            tools=tools,
            approve=underway.leave.ask,
            chat=self.chat,
            start=start,
            place=self.seat.take(underway.instead_of),
            options=asking_options(self._chosen, self.chat, start, tools),
            # The text of a panel's cell asks nothing; a cell that a turn is inserted as will.
            source_sha256=text_sha256(prompt.template) if self.seat.where == "end" else "",
            mode="refresh" if is_recorded else "",
        )

    def _answer(self, underway: Underway, question: Question) -> None:
        """Ask, in a thread of its own."""
        problem = None
        try:
            self._session.ask(question, underway.live, underway.stop)
        except CallInterruptedError as error:
            problem = None if underway.live.turn else self._problem(error)
        except BaseException as error:  # whatever a tool of the user's or a bug of ours raises
            problem = self._problem(error)
        with self._lock:
            self._finish(underway, problem)
        self._session.changed()

    def _finish(self, underway: Underway, problem: Json | None) -> None:
        with self._session.lock:
            self._forget_what_is_forgotten()
            turn = self._kept(underway)
            self._branches.follow([*underway.kept, turn] if turn else underway.before)
            self._stand()
        if turn is not None:
            self._written[turn.record.id] = underway.written
            if underway.live.thought is not None:
                self._thought[turn.record.id] = underway.live.thought
        self._underway = self._worker = None
        self._refresh()
        name = turn.record.id if turn else None
        self.wire.tell("ended", ask=underway.ask, turn=name, error=problem)

    def _kept(self, underway: Underway) -> Turn | None:
        """Return the turn that came of a question, if one did."""
        standing = self.seat.standing(self._session.state.timeline)
        name = underway.live.turn
        return next((t for t in reversed(standing) if t.record.id == name), None)

    def _check_is_free(self) -> None:
        if self._underway is not None:
            raise InputError("An answer still comes in this panel.", "Wait for it, or stop it.")

    def _own(self, turn: str) -> Turn:
        if turn not in self._branches:
            raise InputError(
                "This turn was not asked in this panel.", "Run the cell that asked it again."
            )
        return self._branches[turn]

    def _before(self, turn: str) -> list[Turn]:
        """Return the turns of the panel that stand before one of them."""
        self._branches.choose(turn)
        path = self._branches.path
        return path[: [each.record.id for each in path].index(turn)]

    def _named(self, ask: str) -> Underway | None:
        underway = self._underway
        return underway if underway is not None and underway.ask == ask else None

    # --- what stands --------------------------------------------------------------------------

    def _stand(self) -> None:
        """Let the path of the panel stand in the notebook, and be kept in its cell."""
        with self._session.lock:
            self.seat.lay(self._session.state.timeline, self._branches.path)

    def _stand_in_this_execution(self) -> None:
        place = self.seat.place
        if place.execution:
            self._branches.in_execution(place.execution, place.source)
        self._stand()

    def _forget_what_is_forgotten(self) -> None:
        """Follow `%deepshi reset`, which begins another timeline."""
        timeline = self._session.state.timeline
        if timeline is not self._timeline:
            self._timeline, self._branches = timeline, Branches()
            if self._underway is not None:
                self._underway.before = self._underway.kept = []

    def _follow_the_notebook(self) -> None:
        """Take in what others did to the panel's turns, such as `%deepshi pick`.

        Nothing at all stands where the cell has begun to run again: then a new panel is about to
        take over.
        """
        self._forget_what_is_forgotten()
        standing = self.seat.standing(self._timeline)
        names = [turn.record.id for turn in standing]
        if standing and self._underway is None and names != [r.id for r in self.records]:
            self._branches.follow(standing)

    def _look(self) -> Json | None:
        """Note what stands now, and return the message about what of it the page lacks."""
        with self._session.lock:
            self._follow_the_notebook()
            self._settings = self._present_settings()
            return self._transcript.news(self._standing())

    def _standing(self) -> Standing:
        state = self._session.state
        visible = state.visible()
        seen = state.seen(state.located(self.seat.place)).turns
        own = [turn.record.id for turn in self._branches.path]
        stale = stale_reasons(visible, state.marks)
        if self.seat.where == "end":  # it has seen all that was there, wherever it is listed
            stale = {name: why for name, why in stale.items() if name not in own}
        ending = self._underway.live.turn if self._underway else ""  # not one of the path yet
        turns = [
            turn
            for turn in visible
            if turn.record.chat == self.chat
            and turn.record.start != "aside"
            and turn.record.id != ending
        ]
        self._turns = {turn.record.id: turn for turn in turns}
        return Standing(
            turns=turns,
            seen={turn.record.id for turn in seen},
            branches={name: self._branches.beside(name) for name in own},
            stale=stale,
            marks=state.standing,
            thought=self._thought,
        )

    def _refresh(self) -> None:
        """Tell the page what has changed, and keep it in the cell."""
        with self._lock:
            if self.is_closed:
                return
            settings = self._settings
            if (news := self._look()) is not None:
                self.wire.tell(**news)
            if self._settings != settings:
                self.wire.tell("settings", **self._settings)
            if self._display is not None and self._underway is None:
                self._display.update(self.records)

    def _changed(self) -> None:
        """Take note that the notebook has changed; from any thread."""
        if self._refresh_due or self.is_closed:
            return
        self._refresh_due = True
        with contextlib.suppress(RuntimeError):  # the process ends
            self._in_thread(self._refresh_soon)

    def _refresh_soon(self) -> None:
        if not self._closed.wait(GATHER):
            self._refresh_due = False
            self._refresh()

    # --- settings, models, files --------------------------------------------------------------

    def _present_settings(self) -> Json:
        session, chosen = self._session, self._chosen
        connection, settings = session.connection, session.settings
        model = chosen.model or connection.model
        catalogue = connection.catalogue_at_hand()
        return {
            "model": model,
            "system": session.preparation.redactor.asked(self._system())[0],
            "chat": self.chat,
            "where": self.seat.where,
            "mode": settings.mode_of(),
            "parameters": settings_of(chosen, settings, catalogue, model),
            "spent": spent_in_words(session.spent),
            "offline": connection.is_offline,
        }

    def _system(self) -> str:
        """Return the system prompt of a next question."""
        if self._chosen.system is not None:
            return self._chosen.system
        session = self._session
        seen = session.state.seen(session.state.located(self.seat.place))
        above = session.state.above(seen, session.preparation.overruled)
        return above.context(Wanted(self.chat), session.settings.system).system

    def _list_models(self, *, refresh: bool = False) -> None:
        """Tell the page the models, in a thread of its own; whatever fails is said beside them."""
        models: list[Json] = []
        try:
            catalogue = self._catalogue(refresh=refresh)
            models, error = models_of(catalogue), ""
        except Exception as failure:
            problem = self._problem(failure)
            error = f"{problem['what']} {problem['todo']}".strip()
        self.wire.tell("models", models=models, error=error)
        self._refresh()  # what a model ignores is known now

    def _catalogue(self, *, refresh: bool) -> Catalogue:
        session = self._session
        with session.lock:
            if self.is_closed or session.settings.mode_of() == "replay":  # which asks nobody
                return session.connection.catalogue_at_hand() or Catalogue()
            client = session.connection.client()
            client.check_key()
            if not refresh:
                session.connection.fetch_catalogue()
        if not refresh and (found := session.connection.catalogue_within(MODELS_SECONDS)):
            return found
        return client.models(refresh=refresh)

    def _file(self, form: str) -> Json:
        with self._lock, self._session.lock:
            self._look()
            turns = [ShownTurn(turn=turn) for turn in self._turns.values()]
        state = self._session.state
        objects = state.journal.read_object
        return exported(form, turns, self.chat, marks=[*state.marks], objects=objects)

    # --- threads and errors -------------------------------------------------------------------

    def _in_thread(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(
            target=self._context.copy().run, args=(work,), name="deepshi-panel", daemon=True
        )
        thread.start()
        return thread

    def _problem(self, error: BaseException) -> Json:
        """Return what an error says, in its two parts and without secrets."""
        if isinstance(error, DeepshiError):
            said = [error.what, error.todo]
        else:
            said = [
                f"The panel failed: {type(error).__name__}: {error}.",
                "Ask again; if it fails again, please report it with this text.",
            ]
        what, todo = self._session.preparation.redactor.asked(said)[0]
        return {"what": what, "todo": todo}
