"""The result as a value: table, frame, difference, plots."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot

from deepshi_jupyter.comparison.comparison import Comparison
from deepshi_jupyter.comparison.word_diff import WordDiff
from deepshi_jupyter.errors import InputError
from tests.comparison.rows import failed, row

SETTINGS = [{"temperature": 0.0}, {"temperature": 1.0}]


def some() -> Comparison:
    rows = [row("Yes.", 0, n, seconds=1.0 + n) for n in range(3)]
    rows += [row("No.", 1, 0), row("Yes.", 1, 1), failed("TimedOutError: too slow", 1, 2)]
    return Comparison(SETTINGS, rows)


def test_the_table_has_only_what_is_varied_and_collapses_what_is_the_same() -> None:
    header, *rows, note = str(some()).splitlines()
    assert header.split() == ["#", "temperature", "answer", "×"]
    assert [line.split() for line in rows[:3]] == [
        ["0", "0.0", "Yes.", "×3"],
        ["1", "1.0", "No.", "×1"],
        ["1", "1.0", "Yes.", "×1"],
    ]
    assert "failed: TimedOutError: too slow" in rows[3]
    assert note == "2 settings, 5 answers · 1 failed or not asked."


def test_what_a_model_wrote_can_do_nothing_in_the_table() -> None:
    nasty = "<script>alert(1)</script> | a | ![x](http://h.example/x.png) [a](javascript:b) $x$"
    markdown = Comparison([{"seed": 1}], [row(nasty)]).bundle()["text/markdown"]
    line = markdown.splitlines()[2]
    assert "<script" not in line
    assert "](" not in line
    assert line.count("|") == 5
    assert "\x1b" not in str(Comparison([{"seed": 1}], [row("a\x1b[31mb")]))


def test_a_long_answer_is_shortened_in_the_table_and_whole_in_the_frame() -> None:
    found = Comparison([{"seed": 1}], [row("word " * 1000)])
    assert len(str(found)) < 500
    assert found.frame["text"][0] == "word " * 1000


def test_the_frame_has_a_row_for_each_answer_and_its_setting_in_columns() -> None:
    frame = some().frame
    assert list(frame.columns) == [
        *("temperature", "setting", "sample", "text", "parsed", "tokens_in", "tokens_out", "cost"),
        *("latency", "time_to_first_token", "finish_reason", "status", "served", "fingerprint"),
        *("replayed", "error", "turn"),
    ]
    assert list(frame["temperature"]) == [0, 0, 0, 1, 1, 1]
    assert list(frame["latency"][:3]) == [1.0, 2.0, 3.0]
    assert list(frame["error"] != "") == [False] * 5 + [True]


def test_agreement_has_a_row_for_each_setting() -> None:
    found = some().agreement
    assert list(found.columns) == ["temperature", "answers", "failed", "distinct", "share"]
    assert found.to_numpy().tolist() == [[0, 3, 0, 1, 1.0], [1, 2, 1, 2, 0.5]]


def test_the_difference_is_against_the_most_frequent_answer_of_a_setting_or_a_text() -> None:
    found = some().diff(0)
    assert found.changes == {
        "1: temperature=1.0": [("removed", "Yes"), ("added", "No"), ("same", ".")]
    }
    assert str(found).splitlines()[1] == "1: temperature=1.0: [-Yes-]{+No+}."
    assert len(some().diff("Perhaps.").changes) == 2
    for base in (2, -1, True):
        with pytest.raises(InputError, match="no setting"):
            some().diff(base)
    with pytest.raises(InputError, match="No answer under the setting 0"):
        Comparison([{"seed": 1}], [failed("no")]).diff()


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_difference_shows_all_words_of_both_and_nothing_of_them_acts(a: str, b: str) -> None:
    found = WordDiff(a, [("b", b)])
    changes = found.changes["b"]
    assert "".join(text for how, text in changes if how != "added") == a
    assert "".join(text for how, text in changes if how != "removed") == b
    markdown = found._repr_mimebundle_()["text/markdown"]
    bare = markdown
    for tag in ("<del>", "</del>", "<ins>", "</ins>"):
        bare = bare.replace(tag, "")
    assert "<" not in bare
    assert len(markdown.splitlines()) == 4


@pytest.mark.parametrize("y", ["length", "latency", "agreement"])
def test_a_measure_is_drawn_against_the_varied_number(y: str) -> None:
    axes = some().plot(y)
    assert axes.get_xlabel() == "temperature"
    assert {float(x) for line in axes.lines for x in line.get_xdata()} == {0.0, 1.0}
    pyplot.close(axes.figure)


def test_without_a_number_it_is_drawn_by_name_and_there_is_no_picture() -> None:
    found = Comparison([{"model": "a$b$"}, {"model": "_c"}], [row("x", 0), row("yy", 1)])
    axes = found.plot()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [r"model=a\$b\$", "model=_c"]
    pyplot.close(axes.figure)
    assert found.picture is None
    assert "image/png" not in found._repr_mimebundle_()


def test_each_other_combination_has_a_line_of_its_own() -> None:
    settings: list[dict[str, Any]] = [
        {"temperature": t, "model": m} for t in (0, None, 1) for m in ("a", "b")
    ]
    found = Comparison(settings, [row("x" * n, n) for n in range(6)])
    axes = found.plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["model=a", "model=b"]
    pyplot.close(axes.figure)


def test_the_picture_is_the_same_each_time_and_touches_no_figure_of_the_user() -> None:
    before = pyplot.get_fignums()
    first, again = some().picture, some().picture
    assert first is not None
    assert first.startswith(b"\x89PNG")
    assert first == again
    assert pyplot.get_fignums() == before


def test_an_unknown_measure_is_an_error() -> None:
    with pytest.raises(InputError, match="length, latency, agreement"):
        some().plot("price")


def test_it_shows_as_a_table_with_a_picture_and_in_the_same_cell_as_one_line() -> None:
    found = some()
    assert set(found._repr_mimebundle_()) == {"text/plain", "text/markdown", "image/png"}
    found.shown_while(lambda: True)
    assert found._repr_mimebundle_() == {
        "text/plain": "Comparison(2 settings, 5 of 6 answers), shown above"
    }


def test_a_line_to_paste_quotes_what_a_shell_would_split() -> None:
    setting = {"system": "Be brief; it's late", "stop": ["a"], "seed": 1, "temperature": None}
    used = Comparison([setting, {}], [row("x")]).use(0)
    assert used.line == (
        "%%deepshi --system 'Be brief; it'\"'\"'s late' --param 'stop=[\"a\"]' --seed 1"
    )
