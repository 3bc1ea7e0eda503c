"""The help of a subcommand: what it does, examples, exit codes, environment variables."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_subparsers` returns; argparse has no public name for it."""

PROGRAM = "deepshi-jupyter"
_WIDTH = 88

_VARIABLES: Mapping[str, str] = {
    "DEEPSHI_API_KEY": "the API key; it is never printed or written anywhere",
    "DEEPSHI_BASE_URL": "the endpoint's address; default https://api.deepshi.ai/v1; `offline` is "
    "the embedded endpoint",
    "DEEPSHI_MODEL": "the model that is asked when none is named",
    "DEEPSHI_MODE": "where answers come from: live, auto, replay or refresh",
    "DEEPSHI_STORE": "where the journal lies; default: the nearest .deepshi; `off` for none",
    "NO_COLOR": "set to anything for output without colours (https://no-color.org)",
}


class HelpPage(NamedTuple):
    """What the help of a command says beside its options.

    Args:
        summary: One line, for the list of subcommands.
        description: What it does, in a few sentences.
        examples: The words after the program's name, and what they do.
        exits: Exit codes and what they mean.
        environment: Names of the environment variables that it reads.
    """

    summary: str
    description: str
    examples: tuple[tuple[str, str], ...]
    exits: tuple[tuple[int, str], ...]
    environment: tuple[str, ...] = ()


def add_subcommand(commands: Subcommands, name: str, page: HelpPage) -> argparse.ArgumentParser:
    """Add a subcommand's parser, with its help page.

    Args:
        commands: The subcommands of the program's parser.
        name: The subcommand's name.
        page: What its help says.

    Returns:
        The new parser, for its options.
    """
    return commands.add_parser(
        name,
        help=page.summary,
        description=_filled(f"{page.summary} {page.description}"),
        epilog=epilog(page),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def epilog(page: HelpPage) -> str:
    """Return what stands below the options: examples, exit codes, environment variables."""
    examples = [
        line for words, does in page.examples for line in (f"  {PROGRAM} {words}", f"      {does}")
    ]
    exits = [f"  {code:<5} {meaning}" for code, meaning in page.exits]
    variables = [_entry(name, _VARIABLES[name]) for name in page.environment]
    sections = (("examples", examples), ("exit codes", exits), ("environment", variables))
    return "\n\n".join("\n".join([f"{title}:", *lines]) for title, lines in sections if lines)


def _entry(name: str, meaning: str) -> str:
    return textwrap.fill(
        meaning, _WIDTH, initial_indent=f"  {name:<17} ", subsequent_indent=" " * 20
    )


def _filled(text: str) -> str:
    return "\n\n".join(textwrap.fill(part, _WIDTH) for part in text.split("\n\n"))
