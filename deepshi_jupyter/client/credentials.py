"""The API key: where it comes from, and a holder that never shows it."""

from __future__ import annotations

import hmac
import importlib.util
import os
import re
from typing import NoReturn

import msgspec

from deepshi_jupyter.client.endpoint import Endpoint
from deepshi_jupyter.errors import ConfigurationError, MissingKeyError

KEY_VARIABLE = "DEEPSHI_API_KEY"
KEYRING_SERVICE = "deepshi_jupyter"

SHORTEST_KEY = 8
"""A shorter one is a dummy, as local servers are given for want of a key."""


class Secret:
    """Holds a key; its `repr`, its `vars` and a pickle of it do not."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key itself, for the request's header only."""
        return self._value

    def stands_in(self, text: str) -> bool:
        """True if the key stands in a text; a dummy key of a few letters is no secret."""
        return len(self._value) >= SHORTEST_KEY and self._value in text

    def redact(self, text: str) -> str:
        """Return a text with the key replaced wherever it stands.

        A key as short as ``x``, which local servers are given for want of one, is replaced only
        where it is a word, so that the rest of the text stays readable.
        """
        if not self._value:
            return text
        key = re.escape(self._value)
        pattern = key if len(self._value) >= SHORTEST_KEY else rf"(?<!\w){key}(?!\w)"
        return re.sub(pattern, "‹key›", text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "Secret(••••)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("An API key cannot be pickled or copied into a file.")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


class Credential(msgspec.Struct, frozen=True):
    """A key and where it was found; `secret` is None where there is none."""

    secret: Secret | None
    source: str


def find_credential(endpoint: Endpoint, api_key: str | Secret | None = None) -> Credential:
    """Find the key for an endpoint: given, environment, keyring.

    Args:
        endpoint: Whom the key is for.
        api_key: A key, or None to look for one.

    Returns:
        The key and the name of its place, or no key.

    Raises:
        ConfigurationError: A key was found that cannot be one.
    """
    if isinstance(api_key, Secret):
        api_key = api_key.reveal()
    if api_key:
        return Credential(check_key(api_key, "given"), "given")
    if os.environ.get(KEY_VARIABLE, "").strip():
        return Credential(check_key(os.environ[KEY_VARIABLE], KEY_VARIABLE), KEY_VARIABLE)
    if (stored := read_keyring(endpoint)) is not None:
        return Credential(check_key(stored, "keyring"), "keyring")
    return Credential(None, "nowhere")


def check_key(key: str, source: str) -> Secret:
    """Check that a key can go into a header, and hold it.

    A line break inside would otherwise put the key into the HTTP library's error text.

    Raises:
        ConfigurationError: White space or characters that no key has stand in it.
    """
    stripped = key.strip()
    if not stripped or any(not "!" <= character <= "~" for character in stripped):
        raise ConfigurationError(
            f"The API key ({source}) is empty or has a character that no key has, "
            "such as a space or line break.",
            "Set it again, on one line, without quotes.",
        )
    return Secret(stripped)


def require_key(endpoint: Endpoint, credential: Credential) -> None:
    """Refuse a call that cannot work without a key.

    Raises:
        MissingKeyError: The endpoint needs a key and none was found.
    """
    if endpoint.needs_key and credential.secret is None:
        raise MissingKeyError(
            f"No API key was found for {endpoint.host} ({KEY_VARIABLE} and the keyring are empty).",
            f"Set {KEY_VARIABLE} before Jupyter starts, or run `%deepshi login`; to try without a "
            "key: `%deepshi set base_url=offline`.",
        )


def read_keyring(endpoint: Endpoint) -> str | None:
    """Return the key that the system's keyring holds for this host, if the package is there."""
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(KEYRING_SERVICE, endpoint.host)
    except keyring.errors.KeyringError:
        return None


def write_keyring(endpoint: Endpoint, secret: Secret) -> None:
    """Store a key for this host in the system's keyring.

    Raises:
        ConfigurationError: There is no keyring that takes it.
    """
    todo = "Install one (`pip install keyring`), or set DEEPSHI_API_KEY instead."
    if importlib.util.find_spec("keyring") is None:
        raise ConfigurationError("The keyring package is not installed.", todo)
    import keyring
    import keyring.errors

    try:
        keyring.set_password(KEYRING_SERVICE, endpoint.host, secret.reveal())
    except keyring.errors.KeyringError as error:
        raise ConfigurationError(
            f"The keyring refused the key: {type(error).__name__}.", todo
        ) from None
