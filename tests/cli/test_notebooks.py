from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepshi_jupyter.cli import notebooks
from deepshi_jupyter.cli.notebooks import FIRST_QUESTION, notebook_text, write_new
from deepshi_jupyter.errors import ConfigurationError


def test_a_checkout_has_the_first_notebook(repository: Path) -> None:
    text = notebook_text(FIRST_QUESTION)
    assert text == (repository / "notebooks" / FIRST_QUESTION).read_text(encoding="utf-8")
    assert json.loads(text)["nbformat"] == 4


def test_an_installed_package_has_it_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "deepshi_jupyter" / "_notebooks" / "a.ipynb"
    packaged.parent.mkdir(parents=True)
    packaged.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(notebooks, "files", lambda _: tmp_path / "deepshi_jupyter")
    assert notebook_text("a.ipynb") == "{}"


def test_a_notebook_that_did_not_come_along_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="did not come with this installation"):
        notebook_text("none.ipynb")


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.b.ipynb").write_text("mine")
    written = [write_new(tmp_path, "a.b.ipynb", text).name for text in ("one", "two")]
    assert written == ["a.b-2.ipynb", "a.b-3.ipynb"]
    assert (tmp_path / "a.b.ipynb").read_text() == "mine"
    assert (tmp_path / "a.b-3.ipynb").read_text() == "two"


def test_a_folder_that_cannot_be_written_to_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_new(tmp_path / "missing", "a.ipynb", "")
