"""One question to a session: what is asked, of whom, and in which form the answer is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.core.chat import MAIN_CHAT, Start
from deepshi_jupyter.core.place import Place
from deepshi_jupyter.core.template import Prompt
from deepshi_jupyter.schema.answer import AnswerSchema
from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.run import Answer as Approval

_ONLY_JSON = "Answer with JSON and with nothing else: no explanation, no code fence."

Approve = Callable[[Tool, Mapping[str, Any]], Approval]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a session.

    Attributes:
        prompt: The text as it is sent, with the template that it came from.
        model: The model, or an empty text for the session's.
        system: The system prompt from here on, or None for the conversation's.
        stream: Whether the answer comes as a stream.
        parameters: Parameters of the request; they add to the session's defaults.
        extra: Further fields of the body.
        attachments: Content parts that go with the text, such as images.
        remarks: Sentences about the question for its reader, such as "the image was scaled down".
        as_json: Whether the answer is to be JSON of any form.
        schema: The form that the answer must have, or None.
        repairs: How often to ask again when the answer does not have that form.
        tools: The functions that the model may call.
        approve: Asks the user whether a tool may run; None refuses all that need asking.
        form: How the answer's text is shown, one of `deepshi_jupyter.display.answer.FORMS`.
        chat: The conversation that it belongs to.
        start: Where its context begins: above, at this question, or nowhere.
        fork: ``CHAT@CELL``, the turn that its context goes on from, or an empty text.
        place: Where it is asked.
        options: The options of its cell that take part in the request, in one form.
        source_sha256: The hash of the cell's text that asks; of the body, or of a plain cell.
        mode: One of `deepshi_jupyter.settings.MODES`, or an empty text for the session's.
        recording: A file of recorded answers to look in, or an empty text.
        record: A file that the turn is recorded in, or an empty text.
    """

    prompt: Prompt
    model: str = ""
    system: str | None = None
    stream: bool = True
    parameters: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    attachments: tuple[dict[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()
    as_json: bool = False
    schema: AnswerSchema | None = None
    repairs: int = 0
    tools: tuple[Tool, ...] = ()
    approve: Approve | None = None
    form: str = "markdown"
    chat: str = MAIN_CHAT
    start: Start = ""
    fork: str = ""
    place: Place = Place()
    options: tuple[str, ...] = ()
    source_sha256: str = ""
    mode: str = ""
    recording: str = ""
    record: str = ""

    def message(self, model: Model | None) -> dict[str, Any]:
        """Return the user's message: the text, or text and attachments as content parts.

        Args:
            model: What the catalogue says of the model that is asked, or None.
        """
        text = self.prompt.text
        if self.schema is not None and _lacks(model, "structured_outputs"):
            text = f"{text}\n\n{self.schema.instruction}"
        elif self.as_json and _lacks(model, "json_mode"):
            text = f"{text}\n\n{_ONLY_JSON}"
        if not self.attachments:
            return {"role": "user", "content": text}
        return {"role": "user", "content": [{"type": "text", "text": text}, *self.attachments]}

    def request_parameters(self, model: Model | None) -> dict[str, Any]:
        """Return the parameters of the request, with the form of the answer and the tools."""
        parameters = dict(self.parameters)
        if (form := self._response_format(model)) is not None:
            parameters.setdefault("response_format", form)
        if self.tools:
            parameters["tools"] = [tool.as_request_part() for tool in self.tools]
        return parameters

    def _response_format(self, model: Model | None) -> dict[str, Any] | None:
        """Ask for the form natively where the model may know it, else for JSON, else not at all."""
        if self.schema is not None and not _lacks(model, "structured_outputs"):
            return self.schema.response_format
        wants_json = self.as_json or self.schema is not None
        return {"type": "json_object"} if wants_json and not _lacks(model, "json_mode") else None


def _lacks(model: Model | None, feature: str) -> bool:
    """True if the catalogue says that the model does not have a feature."""
    return model is not None and model.features is not None and feature not in model.features
