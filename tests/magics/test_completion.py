from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter

from deepshi_jupyter.magics.commands import COMMANDS
from deepshi_jupyter.magics.completion import IDENTIFIER, register, unregister
from deepshi_jupyter.magics.cursor_place import Option, options_of
from deepshi_jupyter.session import current_session
from deepshi_jupyter.settings import DISPLAYS, SETTING_NAMES
from tests.kernel import Kernel
from tests.magics.conftest import Shell
from tests.wire_server import Played, WireServer

LISTING = {"data": [{"id": "deepshi-3.0"}, {"id": "deepshi-2.0"}, {"id": "lab/tiny:1b"}]}
MODELS = ["deepshi-3.0", "deepshi-2.0", "lab/tiny:1b"]
NEW_OPTIONS = (
    Option(("--tools",)),
    Option(("--attach",)),
    Option(("--schema",)),
    Option(("--mode",), choices=("live", "auto", "replay", "refresh")),
)

Complete = Callable[[str], list[str]]


def declared(shell: Any) -> tuple[Option, ...]:
    """The options of the magic, and such as it may get."""
    own = options_of(shell.magics_manager.magics["cell"]["deepshi"].parser)
    known = {name for option in own for name in option.names}
    return (*own, *(option for option in NEW_OPTIONS if not known & set(option.names)))


@pytest.fixture
def complete(shell: Shell) -> Complete:
    """Complete where the bar stands; returns each text as the cell would have it."""
    register(shell.ip, current_session, declared(shell.ip), lambda: ["weather", "time"])

    def at(text: str) -> list[str]:
        before, _, after = text.partition("|")
        with provisionalcompleter():
            found = list(shell.ip.Completer.completions(before + after, len(before)))
        return [before[: each.start] + each.text for each in found]

    return at


def ends(texts: list[str]) -> list[str]:
    """The last words of completed texts."""
    return [text.split()[-1] for text in texts]


def test_options_are_offered_by_their_names(complete: Complete) -> None:
    assert ends(complete("%%deepshi --te|\nWhy?")) == ["--temperature"]
    assert ends(complete("%%deepshi -t 1 --mod|")) == ["--model", "--mode"]
    short = ends(complete("%%deepshi -|"))
    assert {"-m", "-t", "-o", "--model", "--dry-run"} <= set(short)
    assert all(name.startswith("--") for name in ends(complete("%%deepshi |")))


def test_the_choices_of_an_option_are_offered(complete: Complete) -> None:
    assert ends(complete("%%deepshi --mode re|")) == ["replay", "refresh"]


def test_models_come_from_the_catalogue_once_it_is_there(
    shell: Shell, complete: Complete, server: WireServer
) -> None:
    server.answers = [Played([json.dumps(LISTING).encode()])]
    complete("%%deepshi -m |")  # asks in the background
    shell.session.connection.catalogue_within(10)
    assert ends(complete("%%deepshi -m |")) == MODELS
    assert ends(complete("%%deepshi --model deepshi-|\nWhy?")) == MODELS[:2]
    assert ends(complete("%%deepshi --model=lab/tiny:|")) == ["--model=lab/tiny:1b"]
    assert ends(complete("%deepshi set model=LAB|")) == ["model=lab/tiny:1b"]
    assert [request.path for request in server.received] == ["/v1/models"]


def test_no_completion_waits_for_the_network(
    shell: Shell, complete: Complete, server: WireServer
) -> None:
    server.answers = [Played([], end="hang")]
    assert complete("%%deepshi -m |") == []
    assert complete("%%deepshi -m |") == []
    assert shell.session.connection._catalogue_job is not None
    assert not shell.session.connection._catalogue_job.done()


def test_without_a_key_nobody_is_asked_for_models(shell: Shell, complete: Complete) -> None:
    assert complete("%%deepshi -m |") == []
    assert shell.session.connection._catalogue_job is None


def test_an_address_that_is_none_breaks_no_completion(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSHI_BASE_URL", "nonsense")
    assert complete("%%deepshi -m |") == []


def test_a_failed_catalogue_is_asked_for_only_once(
    shell: Shell, complete: Complete, server: WireServer
) -> None:
    server.answers = [Played([b"{}"], 404)]
    for _ in range(3):
        assert complete("%%deepshi -m |") == []
        shell.session.connection.catalogue_within(10)
    assert len(server.received) == 1


def test_models_listed_by_hand_are_offered(
    shell: Shell, complete: Complete, server: WireServer
) -> None:
    server.answers = [Played([json.dumps(LISTING).encode()])]
    shell.run("%deepshi models")
    assert ends(complete("%%deepshi -m |")) == MODELS


def test_only_allowed_models_are_offered(shell: Shell, complete: Complete) -> None:
    shell.run("%deepshi set allowed_models=a-1,a-2")
    assert ends(complete("%%deepshi -m a|")) == ["a-1", "a-2"]


def test_subcommands_and_their_options_are_offered(complete: Complete) -> None:
    assert ends(complete("%deepshi |")) == list(COMMANDS)
    assert ends(complete("%deepshi mod|")) == ["models"]
    assert ends(complete("table = %deepshi mod|")) == ["models"]
    assert ends(complete("%deepshi models -|")) == ["--refresh"]
    assert complete("%deepshi nonsense -|") == []


def test_settings_and_their_values_are_offered(complete: Complete) -> None:
    assert ends(complete("%deepshi set tem|")) == ["temperature="]
    assert ends(complete("%deepshi set seed=7 tem|")) == ["temperature="]
    assert set(ends(complete("%deepshi set |"))) >= {f"{name}=" for name in SETTING_NAMES}
    shown = ends(complete("%deepshi set display=|"))
    assert shown == [f"display={name}" for name in DISPLAYS]
    assert ends(complete("%deepshi set base_url=o|")) == ["base_url=offline"]
    assert ends(complete("%deepshi set logprobs=t|")) == ["logprobs=true"]
    assert ends(complete("%deepshi set temperature=|")) == ["temperature=auto"]


def test_parameters_without_an_option_are_offered_for_param(complete: Complete) -> None:
    found = ends(complete("%%deepshi --param |"))
    assert "logit_bias=" in found
    assert not {"temperature=", "n="} & set(found)


def test_tools_are_offered_one_after_the_other(complete: Complete) -> None:
    assert ends(complete("%%deepshi --tools |")) == ["weather", "time"]
    assert ends(complete("%%deepshi --tools weather,t|")) == ["weather,time"]


def test_variables_are_offered_in_braces(shell: Shell, complete: Complete) -> None:
    shell.run("measured = 3; _hidden = 4")
    assert ends(complete("%%deepshi\nIs {{meas|}} much?")) == ["{{measured"]
    assert ends(complete("%%deepshi --system {{meas|")) == ["{{measured"]
    assert ends(complete("%%deepshi\nIs {{len(meas|")) == ["{{len(measured"]
    assert ends(complete("%%deepshi\n{{|")) == ["{{measured"]
    assert ends(complete("%%deepshi\n{{_hid|")) == ["{{_hidden"]
    assert ends(complete("%%deepshi\n{{sor|")) == ["{{sorted"]


def test_attributes_and_keys_are_offered_in_braces(shell: Shell, complete: Complete) -> None:
    shell.run("class Trial:\n    def describe(self): pass\ntrial = Trial()")
    shell.run("rows = {'weight': {'mean': 1}, 'width': 2}")
    assert ends(complete("%%deepshi\nSee {{trial.des|}}.")) == ["{{trial.describe"]
    assert ends(complete("%%deepshi\nSee {{\n  trial.des|")) == ["trial.describe"]
    assert ends(complete("%%deepshi\nSee {{rows['we|")) == ["{{rows['weight"]
    assert ends(complete("%%deepshi\nSee {{rows['weight']['|")) == ["{{rows['weight']['mean"]
    assert ends(complete("%%deepshi\nSee {{rows[|")) == ["{{rows['weight'", "{{rows['width'"]


def test_no_completion_runs_the_users_code(shell: Shell, complete: Complete) -> None:
    shell.run("ran = []\nclass Costly:\n    @property\n    def all(self): ran.append(1)")
    shell.run("costly = Costly()\ndef fetch(): ran.append(2)")
    complete("%%deepshi\n{{costly.all.|")
    complete("%%deepshi\n{{fetch().|")
    assert shell.names["ran"] == []


def test_variables_are_offered_for_attachments_and_schemas(
    shell: Shell, complete: Complete
) -> None:
    shell.run("figure_1 = 1\nclass Plan:\n    part = 1")
    assert ends(complete("%%deepshi --attach fig|")) == ["figure_1"]
    assert ends(complete("%%deepshi --attach [figure_1,fig|")) == ["[figure_1,figure_1"]
    assert ends(complete("%%deepshi --schema Plan.par|")) == ["Plan.part"]


@pytest.mark.parametrize(
    "text",
    [
        "%%deepshi\nimp|ortant",
        "%%deepshi\n\n|",
        "%%deepshi\n{{x}} and imp|",
        "%%deepshi --raw\n{{prin|",
        "%%deepshi -o pri|",
        "%%deepshi pri|",
        "%%deepshi -t |",
        '%%deepshi --system "a"b|',
        "%%deepshi\n{{x:.2|",
        "%%deepshi\n{{x!|",
        "%%deepshi\n{{x!r:>|",
    ],
)
def test_where_nothing_fits_nothing_is_offered(complete: Complete, text: str) -> None:
    assert complete(text) == []


def test_a_slice_and_a_lambda_are_no_format(shell: Shell, complete: Complete) -> None:
    shell.run("measured = [3]")
    assert ends(complete("%%deepshi\n{{measured[1:meas|")) == ["{{measured[1:measured"]
    assert ends(complete("%%deepshi\n{{(lambda:meas|")) == ["{{(lambda:measured"]
    assert complete("%%deepshi\n{{lambda: meas|")[-1].endswith("measured")


def test_greek_letters_can_still_be_written_in_prose(complete: Complete) -> None:
    assert ends(complete("%%deepshi\nLet \\alpha|")) == ["α"]


def test_the_name_of_the_magic_is_left_to_ipython(complete: Complete) -> None:
    assert complete("%%deeps|") == ["%%deepshi"]


def test_other_cells_are_completed_as_before(shell: Shell, complete: Complete) -> None:
    shell.run("measured = 3")
    assert "measured" in complete("meas|")
    assert "%%timeit" in complete("%%timei|")


def test_registering_twice_registers_once_and_unregistering_undoes_it(shell: Shell) -> None:
    def ours() -> list[Any]:
        matchers = shell.ip.Completer.custom_matchers
        return [m for m in matchers if getattr(m, "matcher_identifier", "") == IDENTIFIER]

    register(shell.ip, current_session, ())
    register(shell.ip, current_session, ())
    assert len(ours()) == 1
    unregister(shell.ip)
    unregister(shell.ip)
    assert ours() == []


REGISTER = """
from deepshi_jupyter.magics.completion import register as _register
from deepshi_jupyter.magics.cursor_place import options_of as _options_of
from deepshi_jupyter.session import current_session as _session
_magic = get_ipython().magics_manager.magics["cell"]["deepshi"]
_register(get_ipython(), _session, _options_of(_magic.parser))
measured = {"weight": 1}
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel(DEEPSHI_BASE_URL="offline") as running:
        assert running.run("%load_ext deepshi_jupyter").error is None
        assert running.run(REGISTER).error is None
        assert running.run("%deepshi models").error is None
        yield running


def completed(kernel: Kernel, text: str) -> list[str]:
    """What a front end would write for each match of a ``complete_request``."""
    before, _, after = text.partition("|")
    code = before + after
    reply = kernel.client.complete(code, len(before), reply=True, timeout=60)["content"]
    start, end = reply["cursor_start"], reply["cursor_end"]
    return [code[:start] + match + code[end:] for match in reply["matches"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%deepshi --temp|\nWhy?", ["%%deepshi --temperature\nWhy?"]),
        ("%%deepshi -m offline-c|\nWhy?", ["%%deepshi -m offline-chat\nWhy?"]),
        ("%deepshi set tem|", ["%deepshi set temperature="]),
        ("%deepshi mod|", ["%deepshi models"]),
        ("%%deepshi\nSee 😀 {{meas|}} there", ["%%deepshi\nSee 😀 {{measured}} there"]),
        ("%%deepshi\nA\nB {{measured.ke|}}", ["%%deepshi\nA\nB {{measured.keys}}"]),
        ("%%deepshi\n{{measured['we|']}}", ["%%deepshi\n{{measured['weight']}}"]),
        ("%%deepshi\nThis is imp|", []),
    ],
)
def test_a_real_kernel_completes_first_line_and_body(
    kernel: Kernel, text: str, expected: list[str]
) -> None:
    assert completed(kernel, text) == expected
