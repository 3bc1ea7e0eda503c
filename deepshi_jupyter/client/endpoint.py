"""The address of a chat completions API."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit, urlunsplit

import msgspec

from deepshi_jupyter.errors import ConfigurationError

DEFAULT_BASE_URL = "https://api.deepshi.ai/v1"
BASE_URL_VARIABLE = "DEEPSHI_BASE_URL"


class Endpoint(msgspec.Struct, frozen=True):
    """A checked base URL.

    Attributes:
        base_url: The address without a trailing slash.
        host: Its host name, in lower case.
        is_secure: True for https.
        is_loopback: True if the host is this machine.
        source: Where the address came from, in words.
    """

    base_url: str
    host: str
    is_secure: bool
    is_loopback: bool
    source: str = "given"

    @property
    def needs_key(self) -> bool:
        """True where no call can work without a key: at Deepshi's own address."""
        return self.host == urlsplit(DEFAULT_BASE_URL).hostname

    @property
    def sends_key_in_clear(self) -> bool:
        """True if a key sent there could be read on the way."""
        return not self.is_secure and not self.is_loopback


def find_endpoint(base_url: str | None = None) -> Endpoint:
    """Return the endpoint to use.

    Args:
        base_url: An address, or None for ``DEEPSHI_BASE_URL`` and then Deepshi's own.

    Returns:
        The checked address.

    Raises:
        ConfigurationError: It is no http(s) address, or carries credentials.
    """
    if base_url:
        return parse_endpoint(base_url, "given")
    if from_environment := os.environ.get(BASE_URL_VARIABLE, "").strip():
        return parse_endpoint(from_environment, BASE_URL_VARIABLE)
    return parse_endpoint(DEFAULT_BASE_URL, "default")


def parse_endpoint(base_url: str, source: str) -> Endpoint:
    """Check an address; the messages never repeat credentials that stand in it.

    Raises:
        ConfigurationError: It is no http(s) address, or carries credentials, a query or a fragment.
    """
    todo = f"Give one like {DEFAULT_BASE_URL} ({BASE_URL_VARIABLE}, or base_url=…)."
    try:
        parts = urlsplit(base_url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("The base URL cannot be read as an address.", todo) from None
    if "@" in parts.netloc:
        raise ConfigurationError(
            "The base URL carries credentials, which would end up in records and logs.",
            "Leave them out of the address and set the key as DEEPSHI_API_KEY.",
        )
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError("The base URL is no http(s) address.", todo)
    if not base_url.strip().isprintable() or not _is_host(host):
        raise ConfigurationError("The base URL has a character or part that no address has.", todo)
    if parts.query or parts.fragment:
        raise ConfigurationError("The base URL has a query or fragment.", todo)
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return Endpoint(
        base_url=urlunsplit((parts.scheme, parts.netloc, path, "", "")),
        host=host.lower(),
        is_secure=parts.scheme == "https",
        is_loopback=_is_loopback(host),
        source=source,
    )


def _is_host(host: str) -> bool:
    try:
        return bool(host.encode("idna")) and not any(character.isspace() for character in host)
    except UnicodeError:  # an empty label, or one that is too long
        return False


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
