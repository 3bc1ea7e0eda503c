"""A call that runs in a thread of its own while somebody takes what it brings, a little at a time.

Reading beside the main thread makes every wait of a cell interruptible. A thread and the
synchronous client, and not an event loop: it is ready in half the time, costs half as much an
event, and a cell may run within a running loop.
"""

from __future__ import annotations

import threading
import time

from deepshi_jupyter.client.sync import ReplyStream
from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.errors import CallInterruptedError, DeepshiError

STOP_SECONDS = 0.2
"""How long `RunningCall.stop` waits for the connection to be closed and the text to be kept."""


class RunningCall:
    """One call in the background.

    Args:
        answer: The answer to read, not yet begun.
    """

    def __init__(self, answer: ReplyStream) -> None:
        self._answer = answer
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._awaited = False
        self._ended = threading.Event()
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._read, name="deepshi", daemon=True).start()

    @property
    def ended(self) -> bool:
        """True when nothing more will come."""
        return self._ended.is_set() and not self._events

    def take(self, not_before: float = 0.0, patience: float | None = None) -> list[Event]:
        """Wait for news and return it.

        The first event is given out at once; later ones are gathered until `not_before`, so that
        a fast answer does not cost a message a token.

        Args:
            not_before: `time.monotonic` seconds before which only the end is worth waking up for.
            patience: Seconds of silence after which to return with nothing; None waits on.

        Returns:
            The events since the last call; an empty list at the end, or when patience ran out.
        """
        pause = not_before - time.monotonic()
        if pause > 0:
            self._ended.wait(pause)
        with self._news:
            self._awaited = True
            self._news.wait_for(lambda: bool(self._events) or self._ended.is_set(), patience)
            self._awaited = False
            events, self._events = self._events, []
        return events

    def result(self) -> Reply:
        """Return the reply of an ended call.

        Raises:
            CallError: It failed.
        """
        if self._error is not None:
            raise self._error
        if self._reply is None:
            raise RuntimeError("the call has not ended")
        return self._reply

    def cancel(self) -> None:
        """End the call as soon as its thread notices; who waits for it sees its end."""
        self._answer.cancel()

    def stop(self) -> Reply:
        """Cancel the call, close its connection, and return what came.

        Raises:
            CallInterruptedError: Nothing came yet.
        """
        self.cancel()
        if not self._ended.wait(STOP_SECONDS):  # a name is being looked up, which nothing can stop
            raise CallInterruptedError(
                "Interrupted before a connection was made.", "Run the cell again to ask again."
            )
        return self.result()

    def _read(self) -> None:
        try:
            for event in self._answer:
                self._put(event)
            self._reply = self._answer.reply
        except DeepshiError as error:
            self._error = error
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._end()

    def _put(self, event: Event) -> None:
        with self._news:
            self._events.append(event)
            if self._awaited:
                self._news.notify()

    def _end(self) -> None:
        with self._news:
            self._ended.set()
            self._news.notify()
