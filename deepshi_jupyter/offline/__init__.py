"""An endpoint of our own that speaks the API without network, key or weights.

For trying the product, teaching, tests, and developing a notebook before paying for it. Its text
comes from a small n-gram sampler, so temperature, top_p, penalties and seed truly act on a
distribution; it says so in its model names (``offline-…``), and it knows nothing.

In this process, as a transport::

    httpx.Client(transport=OfflineTransport(pace=50), base_url="http://offline.localhost/v1")

On loopback, for any OpenAI-compatible client::

    with OfflineServer(pace=50) as server:
        openai.OpenAI(base_url=server.base_url, api_key="any").models.list()

The models are listed in `deepshi_jupyter.offline.catalogue`, those that fail on purpose in
`deepshi_jupyter.offline.faults`, token ids for ``logit_bias`` in `deepshi_jupyter.offline.tokens`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from deepshi_jupyter.offline.notice import NOTICE

if TYPE_CHECKING:
    from deepshi_jupyter.offline.endpoint import Endpoint
    from deepshi_jupyter.offline.server import OfflineServer, serve
    from deepshi_jupyter.offline.transport import AsyncOfflineTransport, OfflineTransport

__all__ = [
    "NOTICE",
    "AsyncOfflineTransport",
    "Endpoint",
    "OfflineServer",
    "OfflineTransport",
    "serve",
]

_HOMES: Final = {
    "AsyncOfflineTransport": "transport",
    "Endpoint": "endpoint",
    "OfflineServer": "server",
    "OfflineTransport": "transport",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package loads neither library."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
