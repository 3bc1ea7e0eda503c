"""Whether a model takes images, as far as the catalogue says."""

from __future__ import annotations

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.errors import InvalidRequestError


def check_images_taken(model: Model | None, name: str) -> None:
    """Refuse images for a model that takes none; where the catalogue is silent, assume nothing.

    Args:
        model: The catalogue's entry, or None if unknown.
        name: The model's id.

    Raises:
        InvalidRequestError: The entry lists ``input_modalities``, and ``image`` is not among them
            (API contract, "Catalogue").
    """
    modalities = model.input_modalities if model else None
    if modalities is not None and "image" not in modalities:
        taken = ", ".join(sorted(modalities)) or "nothing"
        raise InvalidRequestError(
            f"{name} takes no images: the catalogue lists {taken} as its input.",
            "Ask a model that takes images (`-m MODEL`; `%deepshi models` lists them), leave "
            "--attach out, or begin anew with `%deepshi reset` if they stand in an earlier turn.",
        )
