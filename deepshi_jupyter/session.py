"""The parts, put together once for a kernel: settings, client, conversation, display.

Every front door (magics, command line, panel, `ask`) holds a `Session` and nothing below it.
"""

from __future__ import annotations

import atexit
import concurrent.futures
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from deepshi_jupyter.attachments.modality import check_images_taken
from deepshi_jupyter.core.catalogue import Catalogue, Model, Price
from deepshi_jupyter.core.conversation import Conversation, Turn
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.core.request import ChatRequest, parameter_notices
from deepshi_jupyter.core.template import verbatim
from deepshi_jupyter.display.live import Presenter, Silent
from deepshi_jupyter.errors import (
    BadRequestError,
    CallError,
    DeepshiError,
    InvalidRequestError,
    NotFoundError,
)
from deepshi_jupyter.question import Question
from deepshi_jupyter.settings import OFFLINE, Settings

if TYPE_CHECKING:  # httpx loads with the first call, not with the extension
    from deepshi_jupyter.client.credentials import Credential, Secret
    from deepshi_jupyter.client.endpoint import Endpoint
    from deepshi_jupyter.client.running_call import RunningCall
    from deepshi_jupyter.client.sync import Client

T = TypeVar("T")

OFFLINE_BASE_URL = "http://offline.localhost/v1"
OFFLINE_MODEL = "offline-chat"
CATALOGUE_SECONDS = 2.0
"""How long a call waits for the catalogue where it only serves a hint."""


class Spent(msgspec.Struct, frozen=True):
    """What a session has used so far.

    Attributes:
        calls: Number of answers.
        prompt_tokens: Their prompt tokens, as reported.
        completion_tokens: Their completion tokens, as reported.
        cost: USD as reported by the service.
        unpriced: Answers for which the service reported no cost.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0

    def plus(self, reply: Reply) -> Spent:
        """Return the sum with one more reply."""
        usage = reply.usage
        return Spent(
            self.calls + 1,
            self.prompt_tokens + (usage.prompt_tokens or 0 if usage else 0),
            self.completion_tokens + (usage.completion_tokens or 0 if usage else 0),
            self.cost + (reply.cost or 0.0),
            self.unpriced + (reply.cost is None),
        )


class Session:
    """Settings, client and conversation of one kernel.

    Args:
        settings: What the user has set; the session reads it at each call.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.conversation = Conversation()
        self.spent = Spent()
        self._secret: Secret | None = None
        self._client: Client | None = None
        self._client_made_for: tuple[Any, ...] = ()
        self._catalogue_job: concurrent.futures.Future[Catalogue] | None = None

    @property
    def is_offline(self) -> bool:
        """True if the embedded endpoint was chosen, by setting or by environment."""
        return (self.settings.base_url or os.environ.get("DEEPSHI_BASE_URL", "")) == OFFLINE

    def endpoint(self) -> Endpoint:
        """Return the endpoint that a call would go to.

        Raises:
            ConfigurationError: The base URL cannot be used.
        """
        from deepshi_jupyter.client.endpoint import find_endpoint, parse_endpoint

        if self.is_offline:
            return parse_endpoint(OFFLINE_BASE_URL, "embedded")
        return find_endpoint(self.settings.base_url or None)

    def credential(self) -> Credential:
        """Return the key that a call would use, held so that it does not show.

        Raises:
            ConfigurationError: A key was found that cannot be one.
        """
        from deepshi_jupyter.client.credentials import Credential, find_credential

        if self.is_offline:
            return Credential(None, "none is needed")
        return find_credential(self.endpoint(), self._secret)

    def login(self, key: str, *, keep: bool = False) -> None:
        """Use this key from now on.

        Args:
            key: The key.
            keep: Whether to store it in the system's keyring; otherwise it lives in memory only.

        Raises:
            ConfigurationError: It cannot be a key, or the keyring does not take it.
        """
        from deepshi_jupyter.client.credentials import check_key, write_keyring

        secret = check_key(key, "login")
        if keep:
            write_keyring(self.endpoint(), secret)
        self._secret = secret

    @property
    def model(self) -> str:
        """The model that is asked when a question names none."""
        from deepshi_jupyter.client.base import DEFAULT_MODEL

        default = OFFLINE_MODEL if self.is_offline else DEFAULT_MODEL
        return self.settings.environment_model() or default

    def prepare(self, question: Question) -> ChatRequest:
        """Return the request that a question would send, and send nothing.

        Raises:
            InputError: It cannot be sent.
        """
        return self.request_of(question, [self.message_of(question)])

    def ask(self, question: Question, presenter: Presenter | None = None) -> Reply:
        """Ask, show the answer as it comes, and keep the turn.

        Args:
            question: What to ask.
            presenter: Where to show the answer; default nowhere.

        Returns:
            The whole reply.

        Raises:
            InputError: The question cannot be sent.
            CallError: The call failed, was cut or interrupted; `partial` is what came.
        """
        from deepshi_jupyter.asking import Asking

        return Asking(self, question, presenter or Silent()).run()

    def message_of(self, question: Question) -> dict[str, Any]:
        """Return the message that a question adds to the conversation."""
        return question.message(self._entry_of(question))

    def request_of(self, question: Question, messages: list[dict[str, Any]]) -> ChatRequest:
        """Return the request for a question and what came after it.

        Args:
            question: The question.
            messages: Its message, and what its rounds of tools and repairs have added.

        Raises:
            InputError: It cannot be sent.
        """
        if not question.prompt.text.strip() and not question.attachments:
            raise InvalidRequestError(
                "The prompt is empty.", "Write a question below the `%%deepshi` line."
            )
        entry = self._entry_of(question)
        context = self._conversation_of(question).before(question.cell).messages()
        if _holds_images([*context, *messages]):
            check_images_taken(entry, question.model or self.model)
        request = self._ready_client().prepare(
            [*context, *messages],
            model=self._allowed(question.model or self.model),
            stream=question.stream,
            extra=question.extra,
            **{**self.settings.parameters, **question.request_parameters(entry)},
        )
        self._check_no_key_in(request)
        return request

    def follow(self, request: ChatRequest, presenter: Presenter) -> Reply:
        """Make one call, tell the presenter what comes, and return a whole reply.

        Raises:
            CallError: The call failed, was cut or interrupted; `partial` is what came.
        """
        if any(PARAMETERS[name].sampling for name in request.body if name in PARAMETERS):
            self._fetch_catalogue()
        try:
            reply = self._run(request, presenter)
        except CallError as error:
            if error.partial is not None:
                self.spent = self.spent.plus(error.partial)
            raise self._with_near_models(error, request) from None
        self._fetch_catalogue()
        self.spent = self.spent.plus(reply)
        return self._with_late_notices(reply)

    def keep(self, question: Question, messages: list[dict[str, Any]], reply: Reply) -> None:
        """Make a finished turn part of the conversation."""
        turn = Turn(tuple(messages), reply, question.cell)
        self.conversation = self._conversation_of(question).with_turn(turn)

    def price_of(self, reply: Reply) -> Price | None:
        """Return what the catalogue, if it is there, says that the asked model costs."""
        catalogue = self._known_catalogue()
        entry = catalogue.get(str(reply.request.get("model"))) if catalogue else None
        return entry.price if entry else None

    def models(self, *, refresh: bool = False) -> Catalogue:
        """Return the models that the endpoint lists.

        Raises:
            CallError: The endpoint cannot be reached, refuses, or lists nothing.
        """
        return self._ready_client().models(refresh=refresh)

    def catalogue_at_hand(self) -> Catalogue | None:
        """Return the models if they are known; nothing is sent to find out."""
        return self._known_catalogue()

    def known_catalogue(self) -> Catalogue | None:
        """Return the models if they are known, and ask for them in the background if not.

        It never waits, so that it may serve a hint; without a key that is needed it asks nobody.
        """
        client = self._client
        try:
            endpoint = self.endpoint()
            same = client is not None and self._client_made_for[0] == endpoint
            if not (client and same and (client.catalogue or self._catalogue_job)):
                if endpoint.needs_key and self.credential().secret is None:
                    return None
                self._fetch_catalogue()
        except DeepshiError:
            return None
        return self._client.catalogue if self._client else None

    def set(self, name: str, text: str) -> None:
        """Set a setting or default parameter from its text; see `Settings.set` for the errors."""
        self.settings.set(name, text)
        if name == "system":  # what is set now is meant from here on
            self.conversation = Conversation("", self.conversation.turns)

    def reset(self) -> None:
        """Forget the conversation; settings and the sums of tokens and cost stay."""
        self.conversation = Conversation()

    def close(self) -> None:
        """Close connections; a later call opens new ones."""
        self._drop_client()

    def _run(self, request: ChatRequest, presenter: Presenter) -> Reply:
        from deepshi_jupyter.client.base import interrupted
        from deepshi_jupyter.client.running_call import RunningCall

        call = RunningCall(self._ready_client().send(request))
        try:
            _pass_on(call, presenter)
        except KeyboardInterrupt:
            raise interrupted(call.stop()) from None
        return call.result().raise_for_status()

    def _entry_of(self, question: Question) -> Model | None:
        """Return what is known of the model that a question asks.

        Where the form of the request depends on it, the catalogue is waited for.
        """
        depends = question.schema or question.as_json or question.attachments
        if depends:
            self._fetch_catalogue()
        catalogue = self._known_catalogue(CATALOGUE_SECONDS if depends else 0.0)
        return catalogue.get(question.model or self.model) if catalogue else None

    def _check_no_key_in(self, request: ChatRequest) -> None:
        """Refuse a request that holds the key, as a value such as ``{{os.environ}}`` would."""
        secret = self.credential().secret
        if secret is not None and secret.stands_in(request.encode().decode()):
            raise InvalidRequestError(
                "The request holds your API key, which would go to the model and the notebook.",
                "Take it out of the prompt, or out of the value that is inserted.",
            )

    def _conversation_of(self, question: Question) -> Conversation:
        system = self.conversation.system or self.settings.system
        if question.system is not None:
            system = question.system
        return Conversation(system, self.conversation.turns)

    def _allowed(self, model: str) -> str:
        allowed = self.settings.allowed_models
        if allowed and model not in allowed:
            raise InvalidRequestError(
                f"The model {model!r} is not among those allowed here.",
                f"Use one of {', '.join(allowed)}.",
            )
        return model

    def _ready_client(self) -> Client:
        """Return the client for the present settings; a change of them makes a new one."""
        credential = self.credential()
        settings = self.settings
        wanted = (
            self.endpoint(),
            credential.secret,
            settings.connect_timeout,
            settings.idle_timeout,
            settings.max_retries,
        )
        if self._client is None or wanted != self._client_made_for:
            self._drop_client()
            self._client, self._client_made_for = self._new_client(credential), wanted
        return self._client

    def _new_client(self, credential: Credential) -> Client:
        from deepshi_jupyter.client.sync import Client

        transport = None
        if self.is_offline:
            from deepshi_jupyter.offline import OfflineTransport

            transport = OfflineTransport()
        return Client(
            self.endpoint().base_url,
            credential.secret,
            max_retries=self.settings.max_retries,
            connect_timeout=self.settings.connect_timeout,
            idle_timeout=self.settings.idle_timeout,
            transport=transport,
        )

    def _drop_client(self) -> None:
        if self._client is not None:
            self._known_catalogue(CATALOGUE_SECONDS)  # a request on its way keeps its socket open
            self._client.close()
        self._client, self._catalogue_job = None, None

    def _fetch_catalogue(self) -> None:
        """Ask for the catalogue in the background, once, for hints and prices."""
        client = self._ready_client()
        if client.catalogue is None and self._catalogue_job is None:
            self._catalogue_job = in_background(client.models)

    def _known_catalogue(self, wait: float = 0.0) -> Catalogue | None:
        """Return the catalogue if it came; a failure to get it is no failure of a call."""
        if self._client is not None and self._client.catalogue is not None:
            return self._client.catalogue
        if self._catalogue_job is None:
            return None
        try:
            return self._catalogue_job.result(wait)
        except (DeepshiError, TimeoutError):
            return None

    def _with_late_notices(self, reply: Reply) -> Reply:
        """Add what the catalogue says of the parameters, if it came only during the call."""
        asked = str(reply.request.get("model"))
        sent = {name: value for name, value in reply.request.items() if name in PARAMETERS}
        catalogue = self._known_catalogue(CATALOGUE_SECONDS if sent else 0.0)
        entry = catalogue.get(asked) if catalogue else None
        late = [n for n in parameter_notices(sent, entry, asked) if n not in reply.notices]
        return msgspec.structs.replace(reply, notices=(*reply.notices, *late))

    def _with_near_models(self, error: CallError, request: ChatRequest) -> CallError:
        """Offer near model ids where the endpoint does not know the model."""
        if isinstance(error, BadRequestError | NotFoundError):
            self._fetch_catalogue()
            catalogue = self._known_catalogue(CATALOGUE_SECONDS)
            if catalogue and len(catalogue) and catalogue.get(request.model) is None:
                near = catalogue.near(request.model) or [model.id for model in catalogue][:3]
                error.todo = f"Did you mean {' or '.join(near)}? `%deepshi models` lists them all."
        return error


def in_background(work: Callable[[], T]) -> concurrent.futures.Future[T]:
    """Do something in a thread that nobody waits for, not even the end of the process."""
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="deepshi", daemon=True).start()
    return future


def _holds_images(messages: list[dict[str, Any]]) -> bool:
    return any(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in messages
        if isinstance(content := message.get("content"), list)
        for part in content
    )


def _pass_on(call: RunningCall, presenter: Presenter) -> None:
    """Tell the presenter what comes: the first news at once, then at its own pace."""
    due = 0.0
    while not call.ended:
        if events := call.take(due):
            presenter.show(events)
            due = time.monotonic() + presenter.interval


def _present(reply: Reply) -> dict[str, Any]:
    """Make the bundle of a reply that is shown as a value; the parser of markdown loads here."""
    from deepshi_jupyter.display.bundle import reply_bundle

    return reply_bundle(reply)


Reply.presenter = _present

_current: Session | None = None


def current_session() -> Session:
    """Return the session of this process; the first call makes it."""
    global _current  # one kernel has one conversation with its user
    if _current is None:
        _current = Session()
        atexit.register(_current.close)
    return _current


def ask(
    prompt: str,
    *,
    model: str = "",
    system: str | None = None,
    schema: Any = None,
    json: bool = False,
    repair: int = 0,
    tools: Any = (),
    attach: Any = None,
    **parameters: Any,
) -> Reply:
    """Ask in the notebook's conversation, as a ``%%deepshi`` cell does, and return the reply.

    Args:
        prompt: The question.
        model: A model id; default the session's.
        system: The system prompt from here on; default the conversation's.
        schema: The form of the answer, as for ``--schema``; `Reply.parsed` is the value.
        json: Whether the answer is to be JSON of any form.
        repair: How often to ask again when the answer lacks that form.
        tools: Functions, or names of registered tools, that the model may call; only those that
            were registered with ``approve="always"`` run, as nobody is asked here.
        attach: An image, or a list of them, as for ``--attach``.
        **parameters: ``temperature``, ``seed`` … (API contract, "Request body"), ``stream``, and
            ``extra`` with further fields of the body.

    Returns:
        The reply; as the last line of a cell it shows as markdown.

    Raises:
        InputError: The question cannot be sent.
        CallError: The call failed, was cut or interrupted; `partial` is what came.
    """
    stream, extra = parameters.pop("stream", True), parameters.pop("extra", {})
    from deepshi_jupyter.attachments.content_part import content_parts
    from deepshi_jupyter.schema.answer import answer_schema
    from deepshi_jupyter.tools import default_toolbox

    attachments = content_parts(attach) if attach is not None else ()
    question = Question(
        prompt=verbatim(prompt),
        model=model,
        system=system,
        stream=stream,
        extra=extra,
        parameters=parameters,
        attachments=tuple(attachment.as_content_part() for attachment in attachments),
        as_json=json,
        schema=answer_schema(schema) if schema is not None else None,
        repairs=repair,
        tools=default_toolbox.select(tools) if tools else (),
    )
    return current_session().ask(question)
