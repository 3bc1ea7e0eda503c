r"""Tab completion in ``%%deepshi`` cells and ``%deepshi`` lines.

IPython asks the matchers that are registered with its completer
(https://ipython.readthedocs.io/en/stable/api/generated/IPython.core.completer.html). Ours answers
wherever the cursor stands in something of ours, and keeps the other matchers out of it, which know
only Python and file names. Within prose a word behind a backslash is left to them: they turn
``\alpha`` into α.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from deepshi_jupyter.magics.cursor_place import Option, Place, place_at

if TYPE_CHECKING:  # what there is to offer loads with the first Tab, not with the extension
    from deepshi_jupyter.magics.offers import Offers
    from deepshi_jupyter.session import Session

IDENTIFIER = "deepshi_jupyter"
"""The name of the matcher, for ``c.IPCompleter.disable_matchers``."""

_BACKSLASH = re.compile(r"\\[\w^{}]*\Z")


class _Nothing(list[SimpleCompletion]):
    """An empty list that says it has one entry.

    The completer lets a matcher keep the others out only if it has something to offer itself; but
    the right answer within prose is that there is nothing.
    """

    def __len__(self) -> int:
        return 1


def register(
    shell: Any,
    session: Callable[[], Session],
    options: Sequence[Option],
    tools: Callable[[], Iterable[str]] = tuple,
) -> None:
    """Complete ``%%deepshi`` and ``%deepshi`` in a shell; an earlier registration is replaced.

    Args:
        shell: The IPython shell.
        session: Gives the kernel's session; called when models are completed.
        options: The options of a cell's first line: `cursor_place.options_of` the magic's parser.
        tools: Gives the names of the registered tools.
    """
    unregister(shell)
    offers: list[Offers] = []

    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        place = place_at(context.full_text, context.cursor_line, context.cursor_position, options)
        if place is None or (
            place.kind == "prose" and _BACKSLASH.search(context.text_until_cursor)
        ):
            return SimpleMatcherResult(completions=[], suppress=False)
        if not offers:
            from deepshi_jupyter.magics.offers import Offers

            offers.append(Offers(shell, session, options, tools))
        fragment, texts = offers[0].at(place)
        if not context.text_until_cursor.endswith(fragment):  # quotes within a word
            fragment, texts = "", ()
        return _result(place, fragment, texts)

    shell.Completer.custom_matchers.append(context_matcher(identifier=IDENTIFIER)(matcher))


def unregister(shell: Any) -> None:
    """Take the completion out of a shell again."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != IDENTIFIER]


def _result(place: Place, fragment: str, texts: Iterable[str]) -> SimpleMatcherResult:
    """Offer these texts in place of the fragment, and let nobody else offer anything."""
    kind = "variable" if place.kind == "expression" else "param"
    return SimpleMatcherResult(
        completions=[SimpleCompletion(text, type=kind) for text in texts] or _Nothing(),
        matched_fragment=fragment,
        suppress=True,
        ordered=True,
    )
