"""The options that say which endpoint and model to use, and the session that follows from them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session


def add_base_url(parser: argparse.ArgumentParser) -> None:
    """Add ``--base-url``."""
    parser.add_argument(
        "--base-url",
        default="",
        metavar="URL",
        help="the endpoint's address, or `offline` for the embedded endpoint; default: "
        "DEEPSHI_BASE_URL, then Deepshi's own",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``-m``."""
    parser.add_argument(
        "-m",
        "--model",
        default="",
        metavar="MODEL",
        help="the model to ask; default: DEEPSHI_MODEL, then the endpoint's own",
    )


def new_session(options: argparse.Namespace) -> Session:
    """Return a session for the endpoint that the options name."""
    from deepshi_jupyter.session import Session
    from deepshi_jupyter.settings import Settings

    return Session(Settings(base_url=options.base_url))
