"""A line that is rewritten says what the controls show, and keeps all else as it was typed."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepshi_jupyter.core.parameters import check_parameters
from deepshi_jupyter.core.template import fill_words
from deepshi_jupyter.magics.deepshi import DeepshiMagics
from deepshi_jupyter.magics.options import extra_of, parameters_of, read_options
from deepshi_jupyter.sliders.control import controlled
from deepshi_jupyter.sliders.line import _masked, _words, quoted, rewritten

PARSER: argparse.ArgumentParser = DeepshiMagics.deepshi.parser
NAMES = {"t": 0.25, "texts": "a b", "name": "x"}


def read(line: str) -> argparse.Namespace:
    return read_options(PARSER, fill_words(line, NAMES))


def own_of(line: str) -> dict[str, Any]:
    """What a line says of the parameters that have a control, as the cell reads it."""
    options = read(line)
    return controlled({**parameters_of(options), **extra_of(options)[0]})


def others_of(line: str) -> dict[str, Any]:
    options = vars(read(line))
    own = {*own_of(line), "temperature", "top_p", "max_tokens", "seed", "stop", "n"}
    rest = {name: value for name, value in options.items() if name not in own}
    rest["param"] = [word for word in rest["param"] if word.partition("=")[0] not in own]
    return {name: value for name, value in rest.items() if not name.endswith("_penalty")}


def change(line: str, **values: Any) -> str:
    """Rewrite a line so that these values are said, and none of those that are ``...``."""
    before = own_of(line)
    after = {n: v for n, v in {**before, **values}.items() if v is not ...}
    return rewritten(line, before, after, PARSER)


@pytest.mark.parametrize(
    ("line", "values", "expected"),
    [
        ("", {"temperature": 0.7}, "-t 0.7"),
        ("", {"temperature": 0.7, "seed": 3}, "-t 0.7 --seed 3"),
        ("-t 0.2 -o x", {"temperature": 0.7}, "-t 0.7 -o x"),
        ("-t0.2 -o x", {"temperature": 0.7}, "-t 0.7 -o x"),
        ("--temperature=0.2 -o x", {"temperature": 0.7}, "--temperature 0.7 -o x"),
        ("--temp 0.2 -o x", {"temperature": 0.7}, "--temp 0.7 -o x"),
        ("-o x  -t 0.2  --json", {"temperature": ...}, "-o x  --json"),
        ("-t 0.2", {"temperature": ...}, ""),
        ("-t 0.2", {"temperature": None}, "-t null"),
        ("-t {{t}} -o x", {"seed": 3}, "-t {{t}} -o x --seed 3"),
        ("-t {{t}} -o x", {"temperature": 1}, "-t 1 -o x"),
        ("-t 0.1 --once -t 0.2", {"temperature": 1}, "-t 1 --once"),
        ('--system "Be  brief." -t 0', {"n": 2}, '--system "Be  brief." -t 0 -n 2'),
        ("--samples 3", {"n": 2}, "--samples 2"),
        ("--param seed=1 --once", {"seed": 2}, "--seed 2 --once"),
        ("--param max_completion_tokens=9", {"max_tokens": 5}, "--max-tokens 5"),
        ("--stop a --once --stop b", {"stop": ["c", "d"]}, "--stop c --stop d --once"),
        ("--stop a", {"stop": None}, "--param stop=null"),
        ("--param stop=null", {"stop": ["a b"]}, "--stop 'a b'"),
        ("", {"frequency_penalty": -1.5}, "--frequency-penalty=-1.5"),
        ("--chat 'a -t 0.2' -t 1", {"temperature": 2}, "--chat 'a -t 0.2' -t 2"),
        ("--sliders --chat {{'a b'}}", {"top_p": 0.5}, "--sliders --chat {{'a b'}} --top-p 0.5"),
    ],
)
def test_only_what_changed_is_written_anew(
    line: str, values: dict[str, Any], expected: str
) -> None:
    assert change(line, **values) == expected


_numbers = st.floats(0, 2, allow_nan=False).map(lambda x: round(x, 3))
_penalties = st.floats(-2, 2, allow_nan=False).map(lambda x: round(x, 2))
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
_values = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.none() | _numbers,
        "top_p": st.floats(0, 1).map(lambda x: round(x, 3)),
        "max_tokens": st.none() | st.integers(1, 10**6),
        "frequency_penalty": _penalties,
        "presence_penalty": _penalties,
        "seed": st.none() | st.integers(-(2**40), 2**40),
        "stop": st.none() | st.lists(_texts.filter(lambda t: len(t) < 40), min_size=1, max_size=4),
        "n": st.integers(1, 128),
    },
)
_pieces = st.sampled_from(
    [
        *("-t 0.2", "-t0.5", "--temperature=1", "--temp {{t}}", "--top-p 0.5", "--seed=7"),
        *("--stop '.'", '--stop "a b"', "--stop {{texts}}", r"--stop \{{", "--stop=-x"),
        *("-n 2", "--samples 3", "--param n=4", "--param stop=null", "--param top_k=40"),
        *("--max-tokens 5", "--param seed=1", "--presence-penalty -1.5", "-t null"),
        *("--once", "--json", "-o name", '--system "say -t 0.9"', "--chat {{name}}", "-m a"),
        *("--param 'logit_bias={\"50\": -100}'", "--sliders", "--system {{'}} '}}", "--raw"),
    ]
)
_lines = st.tuples(st.lists(_pieces, max_size=6), st.sampled_from([" ", "  ", "\t "])).map(
    lambda pair: pair[1].join(pair[0])
)
_often = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@_often
@given(_lines, _values)
def test_a_rewritten_line_is_read_as_the_values(line: str, values: dict[str, Any]) -> None:
    result = rewritten(line, own_of(line), controlled(values), PARSER)
    assert own_of(result) == controlled(values)
    given = {name: value for name, value in values.items() if value is not None}
    read_again = {name: v for name, v in own_of(result).items() if v is not None}
    assert check_parameters(read_again) == check_parameters(given)


@_often
@given(_lines, _values)
def test_all_other_options_stay_as_they_are(line: str, values: dict[str, Any]) -> None:
    result = rewritten(line, own_of(line), controlled(values), PARSER)
    assert others_of(result) == others_of(line)
    kept = ("--json", '--system "say -t 0.9"', "--chat {{name}}")
    there = [piece for piece in kept if piece in line]
    assert sorted(there, key=result.index) == sorted(there, key=line.index)


@_often
@given(_lines)
def test_the_same_values_leave_a_line_byte_for_byte(line: str) -> None:
    assert rewritten(line, own_of(line), own_of(line), PARSER) == line


@_often
@given(_texts)
def test_a_quoted_text_is_read_as_one_word(text: str) -> None:
    if len(text) < 200:
        assert fill_words(quoted(text), {}) == [text]


@_often
@given(st.text("ab \t'\"\\{}-=\xa0", max_size=12))
def test_words_are_cut_where_the_cell_cuts_them(line: str) -> None:
    try:
        expected = shlex.split(_masked(line))
    except Exception:  # a line that the cell refuses
        return
    assert [word.text for word in _words(line)] == expected


@pytest.mark.parametrize(
    "line", ["-t 0.2", "--stop '.' --stop '!'", '--stop {{"\\n"}}', "--seed 7 --mode auto"]
)
def test_lines_of_the_manual_can_be_rewritten(line: str) -> None:
    assert own_of(change(line, n=3)) == {**own_of(line), "n": 3}
