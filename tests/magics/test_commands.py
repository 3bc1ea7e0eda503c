from __future__ import annotations

import json

import keyring
import pytest
from keyring.backend import KeyringBackend

from deepshi_jupyter.errors import ConfigurationError, DeepshiError, OptionError
from tests.magics.conftest import Shell
from tests.magics.test_deepshi import sent
from tests.wire_server import Played, WireServer

KEY = "sk-bf-canary-19c2"


def test_the_status_says_where_a_call_would_go(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi\nhello")
    status = str(shell.run("%deepshi"))
    assert f"endpoint       {server.base_url} (DEEPSHI_BASE_URL)" in status
    assert "model          deepshi-3.0" in status
    assert "conversation   1 turn (nothing restored: no notebook file belongs" in status
    assert "1 answer · 3 tokens in / 2 out · $0.25000" in status


def test_the_status_says_where_the_key_came_from_and_never_the_key(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "none: set DEEPSHI_API_KEY" in str(shell.run("%deepshi"))
    monkeypatch.setenv("DEEPSHI_API_KEY", KEY)
    status = shell.run("%deepshi status")
    assert "found (DEEPSHI_API_KEY)" in str(status)
    assert KEY not in str(status) + str(status._repr_mimebundle_())


def test_without_a_key_deepshi_is_not_called(shell: Shell) -> None:
    with pytest.raises(ConfigurationError, match="No API key") as caught:
        shell.run("%%deepshi\nhello")
    assert "base_url=offline" in caught.value.todo


def test_set_makes_defaults_that_a_cell_may_override(shell: Shell, server: WireServer) -> None:
    shell.run("%deepshi set temperature=0.2 model=other system='Be brief.' stop='[\"a\",\"b\"]'")
    shell.run("%%deepshi\nhello")
    body = sent(server)
    assert (body["temperature"], body["model"], body["stop"]) == (0.2, "other", ["a", "b"])
    assert body["messages"][0]["content"] == "Be brief."
    shell.run("%%deepshi -t 1\nhello")
    assert sent(server)["temperature"] == 1
    shell.run("%deepshi set temperature=auto")
    shell.run("%%deepshi\nhello")
    assert "temperature" not in sent(server)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("set", "NAME=VALUE"),
        ("set temperature", "NAME=VALUE"),
        ("set temprature=1", "Did you mean temperature"),
        ("set temperature=5", "from 0 to 2"),
        ("set api_key=abc", "%deepshi login"),
        ("set display=loud", "Expected one of"),
        ("set idle_timeout=0", "seconds above 0"),
        ("set max_retries=-1", "whole number"),
        ("set errors=some", "short (two lines) or full"),
        ("stat", "Did you mean status"),
        ("status now", "Write %deepshi status"),
        ("login sk-bf-oops", "stay in the notebook"),
        ("models all", "--refresh"),
        ("panel --at end", "Usage: panel"),
        ("panel", "no kernel runs here"),
        ("set system='open", "Close the quotes"),
    ],
)
def test_a_wrong_line_says_what_is_right(shell: Shell, line: str, words: str) -> None:
    with pytest.raises(DeepshiError) as caught:
        shell.run(f"%deepshi {line}")
    assert words in str(caught.value)


def test_a_new_endpoint_is_used_from_the_next_call_on(shell: Shell, server: WireServer) -> None:
    shell.run("%%deepshi\nhello")
    with WireServer(*server.answers) as other:
        shell.run(f"%deepshi set base_url={other.base_url}")
        shell.run("%%deepshi\nhello")
        assert len(other.received) >= 1


def test_allowed_models_are_held(shell: Shell, server: WireServer) -> None:
    shell.run("%deepshi set allowed_models=a,b model=a")
    shell.run("%%deepshi\nhello")
    with pytest.raises(DeepshiError, match="not among those allowed"):
        shell.run("%%deepshi -m c\nhello")


def test_the_models_of_the_endpoint_are_listed(shell: Shell, server: WireServer) -> None:
    listing = {
        "data": [
            {
                "id": "m-1|x",
                "context_length": 128000,
                "pricing": {"prompt": "0.000002", "completion": "0.000008"},
                "supported_sampling_parameters": ["temperature"],
                "supported_features": ["tools"],
            },
            {"id": "plain"},
        ]
    }
    server.answers = [Played([json.dumps(listing).encode()])]
    table = shell.run("%deepshi models")
    assert "m-1|x  128,000  2 / 8" in str(table)
    assert "top_p, max_tokens" in str(table)
    assert "m-1|x" not in table._repr_mimebundle_()["text/markdown"]  # it would end the column


def test_a_misspelt_model_is_told_apart_from_other_refusals(
    shell: Shell, server: WireServer
) -> None:
    listing = {"data": [{"id": "deepshi-3.0"}, {"id": "deepshi-2.0"}]}
    refusal = b'{"error": {"message": "no such model", "code": "model_not_found"}}'
    server.answers = [Played([refusal], 400), Played([json.dumps(listing).encode()])]
    with pytest.raises(DeepshiError) as caught:
        shell.run("%%deepshi -m deepshi-30\nhello")
    assert "Did you mean deepshi-3.0" in caught.value.todo


def test_login_keeps_the_key_in_memory(
    shell: Shell, server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: f" {KEY}\n")
    assert "found (given)" in str(shell.run("%deepshi login"))
    shell.run("%%deepshi\nhello")
    assert server.received[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(vars(shell.session)) + str(shell.names)


def test_login_can_store_the_key_in_the_keyring(
    shell: Shell, server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Memory(KeyringBackend):
        priority = 1  # type: ignore[assignment]
        stored: dict[tuple[str, str], str] = {}  # noqa: RUF012

        def get_password(self, service: str, username: str) -> str | None:
            return self.stored.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.stored[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del self.stored[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        monkeypatch.setattr("getpass.getpass", lambda _: KEY)
        shell.run("%deepshi login --keyring")
        shell.session.connection._secret = None
        assert "found (keyring)" in str(shell.run("%deepshi"))
        assert Memory.stored == {("deepshi_jupyter", "127.0.0.1"): KEY}
    finally:
        keyring.set_keyring(before)


def test_a_key_with_a_line_break_is_refused_without_showing_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _: f"{KEY}\nX-Other: 1")
    with pytest.raises(ConfigurationError, match="line break") as caught:
        shell.run("%deepshi login")
    assert KEY not in str(caught.value)


def test_errors_can_show_whole_tracebacks(shell: Shell) -> None:
    shell.run("%deepshi set errors=full")
    with pytest.raises(OptionError) as caught:
        shell.run("%deepshi nonsense")
    assert "Traceback" in caught.value._render_traceback_()[0]
    shell.run("%deepshi set errors=short")
    assert len(caught.value._render_traceback_()) == 2


def test_help_lists_the_subcommands(shell: Shell) -> None:
    shown = str(shell.run("%deepshi help"))
    for name in ("status", "models", "set", "reset", "login"):
        assert f"\n{name} " in shown
