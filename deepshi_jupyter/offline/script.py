"""What a model says to a request: text, thoughts, JSON, tool calls, or your own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from deepshi_jupyter.offline import catalogue, images, ngrams
from deepshi_jupyter.offline.catalogue import Model
from deepshi_jupyter.offline.deltas import Script
from deepshi_jupyter.offline.hints import Hints
from deepshi_jupyter.offline.messages import AssistantMessage, ToolMessage, last_user_text, text_of
from deepshi_jupyter.offline.openings import ANSWER_OPENINGS, THOUGHT_OPENINGS, Opening, opening
from deepshi_jupyter.offline.refusal import Refusal
from deepshi_jupyter.offline.request import ChatRequest, JsonObjectFormat, JsonSchemaFormat
from deepshi_jupyter.offline.sampler import Leaning, Sampled, Settings, forced, sample
from deepshi_jupyter.offline.schema_merge import Schema, SchemaError
from deepshi_jupyter.offline.schema_sample import SchemaSampler
from deepshi_jupyter.offline.tool_calls import calls_for

if TYPE_CHECKING:
    from random import Random

_SAMPLED_FIELDS: Final = (
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
)
_PHRASE_TOKENS: Final = 5
_LONGEST_QUOTE: Final = 200
_QUOTED_KEY: Final = re.compile(r"[\"`']([A-Za-z_]\w{0,39})[\"`']")


def settings_of(request: ChatRequest, model: Model) -> Settings:
    """Take the sampling parameters that a model heeds; the others are ignored, as by the API.

    Args:
        request: With whatever was set.
        model: Says which parameters count.

    Returns:
        The settings of the sampler.
    """
    heeded = {
        name: value
        for name in _SAMPLED_FIELDS
        if name in model.sampling_parameters and (value := getattr(request, name)) is not None
    }
    wanted = request.logprobs and "logprobs" in model.features
    return Settings(**heeded, top_logprobs=(request.top_logprobs or 0) if wanted else None)


def script_for(request: ChatRequest, model: Model, rng: Random) -> Script:
    """Write what a model says to a request.

    Args:
        request: A request that was checked.
        model: Which model answers.
        rng: Gives the random numbers of this choice.

    Returns:
        The script; texts are drawn as they are read, JSON and calls at once.

    Raises:
        Refusal: 400 for an image, tool or schema that cannot be used.
    """
    if model is catalogue.ECHO:
        return Script(forced(last_user_text(request.messages)))
    writer = _Writer(request, settings_of(request, model), rng)
    if "tools" in model.features and request.tools:
        calls = calls_for(request, rng, writer.phrase)
        if calls:
            return Script(calls=calls)
    if "json_mode" in model.features and (schema := _wanted_schema(request)) is not None:
        return Script(forced(writer.json(schema)))
    thoughts = writer.thoughts() if "reasoning" in model.features else iter(())
    return Script(writer.text(_preface(request, model)), thoughts)


def _preface(request: ChatRequest, model: Model) -> str:
    """Say what is known before the text is drawn: tool results and images."""
    names = {
        call.id: call.function.name
        for message in request.messages
        if isinstance(message, AssistantMessage)
        for call in message.tool_calls or ()
    }
    results: list[str] = []
    for message in reversed(request.messages):
        if not isinstance(message, ToolMessage):
            break
        quoted = text_of(message).strip()
        if len(quoted) > _LONGEST_QUOTE:
            quoted = f"{quoted[:_LONGEST_QUOTE]}…"
        results.insert(0, f"The tool {names[message.tool_call_id]} answered: {quoted}.")
    seen = images.describe(request.messages) if "image" in model.input_modalities else ""
    return " ".join([*results, seen]).strip()


def _wanted_schema(request: ChatRequest) -> Schema | None:
    """Give the schema of the JSON that the request asks for, if it asks for any."""
    wanted = request.response_format
    if isinstance(wanted, JsonSchemaFormat):
        return wanted.json_schema.schema
    if isinstance(wanted, JsonObjectFormat):
        keys = _QUOTED_KEY.findall(last_user_text(request.messages)) or ["topic", "answer"]
        return {
            "type": "object",
            "properties": {key: {"type": "string"} for key in keys},
            "required": keys,
        }
    return None


class _Writer:
    """Draws texts about one prompt."""

    def __init__(self, request: ChatRequest, settings: Settings, rng: Random) -> None:
        self.prompt = last_user_text(request.messages)
        self.settings = settings
        self.rng = rng

    def thoughts(self) -> Iterator[Sampled]:
        """Draw a thinking trace."""
        begin = opening(ngrams.load(), self.prompt, THOUGHT_OPENINGS)
        return self._drawn(begin, ngrams.BEGIN)

    def text(self, preface: str) -> Iterator[Sampled]:
        """Draw an answer, after what is known."""
        begin = opening(ngrams.load(), self.prompt, ANSWER_OPENINGS)
        if not preface:
            return self._drawn(begin, ngrams.BEGIN)
        return chain(forced(preface), self._drawn(begin, begin.model.index["."]))

    def _drawn(self, begin: Opening, context: int) -> Iterator[Sampled]:
        return sample(begin.model, self.settings, begin.leaning, self.rng, (context,))

    def phrase(self) -> str:
        """Draw a few words."""
        model = ngrams.load()
        settings = replace(self.settings, top_logprobs=None, logit_bias={})
        drawn = sample(model, settings, Leaning(), self.rng, (model.index["."],))
        text = "".join(token.text for token in islice(drawn, _PHRASE_TOKENS))
        return " ".join(text.split()).strip(" .,;:?!") or "a quiet word"

    def json(self, schema: Schema) -> str:
        """Make JSON that fits a schema."""
        hints = Hints(_QUOTED_KEY.sub("", self.prompt))
        return _json_text(schema, self.rng, hints, self.phrase)


def _json_text(schema: Schema, rng: Random, hints: Hints, phrase: Callable[[], str]) -> str:
    try:
        value: Any = SchemaSampler(schema, rng, hints, phrase).sample()
    except SchemaError as error:
        raise Refusal(
            400,
            f"The schema of 'response_format' cannot be filled: {error}.",
            code="invalid_json_schema",
            param="response_format",
        ) from None
    return json.dumps(value, ensure_ascii=False)
