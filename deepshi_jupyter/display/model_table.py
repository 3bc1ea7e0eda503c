"""The models of a catalogue as a table."""

from __future__ import annotations

from deepshi_jupyter.core.catalogue import Catalogue, Model
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.display.table import Table

_HEADER = ("model", "context", "USD per million tokens in / out", "features", "ignores")


def model_table(catalogue: Catalogue, base_url: str) -> Table:
    """Return what a catalogue says of each model.

    Args:
        catalogue: The models.
        base_url: Whose models they are.

    Returns:
        One row a model; empty where the catalogue does not say.
    """
    rows = [_row(model) for model in catalogue]
    note = f"{len(rows)} model{'' if len(rows) == 1 else 's'} at {base_url}"
    return Table(_HEADER, rows, note)


def _row(model: Model) -> tuple[str, ...]:
    price = f"{model.price.prompt:g} / {model.price.completion:g}" if model.price else ""
    context = f"{model.context_length:,}" if model.context_length else ""
    ignored = [p.name for p in PARAMETERS.values() if p.sampling and model.ignores(p.name)]
    features = sorted(model.features or ())
    return (model.id, context, price, ", ".join(features), ", ".join(ignored))
