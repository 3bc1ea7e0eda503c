"""A notebook run in a kernel of this interpreter, with somebody who watches what comes.

The kernel sends answers as deltas over a comm (``DEEPSHI_DISPLAY=deltas``), which nbclient hands to
whoever asked for the comm's target; the notebook itself gets the final outputs only.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import zmq
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from deepshi_jupyter.cli.cell_failure import CellFailure, error_lines
from deepshi_jupyter.display.choose import VARIABLE as DISPLAY_VARIABLE
from deepshi_jupyter.display.deltas import TARGET
from deepshi_jupyter.errors import ConfigurationError

_AT_WORK_SECONDS = 0.3
"""A cell that has run for so long is past the kernel's own preparations.

An interrupt that meets those ends the kernel's handling of the request, and no reply ever comes.
"""

_PATIENCE_SECONDS = 5.0
"""How long an interrupted cell may take to end before its kernel is ended."""


class Watcher(Protocol):
    """Is told what happens while a notebook runs; see `deepshi_jupyter.cli.progress.Progress`."""

    def begin(self, number: int, total: int, source: str) -> None:
        """A code cell begins."""

    def delta(self, data: Mapping[str, Any]) -> None:
        """A piece of an answer came."""

    def output(self, output: Mapping[str, Any]) -> None:
        """The running cell gave an output."""

    def end(self, seconds: float) -> None:
        """The cell ended well."""


class Outcome(msgspec.Struct, frozen=True):
    """How a run ended; the notebook holds what came until then.

    Attributes:
        failure: The cell that failed, or None.
        interrupted: Whether the user stopped it.
    """

    failure: CellFailure | None = None
    interrupted: bool = False


def run_notebook(
    notebook: NotebookNode,
    watcher: Watcher,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Run a notebook's cells in order, in a kernel of this interpreter; outputs go into it.

    Args:
        notebook: What to run; it is changed in place.
        watcher: Who is told what happens.
        environment: The kernel's environment; default that of this process.
        folder: Where the kernel works; default here.

    Returns:
        How it ended; the first failing cell ends it.

    Raises:
        ConfigurationError: The kernel did not start.
    """
    client = _WatchedClient(notebook, watcher)
    started = {
        "env": {**(os.environ if environment is None else environment), DISPLAY_VARIABLE: "deltas"},
        "cwd": str(folder or Path.cwd()),
    }
    try:
        client.execute(**started)
    except _Stopped:
        return Outcome(interrupted=True)
    except CellExecutionError:
        return Outcome(client.failure(), client.interrupted)
    except DeadKernelError:
        return Outcome(client.failure("The kernel died while this cell ran."), client.interrupted)
    except RuntimeError as error:
        # nbclient leaves its clean-up behind when a start fails, to fail once more at exit.
        atexit.unregister(client._cleanup_kernel)
        if client.interrupted:
            return Outcome(interrupted=True)
        raise ConfigurationError(
            f"The kernel did not start: {error}.",
            f"See what `{sys.executable} -m ipykernel_launcher` says.",
        ) from error
    return Outcome()


class _Stopped(Exception):  # noqa: N818 - the user's wish, not an error
    """The user stopped the run between two cells."""


class _ThisInterpreter(KernelSpecManager):
    """Finds a kernel of the interpreter that runs now, whatever kernels are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one kernel that there is."""
        spec: dict[str, Any] = {**get_kernel_dict(), "name": kernel_name}
        return KernelSpec(resource_dir=RESOURCES, **spec)


class _Stream:
    """What nbclient hands the messages of one comm to."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def handle_msg(self, message: Mapping[str, Any]) -> None:
        """Pass a message on."""
        self._watcher.delta(message["content"]["data"])


class _WatchedClient(NotebookClient):
    """Runs a notebook and tells a watcher; see `run_notebook`."""

    def __init__(self, notebook: NotebookNode, watcher: Watcher) -> None:
        # No timing in the notebook, so that the same answers give the same file.
        super().__init__(notebook, timeout=None, record_timing=False, coalesce_streams=True)
        self._watcher = watcher
        self._total = sum(_has_code(cell) for cell in notebook.cells)
        self._number = 0
        self._running: NotebookNode | None = None
        self._at_work = False
        self.interrupted = False
        self.comm_open_handlers[TARGET] = lambda _: _Stream(watcher)

    def create_kernel_manager(self) -> KernelManager:
        """Make a manager for a kernel of this interpreter, encrypted where that is possible."""
        manager = AsyncKernelManager(
            kernel_name="python3", kernel_spec_manager=_ThisInterpreter(), config=self.config
        )
        if manager.has_trait("transport_encryption") and zmq.has("curve"):
            manager.set_trait("transport_encryption", "auto")
        self.km = manager
        return manager

    async def async_start_new_kernel(self, **options: Any) -> None:
        """Start the kernel, and from here on let Ctrl-C stop a cell before the kernel."""
        with contextlib.suppress(RuntimeError):  # Windows, or not in the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        await super().async_start_new_kernel(**options)

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, *positional: Any, **options: Any
    ) -> NotebookNode:
        """Run one cell, with the watcher told before and after."""
        if not _has_code(cell):
            return cell
        if self.interrupted:
            raise _Stopped
        self._number += 1
        self._running, self._at_work = cell, False
        self._watcher.begin(self._number, self._total, cell.source)
        began = time.monotonic()
        done = await super().async_execute_cell(cell, cell_index, *positional, **options)
        self._watcher.end(time.monotonic() - began)
        return done

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Take a message of the kernel, and see from it that the cell is at work."""
        if msg["msg_type"] == "execute_input":
            later = asyncio.get_running_loop().call_later
            later(_AT_WORK_SECONDS, self._note_at_work, self._number)
        elif msg["msg_type"] != "status":
            self._note_at_work(self._number)
        return super().process_message(msg, cell, cell_index)

    def output(
        self,
        outs: list[NotebookNode],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> NotebookNode | None:
        """Take an output into the notebook, and tell the watcher."""
        output = super().output(outs, msg, display_id, cell_index)
        if output is not None:
            self._watcher.output(output)
        return output

    def failure(self, otherwise: str = "") -> CellFailure:
        """Describe the cell that ended the run.

        Args:
            otherwise: What to say if it left no error output.
        """
        outputs = self._running.outputs if self._running is not None else []
        errors = [output for output in outputs if output.output_type == "error"]
        lines = error_lines(errors[-1]) if errors else (otherwise,)
        source = self._running.source if self._running is not None else ""
        return CellFailure(self._number, self._total, source, lines)

    def _note_at_work(self, number: int) -> None:
        if number == self._number and not self._at_work:
            self._at_work = True
            if self.interrupted:
                self._stop_cell()

    def _interrupt(self) -> None:
        """Stop the running cell, so that its answer is kept; the second time, the kernel."""
        again, self.interrupted = self.interrupted, True
        if again:
            self._end_kernel(self._number)
        elif self._at_work:
            self._stop_cell()

    def _stop_cell(self) -> None:
        if isinstance(self.km, AsyncKernelManager):
            self._stopping = asyncio.ensure_future(self.km.interrupt_kernel())
            later = asyncio.get_running_loop().call_later
            later(_PATIENCE_SECONDS, self._end_kernel, self._number)

    def _end_kernel(self, number: int) -> None:
        """End the kernel, if it still runs the same cell."""
        if number == self._number and isinstance(self.km, AsyncKernelManager):
            self._stopping = asyncio.ensure_future(self.km.shutdown_kernel(now=True))


def _has_code(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())
