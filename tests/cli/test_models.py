from __future__ import annotations

import json

import pytest

from deepshi_jupyter.cli.main import main
from deepshi_jupyter.offline import OfflineServer
from tests.cli.altered_endpoint import AlteredEndpoint, ids_only, missing

Capture = pytest.CaptureFixture[str]


def test_the_table_says_what_a_model_ignores(capsys: Capture) -> None:
    assert main(["models", "--base-url", "offline"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["model", "context"]
    reasoner = next(row for row in rows if row.startswith("offline-reasoner"))
    assert "32,768" in reasoner
    assert "reasoning" in reasoner
    assert "top_p" in reasoner
    assert rows[-1] == "18 models at http://offline.localhost/v1"


def test_json_is_for_a_program(capsys: Capture) -> None:
    assert main(["models", "--base-url", "offline", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    chat = next(entry for entry in listed if entry["id"] == "offline-chat")
    assert chat["context_length"] == 32_768
    assert "logprobs" in chat["features"]


def test_a_plain_catalogue_is_a_list_of_ids(capsys: Capture) -> None:
    with OfflineServer(endpoint=AlteredEndpoint(models=ids_only)) as server:
        assert main(["models", "--base-url", server.base_url]) == 0
    assert "\noffline-echo\n" in capsys.readouterr().out


def test_an_endpoint_without_a_catalogue_is_an_error(capsys: Capture) -> None:
    with OfflineServer(endpoint=AlteredEndpoint(models=missing)) as server:
        assert main(["models", "--base-url", server.base_url]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("NotFoundError: ")
    assert len(err.splitlines()) == 2
