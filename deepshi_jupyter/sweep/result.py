"""What a run over a table gives back."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deepshi_jupyter.errors import ConfigurationError
from deepshi_jupyter.sweep.preflight import Preflight
from deepshi_jupyter.sweep.row import FAILED, Row
from deepshi_jupyter.sweep.table_run import TableRun

COLUMNS = (
    *("state", "answer", "text", "error", "finish_reason", "model", "response_id"),
    *("prompt_tokens", "completion_tokens", "cost", "seconds", "tries", "repairs", "mended"),
    "request_key",
)
"""The columns of `MapResult.frame`; ``answer`` is the value where a form was asked for."""


class MapResult:
    """The answers of a run over a table, row by row, in the order of the table.

    Args:
        run: The rows.
        index: The index of the table, or None.
        again: Asks the rows without a good answer again.
        has_form: Whether answers have a form, so that the values are the answers.

    Attributes:
        preflight: What the run was expected to take, or None if nothing was asked.
        stopped: Why rows were left out, or an empty text.
    """

    def __init__(
        self,
        run: TableRun,
        index: Any,
        again: Callable[[MapResult], None],
        *,
        has_form: bool,
    ) -> None:
        self.preflight: Preflight | None = None
        self.stopped = ""
        self._run = run
        self._index = index
        self._again = again
        self._has_form = has_form

    def __len__(self) -> int:
        return len(self._run)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._run.rows)

    def __getitem__(self, number: int) -> Row:
        return self._run.rows[number]

    def __repr__(self) -> str:
        states = ", ".join(f"{count:,} {state}" for state, count in self.states.items())
        return f"MapResult({len(self):,} rows: {states or 'none'}; ${self.cost:.4g})"

    @property
    def rows(self) -> Sequence[Row]:
        """All rows; with ``samples=3`` each row of the table has three in succession."""
        return self._run.rows

    @property
    def answers(self) -> list[Any]:
        """The answers: values where a form was asked for, else texts; None where there is none."""
        return [self._answer(row) for row in self._run.rows]

    @property
    def states(self) -> dict[str, int]:
        """How many rows are in each state, the most frequent first."""
        return dict(self._run.states().most_common())

    @property
    def cost(self) -> float:
        """USD that this run drew, as far as the service reported it."""
        return sum(row.cost or 0.0 for row in self._run.rows)

    @property
    def tokens(self) -> int:
        """Tokens in and out that this run used, as far as they were reported."""
        return sum((r.prompt_tokens or 0) + (r.completion_tokens or 0) for r in self._run.rows)

    @property
    def failed(self) -> list[int]:
        """The numbers of the rows without a good answer."""
        return [n for n, row in enumerate(self._run.rows) if row.state in FAILED]

    @property
    def frame(self) -> Any:
        """The rows as a new pandas DataFrame with the index of the table, so that it can be joined.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        if importlib.util.find_spec("pandas") is None:
            raise ConfigurationError(
                "pandas is not installed, which `.frame` needs.",
                "Install it (`pip install pandas`), or read `.rows` and `.answers`.",
            )
        pd = importlib.import_module("pandas")  # 0.3 s to load; it carries no types
        rows = self._run.rows
        columns = {
            name: [_field(row, name) for row in rows] for name in COLUMNS if name != "answer"
        }
        answers = pd.Series(self.answers, dtype=object)
        frame = pd.DataFrame({**columns, "answer": answers}, columns=[*COLUMNS])
        return self._indexed(frame)

    def retry_failed(self) -> MapResult:
        """Ask the rows without a good answer again; the others stay as they are.

        Returns:
            This result, with what came.

        Raises:
            CallError: As for `deepshi_jupyter.map`.
        """
        self._again(self)
        return self

    def _answer(self, row: Row) -> Any:
        if row.state not in ("ok", "cached"):
            return None
        return row.value if self._has_form else row.text

    def _indexed(self, frame: Any) -> Any:
        samples = self._run.samples
        if samples > 1:
            frame.insert(0, "sample", [n % samples for n in range(len(frame))])
        if self._index is not None:
            frame.index = self._index.repeat(samples) if samples > 1 else self._index
        elif samples > 1:
            frame.index = [n // samples for n in range(len(frame))]
        return frame


def _field(row: Row, name: str) -> Any:
    return row.key if name == "request_key" else getattr(row, name)
