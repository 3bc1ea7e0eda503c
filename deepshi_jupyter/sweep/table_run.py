"""The rows of one run: which are the same, which are answered, which are to be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import msgspec

from deepshi_jupyter.errors import InvalidAnswerError
from deepshi_jupyter.sweep.local_repair import parse
from deepshi_jupyter.sweep.request import Pattern
from deepshi_jupyter.sweep.row import FAILED, Asked, Form, Row
from deepshi_jupyter.sweep.row_file import RecordedRow

NOT_ASKED = "not asked"

Texts = Callable[[], Iterator[str]]


class TableRun:
    """The rows of one run; a row asked several times has several.

    Args:
        texts: Gives the text of each row, in order; called again for each pass, so that the texts
            of all rows are never in memory together.
        pattern: The request of every row but for its text.
        samples: How often each row is asked.

    Attributes:
        rows: What became of each, by number; sample ``s`` of row ``r`` has the number
            ``r * samples + s``.

    Raises:
        InvalidRequestError: A text cannot be sent.
    """

    def __init__(self, texts: Texts, pattern: Pattern, samples: int = 1) -> None:
        self.samples = samples
        self.rows: list[Row] = []
        self._texts = texts
        self._first: dict[str, int] = {}
        self._same: dict[int, list[int]] = {}
        repeats: Counter[str] = Counter()
        for text in texts():
            for _ in range(samples):
                self._add(self._key(pattern, text, repeats))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def first(self) -> dict[str, int]:
        """The number of the first row with each key."""
        return self._first

    def waiting(self) -> list[int]:
        """Return the numbers of the rows that have no good answer, each question once."""
        return [n for n in self._first.values() if self.rows[n].state in FAILED]

    def asked(self, numbers: list[int]) -> Iterator[Asked]:
        """Return rows as they are asked, in order, one after the other."""
        wanted = set(numbers)
        for place, text in enumerate(self._texts()):
            for number in range(place * self.samples, (place + 1) * self.samples):
                if number in wanted:
                    yield Asked(number, text, self.rows[number].key)

    def take(self, number: int, row: Row) -> int:
        """Take in what became of a row, and of those that are the same.

        Returns:
            How many rows that settled.
        """
        self.rows[number] = row
        same = self._same.get(number, ())
        for other in same:
            state = "cached" if row.state in ("ok", "cached") else row.state
            copy = msgspec.structs.replace(row, state=state, cost=0.0, tries=0, repairs=0)
            copy.prompt_tokens = copy.completion_tokens = None
            self.rows[other] = copy
        return 1 + len(same)

    def take_recorded(self, recorded: RecordedRow, form: Form | None) -> bool:
        """Take in an answer that was recorded; False if it has not the form that is asked for."""
        row = Row(
            state="cached",
            text=recorded.text,
            finish_reason=recorded.finish_reason,
            model=recorded.model,
            response_id=recorded.response_id,
            seconds=recorded.seconds,
            key=recorded.key,
        )
        if form is not None:
            try:
                row.value, row.mended = parse(form, row.text)
            except InvalidAnswerError:
                return False
        self.take(self._first[recorded.key], row)
        return True

    def leave(self, numbers: list[int], why: str) -> None:
        """Say why rows were not asked."""
        for number in numbers:
            row = self.rows[number]
            if row.state == "skipped":
                self.take(number, Row(error=why, key=row.key))

    def states(self) -> Counter[str]:
        """Return how many rows are in each state."""
        return Counter(row.state for row in self.rows)

    def _add(self, key: str) -> None:
        number = len(self.rows)
        first = self._first.setdefault(key, number)
        if first != number:
            self._same.setdefault(first, []).append(number)
        self.rows.append(Row(error=NOT_ASKED, key=key))

    def _key(self, pattern: Pattern, text: str, repeats: Counter[str]) -> str:
        """Return the key of the next request; where samples are wanted, each repeat has its own."""
        key = pattern.key(text)
        if self.samples == 1:
            return key
        repeats[key] += 1
        return key if repeats[key] == 1 else pattern.key(text, repeats[key] - 1)
