"""A pydantic model class → its form; pydantic is recognised by its methods and never imported."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from deepshi_jupyter.schema.form import Form, Misfit, json_path
from deepshi_jupyter.schema.strict import tidy, with_root_inlined


def is_pydantic_model(kind: Any) -> bool:
    """True for a model class of pydantic 2."""
    methods = ("model_json_schema", "model_validate_json")
    return isinstance(kind, type) and all(callable(getattr(kind, name, None)) for name in methods)


def form_of_model(model: Any) -> Form:
    """Return the form of a pydantic model.

    Args:
        model: The model class.

    Returns:
        Its form. The schema allows no fields but the model's, unless the model itself says that it
        does; reading follows the model's own configuration.

    Raises:
        TypeError: The model has a field that has no JSON schema.
    """
    try:
        schema = tidy(model.model_json_schema())
    except (RuntimeError, ValueError) as error:  # PydanticUserError and its kin
        raise TypeError(str(error).partition("\n")[0]) from None
    return Form(with_root_inlined(schema), partial(_validate, model=model))


def _validate(value: Any, *, model: Any) -> Any:
    try:
        return model.model_validate_json(json.dumps(value))
    except ValueError as error:
        if not callable(getattr(error, "errors", None)):
            raise
        raise _misfit(error) from None


def _misfit(error: Any) -> Misfit:
    faults = error.errors(include_url=False, include_context=False)
    first = faults[0]
    others = f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
    return Misfit(json_path(first["loc"]), f"{first['msg']}{others}")
