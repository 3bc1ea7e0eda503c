"""``deepshi-jupyter export``, on files."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import nbformat
import pytest

from deepshi_jupyter.errors import InputError, OptionError
from tests.cli.conversions import call
from tests.notebook.conversations import NAMED_IMAGE
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]

FORMS = {
    "ipynb": "study.answers.ipynb",
    "md": "study.md",
    "jsonl": "study.jsonl",
    "html": "study.html",
    "py": "study.py",
    "methods": "study.methods.md",
}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    study = Study()
    study.ask("How?", answer="So:\n```python\nx = 1\n```")
    study.ask("And?", "--chat b")
    return study.save(tmp_path / "study.ipynb")


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_a_file_beside_the_notebook_which_is_not_overwritten(
    form: str, notebook: Path, capsys: Capture
) -> None:
    before = notebook.read_bytes()
    assert call("export", notebook, "--to", form) == 0
    out = notebook.parent / FORMS[form]
    written = out.read_bytes()
    assert str(out) in capsys.readouterr().err
    with pytest.raises(OptionError, match="is there already"):
        call("export", notebook, "--to", form)
    assert call("export", notebook, "--to", form, "--force") == 0
    assert out.read_bytes() == written
    assert notebook.read_bytes() == before


def test_a_dash_prints_it(notebook: Path, capsys: Capture) -> None:
    assert call("export", notebook, "--to", "py", "-o", "-") == 0
    assert "deepshi_jupyter.ask" in ast.unparse(ast.parse(capsys.readouterr().out))
    assert [path.name for path in notebook.parent.iterdir()] == ["study.ipynb"]


def test_one_chat_can_be_chosen_and_an_unknown_one_names_those_that_there_are(
    notebook: Path, capsys: Capture
) -> None:
    assert call("export", notebook, "--to", "jsonl", "--chat", "b", "-o", "-") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    with pytest.raises(OptionError, match="no conversation") as error:
        call("export", notebook, "--to", "md", "--chat", "c")
    assert "main, b" in error.value.todo


def test_in_place_keeps_a_backup_and_says_that_the_signature_is_gone(
    notebook: Path, capsys: Capture
) -> None:
    before = notebook.read_bytes()
    assert call("export", notebook, "--to", "ipynb", "--inplace") == 0
    assert "signature" in capsys.readouterr().err
    assert notebook.with_name("study.ipynb.bak").read_bytes() == before
    nbformat.validate(nbformat.read(notebook, as_version=4))
    after = notebook.read_bytes()
    assert len(json.loads(after)["cells"]) == 5
    assert call("export", notebook, "--to", "ipynb", "--inplace") == 0
    assert "nothing was changed" in capsys.readouterr().err
    assert notebook.read_bytes() == after
    assert len(list(notebook.parent.iterdir())) == 2


def test_jsonl_refuses_what_is_not_what_a_model_gave_unless_told(tmp_path: Path) -> None:
    study = Study()
    study.ask("a")
    study.ask("b", answer="Hm", status="truncated")
    notebook = study.save(tmp_path / "study.ipynb")
    with pytest.raises(InputError, match="1 of 2 answers") as error:
        call("export", notebook, "--to", "jsonl")
    assert "cell 2: the answer broke off" in str(error.value)
    assert "--all" in error.value.todo
    assert not (tmp_path / "study.jsonl").exists()
    assert call("export", notebook, "--to", "jsonl", "--all") == 0


def test_what_has_to_be_left_out_is_named_and_is_exit_code_1(
    tmp_path: Path, capsys: Capture
) -> None:
    study = Study()
    study.ask("a")
    content = [{"type": "text", "text": "b"}, NAMED_IMAGE]
    study.ask("b", "--once", messages=({"role": "user", "content": content},))
    notebook = study.save(tmp_path / "study.ipynb")
    assert call("export", notebook, "--to", "jsonl", "-o", "-") == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert NAMED_IMAGE["sha256"][:12] in err


def test_a_record_that_cannot_be_read_is_named(notebook: Path, capsys: Capture) -> None:
    text = notebook.read_text(encoding="utf-8").replace('"v": 2', '"v": 99', 1)
    notebook.write_text(text, encoding="utf-8")
    assert call("export", notebook, "--to", "md", "-o", "-") == 1
    assert "! cell 1: A turn record has the version 99" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "md", "--inplace"),
        ("--to", "ipynb", "--inplace", "-o", "x"),
        ("--to", "md", "--all"),
        ("--to", "html", "--records"),
        ("--to", "md", "-o", "nowhere/x.md"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    words: tuple[str, ...], notebook: Path
) -> None:
    with pytest.raises(OptionError):
        call("export", notebook, *words)


def test_the_notebook_itself_is_never_the_output(notebook: Path) -> None:
    link = notebook.with_name("link.ipynb")
    os.link(notebook, link)
    with pytest.raises(OptionError, match="itself"):
        call("export", notebook, "--to", "ipynb", "-o", link, "--force")


def test_a_failed_write_leaves_what_was_there(notebook: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        call("export", notebook, "--to", "md", "-o", notebook.parent, "--force")
