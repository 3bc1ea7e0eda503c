"""Length, latency or agreement against what is varied, drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING

from deepshi_jupyter.comparison.agreement import agreement
from deepshi_jupyter.comparison.answered import Answered
from deepshi_jupyter.comparison.comparison_table import label_of
from deepshi_jupyter.comparison.grid import Setting
from deepshi_jupyter.errors import ConfigurationError, InputError

if TYPE_CHECKING:  # matplotlib loads when something is drawn
    from matplotlib.axes import Axes

MEASURES = {
    "length": "characters",
    "latency": "seconds",
    "agreement": "share of the most frequent answer",
}
"""What can be drawn, with the name of its axis."""

Point = tuple[int, float]
"""The number of a setting, and a value under it."""


def draw(
    settings: Sequence[Setting], answers: Sequence[Answered], y: str, axes: Axes | None = None
) -> Axes:
    """Draw a measure of the answers against the first number that is varied.

    Args:
        settings: The settings.
        answers: The answers, in the order of the settings.
        y: One of `MEASURES`.
        axes: Where to draw; default a new figure of pyplot.

    Raises:
        InputError: There is no such measure.
        ConfigurationError: matplotlib is not installed.
    """
    if y not in MEASURES:
        raise InputError(f"y is {y!r}.", f"Expected one of {', '.join(MEASURES)}.")
    if axes is None:
        axes = _new_axes()
    points = _points(answers, y)
    x = numeric_axis(settings)
    if x is None:
        _draw_by_name(axes, settings, points)
    else:
        _draw_by_number(axes, settings, points, x)
    axes.set_ylabel(MEASURES[y])
    if y == "agreement":
        axes.set_ylim(0, 1.05)
    return axes


def picture(settings: Sequence[Setting], answers: Sequence[Answered]) -> bytes | None:
    """Return a PNG of the lengths, or None without matplotlib or without a varied number."""
    if numeric_axis(settings) is None or find_spec("matplotlib") is None:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.2), layout="tight")  # no pyplot: the user's backend stays his
    FigureCanvasAgg(figure)
    draw(settings, answers, "length", figure.add_subplot())
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=100, metadata={"Software": None})
    return out.getvalue()


def numeric_axis(settings: Sequence[Setting]) -> str | None:
    """Return the first varied name whose values are numbers, or None."""
    for name in settings[0]:
        values = [setting[name] for setting in settings if setting[name] is not None]
        numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in values]
        if len(set(map(str, values))) > 1 and all(numbers):
            return name
    return None


def _new_axes() -> Axes:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ConfigurationError(
            "Plots are drawn by matplotlib, which is not installed.",
            '`pip install "deepshi_jupyter[data]"`.',
        ) from None
    _, axes = pyplot.subplots(figsize=(6, 3.2), layout="tight")
    return axes


def _points(answers: Sequence[Answered], y: str) -> list[Point]:
    if y == "agreement":
        found = [(n, agreement(s).share) for n, s in groupby(answers, lambda a: a.setting)]
        return [(number, share) for number, share in found if share is not None]
    whole = [a for a in answers if a.is_whole and a.reply is not None]
    if y == "length":
        return [(a.setting, float(len(a.text))) for a in whole]
    return [(a.setting, a.reply.duration) for a in whole if a.reply is not None]


def _draw_by_number(axes: Axes, settings: Sequence[Setting], points: list[Point], x: str) -> None:
    """Draw points at their number, with a line through the means for each other combination."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for number, value in points:
        setting = settings[number]
        if setting[x] is not None:
            others = {name: setting[name] for name in setting if name != x}
            lines.setdefault(label_of(others), []).append((setting[x], value))
    for label, pairs in lines.items():
        places = sorted({at for at, _ in pairs})
        means = [(place, _mean([v for at, v in pairs if at == place])) for place in places]
        (line,) = axes.plot(*zip(*means, strict=True), label=_as_written(label))
        axes.plot(*zip(*pairs, strict=True), "o", color=line.get_color(), alpha=0.5)
    axes.set_xlabel(x)
    if len(lines) > 1:
        axes.legend()


def _draw_by_name(axes: Axes, settings: Sequence[Setting], points: list[Point]) -> None:
    axes.plot([n for n, _ in points], [value for _, value in points], "o", alpha=0.5)
    names = [_as_written(label_of(setting)) for setting in settings]
    axes.set_xticks(range(len(settings)), names, rotation=20, ha="right")


def _as_written(label: str) -> str:
    """Return a label that matplotlib does not take for mathematics, nor for one to hide."""
    return label.replace("$", r"\$").removeprefix("_")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
