"""``deepshi-jupyter import``, on files."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from deepshi_jupyter.errors import InputError, OptionError
from deepshi_jupyter.notebook.notebook_file import read_notebook
from deepshi_jupyter.notebook.shown_turn import shown_in
from tests.cli.conversions import call
from tests.notebook.conversations import IMAGE_URL, PNG, PNG_SHA256
from tests.notebook.study import Study

Capture = pytest.CaptureFixture[str]

ANSWER = {"role": "assistant", "content": "A <script>x</script>"}


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSHI_STORE", raising=False)


def records(path: Path) -> list[object]:
    return [shown.turn.record.as_json() for shown in shown_in(read_notebook(path)).turns]


@pytest.mark.parametrize(
    ("form", "words", "out"),
    [("ipynb", (), "s.answers.ipynb"), ("jsonl", ("--records",), "s.jsonl")],
)
def test_what_was_exported_comes_back_to_the_hash(
    form: str, words: tuple[str, ...], out: str, tmp_path: Path
) -> None:
    study = Study(system="Be\nbrief.")
    study.ask("a\r\nb", "-t 0.5", "```python\nx\n```\nü")
    study.ask("c", "--chat d", "D")
    notebook = study.save(tmp_path / "s.ipynb")
    assert call("export", notebook, "--to", form, *words) == 0
    back = tmp_path / "back.ipynb"
    assert call("import", tmp_path / out, "-o", back) == 0
    assert records(back) == records(notebook)
    nbformat.validate(nbformat.read(back, as_version=4))


def test_a_file_of_messages_is_a_notebook_beside_it_which_is_not_overwritten(
    tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "chat.json"
    file.write_text(json.dumps([{"role": "user", "content": "a"}, ANSWER]), encoding="utf-8")
    assert call("import", file) == 0
    out = tmp_path / "chat.ipynb"
    first = out.read_bytes()
    assert b"&lt;script" in first
    assert f"Wrote {out}: 1 turn." in capsys.readouterr().err
    with pytest.raises(OptionError, match="is there already"):
        call("import", file)
    assert call("import", file, "--force") == 0
    assert out.read_bytes() == first


def test_images_are_kept_beside_the_notebook_and_go_out_again(
    tmp_path: Path, capsys: Capture
) -> None:
    chat = [{"role": "user", "content": [{"type": "text", "text": "a"}, IMAGE_URL]}, ANSWER]
    file = tmp_path / "chat.jsonl"
    file.write_text(json.dumps({"messages": chat}), encoding="utf-8")
    assert call("import", file) == 0
    assert (tmp_path / ".deepshi" / "objects" / PNG_SHA256).read_bytes() == PNG
    capsys.readouterr()
    assert call("export", tmp_path / "chat.ipynb", "--to", "jsonl", "-o", "-") == 0
    assert json.loads(capsys.readouterr().out) == {"messages": chat}


def test_what_was_guessed_or_is_not_known_is_said(tmp_path: Path, capsys: Capture) -> None:
    study = Study()
    study.markdown("**User:** a")
    study.markdown("**Assistant:** b")
    study.save(tmp_path / "talk.ipynb")
    assert call("import", tmp_path / "talk.ipynb") == 0
    assert "! Guessed" in capsys.readouterr().err
    assert len(records(tmp_path / "talk.imported.ipynb")) == 1


def test_a_file_without_a_conversation_or_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    Study().save(tmp_path / "empty.ipynb")
    with pytest.raises(InputError, match="holds no conversation"):
        call("import", tmp_path / "empty.ipynb")
    with pytest.raises(InputError, match="cannot be read"):
        call("import", tmp_path / "none.json")
    assert [path.name for path in tmp_path.iterdir()] == ["empty.ipynb"]


def test_the_file_itself_is_never_the_output(tmp_path: Path) -> None:
    notebook = Study().save(tmp_path / "a.ipynb")
    with pytest.raises(OptionError, match="itself"):
        call("import", notebook, "-o", notebook, "--force")
