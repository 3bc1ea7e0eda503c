"""The built front end in the package is that of the sources, told without Node by its hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "labextension"
STATIC = ROOT / "deepshi_jupyter" / "panel" / "static"
BUILT_FROM = json.loads((STATIC / "built-from.json").read_text(encoding="utf-8"))

SMALL = {"view.js": 150_000, "panel.js": 200_000, "math.js": 230_000}
"""Bytes of each module, at most; the one for mathematics is loaded by a page that shows some."""


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


def test_the_built_files_are_those_of_the_sources() -> None:
    """`labextension/build.mjs` computes the same; `npm run build` mends it."""
    names = [p.relative_to(WORKSPACE).as_posix() for p in (WORKSPACE / "src").rglob("*.*")]
    digest = hashlib.sha256()
    for name in sorted([*names, "build.mjs", "package-lock.json", "tsconfig.json"]):
        digest.update(f"{name}\n{text_of(WORKSPACE / name)}\n".encode())
    assert BUILT_FROM["sources"] == digest.hexdigest()


@pytest.mark.parametrize("name", BUILT_FROM["files"])
def test_a_built_file_is_as_it_was_built(name: str) -> None:
    digest = hashlib.sha256(text_of(STATIC / name).encode())
    assert BUILT_FROM["files"][name] == digest.hexdigest()


def test_nothing_else_is_beside_the_built_files() -> None:
    assert {p.name for p in STATIC.iterdir()} == {*BUILT_FROM["files"], "built-from.json"}


@pytest.mark.parametrize("name", SMALL)
def test_a_module_is_small(name: str) -> None:
    assert (STATIC / name).stat().st_size <= SMALL[name]


def test_every_module_comes_with_the_licences_of_what_is_in_it() -> None:
    assert {name for name in BUILT_FROM["files"] if name.endswith(".js")} == {*SMALL}
    for name in SMALL:
        assert "MIT" in text_of(STATIC / name.replace(".js", ".licences.txt"))


def test_the_panel_does_not_hold_what_typesets_mathematics() -> None:
    assert "temml" not in text_of(STATIC / "panel.js").lower()
    assert "temml" in text_of(STATIC / "math.licences.txt")


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads(text_of(WORKSPACE / "package-lock.json"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [n for n, package in packages.items() if n and "integrity" not in package] == []
