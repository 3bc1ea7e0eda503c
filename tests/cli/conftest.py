from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

CANARY = "sk-bf-canary-3f9a1c"
"""A key that must turn up nowhere."""


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def environment(repository: Path, **more: str) -> dict[str, str]:
    """Return the environment of a command: the package is found, and no terminal is there."""
    return {
        **os.environ,
        "PYTHONPATH": str(repository),
        "PYTHONUTF8": "1",
        "TERM": "dumb",
        "DEEPSHI_API_KEY": CANARY,
        **more,
    }


@pytest.fixture
def start(
    repository: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., subprocess.Popen[str]]:
    """Start ``python -m deepshi_jupyter WORDS`` in an empty folder, with a key that is a canary."""

    def begin(*words: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "deepshi_jupyter", *words],
            cwd=tmp_path,
            env=environment(repository, **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

        def end() -> None:
            if process.poll() is None:
                process.terminate()  # and not killed: it has children to end
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise

        request.addfinalizer(end)
        return process

    return begin


@pytest.fixture
def run(start: Callable[..., subprocess.Popen[str]]) -> Run:
    """Run a command to its end; it must not have shown its key."""

    def to_its_end(*words: str, stdin: str = "", **more: str) -> Ran:
        process = start(*words, **more)
        out, err = process.communicate(stdin, timeout=120)
        assert CANARY not in out + err
        return Ran(process.returncode, out, err)

    return to_its_end
