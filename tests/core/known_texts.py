"""Texts whose number of tokens is known in two public encodings of OpenAI.

The counts were made once with ``o200k_base`` and ``cl100k_base``. Of these texts only
the sentences on human beings (the Universal Declaration of Human Rights, article 1) were among
those that the estimate was fitted to.
"""

from __future__ import annotations

from typing import NamedTuple


class KnownText(NamedTuple):
    """A text and its number of tokens in ``o200k_base`` and in ``cl100k_base``."""

    text: str
    o200k: int
    cl100k: int


PROSE = """The lighthouse keeper wrote down every ship that passed, with the hour, the weather and \
the flag. After thirty years the ledgers filled a wall. A student of shipping routes asked whether \
she might copy them, and found that the keeper had recorded something else in the margins: which \
captains had answered his light with theirs. "It is not much of an observation," he said, "but \
nobody else was in a position to make it."
"""

CODE = '''def moving_average(values: list[float], window: int = 5) -> list[float]:
    """Return the mean of each window of consecutive values."""
    if window < 1:
        raise ValueError(f"window is {window}, expected at least 1")
    totals = list(itertools.accumulate(values, initial=0.0))
    return [
        (totals[i + window] - totals[i]) / window
        for i in range(len(values) - window + 1)
    ]
'''

JSON = """{
  "model": "deepshi-3.0",
  "messages": [{"role": "user", "content": "Name three rivers."}],
  "temperature": 0.2,
  "seed": 20240117,
  "stop": ["\\n\\n", "END"],
  "stream_options": {"include_usage": true}
}
"""

TABLE = """date,station,temperature,rainfall,wind
2024-03-01,Bern,7.25,0.4,11.9
2024-03-02,Bern,8.61,0.0,9.3
2024-03-03,Bern,11.08,2.7,14.55
2024-03-04,Basel,12.94,0.05,6.1
2024-03-05,Basel,9.37,10.62,21.8
2024-03-06,Basel,-0.18,3.3,17.02
"""

NUMBERS = """       mass   radius   period
0  1.898130  7.14920  4332.590
1  0.568340  6.02680  10759.22
2  0.086813  2.55590  30688.50
3  0.102413  2.47640  60182.00
"""

FORMULA = r"""For $\lambda > 0$ the density is
\[ f(x) = \frac{\lambda^{k}}{\Gamma(k)}\, x^{k-1} e^{-\lambda x}, \qquad x \geq 0, \]
so that $\operatorname{E}[X] = k/\lambda$ and $\operatorname{Var}(X) = k/\lambda^2$.
"""

GERMAN = """Die Messreihe zeigt, dass die Leitfähigkeit mit der Temperatur zunächst langsam und \
dann sprunghaft zunimmt. Ob dafür die Verunreinigung der Probe oder ein Phasenübergang \
verantwortlich ist, lässt sich ohne eine zweite, unabhängig hergestellte Probe nicht entscheiden.
"""

RUSSIAN = """Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены \
разумом и совестью и должны поступать в отношении друг друга в духе братства."""

CHINESE = (
    """人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。"""
)

JAPANESE = """すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。\
人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。"""

KOREAN = """모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. \
인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다."""

KNOWN = {
    "prose": KnownText(PROSE, 89, 89),
    "code": KnownText(CODE, 107, 103),
    "JSON": KnownText(JSON, 75, 74),
    "table": KnownText(TABLE, 137, 137),
    "numbers": KnownText(NUMBERS, 87, 87),
    "formula": KnownText(FORMULA, 84, 85),
    "German": KnownText(GERMAN, 57, 75),
    "Russian": KnownText(RUSSIAN, 41, 74),
    "Chinese": KnownText(CHINESE, 35, 50),
    "Japanese": KnownText(JAPANESE, 72, 93),
    "Korean": KnownText(KOREAN, 51, 85),
}
