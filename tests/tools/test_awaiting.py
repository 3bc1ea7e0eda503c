from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from concurrent.futures import CancelledError
from typing import Any

import pytest

from deepshi_jupyter.tools.awaiting import run_to_completion

place: contextvars.ContextVar[str] = contextvars.ContextVar("place", default="nowhere")


async def where() -> str:
    await asyncio.sleep(0)
    return place.get()


def test_a_result_comes_back() -> None:
    assert run_to_completion(where()) == "nowhere"


def test_the_context_goes_along() -> None:
    token = place.set("Bern")
    assert run_to_completion(where()) == "Bern"
    place.reset(token)


def test_it_works_while_a_loop_is_running_as_in_a_cell() -> None:
    async def cell() -> Any:
        return run_to_completion(where())

    assert asyncio.run(cell()) == "nowhere"


def test_an_exception_is_raised_where_it_is_waited_for() -> None:
    async def fail() -> None:
        raise LookupError("nothing")

    with pytest.raises(LookupError, match="nothing"):
        run_to_completion(fail())


def test_a_tool_that_cancels_itself_does_not_pass_for_an_interrupt() -> None:
    async def cancel() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CancelledError):
        run_to_completion(cancel())


def test_an_interrupt_cancels_it_and_leaves_no_thread() -> None:
    cancelled = []

    async def wait() -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run_to_completion(wait())
    assert cancelled == [True]
    assert threading.active_count() == before
