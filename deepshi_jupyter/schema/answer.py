"""What form an answer must have: asked of the service, told to the model, checked on arrival."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from deepshi_jupyter.errors import InputError, InvalidAnswerError
from deepshi_jupyter.schema.form import Form, Misfit, shown
from deepshi_jupyter.schema.json_schema import form_of_json_schema
from deepshi_jupyter.schema.json_text import read_json, unfenced
from deepshi_jupyter.schema.pydantic_model import form_of_model, is_pydantic_model
from deepshi_jupyter.schema.python_type import form_of_type, type_name
from deepshi_jupyter.schema.strict import obeys_strict_rules
from deepshi_jupyter.schema.subschemas import Schema, transformed

SUPPORTED = (
    "a dataclass, TypedDict, NamedTuple, msgspec Struct or pydantic model; an Enum or Literal; "
    "a list, dict or union of these; or a JSON schema as a dict"
)

_WRAPPER = "value"


class AnswerSchema(msgspec.Struct, frozen=True):
    """The form that an answer must have; made by `answer_schema`.

    Attributes:
        name: Its name for the API: 1 to 64 letters, digits, ``_`` and ``-``.
        schema: The JSON schema that the answer obeys; always that of an object.
        form: The form of the value that `parse` returns.
        wrapped: True if the answer is an object ``{"value": …}`` around that value, because the
            API demands an object and the value is none.
    """

    name: str
    schema: Schema
    form: Form
    wrapped: bool = False

    @property
    def strict(self) -> bool:
        """True if the schema obeys the strict rules, so that the service can enforce it.

        A schema with optional fields, maps of any keys, or keywords outside the strict subset does
        not; it is sent with ``strict: false`` rather than changed behind the user's back.
        """
        return obeys_strict_rules(self.schema)

    @property
    def response_format(self) -> dict[str, Any]:
        """The value of ``response_format`` in a request (API contract, "Request body")."""
        about = {"name": self.name, "strict": self.strict, "schema": self.schema}
        return {"type": "json_schema", "json_schema": about}

    @property
    def instruction(self) -> str:
        """A text that asks for this form, for models that do not support ``response_format``."""
        schema = json.dumps(self.schema, ensure_ascii=False)
        return (
            "Answer with one JSON object that is valid against the JSON schema below, and with "
            f"nothing else: no explanation, no code fence.\n{schema}"
        )

    def parse(self, text: str) -> Any:
        """Return the value of an answer.

        Args:
            text: The answer: JSON, which may stand alone in one code fence.

        Returns:
            An instance of the type that was asked for; plain JSON values for a TypedDict or a JSON
            schema.

        Raises:
            InvalidAnswerError: The text is not JSON or not of this form; `where` says where.
        """
        try:
            return self._read(read_json(unfenced(text)))
        except Misfit as misfit:
            raise InvalidAnswerError(
                f"The answer is not of the form {self.name!r}: at {misfit.where}, "
                f"{misfit.problem}.",
                "Ask again, or ask for a simpler form; the text of the answer is unchanged.",
                where=misfit.where,
            ) from None

    def _read(self, value: Any) -> Any:
        if not self.wrapped:
            return self.form.read(value)
        if not isinstance(value, dict) or value.keys() != {_WRAPPER}:
            raise Misfit("$", f'expected an object {{"{_WRAPPER}": …}}, got {shown(value)}')
        try:
            return self.form.read(value[_WRAPPER])
        except Misfit as misfit:
            where = f"$.{_WRAPPER}{misfit.where.removeprefix('$')}"
            raise Misfit(where, misfit.problem) from None


def answer_schema(kind: Any) -> AnswerSchema:
    """Return what form an answer must have.

    Args:
        kind: A dataclass, TypedDict, NamedTuple, msgspec Struct or pydantic 2 model; an Enum or
            Literal; a list, dict or union of these; or a JSON schema as a dict. Anything that is
            not an object in JSON travels as ``{"value": …}`` and is unwrapped by `parse`.

    Returns:
        The schema, with its name taken from the type or from the ``title`` of the JSON schema.

    Raises:
        InputError: It is none of these.
    """
    if isinstance(kind, AnswerSchema):
        return kind
    if isinstance(kind, Mapping):
        name, schema = _of_response_format(kind)
        form = form_of_json_schema(schema)
    else:
        name, form = type_name(kind), _form_of_python(kind)
    name = re.sub("[^a-zA-Z0-9_-]+", "_", name).strip("_")[:64] or "answer"
    if form.schema.get("type") == "object":
        return AnswerSchema(name, form.schema, form)
    return AnswerSchema(name, _wrap(form.schema), form, wrapped=True)


def _of_response_format(given: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return name and schema of a JSON schema, also where it comes as a whole response format."""
    about = given.get("json_schema", given)
    if isinstance(about, Mapping) and isinstance(about.get("schema"), Mapping):
        return str(about.get("name", "")), about["schema"]
    return str(given.get("title", "")), given


def _form_of_python(kind: Any) -> Form:
    try:
        return form_of_model(kind) if is_pydantic_model(kind) else form_of_type(kind)
    except (TypeError, NameError) as error:
        reason = str(error).splitlines()[-1] if str(error) else type(error).__name__
        raise InputError(
            f"{type_name(kind)[:60]} cannot be the form of an answer: {reason}.",
            f"Give {SUPPORTED}. A list of pydantic models goes into a model of its own.",
        ) from None


def _wrap(schema: Schema) -> Schema:
    """Put a schema into that of an object; what it refers to stays where its references look."""
    stays = ("$defs", "definitions", "$schema")
    wrapper: Schema = {
        "type": "object",
        "properties": {_WRAPPER: {key: schema[key] for key in schema if key not in stays}},
        "required": [_WRAPPER],
        "additionalProperties": False,
    }
    wrapper |= {key: schema[key] for key in schema if key in stays}
    wrapped: Schema = transformed(wrapper, _with_reference_moved)
    return wrapped


def _with_reference_moved(node: Schema) -> Schema:
    reference = node.get("$ref", "#/$defs/")
    if reference.startswith(("#/$defs/", "#/definitions/")):
        return node
    root = reference == "#" or reference.startswith("#/")
    return {**node, "$ref": f"#/properties/{_WRAPPER}{reference[1:]}"} if root else node
