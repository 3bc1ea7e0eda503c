"""``deepshi-jupyter serve``: the embedded endpoint on loopback, until Ctrl-C."""

from __future__ import annotations

import argparse
import os

from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand

_PAGE = HelpPage(
    summary="Serve the embedded endpoint on this machine.",
    description=(
        "It speaks the chat completions API (streaming, reasoning, tools, schemas, usage with "
        "cost, the catalogue, every documented error) without network, key or weights, for "
        "trying, teaching and testing. Its words come from a small n-gram sampler: it knows "
        "nothing, and says so.\n\nAny OpenAI-compatible client can use it; it accepts any key and "
        "none. Ctrl-C stops it."
    ),
    examples=(
        ("serve", "any free port; the address is printed"),
        ("serve --port 8377 --pace 60", "a fixed port, 60 tokens a second"),
    ),
    exits=((0, "stopped with Ctrl-C"), (1, "the address cannot be used"), (2, "wrong usage")),
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "serve", _PAGE)
    parser.add_argument("--port", type=port, default=0, help="default 0: any that is free")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (%(default)s)")
    parser.add_argument(
        "--pace",
        type=pace,
        default=60.0,
        metavar="N",
        help="tokens a second (%(default)g); 0 as fast as possible",
    )
    parser.add_argument(
        "--allow-remote", action="store_true", help="let --host be one that others can reach"
    )
    parser.set_defaults(run=run)


def port(text: str) -> int:
    """Read a port.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, expected 0 to 65535")
    return int(text)


def pace(text: str) -> float:
    """Read a number of tokens a second.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no pace, expected tokens a second from 0")
    return value


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from deepshi_jupyter.offline import serve

    serve(
        options.host,
        options.port,
        pace=options.pace,
        allow_remote=options.allow_remote,
        on_ready=_announce,
    )
    print("Stopped.")
    return 0


def _announce(base_url: str) -> None:
    from deepshi_jupyter.connection import OFFLINE_MODEL
    from deepshi_jupyter.offline import NOTICE

    setting = "set" if os.name == "nt" else "export"
    print(f"The embedded endpoint listens at {base_url}\n{NOTICE}\n")
    print("Paste these lines where a notebook, a client or another command is to use it:")
    print(f"  {setting} DEEPSHI_BASE_URL={base_url}")
    print(f"  {setting} DEEPSHI_MODEL={OFFLINE_MODEL}\n")
    print("Ctrl-C stops it.", flush=True)
