from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.cli.stream_check import TOO_QUICK, Arrivals, flow_of


def evenly(pieces: int, gap: float, first: float = 0.3) -> Arrivals:
    seconds = tuple(first + gap * place for place in range(pieces))
    return Arrivals(seconds, seconds[-1] + 0.01, pieces)


def in_bursts(bursts: int, of: int, gap: float) -> Arrivals:
    seconds = tuple(gap * (burst + 1) + 0.0001 * i for burst in range(bursts) for i in range(of))
    return Arrivals(seconds, seconds[-1] + 0.01, bursts * of)


def test_pieces_as_they_are_made_are_a_stream() -> None:
    assert flow_of(evenly(60, 1 / 50)) == "stream"


def test_a_fast_model_after_a_long_wait_still_streams() -> None:
    assert flow_of(evenly(64, 1 / 800, first=2.0)) == "stream"


def test_all_pieces_at_the_end_are_one_burst() -> None:
    assert flow_of(in_bursts(1, of=60, gap=1.5)) == "burst"


def test_a_buffer_of_a_few_kilobytes_gives_bursts() -> None:
    assert flow_of(in_bursts(4, of=16, gap=0.4)) == "bursts"


def test_a_whole_answer_in_one_piece_did_not_stream() -> None:
    assert flow_of(Arrivals((1.0,), 1.0, tokens=60)) == "whole"


def test_one_piece_of_a_short_answer_tells_nothing() -> None:
    assert flow_of(Arrivals((1.0,), 1.0, tokens=1)) == "short"
    assert flow_of(Arrivals((1.0,), 1.0)) == "short"


def test_an_answer_of_hidden_reasoning_alone_tells_nothing() -> None:
    assert flow_of(Arrivals((), 3.0, tokens=64)) == "nothing"


def test_an_answer_at_once_is_too_quick_to_tell() -> None:
    assert flow_of(Arrivals((0.05, 0.051, 0.052, 0.06, 0.06), 0.06, 5)) == "quick"


@given(
    pieces=st.integers(5, 40),
    rate=st.floats(1, 60),
    first=st.floats(0, 30),
    jitter=st.lists(st.floats(0.5, 1.5), min_size=39, max_size=39),
)
def test_any_steady_pace_is_a_stream(
    pieces: int, rate: float, first: float, jitter: list[float]
) -> None:
    gaps = [first, *(factor / rate for factor in jitter[: pieces - 1])]
    seconds = tuple(accumulate(gaps))
    assert flow_of(Arrivals(seconds, max(seconds[-1], TOO_QUICK), pieces)) == "stream"


@given(pieces=st.integers(5, 300), wait=st.floats(TOO_QUICK, 60))
def test_pieces_that_come_together_are_never_a_stream(pieces: int, wait: float) -> None:
    assert flow_of(Arrivals((wait,) * pieces, wait, pieces)) == "burst"


@given(st.lists(st.floats(0, 100), max_size=100), st.floats(0, 100), st.none() | st.integers(0, 99))
def test_every_measurement_has_a_verdict(
    gaps: list[float], rest: float, tokens: int | None
) -> None:
    seconds = tuple(accumulate(gaps))
    arrivals = Arrivals(seconds, (seconds[-1] if seconds else 0.0) + rest, tokens)
    assert isinstance(flow_of(arrivals), str)
    assert 0 <= arrivals.moments <= len(seconds)


@pytest.mark.parametrize("count", [0, 1])
def test_moments_of_next_to_nothing(count: int) -> None:
    assert Arrivals((1.0,) * count, 1.0).moments == count
