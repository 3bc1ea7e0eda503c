"""A comparison as one table: a row for each different answer, only what is varied in the header."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from deepshi_jupyter.comparison.agreement import collapsed
from deepshi_jupyter.comparison.answered import Answered
from deepshi_jupyter.comparison.grid import Setting, shown_value
from deepshi_jupyter.display.footer import OFFLINE_MARK, dollars
from deepshi_jupyter.display.table import Table

LONGEST_ANSWER = 200
"""Characters of an answer that the table shows; the whole is in `Comparison.frame`."""

LONGEST_VALUE = 40
"""Characters of a varied prompt that are shown."""


def comparison_table(settings: Sequence[Setting], answers: Sequence[Answered]) -> Table:
    """Return the table of a comparison.

    Args:
        settings: The settings, each with the same names.
        answers: The answers in the order of the settings.
    """
    names = tuple(settings[0])
    rows: list[tuple[str, ...]] = []
    for number, same in groupby(answers, key=lambda answer: answer.setting):
        values = [shortened(shown_value(settings[number][n]), LONGEST_VALUE) for n in names]
        for answer, count in collapsed(same):
            rows.append((str(number), *values, shown_answer(answer), f"×{count}"))
    return Table(("#", *names, "answer", "×"), rows, _note(settings, answers))


def shown_answer(answer: Answered) -> str:
    """Return an answer in one line, or why there is none."""
    text = shortened(" ".join(answer.text.split()), LONGEST_ANSWER)
    if answer.is_whole:
        return text or "(nothing)"
    return f"failed: {answer.error}" + (f" [{text}]" if text else "")


def shortened(text: str, length: int) -> str:
    """Return the beginning of a text that is longer."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def label_of(setting: Setting) -> str:
    """Return a setting in words, such as ``temperature=0.7 model=a``."""
    words = [f"{n}={shortened(shown_value(v), LONGEST_VALUE)}" for n, v in setting.items()]
    return " ".join(words) or "all alike"


def _note(settings: Sequence[Setting], answers: Sequence[Answered]) -> str:
    """Say in how far it is whole, what it cost, and what is unusual about it."""
    whole = sum(answer.is_whole for answer in answers)
    count = f"{len(settings)} setting{'' if len(settings) == 1 else 's'}"
    parts = [f"{count}, {whole} answer{'' if whole == 1 else 's'}"]
    if failed := len(answers) - whole:
        parts.append(f"{failed} failed or not asked")
    parts += _cost(answers)
    if any(a.record and a.record.call.served.startswith("offline-") for a in answers):
        parts.append(OFFLINE_MARK)
    notices = [n for a in answers if a.record for n in a.record.call.notices]
    return ". ".join([" · ".join(parts), *(n.rstrip(".") for n in dict.fromkeys(notices))]) + "."


def _cost(answers: Sequence[Answered]) -> list[str]:
    """Return the cost as reported, and what it is about where it was not."""
    costs = [answer.cost for answer in answers if answer.cost is not None]
    reported = [f"{dollars(sum(costs))} as reported"] if costs else []
    about = [
        answer.price.of(answer.reply.usage)
        for answer in answers
        if answer.cost is None and answer.price and answer.reply and answer.reply.usage
    ]
    known = [amount for amount in about if amount is not None]
    return reported + ([f"≈ {dollars(sum(known))} not reported"] if known else [])
