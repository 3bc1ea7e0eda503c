"""The endpoint that a session asks: its address, its key, its client, its catalogue."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from deepshi_jupyter.core.catalogue import Catalogue
from deepshi_jupyter.errors import DeepshiError
from deepshi_jupyter.settings import OFFLINE, Settings

if TYPE_CHECKING:  # httpx loads with the first call, not with the extension
    from deepshi_jupyter.client.credentials import Credential, Secret
    from deepshi_jupyter.client.endpoint import Endpoint
    from deepshi_jupyter.client.sync import Client

T = TypeVar("T")

OFFLINE_BASE_URL = "http://offline.localhost/v1"
OFFLINE_MODEL = "offline-chat"
CATALOGUE_SECONDS = 2.0
"""How long a call waits for the catalogue where it only serves a hint."""


class Connection:
    """The endpoint that the settings choose, and what is known of it.

    Args:
        settings: What the user has set; read at each call.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
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

    def models(self, *, refresh: bool = False) -> Catalogue:
        """Return the models that the endpoint lists.

        Raises:
            CallError: The endpoint cannot be reached, refuses, or lists nothing.
        """
        return self.client().models(refresh=refresh)

    def catalogue_at_hand(self) -> Catalogue | None:
        """Return the models if they are known; nothing is sent to find out."""
        return self.catalogue_within()

    def known_catalogue(self) -> Catalogue | None:
        """Return the models if they are known, and ask for them in the background if not.

        It never waits, so that it may serve a hint; without a key that is needed it asks nobody,
        nor in a replay.
        """
        client = self._client
        try:
            if self.settings.mode_of() == "replay":
                return self.catalogue_at_hand()
            endpoint = self.endpoint()
            same = client is not None and self._client_made_for[0] == endpoint
            if not (client and same and (client.catalogue or self._catalogue_job)):
                if endpoint.needs_key and self.credential().secret is None:
                    return None
                self.fetch_catalogue()
        except DeepshiError:
            return None
        return self._client.catalogue if self._client else None

    def client(self) -> Client:
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
            self.close()
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

    def close(self) -> None:
        """Close connections; a later call opens new ones."""
        if self._client is not None:
            self.catalogue_within(CATALOGUE_SECONDS)  # a request on its way keeps its socket open
            self._client.close()
        self._client, self._catalogue_job = None, None

    def fetch_catalogue(self) -> None:
        """Ask for the catalogue in the background, once, for hints and prices."""
        client = self.client()
        if client.catalogue is None and self._catalogue_job is None:
            self._catalogue_job = in_background(client.models)

    def catalogue_within(self, wait: float = 0.0) -> Catalogue | None:
        """Return the catalogue if it came; a failure to get it is no failure of a call."""
        if self._client is not None and self._client.catalogue is not None:
            return self._client.catalogue
        if self._catalogue_job is None:
            return None
        try:
            return self._catalogue_job.result(wait)
        except (DeepshiError, TimeoutError):
            return None


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
