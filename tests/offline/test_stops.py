from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.offline.sampler import Sampled
from deepshi_jupyter.offline.stops import StopFilter

letters = st.text("ab", min_size=1, max_size=4)


def _filtered(tokens: list[str], stops: list[str]) -> tuple[list[str], bool]:
    stop_filter = StopFilter(stops)
    shown: list[str] = []
    for token in tokens:
        shown += [piece.text for piece in stop_filter.feed(Sampled(token))]
        if stop_filter.hit:
            return shown, True
    return shown + [piece.text for piece in stop_filter.flush()], False


@given(st.lists(letters), st.lists(letters, max_size=4))
def test_nothing_of_a_stop_sequence_is_shown_however_the_text_is_split(
    tokens: list[str], stops: list[str]
) -> None:
    text = "".join(tokens)
    shown, hit = _filtered(tokens, stops)
    assert hit == any(stop in text for stop in stops)
    expected = min((text.find(stop) for stop in stops if stop in text), default=len(text))
    if not hit:
        assert "".join(shown) == text
    else:
        # A longer stop may begin earlier but be complete later than a shorter one.
        assert text.startswith("".join(shown))
        assert len("".join(shown)) >= expected
        assert not any(stop in "".join(shown) for stop in stops)


def test_without_stops_every_token_passes_at_once() -> None:
    assert [piece.text for piece in StopFilter(()).feed(Sampled("a"))] == ["a"]


def test_a_token_is_held_back_while_it_may_begin_a_stop() -> None:
    stop_filter = StopFilter(["END"])
    assert stop_filter.feed(Sampled("the E")) == []
    assert [piece.text for piece in stop_filter.feed(Sampled("arth"))] == ["the E", "arth"]


def test_a_stop_that_spans_tokens_is_found() -> None:
    assert _filtered(["so ", "E", "N", "D", "more"], ["END"]) == (["so "], True)


def test_the_beginning_of_the_token_with_the_stop_is_shown() -> None:
    assert _filtered(["so. Next"], ["."]) == (["so"], True)


def test_a_released_token_keeps_its_log_probability() -> None:
    stop_filter = StopFilter(["END"])
    stop_filter.feed(Sampled("E", -1.5))
    assert stop_filter.flush() == [Sampled("E", -1.5)]
