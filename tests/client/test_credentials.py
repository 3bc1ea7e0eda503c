"""Where the key comes from, and that it shows nowhere."""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import keyring
import keyring.errors
import msgspec
import pytest
from keyring.backend import KeyringBackend

from deepshi_jupyter.client.credentials import (
    KEY_VARIABLE,
    KEYRING_SERVICE,
    Credential,
    Secret,
    check_key,
    find_credential,
    read_keyring,
    require_key,
    write_keyring,
)
from deepshi_jupyter.client.endpoint import parse_endpoint
from deepshi_jupyter.errors import ConfigurationError, MissingKeyError

KEY = "sk-bf-0123456789"
DEEPSHI = parse_endpoint("https://api.deepshi.ai/v1", "default")
LOCAL = parse_endpoint("http://localhost:11434/v1", "given")


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets; `locked` makes it refuse."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring has no types here
        self.stored: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.stored.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.stored[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.stored[service, username]

    def _check(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked(f"refused {KEY}")


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    fake = MemoryKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


def revealed(credential: Credential) -> str | None:
    return credential.secret.reveal() if credential.secret else None


@pytest.mark.parametrize(
    ("given", "variable", "stored", "key", "source"),
    [
        ("given", "variable", "stored", "given", "given"),
        (Secret("given"), "variable", "stored", "given", "given"),
        (None, "variable", "stored", "variable", KEY_VARIABLE),
        ("", "variable", "stored", "variable", KEY_VARIABLE),
        (None, None, "stored", "stored", "keyring"),
        (None, " \n", "stored", "stored", "keyring"),
        (None, None, None, None, "nowhere"),
        (" given\n", None, None, "given", "given"),
        (None, " variable\r\n", None, "variable", KEY_VARIABLE),
    ],
)
def test_the_key_given_comes_before_the_environment_and_the_keyring(
    given: str | Secret | None,
    variable: str | None,
    stored: str | None,
    key: str | None,
    source: str,
    ring: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if variable is not None:
        monkeypatch.setenv(KEY_VARIABLE, variable)
    if stored is not None:
        ring.stored[KEYRING_SERVICE, DEEPSHI.host] = stored
    credential = find_credential(DEEPSHI, given)
    assert (revealed(credential), credential.source) == (key, source)


def test_a_stored_key_is_for_its_host_alone(ring: MemoryKeyring) -> None:
    write_keyring(DEEPSHI, Secret(KEY))
    assert read_keyring(DEEPSHI) == KEY
    assert read_keyring(LOCAL) is None


UNUSABLE = [
    f"{KEY}\nX-Evil: 1",
    f"{KEY} x",
    f"{KEY}\r\n\r\nx",
    f"{KEY}é",
    f"{KEY}\x00",
    f"{KEY}\x7f",
    f"{KEY}\u200b",
    f"“{KEY}”",
]


@pytest.mark.parametrize("key", UNUSABLE)
@pytest.mark.parametrize("place", ["given", "secret", KEY_VARIABLE, "keyring"])
def test_a_key_that_would_break_a_header_is_refused_without_showing_it(
    key: str, place: str, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == KEY_VARIABLE:
        monkeypatch.setattr("os.environ", {KEY_VARIABLE: key})  # it may hold what setenv refuses
    if place == "keyring":
        ring.stored[KEYRING_SERVICE, DEEPSHI.host] = key
    places: dict[str, str | Secret] = {"given": key, "secret": Secret(key)}
    with pytest.raises(ConfigurationError) as caught:
        find_credential(DEEPSHI, places.get(place))
    assert "sk-bf" not in "".join(traceback.format_exception(caught.value))
    assert "line break" in caught.value.what


@pytest.mark.parametrize("key", ["", " ", "\n"])
def test_an_empty_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match="is empty"):
        check_key(key, "login")


def test_a_keyring_that_does_not_open_is_as_good_as_none(ring: MemoryKeyring) -> None:
    ring.locked = True
    assert find_credential(DEEPSHI).source == "nowhere"


def test_a_keyring_that_refuses_a_key_says_so_without_showing_it(ring: MemoryKeyring) -> None:
    ring.locked = True
    with pytest.raises(ConfigurationError, match="KeyringLocked") as caught:
        write_keyring(DEEPSHI, Secret(KEY))
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_without_the_keyring_package_nothing_is_read_and_writing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert read_keyring(DEEPSHI) is None
    with pytest.raises(ConfigurationError, match="pip install keyring"):
        write_keyring(DEEPSHI, Secret(KEY))


def test_a_call_that_cannot_work_without_a_key_says_how_to_set_one() -> None:
    nothing = Credential(None, "nowhere")
    with pytest.raises(MissingKeyError) as caught:
        require_key(DEEPSHI, nothing)
    assert KEY_VARIABLE in caught.value.todo
    assert "offline" in caught.value.todo
    require_key(LOCAL, nothing)
    require_key(DEEPSHI, Credential(Secret(KEY), "given"))


HOLDERS: list[Any] = [Secret(KEY), Credential(Secret(KEY), "given"), [Secret(KEY)], (Secret(KEY),)]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_a_key_shows_in_no_form_of_text(holder: Any) -> None:
    for shown in (repr(holder), str(holder), f"{holder}", "%s %r" % (holder, holder)):  # noqa: UP031
        assert KEY not in shown


def test_a_key_is_in_no_dictionary_of_its_holder() -> None:
    with pytest.raises(TypeError):
        vars(Secret(KEY))
    assert not hasattr(Secret(KEY), "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_a_key_cannot_be_pickled(holder: Any, protocol: int) -> None:
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps(holder, protocol)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("encode", [json.dumps, msgspec.json.encode, msgspec.to_builtins])
def test_a_key_cannot_be_written_as_json(encode: Any) -> None:
    with pytest.raises(TypeError) as caught:
        encode(Secret(KEY))
    assert KEY not in str(caught.value)


def test_a_copy_is_the_same_holder() -> None:
    secret = Secret(KEY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_equal_keys_are_equal_whatever_they_are_made_of() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert hash(Secret(KEY)) == hash(Secret(KEY))
    assert Secret(KEY) != Secret("other")
    assert Secret("ключ") != Secret(KEY)
    assert Secret(KEY) != KEY


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"Incorrect key {KEY}.", "Incorrect key ‹key›."),
        (f"{KEY}{KEY}", "‹key›‹key›"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_a_key_is_taken_out_of_a_text_wherever_it_stands(text: str, redacted: str) -> None:
    assert Secret(KEY).redact(text) == redacted


@pytest.mark.parametrize(
    ("key", "text", "redacted"),
    [
        ("k", "unknown key k.", "unknown key ‹key›."),
        ("none", "nonetheless (none)", "nonetheless (‹key›)"),
        ("a+b", "a+b a+bc aab", "‹key› a+bc aab"),
        ("0123.567", "x0123.567x", "x‹key›x"),
    ],
)
def test_a_key_for_want_of_one_is_taken_out_where_it_is_a_word(
    key: str, text: str, redacted: str
) -> None:
    assert Secret(key).redact(text) == redacted


def test_no_key_takes_nothing_out() -> None:
    assert Secret("").redact("text") == "text"
