from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from deepshi_jupyter.core.rate_limiter import RateLimiter
from deepshi_jupyter.errors import (
    AuthenticationError,
    BadRequestError,
    RateLimitError,
    ServerError,
)
from deepshi_jupyter.sweep.gate import Gate, StoppedError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_requests_are_let_in_in_order_and_second_tries_first() -> None:
    async def work() -> None:
        gate, order = Gate(RateLimiter(1), Clock()), []

        async def enter(name: str, *, first: bool = False) -> None:
            await gate.enter(first=first)
            order.append(name)

        async with asyncio.TaskGroup() as tasks:
            for name in ("a", "b", "c"):
                tasks.create_task(enter(name))
            await settled()
            tasks.create_task(enter("again", first=True))
            await settled()
            for _ in range(3):
                gate.succeeded({}, None)
                await settled()
        assert order == ["a", "again", "b", "c"]

    run(work())


def test_a_held_gate_opens_by_itself() -> None:
    async def work() -> None:
        gate = Gate(RateLimiter(2))
        began = await gate.enter()
        gate.tried(429, began, 0.02)
        assert gate.limiter.wait(began) != 0.0
        await asyncio.wait_for(gate.enter(), 10)

    run(work())


def test_one_that_was_cancelled_while_it_waited_takes_no_place() -> None:
    async def work() -> None:
        gate = Gate(RateLimiter(1), Clock())
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await settled()
        waiting.cancel()
        await settled()
        gate.leave()
        await asyncio.wait_for(gate.enter(), 10)
        assert gate.limiter.in_flight == 1

    run(work())


def test_one_that_was_cancelled_as_it_was_let_in_gives_its_place_back() -> None:
    async def work() -> None:
        gate = Gate(RateLimiter(1), Clock())
        await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await settled()
        gate.leave()
        waiting.cancel()
        await settled()
        assert gate.limiter.in_flight == 0

    run(work())


def test_a_refused_key_sends_all_away_with_the_reason() -> None:
    async def work() -> None:
        gate = Gate(RateLimiter(1), Clock())
        began = await gate.enter()
        waiting = asyncio.create_task(gate.enter())
        await settled()
        gate.failed(AuthenticationError("The key is wrong."), began)
        with pytest.raises(StoppedError, match="The key is wrong"):
            await waiting

    run(work())


@pytest.mark.parametrize(
    ("error", "throttled"),
    [
        (RateLimitError("slow", status=429), 1),
        (ServerError("down", status=500), 0),
        (BadRequestError("bad", status=400), 0),
    ],
)
def test_every_failure_gives_its_place_back(error: Any, throttled: int) -> None:
    async def work() -> None:
        gate = Gate(RateLimiter(), Clock())
        gate.failed(error, await gate.enter())
        assert (gate.limiter.in_flight, gate.limiter.throttled) == (0, throttled)
        assert not gate.limiter.circuit

    run(work())
