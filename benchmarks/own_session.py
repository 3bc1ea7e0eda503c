"""A session in this process, with an environment of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from deepshi_jupyter.session import Session


@contextmanager
def own_session(**environment: str) -> Iterator[Session]:
    """Hold a session that sees no variables of ours but these.

    Args:
        environment: Environment variables, such as ``DEEPSHI_STORE``.
    """
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("DEEPSHI", "JPY_"))}
    with patch.dict(os.environ, {**kept, "DEEPSHI_API_KEY": "k", **environment}, clear=True):
        session = Session()
        try:
            yield session
        finally:
            session.close()
