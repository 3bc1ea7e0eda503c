"""The link to a front end with the JupyterLab extension: order of cells, streams, Stop, settings.

The front end opens a comm of the target `TARGET` and asks; the kernel answers on it, and never
speaks first. `messages` says what is asked; ``docs/frontend.md`` describes the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:  # all of it loads when a front end asks
    from deepshi_jupyter.display.live_turn import Streams
    from deepshi_jupyter.link.control import Control
    from deepshi_jupyter.session import Session

TARGET = "deepshi.control"
READY = "deepshi.ready"
VERSION = 1


class Link:
    """What a kernel has for front ends; nothing is loaded before the first one speaks.

    Args:
        shell: The IPython shell of the kernel.
        session: Returns the session that its magics use.
    """

    def __init__(self, shell: Any, session: Callable[[], Session]) -> None:
        self._shell = shell
        self._session = session
        self._control: Control | None = None
        self._ready: Any = None
        self._expected = False

    def open(self, *, watched: bool) -> None:
        """Take comms from front ends from now on.

        Args:
            watched: Whether a front end seems to be there; then it is told.
        """
        self._shell.kernel.comm_manager.register_target(TARGET, self._opened)
        if watched:
            self._say_ready()

    def close(self) -> None:
        """Take no comms any more."""
        self._shell.kernel.comm_manager.targets.pop(TARGET, None)
        self._not_ready()
        if self._control is not None:
            self._control.close()

    def streams(self) -> Streams | None:
        """Return where the front end that runs the present cell finds answers, if it shows them.

        Waits for that front end for a short time, where it may have been about to speak.
        """
        if self._control is None and not self._expected:
            return None
        return self.control.streams_of_running_cell(expected=self._expected)

    def reads(self, what: str) -> bool:
        """True if a front end that is there said that it reads something, such as ``edit``."""
        return self._control is not None and self._control.reads(what)

    @property
    def control(self) -> Control:
        """What answers front ends."""
        if self._control is None:
            from deepshi_jupyter.link.control import Control

            self._control = Control(self._shell, self._session)
        return self._control

    def _opened(self, comm: Any, message: dict[str, Any]) -> None:
        self.control.opened(comm, message)
        self._not_ready()

    def _say_ready(self) -> None:
        """Open a comm that asks the front end to open the one of `TARGET`.

        It stays until the front end closes it, which one without the extension does, or opens the
        other: a comm that is gone when the front end closes it makes the kernel complain.
        """
        from comm import create_comm

        self._ready = create_comm(target_name=READY, data={"v": VERSION})
        self._ready.on_close(lambda _: self._is_refused())
        self._expected = True

    def _is_refused(self) -> None:
        """Take note that the front end does not know what the comm says."""
        self._ready, self._expected = None, False

    def _not_ready(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            ready.close()


_links: WeakKeyDictionary[Any, Link] = WeakKeyDictionary()


def register(shell: Any, session: Callable[[], Session], *, watched: bool) -> None:
    """Let front ends of a kernel link up; without a kernel this does nothing.

    Args:
        shell: The IPython shell.
        session: Returns the session that its magics use.
        watched: Whether a front end seems to be there.
    """
    if getattr(getattr(shell, "kernel", None), "comm_manager", None) is not None:
        unregister(shell)
        _links[shell] = Link(shell, session)
        _links[shell].open(watched=watched)


def unregister(shell: Any) -> None:
    """Let no front end of a kernel link up any more."""
    link = _links.pop(shell, None)
    if link is not None:
        link.close()


def reads(shell: Any, what: str) -> bool:
    """Return whether a front end of a kernel said that it reads something.

    Args:
        shell: The IPython shell, or None outside of one.
        what: What it is to read: ``stream``, or ``edit`` (the comm ``deepshi.edit``).
    """
    link = _links.get(shell) if shell is not None else None
    return link is not None and link.reads(what)


def streams_of(shell: Any) -> Callable[[], Streams | None]:
    """Return what `deepshi_jupyter.display.choose` asks for the streams of a kernel."""
    link = _links.get(shell) if shell is not None else None
    return link.streams if link is not None else lambda: None
