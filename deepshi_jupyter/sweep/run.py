"""Asks many rows at once, on one event loop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from deepshi_jupyter.client.credentials import Secret
from deepshi_jupyter.core.budget import NOTHING, Amount, Budget
from deepshi_jupyter.core.call import Call, Clock
from deepshi_jupyter.core.catalogue import Price
from deepshi_jupyter.core.events import Retrying
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest
from deepshi_jupyter.core.retry import RetryPolicy
from deepshi_jupyter.errors import CallError
from deepshi_jupyter.sweep.gate import Gate, StoppedError
from deepshi_jupyter.sweep.judgement import judge
from deepshi_jupyter.sweep.request import Json, Pattern
from deepshi_jupyter.sweep.row import Asked, Form, Row
from deepshi_jupyter.sweep.transport import Address, Door

_CLOCK = Clock(time.monotonic, lambda: datetime.now(UTC), random.random)
_BUDGET_POLL = 0.05


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of a run are asked.

    Attributes:
        pattern: The request of every row but for its text.
        address: Where requests go.
        policy: When a request is tried again.
        form: The form that answers must have, or None.
        repairs: How often the model is asked to mend an answer that lacks it.
        most: The most that one request can use, as far as that is known.
        price: What the model costs, where the service does not report it.
        workers: How many rows may be under way; the limiter lets fewer through.
    """

    pattern: Pattern
    address: Address
    policy: RetryPolicy
    form: Form | None = None
    repairs: int = 1
    most: Amount = Amount()
    price: Price | None = None
    workers: int = 256


class Run:
    """One run over rows.

    Args:
        orders: How they are asked.
        secret: The key, or None.
        gate: Lets requests through.
        budget: What may be used, or None.
        on_row: Is told of each row that is done, on the event loop; what it raises ends the run.

    Attributes:
        gate: Lets requests through.
        stopped: Why no further row is asked, or an empty text.
        failure: The error that opened the circuit, or None.
    """

    def __init__(
        self,
        orders: Orders,
        secret: Secret | None,
        gate: Gate,
        budget: Budget | None,
        on_row: Callable[[int, Row], None],
    ) -> None:
        self._orders = orders
        self._secret = secret
        self.gate = gate
        self._budget = budget
        self._on_row = on_row
        self._door: Door
        self.stopped = ""
        self.failure: CallError | None = None

    async def run(self, rows: Iterator[Asked]) -> None:
        """Ask rows until there are no more, or no more may be asked; those are then left out."""
        async with Door(self._orders.address, self._secret) as self._door:
            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(self._orders.workers):
                        workers.create_task(self._work(rows))
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from None

    def stop(self, why: str) -> None:
        """Ask no further row; those that are under way are answered."""
        self.stopped = self.stopped or why

    async def _work(self, rows: Iterator[Asked]) -> None:
        for asked in rows:
            try:
                row = await self._ask(asked)
            except StoppedError as stop:
                self.stop(str(stop))
            else:
                self._on_row(asked.number, row)
            if self.stopped:
                return

    async def _ask(self, asked: Asked) -> Row:
        """Ask one row, and again where the answer lacks its form."""
        row = Row(key=asked.key, cost=None)
        began = time.monotonic()
        added: tuple[Json, ...] = ()
        while True:
            try:
                reply = await self._call(self._orders.pattern.request(asked.text, added), row)
            except CallError as error:
                return _failed(row, error, began)
            said = judge(reply, self._orders.form)
            may_mend = said.finish_reason != "length" and row.repairs < self._orders.repairs
            if said.state != "invalid" or not may_mend:
                return _summed(said, row, began)
            row.repairs += 1
            added = (*added, reply.message, _correction(said.error))

    async def _call(self, request: ChatRequest, row: Row) -> Reply:
        """Make one call, with its tries, within budget."""
        reserved = await self._reserve()
        used = NOTHING
        try:
            reply = await self._tries(request, row)
            used = self._used(reply)
            _add(row, reply)
            return reply
        except CallError as error:
            if error.partial is not None:
                used = self._used(error.partial)
                _add(row, error.partial)
            raise
        finally:
            if self._budget is not None:
                self._budget.settle(reserved, used)

    async def _tries(self, request: ChatRequest, row: Row) -> Reply:
        secret = self._secret
        call = Call(
            request,
            self._orders.address.endpoint.base_url,
            self._orders.policy,
            _CLOCK,
            secret.redact if secret else str,
        )
        while True:
            began = await self.gate.enter(first=row.tries > 0)
            row.tries += 1
            try:
                status, headers, events = await self._door.send(call)
            except BaseException:
                self.gate.leave()
                raise
            if not events or not isinstance(events[-1], Retrying):
                return self._result(call, headers, began)
            self.gate.tried(status, began, events[-1].wait)
            await asyncio.sleep(events[-1].wait)
            call.begin_again()

    def _result(self, call: Call, headers: Any, began: float) -> Reply:
        try:
            reply = call.result()
        except CallError as error:
            self.gate.failed(error, began)
            if self.gate.limiter.circuit and self.failure is None:
                self.failure = error
                self.stop(error.what)
            raise
        usage = reply.usage
        self.gate.succeeded(headers, usage.total_tokens if usage else None)
        return reply

    async def _reserve(self) -> Amount:
        budget = self._budget
        if budget is None:
            return NOTHING
        while True:
            if self.stopped:
                raise StoppedError(self.stopped)
            now = time.monotonic()
            reserved = budget.reserve(now, self._orders.most)
            if reserved is not None:
                return reserved
            if why := budget.exhausted(now, self._orders.most):
                raise StoppedError(why)
            await asyncio.sleep(_BUDGET_POLL)

    def _used(self, reply: Reply) -> Amount:
        usage, price = reply.usage, self._orders.price
        if usage is None:
            return Amount(1, None, None)
        tokens = usage.total_tokens
        if tokens is None and usage.prompt_tokens is not None:
            tokens = usage.prompt_tokens + (usage.completion_tokens or 0)
        usd = usage.cost
        return Amount(1, tokens, price.of(usage) if usd is None and price else usd)


def _add(row: Row, reply: Reply) -> None:
    """Add what a call used to its row."""
    usage = reply.usage
    if usage is None:
        return
    row.prompt_tokens = (row.prompt_tokens or 0) + (usage.prompt_tokens or 0)
    row.completion_tokens = (row.completion_tokens or 0) + (usage.completion_tokens or 0)
    if usage.cost is not None:
        row.cost = (row.cost or 0.0) + usage.cost


def _summed(said: Row, sums: Row, began: float) -> Row:
    said.key, said.tries, said.repairs = sums.key, sums.tries, sums.repairs
    said.prompt_tokens, said.completion_tokens = sums.prompt_tokens, sums.completion_tokens
    said.cost = sums.cost
    said.seconds = round(time.monotonic() - began, 3)
    return said


def _failed(row: Row, error: CallError, began: float) -> Row:
    said = judge(error.partial, None) if error.partial is not None else Row()
    said.state, said.error = "error", f"{type(error).__name__}: {error.what}"
    return _summed(said, row, began)


def _correction(problem: str) -> Json:
    words = f"{problem} Answer again, in that form and with nothing else."
    return {"role": "user", "content": words}
