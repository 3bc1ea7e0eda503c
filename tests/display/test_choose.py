from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from deepshi_jupyter.display.choose import cell_metadata, choose
from deepshi_jupyter.display.live_turn import Streams


def shell(metadata: dict[str, Any] | None) -> Any:
    if metadata is None:
        return SimpleNamespace()
    return SimpleNamespace(kernel=object(), get_parent=lambda: {"metadata": metadata})


@pytest.mark.parametrize(
    ("where", "presenter"),
    [
        (None, "Silent"),
        (shell(None), "Terminal"),
        (shell({}), "Once"),
        (shell({"cellId": "a"}), "LiveBlocks"),
    ],
    ids=["no shell", "terminal", "nobody watches", "a page"],
)
def test_the_place_decides(where: Any, presenter: str) -> None:
    assert type(choose(where, "auto")).__name__ == presenter


def test_a_page_that_shows_answers_itself_gets_them_in_its_streams() -> None:
    streams = Streams()
    assert type(choose(shell({"cellId": "a"}), "auto", lambda: streams)).__name__ == "LiveTurn"
    assert type(choose(shell({"cellId": "a"}), "auto", lambda: None)).__name__ == "LiveBlocks"
    assert type(choose(shell({"cellId": "a"}), "blocks", lambda: streams)).__name__ == "LiveBlocks"


def test_nobody_is_asked_for_streams_where_nobody_watches() -> None:
    def asked() -> Streams | None:
        raise AssertionError("it was asked")

    assert type(choose(shell({}), "auto", asked)).__name__ == "Once"
    assert type(choose(None, "auto", asked)).__name__ == "Silent"


def test_a_setting_decides_before_the_environment_and_the_environment_before_the_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPSHI_DISPLAY", "text")
    assert type(choose(shell({}), "auto")).__name__ == "Terminal"
    assert type(choose(shell({}), "once")).__name__ == "Once"


def test_a_request_without_metadata_has_none() -> None:
    assert cell_metadata(SimpleNamespace(get_parent=dict)) == {}
