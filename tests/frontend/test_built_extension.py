"""The built JupyterLab extension is that of the sources, told without Node by its hashes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import deepshi_jupyter

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "labextension" / "lab"
BUILT = ROOT / "deepshi_jupyter" / "labextension"
BUILT_FROM = json.loads((BUILT / "built-from.json").read_text(encoding="utf-8"))

RECIPE = re.compile(r"const RECIPE = \[(.*?)\]", re.DOTALL)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


def sources() -> list[str]:
    """The names of all that the extension is made of, seen from its folder."""
    (recipe,) = RECIPE.findall(text_of(WORKSPACE / "build.mjs"))
    folders = [WORKSPACE / "src", WORKSPACE / "schema"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    names = [path.relative_to(WORKSPACE).as_posix() for path in files]
    own = [name for name in names if not name.endswith(".test.ts")]
    return sorted([*re.findall(r"'([^']+)'", recipe), *BUILT_FROM["view"], *own])


def test_the_built_files_are_those_of_the_sources() -> None:
    """`labextension/lab/build.mjs` computes the same; `npm run build` mends it."""
    digest = hashlib.sha256()
    for name in sources():
        digest.update(f"{name}\n{text_of(WORKSPACE / name)}\n".encode())
    assert BUILT_FROM["sources"] == digest.hexdigest()


@pytest.mark.parametrize("name", BUILT_FROM["files"])
def test_a_built_file_is_as_it_was_built(name: str) -> None:
    assert BUILT_FROM["files"][name] == hashlib.sha256((BUILT / name).read_bytes()).hexdigest()


def test_nothing_else_is_beside_the_built_files() -> None:
    there = {p.relative_to(BUILT).as_posix() for p in BUILT.rglob("*") if p.is_file()}
    assert there == {*BUILT_FROM["files"], "built-from.json"}


def test_the_package_tells_jupyterlab_where_its_extension_lies() -> None:
    (found,) = deepshi_jupyter._jupyter_labextension_paths()
    package = json.loads(text_of(ROOT / "deepshi_jupyter" / found["src"] / "package.json"))
    assert package["name"] == found["dest"]


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads(text_of(WORKSPACE / "package-lock.json"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
