"""``deepshi-jupyter demo``: the first notebook, run against the embedded endpoint."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand
from deepshi_jupyter.cli.notebooks import FIRST_QUESTION, notebook_text, write_new
from deepshi_jupyter.cli.serve import pace

if TYPE_CHECKING:
    from deepshi_jupyter.cli.execution import Outcome

_PAGE = HelpPage(
    summary="Run the first notebook and watch its answers come; no key needed.",
    description=(
        "Starts the embedded endpoint on this machine, runs a copy of the notebook "
        f"{FIRST_QUESTION} in a real kernel, prints each answer while it comes, and leaves the "
        "executed notebook here. The words come from a small n-gram sampler and mean nothing; "
        "everything else is as with a real model.\n\nA key in the environment is neither used nor "
        "passed on. Files that are there are never overwritten."
    ),
    examples=(
        ("demo", "run it here, in the terminal"),
        ("demo --pace 0", "as fast as it goes"),
        ("demo --lab", "open it in JupyterLab instead; Ctrl-C ends both"),
        ("demo --lab -- --no-browser --port 9999", "with options of `jupyter lab`"),
    ),
    exits=(
        (0, "every cell ran, or JupyterLab was ended"),
        (1, "a cell failed; stderr shows which, and the notebook is kept as far as it came"),
        (2, "wrong usage"),
        (130, "stopped with Ctrl-C"),
    ),
    environment=("NO_COLOR",),
)

_EXECUTED = "01-first-question.executed.ipynb"
_INTERRUPTED = 130
_SOURCE_LINES = 12


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "demo", _PAGE)
    parser.add_argument(
        "--pace",
        type=pace,
        default=60.0,
        metavar="N",
        help="tokens a second (%(default)g); 0 as fast as possible",
    )
    parser.add_argument("--lab", action="store_true", help="open the notebook in JupyterLab")
    parser.add_argument(
        "lab_options", nargs="*", metavar="-- OPTION", help="options of `jupyter lab`"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the demo."""
    from deepshi_jupyter.errors import OptionError
    from deepshi_jupyter.offline import OfflineServer

    if options.lab_options and not options.lab:
        words = " ".join(options.lab_options)
        raise OptionError(f"demo does not take {words!r}.", "Options of JupyterLab need --lab.")
    text = notebook_text(FIRST_QUESTION)
    with OfflineServer(options.pace) as server:
        if options.lab:
            return _open_in_lab(text, server.base_url, options.lab_options)
        return _run_here(text, server.base_url)


def demo_environment(environment: Mapping[str, str], base_url: str) -> dict[str, str]:
    """Return the environment of the demo's kernel: the embedded endpoint, and no key.

    Args:
        environment: That of this process.
        base_url: The embedded endpoint's address.

    Returns:
        A copy without any setting of ours but endpoint and model, which reaches this machine
        directly where the network is behind a proxy.
    """
    from deepshi_jupyter.connection import OFFLINE_MODEL

    kept = {name: value for name, value in environment.items() if not name.startswith("DEEPSHI_")}
    direct = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), "127.0.0.1"]))
    return {
        **kept,
        "DEEPSHI_BASE_URL": base_url,
        "DEEPSHI_MODEL": OFFLINE_MODEL,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def _run_here(text: str, base_url: str) -> int:
    """Run the notebook, print what comes, and write it whatever happens."""
    import nbformat

    from deepshi_jupyter.cli.execution import run_notebook
    from deepshi_jupyter.cli.ink import ink_for
    from deepshi_jupyter.cli.progress import Progress
    from deepshi_jupyter.offline import NOTICE

    ink = ink_for(sys.stdout)
    print(f"{ink.bold(FIRST_QUESTION)} against {base_url}\n{ink.dim(NOTICE)}\n", flush=True)
    notebook = nbformat.reads(text, as_version=4)
    path = write_new(Path.cwd(), _EXECUTED, text)
    environment = demo_environment(os.environ, base_url)
    with tempfile.TemporaryDirectory("-deepshi-demo", ignore_cleanup_errors=True) as profile:
        # A profile of its own: what the user set for IPython is not part of the demo.
        environment["IPYTHONDIR"] = profile
        environment["DEEPSHI_STORE"] = "off"  # words that mean nothing need no journal
        try:
            outcome = run_notebook(notebook, Progress(sys.stdout, ink), environment=environment)
        finally:
            nbformat.write(notebook, path)
    return _report(outcome, path)


def _report(outcome: Outcome, path: Path) -> int:
    """Say how it ended and where the notebook is; return the exit code."""
    from deepshi_jupyter.cli.cell_failure import head

    failure = outcome.failure
    if outcome.interrupted:
        print(f"Stopped. What came is in {path}", file=sys.stderr)
        return _INTERRUPTED
    if failure is not None:
        lines = [f"    {line}" for line in head(failure.source, _SOURCE_LINES)]
        title = f"Cell {failure.number} of {failure.total} failed:"
        print("\n".join([title, *lines, *failure.lines]), file=sys.stderr)
        print(f"What ran is in {path}", file=sys.stderr)
        return 1
    print(f"The executed notebook is {path}\nOpen it with: jupyter lab {path.name}")
    return 0


def _open_in_lab(text: str, base_url: str, options: list[str]) -> int:
    from deepshi_jupyter.cli.lab import run_lab

    path = write_new(Path.cwd(), FIRST_QUESTION, text)
    print(f"The notebook is {path}\nThe embedded endpoint listens at {base_url}")
    print("Ctrl-C ends JupyterLab and the endpoint.\n", flush=True)
    return run_lab(path, demo_environment(os.environ, base_url), options)
