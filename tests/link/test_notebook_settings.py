"""What a notebook says of its questions: from a front end, or from the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from deepshi_jupyter.errors import DeepshiWarning
from deepshi_jupyter.link.notebook_settings import (
    read_settings,
    take_settings,
    take_settings_of_file,
)
from deepshi_jupyter.session import Session
from deepshi_jupyter.settings import NotebookSettings, Settings
from tests.core.json_values import ANY_JSON


@pytest.fixture
def session() -> Session:
    return Session(Settings(base_url="offline"))


def told(session: Session, **said: Any) -> list[str]:
    """Let a notebook say something; return what of it cannot be used."""
    return [error.what for error in take_settings(session, said)]


def test_what_the_notebook_says_counts(session: Session) -> None:
    assert told(session, model="m", system="s", mode="auto", parameters={"seed": 7}) == []
    settings = session.settings
    assert (session.connection.model, settings.system, settings.mode_of()) == ("m", "s", "auto")
    assert settings.parameters == {"seed": 7}
    assert settings.comes_from_notebook("model")
    assert settings.comes_from_notebook("seed")
    assert not settings.comes_from_notebook("temperature")


def test_it_goes_before_the_configuration_and_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPSHI_MODEL", "of the environment")
    session = Session(Settings(system="configured"))
    told(session, model="of the notebook", system="of the notebook")
    assert session.connection.model == "of the notebook"
    assert session.settings.system == "of the notebook"
    told(session)
    assert session.connection.model == "of the environment"
    assert session.settings.system == "configured"


def test_what_is_set_by_hand_goes_before_it_until_it_is_taken_back(session: Session) -> None:
    session.set("model", "mine")
    session.set("seed", "1")
    told(session, model="of the notebook", parameters={"seed": 7, "temperature": 0})
    assert session.connection.model == "mine"
    assert session.settings.parameters == {"seed": 1, "temperature": 0}
    assert not session.settings.comes_from_notebook("model")
    session.set("model", "auto")
    session.set("seed", "auto")
    assert session.connection.model == "of the notebook"
    assert session.settings.parameters == {"seed": 7, "temperature": 0}


def test_a_run_in_replay_asks_nobody_whatever_the_notebook_says(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_MODE", "replay")
    told(session, mode="live")
    assert session.settings.mode_of() == "replay"


def test_what_it_says_no_more_counts_no_more(session: Session) -> None:
    told(session, model="m", parameters={"seed": 7})
    session.set("temperature", "1")
    told(session)
    assert session.settings.model == ""
    assert session.settings.parameters == {"temperature": 1}


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"model": 7}, "model is '7', expected a text."),
        ({"mode": "fancy"}, "mode is 'fancy'."),
        ({"parameters": {"temperature": 9}}, "temperature is 9, expected a number from 0 to 2."),
        ({"parameters": [1]}, "parameters is '[1]', expected an object."),
        ({"base_url": "http://x"}, "There is no setting 'base_url' of a notebook."),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_counts(
    session: Session, said: dict[str, Any], what: str
) -> None:
    assert told(session, **{"system": "s", **said}) == [what]
    assert session.settings.system == "s"


def test_parameters_that_do_not_go_with_those_set_by_hand_are_left_out(session: Session) -> None:
    session.set("max_tokens", "5")
    (error,) = told(session, parameters={"max_completion_tokens": 7})
    assert "max_completion_tokens" in error
    assert session.settings.parameters == {"max_tokens": 5}


@given(ANY_JSON)
def test_any_metadata_is_read(said: Any) -> None:
    found, errors = read_settings(said)
    assert isinstance(found, NotebookSettings)
    assert all(error.what and error.todo for error in errors)


def test_who_shows_the_settings_is_told(session: Session) -> None:
    changes: list[int] = []
    session.watchers.append(lambda: changes.append(1))
    told(session, model="m")
    assert changes == [1]


# In the file


def notebook(folder: Path, metadata: Any) -> dict[str, str]:
    """Write a notebook, and return the environment of a kernel that runs it."""
    path = folder / "a.ipynb"
    content = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content))
    return {"JPY_SESSION_NAME": str(path)}


def test_the_file_is_read_where_no_front_end_tells(session: Session, tmp_path: Path) -> None:
    environ = notebook(tmp_path, {"deepshi": {"model": "m"}, "kernelspec": {"name": "python3"}})
    take_settings_of_file(lambda: session, environ)
    assert session.settings.model == "m"


def test_a_run_that_names_the_notebook_reads_it_too(session: Session, tmp_path: Path) -> None:
    path = notebook(tmp_path, {"deepshi": {"model": "m"}})["JPY_SESSION_NAME"]
    take_settings_of_file(lambda: session, {"DEEPSHI_NOTEBOOK": path})
    assert session.settings.model == "m"


def test_what_is_wrong_in_the_file_is_a_warning(session: Session, tmp_path: Path) -> None:
    environ = notebook(tmp_path, {"deepshi": {"mode": "fancy", "system": "s"}})
    with pytest.warns(DeepshiWarning, match=r"The notebook's settings: mode is 'fancy'\."):
        take_settings_of_file(lambda: session, environ)
    assert session.settings.system == "s"


@pytest.mark.parametrize("text", ["", "{", '{"metadata": []}', '"deepshi"', '{"deepshi": 1}'])
def test_a_file_that_says_nothing_makes_no_session(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)

    def no_session() -> Session:
        raise AssertionError("it was made")

    take_settings_of_file(no_session, {"JPY_SESSION_NAME": str(tmp_path / "a.ipynb")})
    take_settings_of_file(no_session, {"JPY_SESSION_NAME": str(tmp_path / "gone.ipynb")})
    take_settings_of_file(no_session, {})
