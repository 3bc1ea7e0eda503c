"""The byte streams of ``tests/wire/stream-vectors.json`` and how they are cut."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "wire" / "stream-vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))


def of_layer(*layers: str) -> list[dict[str, Any]]:
    return [vector for vector in VECTORS if vector["layer"] in layers]


def bytes_of(vector: dict[str, Any]) -> bytes:
    if vector.get("bytes_b64") is not None:
        return base64.b64decode(vector["bytes_b64"])
    if generated := vector.get("gen"):
        pre, unit, post = (
            base64.b64decode(generated[k] or "") for k in ("pre_b64", "unit_b64", "post_b64")
        )
        return pre + unit * generated["n"] + post
    return b""


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at the given places; empty pieces are left out."""
    edges = [0, *sorted({place for place in places if 0 < place < len(data)}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if a < b]
