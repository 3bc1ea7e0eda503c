"""Who imports whom: imports point one way, and what is heavy loads when it is used.

The table is that of ``docs/architecture.md``; change both together.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

import deepshi_jupyter

NAME = "deepshi_jupyter"
ROOT = Path(deepshi_jupyter.__file__).parent


class Rule(NamedTuple):
    """The parts of ours, and the outside libraries, that a part may import."""

    ours: set[str]
    outside: set[str]


_VALUES = {"core", "errors"}
_PARTS = {"attachments", "client", "display", "notebook", "offline", "schema", "tools"}
_SESSION = {
    *("asking", "journaled_call", "preparation", "replay", "settings", "spent", "state", "stop"),
}
_TURN = {"opening", "prepared", "question", "recorded_turn"}
_BEHIND_A_DOOR = {
    *(*_VALUES, "display", "notebook", "question", "recorded_turn", "session", "settings"),
    *("connection", "prepared", "state"),
}

RULES = {
    "errors": Rule(set(), set()),
    "version": Rule(set(), set()),
    "core": Rule({"errors"}, {"msgspec"}),
    "settings": Rule(_VALUES, {"msgspec"}),
    "client": Rule({*_VALUES, "version"}, {"httpx", "keyring", "msgspec"}),
    "display": Rule(_VALUES, {"IPython", "comm", "ipywidgets", "markdown_it", "msgspec"}),
    "offline": Rule({*_VALUES, "version"}, {"httpx", "msgspec", "tornado"}),
    "attachments": Rule(_VALUES, {"PIL", "msgspec"}),
    "notebook": Rule({*_VALUES, "version"}, {"msgspec", "nbformat", "platformdirs"}),
    "schema": Rule(_VALUES, {"jsonschema", "msgspec", "pydantic"}),
    "tools": Rule({*_VALUES, "schema"}, {"msgspec"}),  # a tool's arguments are a schema, too
    "question": Rule({*_VALUES, "schema", "tools"}, {"msgspec"}),
    "opening": Rule(_VALUES, {"msgspec"}),
    "prepared": Rule(_VALUES, {"msgspec"}),
    "recorded_turn": Rule({*_VALUES, "display", "opening", "question", "tools"}, {"msgspec"}),
    "replay": Rule(_VALUES, set()),
    "journaled_call": Rule({*_VALUES, "notebook", "prepared"}, set()),
    "state": Rule({*_VALUES, "notebook", "version"}, {"msgspec"}),
    "spent": Rule(_VALUES, {"msgspec"}),
    "connection": Rule({*_VALUES, "client", "offline", "settings"}, set()),
    "preparation": Rule(
        {*_VALUES, *_TURN, "attachments", "connection", "settings", "state"}, {"msgspec"}
    ),
    "stop": Rule(set(), set()),
    "asking": Rule({*_VALUES, *_PARTS, *_TURN, "stop"}, {"msgspec"}),
    "session": Rule({*_VALUES, *_PARTS, *_TURN, *_SESSION, "connection"}, {"msgspec"}),
    "ask_function": Rule(
        {*_VALUES, "attachments", "display", "question", "schema", "session", "tools"},
        {"IPython"},
    ),
    "comparison": Rule(
        {
            *(*_VALUES, *_TURN, "asking", "client", "connection", "display", "journaled_call"),
            *("notebook", "replay", "schema", "session", "stop"),
        },
        {"krippendorff", "matplotlib", "msgspec", "pandas"},
    ),
    "compare_function": Rule(
        {*_VALUES, "attachments", "comparison", "display", "question", "schema", "session"}, set()
    ),
    "sweep": Rule(
        {*_VALUES, "client", "version"}, {"aiohttp", "httpx", "msgspec", "pandas", "tqdm"}
    ),
    "map_function": Rule(
        {
            *(*_VALUES, "client", "display", "notebook", "offline", "preparation", "question"),
            *("schema", "session", "sweep"),
        },
        {"msgspec"},
    ),
    "picked": Rule({*_VALUES, "session"}, set()),
    "link": Rule({*_BEHIND_A_DOOR, "picked", "version"}, {"comm", "msgspec"}),
    "sliders": Rule(
        {
            *(*_VALUES, "connection", "display", "picked", "question", "recorded_turn"),
            *("session", "settings", "stop"),
        },
        {"IPython", "comm", "ipywidgets", "msgspec"},
    ),
    "conversation_panel": Rule(
        {
            *(*_VALUES, "attachments", "display", "notebook", "question", "recorded_turn"),
            *("session", "settings", "sliders", "spent", "stop", "tools"),
        },
        {"IPython", "anywidget", "msgspec", "traitlets"},
    ),
    "panel_function": Rule(
        {*_VALUES, "conversation_panel", "display", "notebook", "session", "tools"}, set()
    ),
    "magics": Rule(
        {
            *("compare_function", "map_function", "panel_function", "sliders"),
            *(*_BEHIND_A_DOOR, "attachments", "link", "picked", "schema", "tools"),
        },
        {"IPython", "msgspec", "traitlets"},
    ),
    "cli": Rule(
        {*_BEHIND_A_DOOR, "client", "offline", "version"},
        {"ipykernel", "jupyter_client", "msgspec", "nbclient", "nbformat", "zmq"},
    ),
    "__main__": Rule({"cli"}, set()),
    "__init__": Rule(
        {
            *(*_VALUES, "ask_function", "client", "compare_function", "comparison", "magics"),
            *("map_function", "panel_function", "session", "tools", "version"),
        },
        {"IPython"},
    ),
}

ONLY_IN = {"client": {"cli.doctor"}}
"""Where a front door may reach past the session."""

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


def part_of(module: str) -> str:
    return module.split(".")[0]


def imported_names(source: str) -> Iterator[str]:
    """Every name that a module imports, also inside functions and for type checkers alone."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            yield from (f"{prefix}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            name = node.args[0]
            yield str(name.value) if isinstance(name, ast.Constant) else "<computed>"


def names_in(module: str) -> list[str]:
    return list(imported_names(MODULES[module].read_text(encoding="utf-8")))


def ours(module: str) -> set[str]:
    """The modules of the package that a module imports."""
    inside = [n.removeprefix(f"{NAME}.") for n in names_in(module) if n.startswith(f"{NAME}.")]
    return {name if name in MODULES else name.rpartition(".")[0] or "__init__" for name in inside}


def outside(module: str) -> set[str]:
    """The libraries beyond the standard library that a module imports."""
    tops = {name.split(".")[0] for name in names_in(module) if name != "<computed>"}
    return tops - set(sys.stdlib_module_names) - {NAME}


each_module = pytest.mark.parametrize("module", MODULES)


def test_imports_are_found_wherever_they_stand() -> None:
    source = (
        "import a.b\nif TYPE_CHECKING:\n  from c import d\ndef f():\n  import e\n  from .g import h"
    )
    assert list(imported_names(source)) == ["a.b", "c.d", "e", ".g.h"]


def test_every_part_has_a_rule() -> None:
    assert {part_of(module) for module in MODULES} <= set(RULES)


@each_module
def test_a_module_imports_of_ours_only_what_its_part_may(module: str) -> None:
    part = part_of(module)
    wrong = {name for name in ours(module) if part_of(name) not in {part, *RULES[part].ours}}
    assert not wrong, f"{part} may import {sorted(RULES[part].ours)}"


@each_module
def test_a_module_imports_of_others_only_what_its_part_may(module: str) -> None:
    rule = RULES[part_of(module)]
    assert outside(module) <= rule.outside, f"allowed are {sorted(rule.outside)}"


@each_module
def test_imports_are_absolute_and_name_no_front_of_the_package(module: str) -> None:
    assert not [name for name in names_in(module) if name.startswith(".")]
    assert "__init__" not in ours(module)


@pytest.mark.parametrize("part", ONLY_IN)
def test_a_front_door_reaches_past_the_session_only_where_it_must(part: str) -> None:
    doors = [module for module in MODULES if part_of(module) in ("cli", "magics")]
    reaching = {m for m in doors if any(part_of(name) == part for name in ours(m))}
    assert reaching <= ONLY_IN[part]


def test_names_of_modules_are_computed_only_to_load_public_names_late() -> None:
    assert {m for m in MODULES if "<computed>" in names_in(m)} <= {"__init__", "offline"}


def required(distribution: str) -> set[str]:
    """What an installed distribution brings along."""
    return {name_of(requirement) for requirement in metadata.requires(distribution) or ()}


def name_of(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0] if name else "").lower()


def test_every_library_is_declared_or_brought_along_by_one_that_is(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    optional = [*extras["keyring"], *extras["data"], *extras["agreement"]]
    lines = [*project["dependencies"], *optional]
    declared = {name_of(line) for line in lines}
    brought = {name for distribution in declared for name in required(distribution)}
    homes = metadata.packages_distributions()
    imported = {library for module in MODULES for library in outside(module)}
    missing = {m for m in imported if not {name_of(d) for d in homes[m]} & (declared | brought)}
    assert not missing


def test_nothing_imports_itself_in_a_circle() -> None:
    order = TopologicalSorter({module: ours(module) - {module} for module in MODULES})
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def loaded_by(*modules: str) -> set[str]:
    """The modules that a new Python has loaded after importing these."""
    code = f"import sys, {', '.join(modules)}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = ["httpx", "jupyterlab", "markdown_it", "nbclient", "nbformat", "ipywidgets", "tornado"]


def test_the_magics_load_without_anything_heavy() -> None:
    loaded = loaded_by(NAME, f"{NAME}.magics.deepshi")
    assert not loaded & {*HEAVY, "ipykernel", "keyring", "numpy", "pandas", "pydantic"}
    assert not [m for m in loaded if m.startswith((f"{NAME}.client.sync", f"{NAME}.offline."))]


def test_the_package_alone_loads_nothing_but_itself() -> None:
    assert {m for m in loaded_by(NAME) if m.startswith(NAME)} == {NAME, f"{NAME}.version"}


def test_the_core_loads_nothing_but_msgspec() -> None:
    core = [f"{NAME}.{module}" for module in MODULES if part_of(module) == "core"]
    tops = {name.split(".")[0] for name in loaded_by(*core)}
    unasked = tops - loaded_by("msgspec") - set(sys.stdlib_module_names) - {NAME}
    assert not unasked
