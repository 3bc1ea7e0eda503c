from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.offline import Endpoint, OfflineServer
from tests.cli.altered_endpoint import (
    AlteredEndpoint,
    buffered,
    ids_only,
    missing,
    without_cost,
    without_usage,
)
from tests.cli.conftest import CANARY

Checks = dict[str, dict[str, Any]]
Doctor = Callable[..., tuple[int, Checks]]

PACE = 60.0
"""Tokens a second: slow enough that a buffer can be told from a stream."""


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Examine an endpoint; the key in the environment must not show."""

    def examine(base_url: str, *words: str, key: str = "") -> tuple[int, Checks]:
        if key:
            monkeypatch.setenv("DEEPSHI_API_KEY", key)
        monkeypatch.setenv("DEEPSHI_MODEL", "offline-chat")
        code = main(["doctor", "--json", "--base-url", base_url, *words])
        out, err = capsys.readouterr()
        assert not key or key not in out + err
        record = json.loads(out)
        assert record["works"] == (code == 0)
        return code, {check["name"]: check for check in record["checks"]}

    return examine


def examined(doctor: Doctor, endpoint: Endpoint, *words: str, key: str = "") -> tuple[int, Checks]:
    with OfflineServer(endpoint=endpoint) as server:
        return doctor(server.base_url, *words, key=key)


def marks(checks: Checks) -> dict[str, str]:
    return {name: check["mark"] for name, check in checks.items()}


def test_an_endpoint_that_streams_is_fine(doctor: Doctor) -> None:
    code, checks = examined(doctor, Endpoint(pace=PACE))
    assert code == 0
    assert set(marks(checks).values()) == {"ok"}
    assert [*checks] == ["versions", "endpoint", "key", "catalogue", "answer", "stream", "usage"]
    assert "python" in checks["versions"]["says"]
    assert "one tiny real request" in checks["answer"]["says"]
    assert "pieces over" in checks["stream"]["says"]


def test_without_a_call_nothing_is_asked(doctor: Doctor) -> None:
    with OfflineServer() as server:
        code, checks = doctor(server.base_url, "--no-call")
        assert [request.method for request in server.requests] == ["GET"]
    assert code == 0
    assert [*checks] == ["versions", "endpoint", "key", "catalogue"]


def test_the_one_request_is_tiny(doctor: Doctor) -> None:
    with OfflineServer() as server:
        doctor(server.base_url)
        (asked,) = [json.loads(r.body) for r in server.requests if r.method == "POST"]
    assert asked["max_tokens"] <= 64


def test_an_endpoint_that_nobody_serves_fails(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, checks = doctor(f"http://127.0.0.1:{port}/v1", key=CANARY)
    assert code == 1
    assert checks["endpoint"]["mark"] == "failed"
    assert checks["endpoint"]["todo"]
    assert checks["key"]["says"] == "found (DEEPSHI_API_KEY)"
    assert "answer" not in checks


def test_an_address_that_is_none_fails(doctor: Doctor) -> None:
    code, checks = doctor("ftp://example.org")
    assert code == 1
    assert checks["endpoint"]["mark"] == "failed"


def test_a_refused_key_fails_and_is_not_shown(doctor: Doctor) -> None:
    code, checks = examined(doctor, Endpoint(require_key="sk-bf-other"), key=CANARY)
    assert code == 1
    assert marks(checks)["endpoint"] == "ok"
    assert checks["key"]["mark"] == "failed"
    assert "found (DEEPSHI_API_KEY), but the service refuses it" in checks["key"]["says"]


def test_the_right_key_is_fine(doctor: Doctor) -> None:
    code, checks = examined(doctor, Endpoint(require_key=CANARY), key=CANARY)
    assert code == 0
    assert marks(checks)["key"] == "ok"


def test_a_key_that_can_be_none_fails(doctor: Doctor) -> None:
    code, checks = examined(doctor, Endpoint(), key="sk-bf two words")
    assert code == 1
    assert checks["key"]["mark"] == "failed"


def test_no_key_where_one_is_asked_for_fails(doctor: Doctor) -> None:
    code, checks = examined(doctor, Endpoint(require_key=CANARY))
    assert code == 1
    assert "none was found, and the service asks for one" in checks["key"]["says"]


def test_a_missing_catalogue_is_no_reason_not_to_call(doctor: Doctor) -> None:
    code, checks = examined(doctor, AlteredEndpoint(models=missing))
    assert code == 0
    assert marks(checks)["catalogue"] == "warning"
    assert marks(checks)["answer"] == "ok"


def test_a_plain_catalogue_is_fine(doctor: Doctor) -> None:
    code, checks = examined(doctor, AlteredEndpoint(models=ids_only))
    assert code == 0
    assert "ids only" in checks["catalogue"]["says"]


def test_a_model_that_is_not_there_fails(doctor: Doctor) -> None:
    code, checks = examined(doctor, Endpoint(), "-m", "offline-chatt")
    assert code == 1
    assert checks["catalogue"]["mark"] == "failed"
    assert "offline-chat" in checks["catalogue"]["todo"]


@pytest.mark.parametrize("model", ["offline-error-402", "offline-error-500", "offline-error-cut"])
def test_a_call_that_fails_is_told_at_once(doctor: Doctor, model: str) -> None:
    with OfflineServer(endpoint=AlteredEndpoint(models=missing)) as server:
        code, checks = doctor(server.base_url, "-m", model)
        posts = [request for request in server.requests if request.method == "POST"]
    assert code == 1
    assert checks["answer"]["mark"] == "failed"
    assert checks["answer"]["todo"]
    assert len(posts) == 1


def test_a_buffer_on_the_way_is_seen(doctor: Doctor) -> None:
    code, checks = examined(doctor, AlteredEndpoint(chat=buffered, pace=PACE))
    assert code == 0
    assert checks["stream"]["mark"] == "warning"
    assert "came at once" in checks["stream"]["says"]
    assert "buffers" in checks["stream"]["todo"]


def test_missing_usage_is_told(doctor: Doctor) -> None:
    code, checks = examined(doctor, AlteredEndpoint(chat=without_usage))
    assert code == 0
    assert checks["usage"]["mark"] == "warning"


def test_missing_cost_is_told(doctor: Doctor) -> None:
    code, checks = examined(doctor, AlteredEndpoint(chat=without_cost))
    assert code == 0
    assert "without a cost" in checks["usage"]["says"]


def test_each_check_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with OfflineServer(require_key="sk-bf-other") as server:
        assert main(["doctor", "--base-url", server.base_url]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in lines] == ["✓ ", "✓ ", "✗ "]
    assert lines[2].startswith("✗ key ")
    assert " → " in lines[2]
