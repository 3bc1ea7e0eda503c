"""The two clients behind one interface, so that each check runs with both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from deepshi_jupyter import AsyncClient, Catalogue, Client, Reply
from deepshi_jupyter.core.events import Event
from deepshi_jupyter.core.request import Messages
from deepshi_jupyter.errors import CallError


@dataclass(frozen=True)
class Address:
    """Whom a client is to call, and with what patience."""

    base_url: str
    api_key: str | None = None
    max_retries: int = 2
    idle_timeout: float = 30.0

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "base_url": self.base_url,
            "api_key": self.api_key,
            "max_retries": self.max_retries,
            "idle_timeout": self.idle_timeout,
            "connect_timeout": 5.0,
        }


@dataclass(frozen=True)
class Answered:
    """What came, piece by piece and whole."""

    events: list[Event]
    reply: Reply


class Shell(Protocol):
    """One of the two clients."""

    name: str

    def ask(self, address: Address, messages: Messages, **parameters: Any) -> Answered:
        """Ask once; `stream=False` asks for a whole answer."""

    def stop_after(
        self, address: Address, messages: Messages, pieces: int, **parameters: Any
    ) -> Reply:
        """Ask, take some pieces, and stop."""

    def models(self, address: Address) -> Catalogue:
        """Ask for the catalogue."""


class SyncShell:
    """`deepshi_jupyter.Client`."""

    name = "sync"

    def ask(self, address: Address, messages: Messages, **parameters: Any) -> Answered:
        with Client(**address.settings) as client:
            stream = client.send(client.prepare(messages, **parameters))
            events = list(stream)
            return Answered(events, stream.reply)

    def stop_after(
        self, address: Address, messages: Messages, pieces: int, **parameters: Any
    ) -> Reply:
        with Client(**address.settings) as client:
            stream = client.stream(messages, **parameters)
            for _ in range(pieces):
                next(iter(stream))
            return stream.stop()

    def models(self, address: Address) -> Catalogue:
        with Client(**address.settings) as client:
            return client.models()


class AsyncShell:
    """`deepshi_jupyter.AsyncClient`."""

    name = "async"

    def ask(self, address: Address, messages: Messages, **parameters: Any) -> Answered:
        async def run() -> Answered:
            async with AsyncClient(**address.settings) as client:
                stream = client.send(client.prepare(messages, **parameters))
                events = [event async for event in stream]
                return Answered(events, await stream.reply())

        return asyncio.run(run())

    def stop_after(
        self, address: Address, messages: Messages, pieces: int, **parameters: Any
    ) -> Reply:
        async def run() -> Reply:
            async with AsyncClient(**address.settings) as client:
                stream = client.stream(messages, **parameters)
                for _ in range(pieces):
                    await anext(aiter(stream))
                return await stream.stop()

        return asyncio.run(run())

    def models(self, address: Address) -> Catalogue:
        async def run() -> Catalogue:
            async with AsyncClient(**address.settings) as client:
                return await client.models()

        return asyncio.run(run())


SHELLS: Mapping[str, Shell] = {"sync": SyncShell(), "async": AsyncShell()}


def outcome(
    shell: Shell, address: Address, messages: Messages, **options: Any
) -> Reply | CallError:
    """Ask and return the reply or the error; an error of any other kind is raised."""
    try:
        return shell.ask(address, messages, **options).reply
    except CallError as error:
        return error


def assert_two_useful_lines(error: CallError) -> None:
    """Check that a notebook shows what happened and what to do, in one line each."""
    lines = error._render_traceback_()
    assert len(lines) == 2, lines
    what, todo = lines
    assert what == f"{type(error).__name__}: {error.what}"
    assert todo == f"→ {error.todo}"
    for line in (error.what, error.todo):
        assert len(line.split()) >= 4, line
        assert line.isprintable(), line
