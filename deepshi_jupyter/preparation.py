"""A question → what is sent for it: where it stands, what it sees, its requests and their keys."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from deepshi_jupyter.attachments.modality import check_images_taken
from deepshi_jupyter.connection import CATALOGUE_SECONDS, Connection
from deepshi_jupyter.core.canonical import without_bytes
from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.core.chain import chain
from deepshi_jupyter.core.conversation import (
    Context,
    Wanted,
    chain_of,
    cut_as_recorded,
    fitted,
    system_message,
)
from deepshi_jupyter.core.estimate import room_for_answer
from deepshi_jupyter.core.recordings import Recordings
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.core.request import ChatRequest, build_request
from deepshi_jupyter.core.request_key import key_of_chain
from deepshi_jupyter.core.secrets import find_secrets, known_secrets
from deepshi_jupyter.core.tokens import estimate_messages
from deepshi_jupyter.core.turn_record import Json, text_of
from deepshi_jupyter.core.turn_reference import fork_of
from deepshi_jupyter.errors import InvalidRequestError
from deepshi_jupyter.opening import Opening
from deepshi_jupyter.prepared import Prepared
from deepshi_jupyter.question import Question
from deepshi_jupyter.recorded_turn import Said
from deepshi_jupyter.settings import Settings
from deepshi_jupyter.state import NotebookState

WINDOW = 0.95
"""How much of a model's context is used, as tokens are only estimated."""


class Preparation:
    """Makes requests of questions, for one notebook.

    Args:
        connection: The endpoint.
        state: What is known of the notebook.

    Attributes:
        overruled: The ids of turns whose system prompt no longer counts, because the user has set
            another one after them.
    """

    def __init__(self, connection: Connection, state: NotebookState) -> None:
        self.settings: Settings = connection.settings
        self.connection = connection
        self.state = state
        self.overruled: frozenset[str] = frozenset()
        self._redactor: Redactor | None = None
        self._typed_keys: dict[str, None] = {}
        self._environment_keys = _shown_by_nobody(known_secrets(os.environ))

    def open(self, question: Question) -> Opening:
        """Settle where a question stands, what it sees, and of whom it is asked.

        Where recorded answers may serve, the model's abilities and the length of the context are
        taken as they were when the question was recorded, so that nobody needs to be asked.

        Raises:
            InputError: It forks from a turn that is not there, or the mode does not exist.
        """
        self._redactor = None
        self._note_keys([question.prompt.text, question.system or self.settings.system])
        self.state.begins(question.place)
        opening = self._opening(question)
        if opening.mode in ("auto", "replay"):
            recordings = self._recordings(question)
            for candidate in self._candidates(question, opening, recordings):
                if recordings.find(self._first_key(question, candidate)):
                    return candidate
        return opening if opening.mode == "replay" else self._live(question, opening)

    def first(self, question: Question) -> Prepared:
        """Return the first request of a question as it would be sent now; nothing is sent."""
        opening = self._opening(question)
        if opening.mode != "replay":  # which asks nobody, not even for hints
            opening = self._live(question, opening)
        return self.prepared(question, opening, first_said(question, opening))

    def preview(self, question: Question) -> Opening:
        """Return how a question would begin; nothing is sent and nothing waited for."""
        opening = self._opening(question)
        catalogue = self.connection.known_catalogue()
        entry = catalogue.get(question.model or self.connection.model) if catalogue else None
        context = self._fitted(question, opening.context, entry)
        return self._with_context(opening, context, entry)

    def prepared(self, question: Question, opening: Opening, said: Said) -> Prepared:
        """Return the next request of a turn with its key.

        Args:
            question: The question.
            opening: How its turn began.
            said: What was said since.

        Raises:
            InputError: It cannot be sent.
        """
        if not question.prompt.text.strip() and not question.attachments:
            raise InvalidRequestError(
                "The prompt is empty.", "Write a question below the `%%deepshi` line."
            )
        self._note_keys(map(text_of, said.messages[1:]))  # what tools have said
        messages = [*opening.context.messages(), *said.messages, *said.repairs]
        if _holds_images(messages):
            check_images_taken(opening.entry, question.model or self.connection.model)
        known = None if opening.mode == "replay" else self.connection.catalogue_within()
        request = build_request(
            [self._with_bytes(message) for message in messages],
            model=self._allowed(question.model or self.connection.model),
            stream=question.stream,
            extra=question.extra,
            parameters={**self.settings.parameters, **question.request_parameters(opening.entry)},
            catalogue=known,
        )
        self._check_no_key_in(request)
        keys = opening.keys | {call.request_key for call in said.calls}
        tip = chain([*said.messages, *said.repairs], opening.context.tip)
        key, sample = self._key(request, tip, keys)
        return Prepared(
            request=request,
            key=key,
            sample=sample,
            endpoint=self.endpoint_name,
            parent=opening.parent,
            messages=tuple(said.messages),
            repairs=tuple(said.repairs),
        )

    @property
    def redactor(self) -> Redactor:
        """What takes secrets out of what is written down; the key is looked up once a question."""
        if self._redactor is None:
            secret = self.connection.credential().secret
            own = (secret.reveal(),) if secret is not None else ()
            known = (*own, *self._environment_keys(), *self._typed_keys)
            self._redactor = Redactor(tuple(dict.fromkeys(known)))
        return self._redactor

    def _note_keys(self, texts: Iterable[str]) -> None:
        """Take what has the shape of a key in a question for one, so that no answer repeats it."""
        found = {text[f.start : f.end]: None for text in texts for f in find_secrets(text)}
        if not found.keys() <= self._typed_keys.keys():
            self._typed_keys |= found
            self._redactor = None

    @property
    def endpoint_name(self) -> str:
        """The endpoint as keys and records name it."""
        return self.settings.endpoint_name or self.connection.endpoint().base_url

    def _entry_of(self, question: Question) -> Model | None:
        """Return what is known of the model that a question asks.

        Where the form of the request depends on it, the catalogue is waited for.
        """
        depends = question.schema or question.as_json or question.attachments
        if depends:
            self.connection.fetch_catalogue()
        catalogue = self.connection.catalogue_within(CATALOGUE_SECONDS if depends else 0.0)
        return catalogue.get(question.model or self.connection.model) if catalogue else None

    def _check_no_key_in(self, request: ChatRequest) -> None:
        """Refuse a request that holds the key, as a value such as ``{{os.environ}}`` would."""
        secret = self.connection.credential().secret
        if secret is not None and secret.stands_in(request.encode().decode()):
            raise InvalidRequestError(
                "The request holds your API key, which would go to the model and the notebook.",
                "Take it out of the prompt, or out of the value that is inserted.",
            )

    def _check_no_secret_names(self, question: Question) -> None:
        """Refuse a name that holds a secret: it is in the record of every turn, to be found."""
        for what, name in (("chat", question.chat), ("model", question.model or "")):
            if self.redactor.asked(name)[1]:
                raise InvalidRequestError(
                    f"The name of the {what} holds a secret, which would stay in the notebook.",
                    "Give it another name.",
                )

    def _opening(self, question: Question) -> Opening:
        """Return how a turn begins as far as it is known without asking the service."""
        self._check_no_secret_names(question)
        place = self.state.located(question.place)
        seen = self.state.seen(place)
        above = self.state.above(seen, self.overruled)
        fork = fork_of(question.fork, seen.turns) if question.fork else None
        wanted = Wanted(question.chat, question.start, fork, question.system)
        context = above.context(wanted, self.settings.system)
        same = [t for t in seen.turns if t.cell == place.cell and t.execution == place.execution]
        return Opening(
            turn=self.state.new_id(),
            place=place,
            number=len(same),
            context=context,
            parent=self._recorded_parent(context),
            order=seen.order,
            fork=fork,
            mode=self.settings.mode_of(question.mode),
            keys=frozenset(call.request_key for t in seen.turns for call in t.record.calls),
        )

    def _live(self, question: Question, opening: Opening) -> Opening:
        """Return an opening with what the service says of the model, its context fitted to it."""
        self.connection.client().check_key()  # a missing key is said before anything else
        entry = self._entry_of(question)
        return self._with_context(opening, self._fitted(question, opening.context, entry), entry)

    def _with_context(self, opening: Opening, context: Context, entry: Model | None) -> Opening:
        parent = self._recorded_parent(context)
        return msgspec.structs.replace(opening, context=context, parent=parent, entry=entry)

    def _recorded_parent(self, context: Context) -> str:
        """Return the chain of a context as records have it: its system prompt without secrets."""
        system, found = self.redactor.asked(context.system)
        return chain_of(system, context.turns) if found else context.parent

    def _fitted(self, question: Question, context: Context, entry: Model | None) -> Context:
        """Leave out the oldest turns of a context that is longer than the model takes."""
        if entry is None or entry.context_length is None:
            return context
        parameters = {**self.settings.parameters, **question.request_parameters(entry)}
        own = estimate_messages([question.message(entry), system_message(context.system)])
        room = int(entry.context_length * WINDOW) - own - room_for_answer(parameters, entry)
        if sum(turn.most_tokens for turn in context.turns) <= room:
            return context
        return fitted(context, max(0, room), lambda turn: turn.tokens, self.state.standing)

    def _candidates(
        self, question: Question, opening: Opening, recordings: Recordings
    ) -> Iterator[Opening]:
        """Return the ways in which a question may have been recorded, likeliest first."""
        model = question.model or self.connection.model
        entries: list[Model | None] = [None]
        if question.schema is not None or question.as_json:
            entries += [Model(model, features=frozenset(f)) for f in ((), ("json_mode",))]
        for entry in entries:
            yield self._with_context(opening, opening.context, entry)
            for record in recordings.cuts_for(without_bytes(question.message(entry))):
                if record.cut is not None:
                    shorter = cut_as_recorded(opening.context, record.cut)
                    yield self._with_context(opening, shorter, entry)

    def _first_key(self, question: Question, opening: Opening) -> str:
        return self.prepared(question, opening, first_said(question, opening)).key

    def _recordings(self, question: Question) -> Recordings:
        return self.state.recordings((question.recording, self.settings.present_recording()))

    def _key(self, request: ChatRequest, tip: str, taken: frozenset[str]) -> tuple[str, int]:
        """Return the key of a request, and which repeat of the same one above it is."""
        endpoint = self.endpoint_name
        for sample in itertools.count():
            key = key_of_chain(endpoint, tip, request.body, sample)
            if key not in taken:
                break
        return key, sample

    def _with_bytes(self, message: Json) -> Json:
        """Return a message with the bytes of its images, which a record names by their hash."""
        content = message.get("content")
        if not isinstance(content, list) or not any(map(_is_image_name, content)):
            return message
        return {**message, "content": [self._part_with_bytes(part) for part in content]}

    def _part_with_bytes(self, part: Json) -> Json:
        if not _is_image_name(part):
            return part
        data = self.state.journal.read_object(part["sha256"])
        if data is None:
            raise InvalidRequestError(
                "A turn above holds an image whose bytes are not in the journal.",
                "Run its cell again, or leave it out: `%deepshi skip CELL`.",
            )
        url = f"data:{part['media_type']};base64,{base64.b64encode(data).decode()}"
        detail = {"detail": part["detail"]} if "detail" in part else {}
        return {"type": "image_url", "image_url": {"url": url, **detail}}

    def _allowed(self, model: str) -> str:
        allowed = self.settings.allowed_models
        if allowed and model not in allowed:
            raise InvalidRequestError(
                f"The model {model!r} is not among those allowed here.",
                f"Use one of {', '.join(allowed)}.",
            )
        return model


def _shown_by_nobody(keys: tuple[str, ...]) -> Callable[[], tuple[str, ...]]:
    """Return what gives keys out and does not show them, as in a listing of variables."""
    return lambda: keys


def _holds_images(messages: list[dict[str, Any]]) -> bool:
    return any(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in messages
        if isinstance(content := message.get("content"), list)
        for part in content
    )


def first_said(question: Question, opening: Opening) -> Said:
    """Return what is said before the first call of a turn."""
    return Said(messages=[question.message(opening.entry)])


def _is_image_name(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "image" and "sha256" in part
