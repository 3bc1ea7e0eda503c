from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.chat_server import ChatServer
from tests.magics.conftest import Shell

PRICE = {"prompt": 1.0, "completion": 10.0}
FEATURES = ["structured_outputs", "json_mode"]
MODELS = (
    {
        "id": "deepshi-3.0",
        "max_output_length": 100,
        "pricing": PRICE,
        "supported_sampling_parameters": ["temperature", "max_tokens", "seed", "stop"],
        "supported_features": FEATURES,
    },
    {
        "id": "deepshi-2.0",
        "max_output_length": 100,
        "pricing": PRICE,
        "supported_sampling_parameters": ["max_tokens"],
        "supported_features": FEATURES,
    },
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """A server with two models and their prices, as the session's endpoint."""
    with ChatServer(*MODELS) as played:
        monkeypatch.setenv("DEEPSHI_BASE_URL", played.base_url)
        yield played


@pytest.fixture
def shell() -> Iterator[Shell]:
    yield Shell()
    InteractiveShell.clear_instance()
