"""A Python type or a JSON schema ⇄ a JSON schema for the API and a checked value."""

from deepshi_jupyter.schema.answer import AnswerSchema, answer_schema

__all__ = ["AnswerSchema", "answer_schema"]
