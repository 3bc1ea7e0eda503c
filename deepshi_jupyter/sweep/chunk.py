"""Rows in chunks, each with a loop of its own, in the workers of an executor.

The driver holds quota and budget: it gives each chunk a share of the requests that may be under way
and of what is left of the budget, and takes back what was not used. A key is never sent to a
worker: one in another process finds its own, as the driver did.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import msgspec

from deepshi_jupyter.client.credentials import Secret, find_credential, require_key
from deepshi_jupyter.core.budget import NOTHING, Amount, Budget
from deepshi_jupyter.core.rate_limiter import MOST, RateLimiter
from deepshi_jupyter.errors import CallError
from deepshi_jupyter.sweep.background import STOP_SECONDS, WATCH_SECONDS
from deepshi_jupyter.sweep.gate import Gate
from deepshi_jupyter.sweep.row import Asked, Row
from deepshi_jupyter.sweep.run import Orders, Run

SMALLEST = 100
LARGEST = 1000
UNKNOWN_WORKERS = 8
"""So many chunks are under way where an executor does not tell how many workers it has."""

Limits = tuple[float | None, int | None, int | None, float | None]


class Chunk(msgspec.Struct, frozen=True):
    """Rows for one worker.

    Attributes:
        run: Names the run, within the process of the driver.
        orders: How they are asked.
        rows: The rows.
        window: How many requests may be under way here.
        limits: What may be used here: USD, tokens, calls, minutes.
    """

    run: str
    orders: Orders
    rows: list[Asked]
    window: int
    limits: Limits | None


class Outcome(msgspec.Struct):
    """What a worker brings back."""

    rows: list[tuple[int, Row]] = []
    throttled: int = 0
    stopped: str = ""
    failure: tuple[type[CallError], str, str] | None = None


_secrets: dict[str, Secret | None] = {}
_stopped: set[str] = set()
_numbers = itertools.count()


def run_chunk(chunk: Chunk) -> Outcome:
    """Ask the rows of a chunk; this runs in a worker."""
    outcome = Outcome()
    run = _run_of(chunk, outcome)
    with ThreadPoolExecutor(1) as own:  # a worker may itself run within a loop
        own.submit(asyncio.run, run.run(iter(chunk.rows))).result()
    outcome.stopped = run.stopped
    outcome.throttled = run.gate.limiter.throttled
    if run.failure is not None:
        outcome.failure = type(run.failure), run.failure.what, run.failure.todo
    return outcome


def _run_of(chunk: Chunk, outcome: Outcome) -> Run:
    def done(number: int, row: Row) -> None:
        outcome.rows.append((number, row))
        if chunk.run in _stopped:
            run.stop("interrupted")

    gate = Gate(RateLimiter(most=chunk.window))
    budget = Budget(*chunk.limits) if chunk.limits else None
    orders = msgspec.structs.replace(chunk.orders, workers=chunk.window)
    run = Run(orders, _secret_of(chunk), gate, budget, done)
    return run


def _secret_of(chunk: Chunk) -> Secret | None:
    """Return the driver's key where this is its process, else the one that is found here."""
    if chunk.run in _secrets:
        return _secrets[chunk.run]
    endpoint = chunk.orders.address.endpoint
    credential = find_credential(endpoint)
    require_key(endpoint, credential)
    return credential.secret


class Driver:
    """Hands chunks to an executor.

    Args:
        executor: Any ``concurrent.futures.Executor``.
        orders: How rows are asked.
        secret: The key, for workers in this process.
        budget: What may be used, or None.
        window: How many requests may be under way in all.
        on_row: Is told of each row that is done, in the thread that waits.

    Attributes:
        stopped: Why no further row is asked, or an empty text.
        failure: The error that ended the run, or None.
    """

    def __init__(
        self,
        executor: Executor,
        orders: Orders,
        secret: Secret | None,
        budget: Budget | None,
        window: int | None,
        on_row: Callable[[int, Row], None],
    ) -> None:
        self._executor = executor
        self._orders = orders
        self._budget = budget
        self._fixed = window is not None
        self._window = float(window or MOST)
        self._on_row = on_row
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._width = getattr(executor, "_max_workers", None) or UNKNOWN_WORKERS
        self._open: dict[Future[Outcome], tuple[Amount, list[Asked]]] = {}
        self._again: list[list[Asked]] = []
        self.stopped = ""
        self.failure: CallError | None = None
        _secrets[self._name] = secret

    def run(self, rows: Iterator[Asked], count: int, watch: Callable[[], None]) -> None:
        """Ask rows until there are no more, or no more may be asked.

        Args:
            rows: The rows, taken chunk by chunk.
            count: How many there are.
            watch: Is called ten times a second.

        Raises:
            KeyboardInterrupt: The user interrupted; chunks in this process end with what they
                have, those in others are not waited for.
        """
        chunks = _chunks(rows, chunk_size(count, self._width))
        try:
            waiting = next(chunks, None)
            while waiting or self._open:
                while waiting and not self.stopped and self._submit(waiting):
                    waiting = self._again.pop() if self._again else next(chunks, None)
                if self.stopped and not self._open:
                    return
                self._collect(WATCH_SECONDS)
                waiting = waiting or (self._again.pop() if self._again else None)
                watch()
        except BaseException:
            self._give_up()
            raise
        finally:
            _secrets.pop(self._name, None)
            _stopped.discard(self._name)

    def stop(self, why: str) -> None:
        """Hand out no further chunk."""
        self.stopped = self.stopped or why

    def _submit(self, rows: list[Asked]) -> bool:
        if len(self._open) >= self._width:
            return False
        share = self._share(len(rows))
        if share is None:
            return False
        reserved, limits = share
        window = max(1, int(self._window / self._width))
        chunk = Chunk(self._name, self._orders, rows, window, limits)
        self._open[self._executor.submit(run_chunk, chunk)] = reserved, rows
        return True

    def _share(self, rows: int) -> tuple[Amount, Limits | None] | None:
        """Reserve a chunk's share of the budget; None if it has to wait, or there is none."""
        budget, now, most = self._budget, time.monotonic(), self._orders.most
        if budget is None:
            return NOTHING, None
        left = budget.left(now)
        tokens, usd = most.tokens, most.usd
        wanted = Amount(rows, tokens and tokens * rows, usd and usd * rows)
        reserved = budget.reserve(now, wanted)
        if reserved is not None:
            return reserved, (
                left.usd if reserved.usd is None else budget.usd and reserved.usd,
                left.tokens if reserved.tokens is None else budget.tokens and reserved.tokens,
                budget.calls and rows,
                left.minutes,
            )
        if self._open:
            return None
        if why := budget.exhausted(now, most):
            self.stop(why)
            return None
        # less than what this chunk may use is left: it is asked as far as that goes
        return budget.reserve_rest(now), (left.usd, left.tokens, left.calls, left.minutes)

    def _collect(self, timeout: float | None) -> None:
        done, _ = wait(self._open, timeout, FIRST_COMPLETED)
        for future in done:
            reserved, rows = self._open.pop(future)
            outcome = future.result()
            if self._budget is not None:
                self._settle(reserved, outcome)
            self._take(outcome)
            self._ask_rest(rows, outcome)

    def _settle(self, reserved: Amount, outcome: Outcome) -> None:
        rows = [row for _, row in outcome.rows if row.tries]
        tokens = sum((r.prompt_tokens or 0) + (r.completion_tokens or 0) for r in rows)
        used = Amount(len(rows), tokens, sum(r.cost or 0.0 for r in rows))
        if self._budget is not None:
            self._budget.settle(reserved, used)

    def _take(self, outcome: Outcome) -> None:
        for number, row in outcome.rows:
            self._on_row(number, row)
        if outcome.failure is not None and self.failure is None:
            kind, what, todo = outcome.failure
            self.failure = kind(what, todo)
            self.stop(outcome.stopped)
        if not self._fixed:
            grown = self._window * (0.7 if outcome.throttled else 1.2)
            self._window = min(float(MOST), max(float(self._width), grown))

    def _ask_rest(self, rows: list[Asked], outcome: Outcome) -> None:
        """Ask again what a chunk left out because its share of the budget was too small."""
        if not outcome.stopped or self._budget is None or self.failure is not None:
            return
        if why := self._budget.exhausted(time.monotonic(), self._orders.most):
            self.stop(why)
            return
        done = {number for number, _ in outcome.rows}
        if rest := [asked for asked in rows if asked.number not in done]:
            self._again.append(rest)

    def _give_up(self) -> None:
        """Stop what can be stopped, and take in what chunks of this process still bring."""
        _stopped.add(self._name)
        for future in [*self._open]:
            if future.cancel():
                del self._open[future]
        end = time.monotonic() + STOP_SECONDS
        while self._open and time.monotonic() < end:
            self._collect(end - time.monotonic())


def chunk_size(rows: int, width: int) -> int:
    """Return how many rows a chunk has: some chunks for each worker, none of them small."""
    return max(SMALLEST, min(LARGEST, math.ceil(rows / (4 * width))))


def _chunks(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := list(itertools.islice(rows, size)):
        yield chunk
