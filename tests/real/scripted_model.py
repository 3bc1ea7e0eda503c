"""A language model with hand-made weights, for mlx_lm.server: its answers are known in advance.

Attention and feed-forward layers are zero and the embeddings one-hot, so the network is a table of
which token follows which; the chat template chooses the first token from the last message
(``go:plain``, ``go:think`` …). So a real engine with its own tokenizer, sampler and parser of
tool calls streams a text that a test can state. Nothing was trained and nothing is downloaded.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parent / "scripted-model.tar.xz"
NAME = "scripted-model"


def unpack(folder: Path) -> Path:
    """Unpack the model (16 MB) into a folder and return its own folder there."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / NAME
