"""Whether a comparison may begin: asked of the user where it is larger than a limit of his."""

from __future__ import annotations

import sys
from typing import Any

from deepshi_jupyter.comparison.plan import Plan
from deepshi_jupyter.core.limit import Limit
from deepshi_jupyter.errors import InputError


def confirm(plan: Plan, limit: Limit, shell: Any) -> None:
    """Let the user decide about a comparison that is larger than his limit.

    Args:
        plan: What it will be.
        limit: What may be sent without asking.
        shell: The IPython shell, or None outside of one.

    Raises:
        InputError: He decided against it, or nobody can be asked; nothing was sent.
    """
    high = plan.estimate.high if plan.estimate else None
    if not limit.is_passed_by(len(plan.to_send), high):
        return
    if not _can_ask(shell):
        raise InputError(
            f"This comparison may be larger than your limit of {limit}, and here nobody can be "
            f"asked: {plan.sentence}.",
            "Raise the limit, or pass `confirm=False` (`--yes` in a cell); nothing was sent.",
        )
    answer = input(f"{plan.sentence}; your limit is {limit}. Send? [y]es, [n]o: ")
    if answer.strip().lower() not in ("y", "yes"):
        raise InputError("You did not confirm, so nothing was sent.", "Run the cell again to ask.")


def _can_ask(shell: Any) -> bool:
    """True if the place where the code runs takes an input."""
    get_parent = getattr(shell, "get_parent", None)
    if get_parent is None:
        return sys.stdin is not None and sys.stdin.isatty()
    return bool((get_parent().get("content") or {}).get("allow_stdin"))
