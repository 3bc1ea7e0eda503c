"""Where the journal lies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from deepshi_jupyter.notebook import store as module
from deepshi_jupyter.notebook.store import find_store, prepare, read_object, write_object

# Nothing in these folders may be older than the test, above it neither.
pytestmark = pytest.mark.usefixtures("_home_apart")


@pytest.fixture
def _home_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "study"
    folder.mkdir()
    return folder


def deny(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Make folders read-only also for root, whom modes do not keep out."""
    access = os.access

    def guarded(path: Any, mode: int) -> bool:
        return Path(path) not in folders and access(path, mode)

    monkeypatch.setattr(os, "access", guarded)


def test_it_is_beside_the_notebook_and_looking_writes_nothing(study: Path) -> None:
    store = find_store(study / "a.ipynb", {})
    assert store.folder == study / ".deepshi"
    assert (store.note, store.off) == ("", False)
    assert [*study.iterdir()] == []


def test_the_nearest_one_upward_is_taken(study: Path) -> None:
    (study / ".deepshi").mkdir()
    (study / "one" / "two").mkdir(parents=True)
    assert find_store(study / "one" / "two" / "a.ipynb", {}).folder == study / ".deepshi"
    (study / "one" / ".deepshi").mkdir()
    assert find_store(study / "one" / "two" / "a.ipynb", {}).folder == study / "one" / ".deepshi"


def test_without_a_notebook_it_counts_from_the_working_directory(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study)
    store = find_store(None, {})
    assert store.folder == study / ".deepshi"
    assert store.name_of(store.notebook) == ""


def test_the_setting_comes_before_the_variable(study: Path, tmp_path: Path) -> None:
    environ = {"DEEPSHI_STORE": str(tmp_path / "b")}
    assert find_store(study / "a.ipynb", environ).folder == tmp_path / "b"
    assert find_store(study / "a.ipynb", environ, setting="../c").folder == study.parent / "c"
    assert find_store(study / "a.ipynb", environ, setting="~/d").folder == study.parent / "d"


@pytest.mark.parametrize("word", ["off", " OFF "])
def test_off_writes_nothing_but_what_is_there_can_be_read(study: Path, word: str) -> None:
    (study / ".deepshi").mkdir()
    store = find_store(study / "a.ipynb", {"DEEPSHI_STORE": word})
    assert store.off
    assert store.folder == study / ".deepshi"


def test_the_home_folder_itself_is_spared_and_this_is_said(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".deepshi").mkdir()
    store = find_store(home / "a.ipynb", {})
    assert store.folder.is_relative_to(tmp_path / "state")
    assert str(store.folder) in store.note
    assert "home folder itself" in store.note
    assert find_store(home / "a.ipynb", {}, setting="off").note == ""
    assert store.name_of(home / "a.ipynb") == "a.ipynb"


def test_a_store_in_the_home_folder_does_not_take_every_notebook_below(study: Path) -> None:
    (study.parent / ".deepshi").mkdir()
    assert find_store(study / "a.ipynb", {}).folder == study / ".deepshi"


def test_in_the_home_folder_it_can_be_when_the_user_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = find_store(home / "a.ipynb", {"DEEPSHI_STORE": "~/.deepshi"})
    assert (store.folder, store.note) == (home / ".deepshi", "")
    store = find_store(home / "a.ipynb", {"DEEPSHI_STORE": "~"})
    assert "names the home folder itself" in store.note


def test_a_folder_that_cannot_be_written_is_replaced_and_this_is_said(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(monkeypatch, study)
    store = find_store(study / "a.ipynb", {})
    assert store.folder.is_relative_to(tmp_path / "state")
    assert f"{study / '.deepshi'} cannot be written" in store.note
    assert "DEEPSHI_STORE" in store.note
    assert find_store(study / "b.ipynb", {}).folder == store.folder
    other = study.parent / "other"
    other.mkdir()
    deny(monkeypatch, study, other)
    assert find_store(other / "a.ipynb", {}).folder != store.folder


def test_a_store_that_cannot_be_written_is_still_read(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = prepare(find_store(study / "a.ipynb", {}))
    digest = write_object(given, b"picture")
    deny(monkeypatch, given.folder)
    store = find_store(study / "a.ipynb", {})
    assert store.folders == (given.folder, store.folder)
    assert read_object(store, digest) == b"picture"
    assert store.name_of(study / "a.ipynb") == "a.ipynb"


def test_a_file_where_the_folder_should_be_is_no_store(study: Path, tmp_path: Path) -> None:
    (study / ".deepshi").write_text("mine", encoding="utf-8")
    store = find_store(study / "a.ipynb", {})
    assert store.folder.is_relative_to(tmp_path / "state")
    assert prepare(store).journal_folder.is_dir()
    assert (study / ".deepshi").read_text(encoding="utf-8") == "mine"


def test_what_turns_out_not_to_be_writable_is_replaced_when_it_is_made(
    study: Path, tmp_path: Path
) -> None:
    store = find_store(study / "a.ipynb", {})
    (study / ".deepshi").write_text("in the meantime", encoding="utf-8")
    used = prepare(store)
    assert used.folder.is_relative_to(tmp_path / "state")
    assert "cannot be written" in used.note
    assert used.root == store.root


def test_where_neither_can_be_made_there_is_an_error(study: Path, tmp_path: Path) -> None:
    (study / ".deepshi").write_text("", encoding="utf-8")
    (tmp_path / "state").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="state"):
        prepare(find_store(study / "a.ipynb", {}))


@pytest.mark.skipif(os.name != "posix", reason="other systems have no folder for everybody")
def test_a_store_that_somebody_else_put_into_a_folder_for_everybody_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = tmp_path / "everybody"
    (everybody / ".deepshi").mkdir(parents=True)
    (everybody / "mine").mkdir()
    everybody.chmod(0o1777)
    notebook = everybody / "mine" / "a.ipynb"
    assert find_store(notebook, {}).folder == everybody / ".deepshi"
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert find_store(notebook, {}).folder == everybody / "mine" / ".deepshi"


def test_a_working_directory_that_was_deleted_is_no_error(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(module.Path, "cwd", gone)
    assert find_store(None, {}).folder.is_relative_to(tmp_path / "state")


def test_git_passes_it_by_unless_the_user_wants_it_tracked(study: Path) -> None:
    store = prepare(find_store(study / "a.ipynb", {}))
    ignore = store.folder / ".gitignore"
    assert ignore.read_bytes() == b"*\n"
    ignore.unlink()
    prepare(store)
    assert not ignore.exists()


def test_a_folder_that_the_user_made_gets_no_gitignore(study: Path) -> None:
    (study / ".deepshi").mkdir()
    store = prepare(find_store(study / "a.ipynb", {}))
    assert [path.name for path in store.folder.iterdir()] == ["journal"]


def test_a_notebook_is_named_from_the_store_s_parent_where_it_is_below_it(
    study: Path, tmp_path: Path
) -> None:
    (study / ".deepshi").mkdir()
    store = find_store(study / "one" / "a.ipynb", {})
    assert store.name_of(study / "one" / "a.ipynb") == "one/a.ipynb"
    assert store.name_of(study / "one" / ".." / "b.ipynb") == "b.ipynb"
    assert store.name_of(tmp_path / "c.ipynb") == (tmp_path / "c.ipynb").as_posix()


def test_a_folder_has_one_name_however_it_is_reached(study: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(study, target_is_directory=True)
    store = find_store(tmp_path / "link" / "a.ipynb", {})
    assert store.folder == study / ".deepshi"
    assert store.name_of(tmp_path / "link" / "a.ipynb") == "a.ipynb"


def test_an_attachment_is_kept_once_under_its_hash(study: Path) -> None:
    store = prepare(find_store(study / "a.ipynb", {}))
    digest = write_object(store, b"picture")
    assert digest == write_object(store, b"picture") == hashlib.sha256(b"picture").hexdigest()
    assert [path.name for path in store.objects_folder.iterdir()] == [digest]
    assert read_object(store, digest) == b"picture"


def test_a_damaged_attachment_is_not_given_out_and_is_mended_when_it_comes_again(
    study: Path,
) -> None:
    store = prepare(find_store(study / "a.ipynb", {}))
    digest = write_object(store, b"picture")
    (store.objects_folder / digest).write_bytes(b"")
    assert read_object(store, digest) is None
    write_object(store, b"picture")
    assert read_object(store, digest) == b"picture"


def test_half_an_attachment_is_not_left_behind(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    store = prepare(find_store(study / "a.ipynb", {}))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_object(store, b"picture")
    assert [*store.objects_folder.iterdir()] == []


@pytest.mark.parametrize("name", ["", "../journal/x.jsonl", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_never_looked_for(study: Path, name: str) -> None:
    store = prepare(find_store(study / "a.ipynb", {}))
    store.objects_folder.mkdir()
    assert read_object(store, name) is None
