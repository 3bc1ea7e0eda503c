"""Run an awaitable to its end from code that cannot await, such as a cell that is running."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from contextvars import copy_context
from typing import Any

_Begun = Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]]


def run_to_completion(awaitable: Awaitable[Any]) -> Any:
    """Return the result of an awaitable.

    It runs on an event loop of its own in a thread of its own, because the loop of a kernel is
    already running where a cell runs. An interrupt cancels it and is raised when it has ended.

    Args:
        awaitable: What an asynchronous function returned.

    Returns:
        Its result; what it raises is raised here.
    """
    result: Future[Any] = Future()
    begun: _Begun = Future()

    async def run() -> Any:
        task = asyncio.current_task()
        assert task is not None
        begun.set_result((asyncio.get_running_loop(), task))
        return await awaitable

    def work() -> None:
        try:
            result.set_result(asyncio.run(run()))
        except asyncio.CancelledError:  # no Exception, and would pass for an interrupt
            result.set_exception(CancelledError("the tool cancelled itself"))
        except BaseException as error:  # it is raised in the thread that waits
            result.set_exception(error)

    thread = threading.Thread(target=copy_context().run, args=(work,), name="tool", daemon=True)
    try:
        thread.start()  # waits for the thread, so the interrupt may come here as well
        return result.result()
    except KeyboardInterrupt:
        _cancel(begun)
        raise
    finally:
        if thread.is_alive():
            thread.join()


def _cancel(begun: _Begun) -> None:
    """Cancel what has begun; RuntimeError means that it has ended meanwhile."""
    with suppress(TimeoutError, RuntimeError):
        loop, task = begun.result(timeout=1.0)
        loop.call_soon_threadsafe(task.cancel)
