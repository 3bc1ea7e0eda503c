"""Answers front ends: one reply to a message, whatever it holds, on the thread that it came in.

In ipykernel from 7 on that is the thread of a subshell, beside the cell that runs; before that, the
main one between two cells. So nothing here reads what runs but by a lock, or waits for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.core.canonical import text_sha256
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.display.live_turn import Streams
from deepshi_jupyter.errors import DeepshiError
from deepshi_jupyter.link.front_end import FrontEnd, Run
from deepshi_jupyter.link.front_ends import FrontEnds
from deepshi_jupyter.link.messages import (
    AskStatus,
    Hello,
    Json,
    Message,
    NotebookValues,
    Order,
    Pick,
    Snapshot,
    StopAnswer,
    Versions,
    kind_of,
    read_message,
)
from deepshi_jupyter.version import __version__

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session

VERSION = 1


class Control:
    """Answers the front ends of one kernel.

    Args:
        shell: The IPython shell of the kernel.
        session: Returns the session that its magics use.
    """

    def __init__(self, shell: Any, session: Callable[[], Session]) -> None:
        self._shell = shell
        self._make_session = session
        self._made = threading.Lock()
        self._session: Session | None = None
        self._front_ends = FrontEnds()
        self._streams = Streams(lambda text: str(self.session.preparation.redactor.event(text)))
        self._found: tuple[str, FrontEnd | None] = ("", None)
        shell.events.register("post_run_cell", self._cell_ran)

    @property
    def session(self) -> Session:
        """The kernel's session; from now on it waits for orders."""
        with self._made:
            if self._session is None:
                self._session = self._make_session()
                self._session.state.await_order = self._await_order
            return self._session

    def close(self) -> None:
        """Take back what the front ends told."""
        self._shell.events.unregister("post_run_cell", self._cell_ran)
        if self._session is not None:
            self._session.state.await_order = lambda _: None
            self._session.state.tell_order(None)

    # What comes from the front ends

    def opened(self, comm: Any, message: Json) -> None:
        """Take in a front end; the message that opens the comm may say hello already.

        In ipykernel 7.4 another thread looks for the comm of each message that follows, and writes
        into the log if that is not made yet.
        """
        front_end = FrontEnd(comm, message)
        # In place of `on_msg`, which tells IPython that code was executed: what waits for that, as
        # the figures of a cell that is still running do, would be shown too early.
        comm.handle_msg = lambda message: self._take(front_end, message)
        comm.on_close(lambda _: self._gone(front_end))
        for given_up in self._front_ends.add(front_end):
            given_up.comm.handle_msg = lambda _: None
        if kind_of((message.get("content") or {}).get("data")):
            self._take(front_end, message)

    def _take(self, front_end: FrontEnd, message: Json) -> None:
        data = (message.get("content") or {}).get("data")
        reply = self._answer(front_end, data)
        if reply is not None:
            front_end.comm.send({"v": VERSION, **reply})

    def _answer(self, front_end: FrontEnd, data: Any) -> Json | None:
        try:
            return self._do(read_message(data), front_end)
        except DeepshiError as error:
            with contextlib.suppress(DeepshiError):  # there is no key that could be in it
                self.session.preparation.redactor.clean(error)
            return _error(error.what, error.todo, data)
        except Exception as error:  # a reply, and not a traceback in the kernel's log
            what = f"The kernel could not answer ({type(error).__name__})."
            return _error(what, "Run `%deepshi` to see whether it works; please report this.", data)

    def _gone(self, front_end: FrontEnd) -> None:
        self._front_ends.remove(front_end)
        if self._session is not None:
            self._session.state.tell_order(self._front_ends.latest_order())

    def _do(self, message: Message, front_end: FrontEnd) -> Json | None:
        match message:
            case Hello():
                return self._welcome(message, front_end)
            case Order():
                self._note_order(message, front_end)
                return None
            case StopAnswer(turn=turn, cell=cell):
                found = self.session.stop(turn=turn, cell=cell)
                return {
                    "kind": "stopping",
                    "turn": turn or "".join(found[:1]),
                    "found": bool(found),
                }
            case Snapshot(turn=turn):
                return {"kind": "snapshot", "turn": turn, **self._streams.snapshot(turn)}
        return self._looked_up(message)

    def _looked_up(self, message: NotebookValues | AskStatus | Versions | Pick) -> Json:
        """Answer what is not asked while every moment counts; what it takes loads here."""
        from deepshi_jupyter.link.notebook_settings import take_settings
        from deepshi_jupyter.link.status import status
        from deepshi_jupyter.link.versions import pick, versions

        match message:
            case NotebookValues():
                errors = take_settings(self.session, message.values)
                said = [{"what": error.what, "todo": error.todo} for error in errors]
                return {"kind": "settings", "errors": said}
            case AskStatus(cell=cell):
                return {"kind": "status", **status(self.session, cell)}
            case Versions(turn=turn):
                return {"kind": "versions", "turn": turn, "versions": versions(self.session, turn)}
            case Pick(turn=turn, version=version):
                picked = pick(self.session, turn, version)
                return {"kind": "picked", "turn": turn, "version": version, **picked}

    def _welcome(self, hello: Hello, front_end: FrontEnd) -> Json:
        _ = self.session  # which waits for orders from now on
        self._front_ends.hello(front_end, hello)
        return {"kind": "welcome", "version": __version__, "running": self._running()}

    def _note_order(self, order: Order, front_end: FrontEnd) -> None:
        if self._front_ends.tells(front_end, order):
            self.session.state.tell_order(front_end.order)

    def _running(self) -> list[Json]:
        """Return the answers that are coming, those that a front end cannot follow included."""
        followed = self._streams.running()
        names = {one["turn"] for one in followed}
        asked = [*self.session.under_way.items()]
        return followed + [
            {"turn": turn, "cell": cell} for turn, (cell, _) in asked if turn not in names
        ]

    # What the cell that runs wants to know

    def reads(self, what: str) -> bool:
        """True if a front end that is there said that it reads something, such as ``edit``."""
        return self._front_ends.reads(what)

    def streams_of_running_cell(self, *, expected: bool) -> Streams | None:
        """Return where its front end finds answers while they come, if it shows them itself.

        Args:
            expected: Whether a front end may be about to say hello.
        """
        front_end = self._front_end_of_running_cell(expected=expected)
        shows = front_end is not None and "stream" in front_end.reads
        return self._streams if shows else None

    def _await_order(self, place: Place) -> None:
        if place.cell:
            self._front_end_of_running_cell(expected=False)

    def _front_end_of_running_cell(self, *, expected: bool) -> FrontEnd | None:
        """Return the front end that runs the present cell; its order counts from now on."""
        run = _running(self._shell)
        if run is None:
            return None
        if self._found[0] != run.id:
            expected = expected and has_subshells(self._shell)
            self._found = run.id, self._front_ends.of(run, expected=expected)
        found = self._found[1]
        self.session.state.tell_order(found.order if found else None)  # not that of another page
        return found

    def _cell_ran(self, _: object = None) -> None:
        run = _running(self._shell)
        if run is not None:
            self._front_ends.ran(run.cell)
        self._streams.drop()


def has_subshells(shell: Any) -> bool:
    """True if messages on a comm may come while a cell runs (JEP 91)."""
    info = getattr(shell.kernel, "kernel_info", None) or {}
    return "kernel subshells" in info.get("supported_features", ())


def _running(shell: Any) -> Run | None:
    """Return the execution that this thread runs, as the front end asked for it."""
    request = shell.get_parent() or {}
    header, metadata = request.get("header") or {}, request.get("metadata") or {}
    if header.get("msg_type") != "execute_request" or not metadata.get("cellId"):
        return None
    return Run(
        id=str(header.get("msg_id")),
        session=str(header.get("session") or ""),
        cell=str(metadata["cellId"]),
        sha256=text_sha256(str((request.get("content") or {}).get("code", ""))),
        sent=header.get("date"),
    )


def _error(what: str, todo: str, data: Any) -> Json:
    return {"kind": "error", "what": what, "todo": todo, "to": kind_of(data)}
