"""``deepshi-jupyter models``: what an endpoint offers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.cli.endpoint_option import add_base_url, new_session
from deepshi_jupyter.cli.help_page import HelpPage, Subcommands, add_subcommand

if TYPE_CHECKING:
    from deepshi_jupyter.core.catalogue import Model

_PAGE = HelpPage(
    summary="List the models of the endpoint.",
    description=(
        "Shows what the catalogue says of each: context window, price, features, and the "
        "parameters that it ignores without an error. A plain OpenAI-compatible server lists ids "
        "alone; then nothing is known of the rest."
    ),
    examples=(
        ("models", "a table"),
        ("models --base-url offline --json", "the embedded endpoint's, for a program to read"),
    ),
    exits=((0, "listed"), (1, "the endpoint cannot be reached or refuses"), (2, "wrong usage")),
    environment=("DEEPSHI_API_KEY", "DEEPSHI_BASE_URL"),
)


def declare(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = add_subcommand(commands, "models", _PAGE)
    add_base_url(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the catalogue."""
    import json

    session = new_session(options)
    try:
        catalogue = session.connection.models()
    finally:
        session.close()
    if options.json:
        print(json.dumps([_record(model) for model in catalogue], ensure_ascii=False, indent=2))
    else:
        from deepshi_jupyter.display.model_table import model_table

        print(model_table(catalogue, session.connection.endpoint().base_url))
    return 0


def _record(model: Model) -> dict[str, Any]:
    import msgspec

    record: dict[str, Any] = msgspec.to_builtins(model, order="deterministic")
    return record
