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

SMALL = 150_000
"""Bytes that a page loads for the panel, at most; mathematics apart."""


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


def test_the_bundle_is_small() -> None:
    assert (STATIC / "view.js").stat().st_size <= SMALL


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads(text_of(WORKSPACE / "package-lock.json"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [n for n, package in packages.items() if n and "integrity" not in package] == []
