r"""``{{expression}}`` in a prompt; everything else arrives byte for byte."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.summary import LONGEST_TEXT
from deepshi_jupyter.core.template import Inserted, fill, fill_words
from deepshi_jupyter.errors import InterpolationError, OptionError
from tests.core.json_values import ANY_TEXT

NAMES: dict[str, Any] = {
    "a": 1,
    "b": 2,
    "x": 3.14159,
    "s": "text",
    "red": "#f00",
    "d": {"}}": 5, "k": {"n": 7}},
    "when": datetime(2026, 1, 2, 3, 4),
    "items": [1, 2, 3],
    "nested": "{{a}} and {{ nothing }}",
    "quoted": 'it\'s "so" \\ {{a}} \x00' + "0\x00",
    "temperature_series": [20],
}


def filled(template: str) -> str:
    return fill(template, NAMES).text


def error_of(template: str) -> InterpolationError:
    with pytest.raises(InterpolationError) as caught:
        fill(template, NAMES)
    return caught.value


AS_WRITTEN = {
    "a Python dict": 'd = {"a": {"b": {1, 2}}}; print(d["a"])',
    "an f-string": 'f"{a} {x:.2f} {s!r:>{b}} {{1, 2}}"'.replace("{{1, 2}}", "{d}"),
    "a format string": '"{} {0} {a.b}".format(1)',
    "an exponent": "$x^{2}$ and $x^{a}$",
    "a fraction of names that are defined": r"\frac{a}{b} \mathbf{x}_{{}}",
    "LaTeX environments": "\\begin{align}\n  a &= b \\\\\n\\end{align}",
    "TypeScript generics": "type A<T extends { a: { b: T } }> = Map<string, {a: {b: T}}>;",
    "a template literal": "`${a} ${fn({a: {b}})}`",
    "JSON": '{"a": {"b": {"c": [{}, {"d": {}}]}}}',
    "indented JSON": '{\n  "a": {\n    "b": {}\n  }\n}',
    "CSS": "@media print{a{color:red}}\nb{margin:0}",
    "shell": "${a} $((a+b)) ${a:-{b}}",
    "a lone opening brace": "{ a",
    "a lone closing brace": "a } b",
    "empty braces": "{} {}{}",
    "doubled closing braces": "}} a }}",
    "opening braces that nothing closes": "{{ a",
    "many opening braces": "{{{{",
    "empty doubled braces": "{{}} {{ }} {{\n}}",
    "a set of nothing": "{{{}}}",
    "an empty dict in doubled braces": "{{ {} }}",
    "braces around braces": "{{{{}}}} {{}{}}",
    "line ends and tabs": "a\r\n\tb\r\n\n",
    "control characters": "\x00\x1b\u2028\ufeff",
    "halves of surrogates": "\ud83d",
    "nothing": "",
}


@pytest.mark.parametrize("body", AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_braces_latex_code_and_json_arrive_byte_for_byte(body: str) -> None:
    prompt = fill(body, NAMES)
    assert (prompt.text, prompt.template, prompt.inserted) == (body, body, ())


@given(ANY_TEXT.filter(lambda text: "{{" not in text))
def test_any_text_without_doubled_braces_is_unchanged(text: str) -> None:
    assert fill(text, NAMES).text == text


@given(st.text("{} \n", max_size=20))
def test_any_body_of_nothing_but_braces_is_unchanged(text: str) -> None:
    assert filled(text) == text


@given(st.text("{}\\ ax:!", max_size=16))
def test_escaped_braces_are_literal_in_any_text(text: str) -> None:
    assert filled(text.replace("{{", r"\{{")) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{a}}", "1"),
        ("{{ a }}{{b}}", "12"),
        ("{{\n  a + b\n}}", "3"),
        ("({{a}})", "(1)"),
        ("{ {{a}} }", "{ 1 }"),
        ("{{s.upper()}}", "TEXT"),
        ("{{items[1:]}}", "[2, 3]"),
        ("{{items[::-1]}}", "[3, 2, 1]"),
        ("{{[i * a for i in items if i > a]}}", "[2, 3]"),
        ("{{(lambda n: n + a)(1)}}", "2"),
        ("{{a if a else b}}", "1"),
        ("{{a != b}} {{a == b}}", "True False"),
        ("{{ {'k': 1} }}", "{'k': 1}"),
        ("{{ {'k': {'n': 1}} }}", "{'k': {'n': 1}}"),
        ("{{{'k': {'n': 1}}}}", "{'k': {'n': 1}}"),
        ("{{ {'k': {'n': {}}} ['k'] }}", "{'n': {}}"),
        ("{{d['k']['n']}}", "7"),
        ("{{d['}}']}} and {{d['}}']}}", "5 and 5"),
        ("{{'}}'}}", "}}"),
        ("{{'{{a}}'}}", "{{a}}"),
        ("{{x:.2f}}", "3.14"),
        ("{{x:8.1f}}|", "     3.1|"),
        ("{{a:=+5}}", "+   1"),
        ("{{a:}}", "1"),
        ("{{items[0:2][0]:03}}", "001"),
        ("{{ {'k': 1}['k']:03 }}", "001"),
        ("{{when:%H:%M}}", "03:04"),
        ("{{when:%d.%m.%Y, %H:%M:%S}}", "02.01.2026, 03:04:00"),
        ("{{ x:.2f }}", "3.14"),
        ("{{ s!s:>6 }}|", "  text|"),
        ("{{ a: d }}", " 1"),
        ("{{s!r}}", "'text'"),
        ("{{ s!r }}", "'text'"),
        ("{{s!s:>6}}", "  text"),
        ("{{'ü'!a}}", r"'\xfc'"),
        ("{{s!r:>8}}", "  'text'"),
        ("{{when!s:.4}}", "2026"),
        (r"\{{a}} {{a}}", "{{a}} 1"),
        (r"\{{{a}}", "{{{a}}"),
        (r"\\{{a}}", r"\{{a}}"),
        ("{{}}{{a}}", "{{}}1"),
    ],
)
def test_an_expression_becomes_its_value(template: str, text: str) -> None:
    assert filled(template) == text


def test_a_value_is_inserted_once_and_not_read_again() -> None:
    assert filled("{{nested}} {{a}}") == "{{a}} and {{ nothing }} 1"


@given(ANY_TEXT)
def test_any_text_is_inserted_as_it_is(value: str) -> None:
    prompt = fill("<{{v}}>", {"v": value})
    assert prompt.text == f"<{value}>"
    assert prompt.inserted == (Inserted("v", value),)


def test_the_prompt_keeps_its_template_and_every_value() -> None:
    prompt = fill("{{ a }} {{x:.1f}} {{a}}", NAMES)
    assert prompt.template == "{{ a }} {{x:.1f}} {{a}}"
    assert prompt.inserted == (Inserted("a", "1"), Inserted("x:.1f", "3.1"), Inserted("a", "1"))


def test_a_large_value_is_summarised_and_that_is_noted() -> None:
    frame = pd.DataFrame({"x": range(1000)})
    (inserted,) = fill("{{df}}", {"df": frame}).inserted
    assert inserted.note == "first 10 of 1,000 rows"
    assert inserted.text.startswith("Table of 1,000 rows")


def test_an_explicit_format_or_conversion_is_never_shortened() -> None:
    long = "x" * (LONGEST_TEXT + 1)
    assert fill("{{v!s}}{{v:s}}", {"v": long}).text == long * 2


@pytest.mark.parametrize("template", ["{{tempereture_series}}", "{{[tempereture_series]:}}"])
def test_an_unknown_name_is_an_error_with_the_near_ones(template: str) -> None:
    error = error_of(template)
    assert "'tempereture_series', which is not defined" in error.what
    assert "Did you mean temperature_series?" in error.todo
    assert r"\{{" in error.todo


def test_hidden_names_are_not_offered() -> None:
    with pytest.raises(InterpolationError) as caught:
        fill("{{hidden}}", {"_hidden": 1})
    assert "Did you mean" not in caught.value.todo


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{1 / 0}}", "{{1 / 0}} failed: ZeroDivisionError: division by zero"),
        ("{{d['none']}}", "failed: KeyError"),
        ("{{s:.2f}}", "failed: ValueError: Unknown format code"),
        ("{{items.none}}", "failed: AttributeError"),
    ],
)
def test_an_expression_that_fails_is_an_error_with_its_reason(template: str, reason: str) -> None:
    error = error_of(f"Text {template} text {{{{a}}}}")
    assert reason in error.what
    assert "nothing was sent" in error.todo


@pytest.mark.parametrize(
    "template",
    [
        "{{a b}}",
        "{{ .Values.name }}",
        "{{#each items}}",
        "{{ for }}",
        "{{x = 1}}",
        "{{await a}}",
        "{{a\x00}}",
        "{{" + "(" * 500 + "}}",
        "<p style={{color: 'red'}}>".replace("color", "colour of"),
        '{{"answer": 1}}',
        '{{"answer":"yes"}}',
        '{{"answer": 1, "reason": "text"}}',
        "{{x:>{b}}}",
    ],
)
def test_what_is_no_expression_is_an_error_and_says_how_to_send_it(template: str) -> None:
    error = error_of(template)
    assert "is not a Python expression" in error.what
    assert "--raw" in error.todo
    assert len(error.what) < 120


def test_an_error_names_the_field_that_is_wrong_and_not_those_after_it() -> None:
    assert "{{a b}}" in error_of("{{a}} {{a b}} {{b}}").what


def test_the_namespace_is_not_changed() -> None:
    names: dict[str, Any] = {"a": 1}
    assert fill("{{(b := a + 1)}} {{b}}", names).text == "2 2"
    assert names == {"a": 1}


def test_an_interrupt_while_an_expression_runs_is_not_swallowed() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill("{{stop()}}", {"stop": stop})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-m deepshi-3.0 -t 0.2", ["-m", "deepshi-3.0", "-t", "0.2"]),
        ("--system 'Be brief.' -o out", ["--system", "Be brief.", "-o", "out"]),
        ("-m {{s}} -t {{ x:.1f }}", ["-m", "text", "-t", "3.1"]),
        ("--system {{nested}}", ["--system", "{{a}} and {{ nothing }}"]),
        ("--system={{quoted}} x", ["--system=" + NAMES["quoted"], "x"]),
        ("--system 'You know {{s}}.'", ["--system", "You know text."]),
        ("--param {{d['k']}}", ["--param", "{'n': 7}"]),
        ('--param \'x={"a": {"b": 1}}\'', ["--param", 'x={"a": {"b": 1}}']),
        (r"--stop \{{a}}", ["--stop", "{{a}}"]),
        ("{{s}}{{a}}", ["text1"]),
        ("-o {{''}}", ["-o", ""]),
        ("", []),
    ],
)
def test_a_line_is_split_as_by_a_shell_and_values_stay_in_their_words(
    line: str, words: list[str]
) -> None:
    assert fill_words(line, NAMES) == words


@given(ANY_TEXT)
def test_any_value_stays_one_word(value: str) -> None:
    names = {"v": value}
    assert fill_words("-s {{v}} '{{v}}' x{{v}}", names) == ["-s", value, value, f"x{value}"]


@pytest.mark.parametrize("line", ["--system 'Be brief.", 'x "', "x \\"])
def test_a_quote_that_is_not_closed_is_an_error(line: str) -> None:
    with pytest.raises(OptionError, match="cannot be split"):
        fill_words(line, {})


def test_an_unknown_name_on_a_line_is_the_same_error() -> None:
    with pytest.raises(InterpolationError, match="which is not defined"):
        fill_words("-m {{none}}", {})
