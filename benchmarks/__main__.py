"""`python -m benchmarks [NAME …] [--repeats N]`: measure and print tables."""

from __future__ import annotations

import argparse
import importlib
import platform
import sys

from benchmarks.table import as_markdown

TITLES = {
    "load": "Loading the extension in a fresh kernel",
    "first_token": "The first token",
    "decode": "Decoding 100,000 events, one HTTP chunk each",
    "memory": "Memory of a long answer",
    "streaming": "Streaming at 200 tokens a second for a minute",
    "at_the_keyboard": "At the keyboard",
    "map": "One prompt over 2,000 rows, 64 at once, 200 ms latency",
    "view": "A long answer in a page",
    "page": "A long answer in JupyterLab, from service to screen",
    "restore": "Restoring a notebook",
    "context": "One more question, by how many turns stand above it",
    "record_size": "What turns of 1 kB take in a notebook file",
    "replay": "Replaying a notebook of 200 questions",
    "journal": "The journal",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*TITLES, []], help="which; default: all")
    parser.add_argument("--repeats", type=int, default=5, help="medians of so many runs")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {options.repeats} repeats\n")
    for name in options.names or TITLES:
        rows = importlib.import_module(f"benchmarks.{name}").measure(options.repeats)
        print(as_markdown(TITLES[name], rows), flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
