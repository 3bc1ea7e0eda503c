from __future__ import annotations

import pytest

from deepshi_jupyter.attachments.modality import check_images_taken
from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.errors import InvalidRequestError


def test_a_model_of_text_alone_refuses_images() -> None:
    model = Model("deepshi-2.0", input_modalities=frozenset({"text"}))
    with pytest.raises(InvalidRequestError, match=r"deepshi-2\.0 takes no images") as caught:
        check_images_taken(model, "deepshi-2.0")
    assert "%deepshi models" in caught.value.todo


@pytest.mark.parametrize(
    "model", [None, Model("m"), Model("m", input_modalities=frozenset({"text", "image"}))]
)
def test_nothing_is_assumed_where_the_catalogue_is_silent(model: Model | None) -> None:
    check_images_taken(model, "m")
