"""What a comparison gives: a table, a frame, how far answers agree, how they differ, plots."""

from __future__ import annotations

import base64
import json
import shlex
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from deepshi_jupyter.comparison.agreement import agreement, alphas, collapsed
from deepshi_jupyter.comparison.answered import Answered
from deepshi_jupyter.comparison.comparison_table import comparison_table, label_of
from deepshi_jupyter.comparison.grid import Setting
from deepshi_jupyter.comparison.plot import draw, picture
from deepshi_jupyter.comparison.word_diff import WordDiff
from deepshi_jupyter.core.printable import printable
from deepshi_jupyter.core.turn_record import TurnRecord
from deepshi_jupyter.display.safe_markdown import literal
from deepshi_jupyter.display.table import Table
from deepshi_jupyter.errors import ConfigurationError, DeepshiWarning, InputError

if TYPE_CHECKING:  # matplotlib loads when something is drawn
    from matplotlib.axes import Axes

SetDefault = Callable[[str, str], None]
"""Sets a default of the session from its text, as ``%deepshi set NAME=TEXT`` does."""


class Comparison:
    """Answers to one prompt under several settings; shows as a table.

    Args:
        settings: The settings: a value for each varied name; None means "not sent".
        answers: The answers, in the order of the settings, failed ones included.
        set_default: Sets a default of the session, for `use`.

    Attributes:
        settings: The settings, by the number that the table shows.
        is_whole: False if the user has stopped it, or an answer failed.
    """

    def __init__(
        self,
        settings: Sequence[Setting],
        answers: Sequence[Answered],
        set_default: SetDefault | None = None,
    ) -> None:
        self.settings = tuple(settings)
        self.is_whole = all(answer.is_whole for answer in answers)
        self._answers = tuple(answers)
        self._set_default = set_default
        self._is_shown: Callable[[], bool] = bool

    def __len__(self) -> int:
        return len(self._answers)

    def __str__(self) -> str:
        return str(self._table)

    def __repr__(self) -> str:
        whole = sum(answer.is_whole for answer in self._answers)
        return f"Comparison({len(self.settings)} settings, {whole} of {len(self)} answers)"

    @property
    def records(self) -> list[TurnRecord]:
        """The records of all turns, in the order of the settings."""
        return [answer.record for answer in self._answers if answer.record is not None]

    @cached_property
    def frame(self) -> Any:
        """A pandas DataFrame with one row an answer.

        Its columns are the varied names and ``setting``, ``sample``, ``text``, ``parsed``,
        ``tokens_in``, ``tokens_out``, ``cost`` (USD as reported), ``latency`` and
        ``time_to_first_token`` (seconds), ``finish_reason``, ``status``, ``served`` (the model
        that answered), ``fingerprint``, ``replayed``, ``error`` and ``turn`` (the record's id).

        Raises:
            ConfigurationError: pandas is not installed.
        """
        rows = [{**self.settings[answer.setting], **_facts(answer)} for answer in self._answers]
        return _pandas().DataFrame(rows)

    @cached_property
    def agreement(self) -> Any:
        """A pandas DataFrame with one row a setting: how far its answers agree.

        Its columns are the varied names, ``answers``, ``failed``, ``distinct``, ``share`` (of the
        most frequent answer), and for answers of a schema ``alpha FIELD``: Krippendorff's alpha of
        each field that stands in several places (`deepshi_jupyter.comparison.agreement` says how).
        Without the library ``krippendorff`` alpha is left out with a warning.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        rows = []
        for number, setting in enumerate(self.settings):
            found = agreement(self._under(number))
            facts = {name: getattr(found, name) for name in found.__struct_fields__}
            rows.append({**setting, **facts, **self._alphas_or_warning(setting)})
        return _pandas().DataFrame(rows)

    def alpha(self, setting: int) -> dict[str, float | None]:
        """Return Krippendorff's alpha of the answers under one setting, by field.

        Args:
            setting: The number of the setting. Where the prompt is varied, all prompts under
                otherwise the same setting are taken together: they are the units.

        Raises:
            InputError: There is no such setting.
            ConfigurationError: The library ``krippendorff`` is not installed.
        """
        return self._alphas(self._setting(setting))

    def diff(self, base: int | str = 0) -> WordDiff:
        """Return how the most frequent answers differ word by word from a base.

        Args:
            base: The number of a setting, whose most frequent answer is the base; or a text.

        Raises:
            InputError: There is no such setting, or no answer under it.
        """
        text = base if isinstance(base, str) else self._commonest(base)
        others = [
            (f"{number}: {label_of(setting)}", answer)
            for number, setting in enumerate(self.settings)
            if number != base and (answer := self._commonest(number, "")) != ""
        ]
        return WordDiff(text, others)

    def plot(self, y: str = "length", ax: Axes | None = None) -> Axes:
        """Draw a measure against the first number that is varied.

        Args:
            y: ``length`` (characters), ``latency`` (seconds) or ``agreement`` (share).
            ax: Where to draw; default a new figure.

        Raises:
            InputError: There is no such measure.
            ConfigurationError: matplotlib is not installed.
        """
        return draw(self.settings, self._answers, y, ax)

    def use(self, setting: int) -> Used:
        """Make one setting the default of this notebook's questions, and say so.

        Args:
            setting: The number of the setting.

        Raises:
            InputError: There is no such setting.
        """
        chosen = {n: v for n, v in self._setting(setting).items() if n != "prompt"}
        for name, value in chosen.items():
            if self._set_default is not None:
                self._set_default(name, "auto" if value is None else _as_text(value))
        return Used(chosen)

    def shown_while(self, is_shown: Callable[[], bool]) -> None:
        """Say that the table stands above already as long as a condition holds."""
        self._is_shown = is_shown

    def bundle(self) -> dict[str, Any]:
        """Return the table as it stays in a notebook."""
        return {**self._table._repr_mimebundle_()}

    @property
    def picture(self) -> bytes | None:
        """A PNG of the lengths where a number was varied and matplotlib is there, else None."""
        return picture(self.settings, self._answers)

    @property
    def _table(self) -> Table:
        return comparison_table(self.settings, self._answers)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if self._is_shown():
            return {"text/plain": f"{self!r}, shown above"}
        png = self.picture
        image = {"image/png": base64.b64encode(png).decode()} if png is not None else {}
        return {**self.bundle(), **image}

    def _under(self, number: int) -> list[Answered]:
        return [answer for answer in self._answers if answer.setting == number]

    def _setting(self, number: int) -> Setting:
        if isinstance(number, bool) or number not in range(len(self.settings)):
            raise InputError(
                f"There is no setting {number!r}.", f"Expected 0 to {len(self.settings) - 1}."
            )
        return self.settings[number]

    def _commonest(self, number: int, otherwise: str | None = None) -> str:
        self._setting(number)
        whole = [answer for answer in self._under(number) if answer.is_whole]
        if whole:
            return collapsed(whole)[0][0].text
        if otherwise is None:
            raise InputError(
                f"No answer under the setting {number} is whole.", "Choose another base."
            )
        return otherwise

    def _alphas(self, setting: Setting) -> dict[str, float | None]:
        """Return alpha over all settings that differ from one in nothing but the prompt."""
        rest = {name: value for name, value in setting.items() if name != "prompt"}
        same = [n for n, other in enumerate(self.settings) if {**other, **rest} == other]
        return alphas((number, answer) for number in same for answer in self._under(number))

    def _alphas_or_warning(self, setting: Setting) -> dict[str, float | None]:
        try:
            found = self._alphas(setting)
        except ConfigurationError as error:
            warnings.warn(f"No alpha: {error}", DeepshiWarning, stacklevel=3)
            return {}
        return {f"alpha {field}": value for field, value in found.items()}


class Used:
    """Says which setting is the default now, and shows the line that asks with it."""

    def __init__(self, chosen: Setting) -> None:
        self.line = f"%%deepshi {_options(chosen)}".rstrip()
        self._sentence = f"{label_of(chosen)} is the default of this notebook's questions now"

    def __str__(self) -> str:
        return printable(f"{self._sentence}. To fix it in a cell, begin it with:\n{self.line}")

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        shown = f"{literal(self._sentence)}. To fix it in a cell, begin it with:"
        return {"text/plain": str(self), "text/markdown": f"{shown}\n\n{literal(self.line)}"}


def _facts(answer: Answered) -> dict[str, Any]:
    """Return a row of the frame but for the varied names."""
    reply, usage = answer.reply, answer.reply.usage if answer.reply else None
    return {
        "setting": answer.setting,
        "sample": answer.sample,
        "text": answer.text,
        "parsed": answer.parsed,
        "tokens_in": usage.prompt_tokens if usage else None,
        "tokens_out": usage.completion_tokens if usage else None,
        "cost": answer.cost,
        "latency": reply.duration if reply else None,
        "time_to_first_token": reply.time_to_first_token if reply else None,
        "finish_reason": reply.finish_reason if reply else None,
        "status": reply.status if reply else None,
        "served": reply.model if reply else None,
        "fingerprint": reply.system_fingerprint if reply else None,
        "replayed": answer.replayed,
        "error": answer.error,
        "turn": answer.record.id if answer.record else None,
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _options(setting: Setting) -> str:
    """Return a setting as options of a cell; what has no option of its own goes as ``--param``."""
    words = []
    for name, value in setting.items():
        if value is None:
            continue
        if name in _OWN_OPTION:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(_as_text(value))}")
        else:
            field = f"{name}={json.dumps(value, ensure_ascii=False)}"
            words.append(f"--param {shlex.quote(field)}")
    return " ".join(words)


_OWN_OPTION = frozenset(
    {"model", "system", "temperature", "top_p", "max_tokens", "seed"}
    | {"frequency_penalty", "presence_penalty", "top_logprobs"}
)


def _pandas() -> Any:
    try:
        import pandas  # type: ignore[import-untyped]  # its stubs are a package of their own
    except ImportError:
        raise ConfigurationError(
            "A frame needs pandas, which is not installed.",
            '`pip install "deepshi_jupyter[data]"`.',
        ) from None
    return pandas
