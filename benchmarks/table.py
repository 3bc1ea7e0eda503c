"""Rows of a benchmark, printed as a markdown table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured thing: its figure, the baseline's, and the bar that it is held to."""

    what: str
    value: float
    unit: str
    baseline: float | None = None
    bar: str = ""

    def cells(self) -> tuple[str, ...]:
        ratio = f"{self.value / self.baseline:.2f}×" if self.baseline else ""
        base = f"{self.baseline:,.3g}" if self.baseline is not None else ""
        return (self.what, f"{self.value:,.3g} {self.unit}", base, ratio, self.bar)


def median(values: list[float]) -> float:
    return statistics.median(values)


def as_markdown(title: str, rows: list[Row]) -> str:
    header = ("what", "measured", "baseline", "ratio", "bar")
    lines = [
        f"### {title}",
        "",
        "| " + " | ".join(header) + " |",
        "| --- | --: | --: | --: | --- |",
    ]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines)
