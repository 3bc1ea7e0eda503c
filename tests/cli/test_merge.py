from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.core.turn_record import MIME_TYPE

Capture = pytest.CaptureFixture[str]

DRIVER = f'"{Path(sys.executable).as_posix()}" -m deepshi_jupyter merge %O %A %B --path=%P'


def turn(name: str, question: str, answer: str) -> Any:
    value = {"v": 2, "id": answer, "chat": "main", "messages": [], "calls": []}
    data = {"text/plain": f"Answer {answer}", MIME_TYPE: value}
    cell = nbformat.v4.new_code_cell(f"%%deepshi\n{question}", id=name)
    cell.outputs.append(nbformat.v4.new_output("display_data", data))
    return cell


def write(path: Path, *cells: Any) -> Path:
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells]), path)
    return path


def answers(path: Path) -> list[str]:
    """The answers in a file, as nbformat reads it."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    return [output.data[MIME_TYPE]["id"] for output in outputs]


@pytest.fixture
def versions(tmp_path: Path) -> tuple[str, str, str]:
    first = turn("a", "Why?", "r1")
    return (
        str(write(tmp_path / "base.ipynb", first)),
        str(write(tmp_path / "ours.ipynb", first, turn("b", "Ours?", "r2"))),
        str(write(tmp_path / "theirs.ipynb", first, turn("c", "Theirs?", "r3"))),
    )


def test_the_result_is_written_to_ours(versions: tuple[str, str, str], capsys: Capture) -> None:
    assert main(["merge", *versions]) == 0
    assert answers(Path(versions[1])) == ["r1", "r2", "r3"]
    assert capsys.readouterr() == ("", "")


def test_the_result_is_written_where_it_is_asked_for(
    versions: tuple[str, str, str], tmp_path: Path
) -> None:
    before = Path(versions[1]).read_bytes()
    out = tmp_path / "merged.ipynb"
    assert main(["merge", *versions, "-o", str(out)]) == 0
    assert answers(out) == ["r1", "r2", "r3"]
    assert Path(versions[1]).read_bytes() == before
    assert out.read_text(encoding="utf-8").startswith('{\n "cells": [')


def test_a_conflict_is_told_and_the_file_is_a_notebook(tmp_path: Path, capsys: Capture) -> None:
    files = [
        str(write(tmp_path / f"{answer}.ipynb", turn("a", question, answer)))
        for question, answer in (("Why?", "r1"), ("Why so?", "r2"), ("Why not?", "r3"))
    ]
    assert main(["merge", *files, "--path", "study.ipynb"]) == 1
    assert answers(Path(files[1])) == ["r2", "r3"]
    assert "<<<<<<< ours" in Path(files[1]).read_text(encoding="utf-8")
    note, conflict = capsys.readouterr().err.splitlines()
    assert note.startswith("note study.ipynb, cell 1: the answer of theirs is kept in cell 2")
    assert conflict.startswith("CONFLICT study.ipynb, cell 1: both sides changed the same lines")


def test_an_empty_base_is_that_of_a_notebook_added_on_both_sides(
    versions: tuple[str, str, str], tmp_path: Path
) -> None:
    Path(versions[0]).write_bytes(b"")
    assert main(["merge", *versions]) == 0
    assert answers(Path(versions[1])) == ["r1", "r2", "r3"]


@pytest.mark.parametrize("broken", [0, 1, 2])
@pytest.mark.parametrize("content", ["<<<<<<< HEAD\n", '{"nbformat": 3}', None])
def test_what_cannot_be_read_is_an_error_and_nothing_is_written(
    versions: tuple[str, str, str], broken: int, content: str | None, capsys: Capture
) -> None:
    path = Path(versions[broken])
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    before = [Path(name).read_bytes() for name in versions if Path(name).exists()]
    assert main(["merge", *versions, "--path", "study.ipynb"]) == 3
    assert [Path(name).read_bytes() for name in versions if Path(name).exists()] == before
    err = capsys.readouterr().err
    assert "study.ipynb" in err
    assert err.startswith("RecordError: ")
    assert len(err.splitlines()) == 2


def test_a_place_that_cannot_be_written_to_is_an_error(
    versions: tuple[str, str, str], tmp_path: Path, capsys: Capture
) -> None:
    assert main(["merge", *versions, "-o", str(tmp_path / "no" / "where.ipynb")]) == 3
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["a"], ["a", "b"], ["a", "b", "c", "--install"]])
def test_too_few_files_are_wrong_usage(words: list[str], capsys: Capture) -> None:
    assert main(["merge", *words]) == 2
    assert "three files" in capsys.readouterr().err


class Repository:
    """A git repository of its own, away from the user's configuration."""

    def __init__(self, root: Path) -> None:
        self.root = root / "study"
        self.environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "HOME": str(root),
            "XDG_CONFIG_HOME": str(root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(root),
        }
        self.root.mkdir()
        self("init", "--quiet", "--initial-branch=main")
        self("commit", "--quiet", "--allow-empty", "--message", "Begin")

    @property
    def notebook(self) -> Path:
        return self.root / "it's a study.ipynb"

    def __call__(self, *words: str, fails: bool = False) -> str:
        git = shutil.which("git")
        assert git, "these tests need git"
        identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        done = subprocess.run(
            [git, *identity, *words],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, branch: str, *cells: Any) -> None:
        if branch not in self("branch", "--list"):
            self("branch", branch, "main")
        self("checkout", "--quiet", branch)
        write(self.notebook, *cells)
        self("add", "--all")
        self("commit", "--quiet", "--message", "Work")


@pytest.fixture
def repository_with_driver(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository("config", "merge.deepshi.driver", DRIVER)
    (repository.root / ".gitattributes").write_text("*.ipynb merge=deepshi\n", encoding="utf-8")
    repository("add", ".gitattributes")
    repository("commit", "--quiet", "--message", "Merge notebooks by cell")
    return repository


def test_git_merges_turns_of_two_branches(repository_with_driver: Repository) -> None:
    git = repository_with_driver
    first, last = turn("a", "Why?", "r1"), turn("z", "Last?", "r2")
    git.commit("main", first, last)
    git.commit("alice", first, last, turn("b", "Alice's?", "r3"))
    git.commit("bob", turn("a", "Why?", "r4"), last, turn("c", "Bob's?", "r5"))
    git("checkout", "--quiet", "alice")
    git("merge", "--no-edit", "bob")
    assert answers(git.notebook) == ["r4", "r2", "r3", "r5"]
    assert "<<<<<<<" not in git.notebook.read_text(encoding="utf-8")
    assert git("status", "--porcelain") == ""


def test_git_keeps_both_answers_to_a_cell_that_both_ran_again(
    repository_with_driver: Repository,
) -> None:
    git = repository_with_driver
    git.commit("main", turn("a", "Why?", "r1"))
    git.commit("alice", turn("a", "Why?", "r2"))
    git.commit("bob", turn("a", "Why?", "r3"))
    said = git("merge", "--no-edit", "alice")
    assert answers(git.notebook) == ["r3", "r2"]
    assert "it's a study.ipynb, cell 1: the answer of theirs is kept in cell 2" in said


def test_git_stops_at_a_conflict_with_a_file_that_opens(repository_with_driver: Repository) -> None:
    git = repository_with_driver
    git.commit("main", turn("a", "Why?", "r1"))
    git.commit("alice", turn("a", "Why so?", "r2"))
    git.commit("bob", turn("a", "Why not?", "r3"))
    assert "CONFLICT" in git("merge", "--no-edit", "alice", fails=True)
    assert answers(git.notebook) == ["r3", "r2"]
    assert "UU" in git("status", "--porcelain")


def test_git_reports_a_conflict_where_a_version_is_no_notebook(
    repository_with_driver: Repository,
) -> None:
    git = repository_with_driver
    git.commit("main", turn("a", "Why?", "r1"))
    git.commit("alice", turn("a", "Why so?", "r2"))
    git.notebook.write_text("{", encoding="utf-8")
    git("commit", "--quiet", "--all", "--message", "Broken")
    git.commit("bob", turn("a", "Why not?", "r3"))
    assert "their version" in git("merge", "--no-edit", "alice", fails=True)
    assert answers(git.notebook) == ["r3"]
    assert "UU" in git("status", "--porcelain")


@pytest.fixture
def empty_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository = Repository(tmp_path)
    for name, value in repository.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(repository.root)
    return repository


def test_the_driver_installs_once(empty_repository: Repository, capsys: Capture) -> None:
    git = empty_repository
    attributes = git.root / ".gitattributes"
    attributes.write_text("*.png binary", encoding="utf-8")
    folder = git.root / "deep" / "er"
    folder.mkdir(parents=True)
    os.chdir(folder)
    assert main(["merge", "--install"]) == 0
    first = capsys.readouterr().out
    assert "set merge.deepshi.driver = " in first
    assert "added `*.ipynb merge=deepshi` to .gitattributes; commit it" in first
    config = git("config", "--list", "--local")
    assert git("config", "merge.deepshi.driver").endswith("merge %O %A %B --path=%P\n")
    assert attributes.read_text(encoding="utf-8") == "*.png binary\n*.ipynb merge=deepshi\n"
    assert main(["merge", "--install"]) == 0
    assert capsys.readouterr().out.count("already") == 3
    assert attributes.read_text(encoding="utf-8") == "*.png binary\n*.ipynb merge=deepshi\n"
    assert git("config", "--list", "--local") == config


def test_an_installed_driver_is_what_git_runs(
    empty_repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = empty_repository
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: which(name) if name == "git" else None)
    assert main(["merge", "--install"]) == 0
    git.commit("main", turn("a", "Why?", "r1"))
    git.commit("alice", turn("a", "Why?", "r2"))
    git.commit("bob", turn("a", "Why?", "r3"))
    git("merge", "--no-edit", "alice")
    assert answers(git.notebook) == ["r3", "r2"]


def test_a_folder_that_is_no_repository_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert main(["merge", "--install"]) == 3
    err = capsys.readouterr().err
    assert "not a git repository" in err
    assert len(err.splitlines()) == 2


def test_without_git_nothing_is_installed(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["merge", "--install"]) == 3
    assert "git is not installed" in capsys.readouterr().err
