"""Rows in the workers of dask and ipyparallel, each a process of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, Literal

import pytest

from deepshi_jupyter.map_function import map as ask_all
from tests.chat_server import ChatServer


@contextmanager
def dask() -> Iterator[Executor]:
    from distributed import Client

    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with Client(**options) as client, client.get_executor() as executor:
        yield executor


@contextmanager
def ipyparallel() -> Iterator[Executor]:
    import ipyparallel

    with ipyparallel.Cluster(n=2) as client:
        yield client.executor()


@pytest.mark.filterwarnings("ignore")  # those of the libraries, which are not ours to mend
@pytest.mark.parametrize("executor", [dask, ipyparallel])
def test_rows_are_asked_in_the_workers_of(executor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as server:
        monkeypatch.setenv("DEEPSHI_BASE_URL", server.base_url)
        monkeypatch.setenv("DEEPSHI_API_KEY", "sk-bf-0123456789abcdef")
        with warnings.catch_warnings(), executor() as workers:
            options: dict[str, Any] = {"executor": workers, "progress": False}
            result = ask_all(range(250), "{{item}}", **options)
            formed = ask_all(
                ["x", "y"], "{{item}}", schema=Literal["good", "bad"], repair=0, **options
            )
        assert result.states == {"ok": 250}
        assert result.answers[249] == "Answer 1 to 249"
        assert formed.states == {"invalid": 2}
        assert len(server.received) >= 252
