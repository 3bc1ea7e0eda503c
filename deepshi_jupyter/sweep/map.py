"""One prompt over a table: what is recorded, what is asked, and how far it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

import msgspec

from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.core.budget import Budget
from deepshi_jupyter.core.rate_limiter import MOST
from deepshi_jupyter.errors import CallError, CallInterruptedError
from deepshi_jupyter.sweep.background import background
from deepshi_jupyter.sweep.chunk import Driver
from deepshi_jupyter.sweep.preflight import PILOT, Preflight, preflight
from deepshi_jupyter.sweep.progress import Progress, Sums
from deepshi_jupyter.sweep.result import MapResult
from deepshi_jupyter.sweep.row import Asked, Row
from deepshi_jupyter.sweep.row_file import RowFile
from deepshi_jupyter.sweep.run import Orders, Run
from deepshi_jupyter.sweep.table_run import TableRun

Confirm = Callable[[Preflight], bool]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Within which limits, and with whose help, rows are asked.

    Attributes:
        concurrency: How many requests may be under way; None adapts it.
        budget: What may be used, or None.
        executor: Where chunks of rows are asked, or None for this process.
        confirm: Asked after the pilot whether to go on; None goes on.
    """

    concurrency: int | None = None
    budget: Budget | None = None
    executor: Executor | None = None
    confirm: Confirm | None = None


class Asking:
    """Asks the rows of a table that wait for an answer.

    Args:
        table: The rows.
        orders: How they are asked.
        secret: The key, or None.
        terms: Within which limits.
        file: Where answers are written at once, or None.
        progress: Shows how far it is.
        sums: What was done so far.

    Attributes:
        preflight: What the run was expected to take, once its pilot was asked.
        trouble: What cannot be written down, for the caller to show; else empty.
    """

    def __init__(
        self,
        table: TableRun,
        orders: Orders,
        secret: Secret | None,
        terms: Terms,
        file: RowFile | None,
        progress: Progress,
        sums: Sums,
    ) -> None:
        self._table = table
        self._orders = msgspec.structs.replace(orders, workers=terms.concurrency or MOST)
        self._secret = secret
        self._terms = terms
        self._file = file
        self._progress = progress
        self._sums = sums
        self._pilot: list[Row] = []
        self._count = 0
        self._said = False
        self._run: Run | Driver | None = None
        self.preflight: Preflight | None = None
        self.trouble = ""

    def ask(self, numbers: list[int], result: MapResult) -> None:
        """Ask rows, and put what came into their table.

        Args:
            numbers: Their numbers.
            result: What an error carries as its `partial`.

        Raises:
            CallInterruptedError: The user interrupted; all that had come is in the result.
            CallError: No further row could be asked, such as with a key that is refused, or none
                of the pilot was answered well.
        """
        self._count = len(numbers)
        rows = self._table.asked(numbers)
        why = ""
        try:
            if self._terms.confirm is not None:
                self._pass(itertools.islice(rows, PILOT), min(PILOT, len(numbers)))
                why = self._refusal(self._terms.confirm)
            if not why:
                self._pass(rows, len(numbers))
                why = self._run.stopped if self._run else ""
        except KeyboardInterrupt:
            why = "interrupted"
            raise self._interrupted(result) from None
        finally:
            self._table.leave(numbers, why)
            result.preflight, result.stopped = self.preflight, why
            self._close()
        self._check(result)

    def _pass(self, rows: Iterator[Asked], count: int) -> None:
        if self._terms.executor is not None:
            driver = Driver(
                self._terms.executor,
                self._orders,
                self._secret,
                self._terms.budget,
                self._terms.concurrency,
                self._done,
            )
            self._run = driver
            driver.run(rows, count, self._watch)
            return
        loop, pattern = background(), self._orders.pattern
        gate = loop.gate(pattern.endpoint, pattern.model)
        gate.limiter.fix(self._terms.concurrency)
        gate.limiter.close_circuit()
        self._run = Run(self._orders, self._secret, gate, self._terms.budget, self._done)
        loop.run(self._run.run(rows), self._watch)

    def _done(self, number: int, row: Row) -> None:
        """Take in a row; an answer is on the disk before it counts."""
        if row.tries:
            self._write(row)
        self._sums.add(row, self._table.take(number, row))
        if len(self._pilot) < PILOT:
            self._pilot.append(row)
            if len(self._pilot) == min(PILOT, self._count):
                self._look_at_pilot()

    def _write(self, row: Row) -> None:
        """Write a row down; a paid answer is never lost because a disk is full."""
        if self._file is None:
            return
        try:
            self._file.write(row)
        except OSError as error:
            self._file = None
            self.trouble = (
                f"Answers are not written down from here on ({error.strerror or error}), so that a "
                "run that is killed would ask them again; they are in the result."
            )

    def _look_at_pilot(self) -> None:
        self.preflight = preflight(self._pilot, self._count)
        if not self.preflight.good and self._count > PILOT and self._run is not None:
            self._run.stop(f"none of the first {PILOT} rows was answered well")

    def _watch(self) -> None:
        if self.preflight is not None and not self._said and self._count > PILOT:
            self._said = True
            self._progress.say(self.preflight.sentence)
        self._progress.show(self._sums)

    def _refusal(self, confirm: Confirm) -> str:
        """Return why the run ends with its pilot, or an empty text."""
        if self._run is not None and self._run.stopped:
            return self._run.stopped
        if self._count <= PILOT or self.preflight is None:
            return ""
        self._watch()
        return "" if confirm(self.preflight) else "not confirmed"

    def _interrupted(self, result: MapResult) -> CallInterruptedError:
        return CallInterruptedError(
            f"Interrupted after {self._sums.settled:,} of {len(self._table):,} rows.",
            "Run the same call again: it asks only what is missing. What came is the `partial` of "
            "this error.",
            partial=result,
        )

    def _check(self, result: MapResult) -> None:
        run = self._run
        if run is not None and run.failure is not None:
            error = run.failure
            raise type(error)(
                error.what,
                error.todo,
                status=error.status,
                code=error.code,
                request_id=error.request_id,
                attempts=error.attempts,
                partial=result,
            )
        if self.preflight is not None and not self.preflight.good and self._count > PILOT:
            raise CallError(
                f"None of the first {PILOT} rows was answered well; the first: "
                f"{self._pilot[0].error}",
                "Mend the prompt or the form; `partial` of this error has the rows.",
                partial=result,
            )

    def _close(self) -> None:
        self._watch()
        if self._file is not None:
            self._file.close()
        self._progress.close(self._sums)
