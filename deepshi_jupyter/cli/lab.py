"""JupyterLab as a subprocess that ends when we do."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

_SECONDS_TO_END = 10.0


def run_lab(notebook: Path, environment: Mapping[str, str], options: Sequence[str] = ()) -> int:
    """Open a notebook in JupyterLab, and return when it ends or the user stops us.

    Args:
        notebook: The notebook to open.
        environment: The environment of JupyterLab and its kernels.
        options: Further options of ``jupyter lab``.

    Returns:
        0, or JupyterLab's exit code where it ended by itself.
    """
    with _terminated_like_interrupted(), contextlib.ExitStack() as stack:
        # A process group of its own, so that Ctrl-C does not make it ask whether it may end.
        lab = subprocess.Popen(  # noqa: S603 - our own interpreter and the user's own options
            [sys.executable, "-m", "jupyterlab", str(notebook), *options],
            env={**environment, "JUPYTER_PREFER_ENV_PATH": "1"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(_end, lab)
        try:
            return lab.wait()
        except KeyboardInterrupt:
            return 0


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let a closed terminal or a `kill` end us as Ctrl-C does, so that JupyterLab ends as well."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name in names:
        signal.signal(getattr(signal, name), _interrupt)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
