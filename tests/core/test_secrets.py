"""Keys in a text: found by their shape or because they are known, and never repeated."""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import json
import random
import string
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.secrets import (
    KNOWN,
    PATTERNS,
    Found,
    find_secrets,
    glimpse,
    known_secrets,
    redact,
)
from tests.core.json_values import ANY_JSON, ANY_TEXT

LETTERS = string.ascii_letters + string.digits
URL_SAFE = LETTERS + "-_"


def tail(length: int, alphabet: str = LETTERS, seed: int = 1) -> str:
    """A random text, the same each time; keys are made here, so that none stands in this file."""
    return "".join(random.Random(f"{seed} {length}").choices(alphabet, k=length))


def private_key(seed: int = 1, name: str = "RSA ") -> str:
    lines = "\n".join(tail(64, LETTERS + "+/", seed + line) for line in range(6))
    return (
        f"-----BEGIN {name}PRIVATE KEY-----\n{lines}\n{tail(11)}=\n-----END {name}PRIVATE KEY-----"
    )


def web_token(seed: int = 1) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return ".".join([part({"alg": "HS256"}), part({"sub": "somebody"}), tail(43, URL_SAFE, seed)])


class Key(NamedTuple):
    kind: str
    make: Callable[[int], str]


def key(kind: str, prefix: str, length: int, alphabet: str = LETTERS) -> Key:
    return Key(kind, lambda seed: prefix + tail(length, alphabet, seed))


KEYS = [
    Key("Deepshi key", lambda seed: f"sk-bf-{uuid.UUID(int=random.Random(seed).getrandbits(128))}"),
    Key("Deepshi key", lambda seed: f"sk-bf-canary-3f9a{seed % 10}c"),
    key("Anthropic key", "sk-ant-api03-", 95, URL_SAFE),
    key("OpenAI key", "sk-proj-", 148, URL_SAFE),
    key("OpenAI key", "sk-svcacct-", 74),
    key("OpenRouter key", "sk-or-v1-", 64, "0123456789abcdef"),
    key("key of an OpenAI-compatible service", "sk-", 48),
    key("key of an OpenAI-compatible service", "sk-", 32, "0123456789abcdef"),
    key("GitHub token", "ghp_", 36),
    key("GitHub token", "ghs_", 36),
    Key("GitHub token", lambda seed: f"github_pat_{tail(22, seed=seed)}_{tail(59, seed=seed)}"),
    key("GitLab token", "glpat-", 20, URL_SAFE),
    Key("AWS access key", lambda seed: f"AKIA{tail(13, string.ascii_uppercase, seed)}7Q2"),
    key("Google API key", "AIza", 35, URL_SAFE),
    key("Hugging Face token", "hf_", 34, string.ascii_letters),
    key("Slack token", "xoxb-1234567890-", 24),
    key("Groq key", "gsk_", 52),
    key("xAI key", "xai-", 80),
    key("Replicate token", "r8_", 37),
    key("NVIDIA key", "nvapi-", 64, URL_SAFE),
    key("PyPI token", "pypi-AgEIcHlwaS5vcmc", 100, URL_SAFE),
    key("Stripe key", "sk_live_", 24),
    Key("JSON web token", web_token),
    Key("private key", private_key),
    Key("private key", lambda seed: private_key(seed, "OPENSSH ")),
]
each_key = pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.kind}: {key.make(1)[:9]}")

CONTEXTS = [
    "{}",
    "key = '{}'",
    'api_key="{}",',
    "curl -H 'Authorization: Bearer {}' https://api.example/v1",
    "https://{}@host.example/repository.git",
    "?key={}&q=1",
    "\x1b[38;5;28m{}\x1b[39m",
    "\\n{}\\n",
    "\\u0022{}\\u0022",
    "key%3D{}",
    "({})",
    "Schlüssel: „{}“",
]


def only(text: str, known: tuple[str, ...] = ()) -> Found:
    (found,) = find_secrets(text, known)
    return found


@each_key
@pytest.mark.parametrize("context", CONTEXTS)
def test_a_key_is_found_by_its_shape_wherever_it_stands(key: Key, context: str) -> None:
    secret = key.make(3)
    text = context.format(secret)
    found = only(text)
    assert secret in text[found.start : found.end]
    assert found.kind == key.kind


@each_key
def test_keys_that_follow_one_another_are_found_each(key: Key) -> None:
    keys = [key.make(seed) for seed in range(3)]
    text = "\n".join(keys)
    assert [text[found.start : found.end] for found in find_secrets(text)] == keys


def test_every_kind_of_the_table_has_a_test() -> None:
    by_context = {"AWS secret key", "bearer token"}
    assert {pattern.kind for pattern in PATTERNS} == {key.kind for key in KEYS} | by_context


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ("aws_secret_access_key = {}", "AWS secret key"),
        ('export AWS_SECRET_ACCESS_KEY="{}"', "AWS secret key"),
        ('{{"SecretAccessKey": "{}"}}', "AWS secret key"),
        ('{{\\"SecretAccessKey\\": \\"{}\\"}}', "AWS secret key"),
        ("Authorization: Bearer {}", "bearer token"),
        ("'authorization': 'bearer {}'", "bearer token"),
    ],
)
def test_a_key_without_a_prefix_is_found_by_what_stands_before_it(context: str, kind: str) -> None:
    secret = tail(40, seed=9)
    text = context.format(secret)
    found = only(text)
    assert (found.kind, text[found.start : found.end]) == (kind, secret)


def test_a_private_key_that_is_cut_off_is_found_as_far_as_it_goes() -> None:
    text = private_key()[:200]
    assert find_secrets(text) == [Found("private key", 0, 200)]


def test_a_private_key_is_found_in_the_text_of_json() -> None:
    text = json.dumps({"private_key": private_key()})
    found = only(text)
    assert text[found.start : found.end] == json.dumps(private_key())[1:-1]


@pytest.mark.parametrize(
    "text",
    [
        "A task-based, risk-averse and desk-bound ask-me-anything-about-scikit-learn-pipelines.",
        "deepshi-3.0 gpt-4o-2024-08-06 claude-sonnet-4-20250514 text-embedding-3-large",
        "meta-llama/Llama-3.3-70B-Instruct 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",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "123e4567-e89b-12d3-a456-426614174000",
        "chatcmpl-9aZ3kLmN0pQrStUvWxYz012345678 req_011CSHoEeqs5C35K2UUqR7Fy",
        "<div id='sk-estimator-id-12' class='sk-top-container sk-text-repr-fallback-container'>",
        "sk-toggleable__content-arrow-fitted-estimator sk-fading-circle-with-circle12",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk-XXXXXXXXXXXXXXXXXXXXXXXX",
        "sk-proj-your-key-goes-here",
        "sk-bf-… sk-bf-your-key-here sk-bf-YOUR_KEY_HERE sk-my-own-key-goes-in-here",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx AKIAIOSFODNN7EXAMPLE AKIA",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "Authorization: Bearer $DEEPSHI_API_KEY; Bearer <your-token-goes-right-here>",
        "the bearer of-responsibilities-and-of-other-things",
        "eyJ alone, or eyJhbGciOiJIUzI1NiJ9 without the other two parts",
        "A key begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
        "-----BEGIN PUBLIC KEY-----\n" + tail(64) + "\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\n" + tail(64) + "\n-----END CERTIFICATE-----",
        "xoxo-hugs-and-kisses-to-everybody",
        "",
    ],
)
def test_what_is_no_key_is_left_alone(text: str) -> None:
    assert find_secrets(text) == []
    assert redact(text)[0] is text


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_base64_of_an_image_holds_no_key(encode: Callable[[bytes], bytes]) -> None:
    assert find_secrets(encode(random.Random(7).randbytes(600_000)).decode()) == []


@pytest.mark.parametrize(
    "piece",
    [
        "eyJ[0m",
        "sk-",
        "eyJaaaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer    ",
        "AKIA",
        "aA1-",
    ],
)
def test_a_text_made_to_be_slow_is_searched_to_its_end(piece: str) -> None:
    """The time limit of a test would end a search whose time grows with the square of the text."""
    secret = KEYS[2].make(1)
    text = f"{piece * 100_000} {secret}"
    assert text[find_secrets(text)[-1].start :] == secret


@pytest.mark.parametrize(
    "secret", ["correct horse", 'p"ss\\wörd<&>12345', "12345678", "ünïcödé-kéy"]
)
def test_a_known_key_is_found_as_it_is_and_as_it_may_be_escaped(secret: str) -> None:
    as_json = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    escaped = *as_json, repr(secret)[1:-1], html.escape(secret), quote(secret, safe="")
    for form in (secret, *escaped):
        text = f"x{form}x"
        assert find_secrets(text, [secret]) == [Found(KNOWN, 1, len(text) - 1)]


def test_a_known_value_of_a_few_letters_is_no_key() -> None:
    assert find_secrets("a dummy in a dummy", ["dummy", "", "a dummy"]) == []


def test_one_known_key_may_be_given_as_a_text() -> None:
    assert find_secrets("a known-value", "known-value") == [Found(KNOWN, 2, 13)]


def test_what_overlaps_is_one_and_a_known_key_goes_before_a_shape() -> None:
    secret = KEYS[0].make(1)
    text = f"<{secret}>"
    known = (secret[:20], secret[10:], "<" + secret[:8])
    assert find_secrets(text, known) == [Found(KNOWN, 0, len(text) - 1)]


def test_a_find_does_not_show_the_key() -> None:
    secret = KEYS[0].make(1)
    assert secret not in repr(find_secrets(secret, [secret]))


def test_a_glimpse_has_the_prefix_and_four_characters() -> None:
    secret = "sk-proj-" + tail(60)
    assert glimpse(f"x {secret}", only(f"x {secret}")) == f"sk-proj-…{secret[-4:]}"
    assert glimpse("a pass-word-of-mine", only("a pass-word-of-mine", ("pass-word-of-mine",))) == (
        "…mine"
    )


@pytest.mark.parametrize("secret", ["sk-bf-0123456789", "password1"])
def test_a_glimpse_of_a_short_key_does_not_have_its_end(secret: str) -> None:
    assert glimpse(secret, only(secret, (secret,))) in ("sk-bf-…", "…")


def test_a_glimpse_of_a_private_key_has_nothing_of_it() -> None:
    assert glimpse(private_key(), only(private_key())) == "-----BEGIN…"


def placeholder(secret: str) -> str:
    return f"‹redacted:{hashlib.sha256(secret.encode()).hexdigest()[:8]}›"


@each_key
def test_a_key_is_replaced_by_the_beginning_of_its_hash(key: Key) -> None:
    secret = key.make(5)
    value = {"a": [f"say {secret} and {secret}", 1, None], secret: ("x", secret), "b": {"c": 0.5}}
    kept = copy.deepcopy(value)
    hashed = placeholder(secret)
    assert redact(value) == (
        {"a": [f"say {hashed} and {hashed}", 1, None], hashed: ("x", hashed), "b": {"c": 0.5}},
        4,
    )
    assert value == kept


def test_without_patterns_only_known_keys_are_replaced() -> None:
    secret = KEYS[0].make(1)
    value = [secret, "my known value"]
    assert redact(value, ["known value"], patterns=False) == (
        [secret, f"my {placeholder('known value')}"],
        1,
    )


def test_a_key_that_hid_behind_another_is_replaced_too() -> None:
    hidden = KEYS[8].make(1)
    assert find_secrets(f"abcdefgh{hidden}") == []
    known = placeholder("abcdefgh")
    assert redact(f"abcdefgh{hidden}", ["abcdefgh"]) == (f"{known}{placeholder(hidden)}", 2)


def test_two_names_that_become_one_are_kept_apart() -> None:
    secret = KEYS[0].make(1)
    hashed = placeholder(secret)
    assert redact({secret: 1, hashed: 2}) == ({hashed: 1, f"{hashed}+": 2}, 1)


def test_what_stands_for_a_key_is_not_replaced_again() -> None:
    value = f"{placeholder('x')} redacted: {placeholder('y')}"
    assert redact(value, ["redacted:"])[0].count("‹redacted:") == 3
    assert redact(placeholder("x"), ["redacted:", placeholder("x")[10:-1]]) == (placeholder("x"), 0)


def test_what_is_no_json_is_walked_through_all_the_same() -> None:
    secret = KEYS[0].make(1)
    strange = object()
    value = ["\ud800", strange, {1: secret}]
    assert redact(value) == (["\ud800", strange, {1: placeholder(secret)}], 1)


def test_only_what_holds_a_key_is_made_anew() -> None:
    untouched = {"text": ["nothing here"]}
    value = {"a": untouched, "b": KEYS[0].make(1)}
    assert redact(value)[0]["a"] is untouched


planted = st.builds(lambda key, seed: key.make(seed), st.sampled_from(KEYS), st.integers(0, 9))
own_words = st.text(string.ascii_letters + string.digits + '"\\é/ ', min_size=8, max_size=14)


@st.composite
def values_with_keys(draw: st.DrawFn) -> tuple[Any, list[str], list[str]]:
    """A JSON value with keys in it, by shape and known, at any depth and in names of fields."""
    shaped = draw(st.lists(planted, max_size=3))
    known = draw(st.lists(own_words, max_size=3))
    value = draw(ANY_JSON)
    for secret in [*shaped, *known]:
        before = draw(ANY_TEXT) + " "  # a word starts
        text = f"{before}{secret} {draw(ANY_TEXT)}"
        holders: list[Any] = [text, {text: value}, {"a": text, "b": value}, [value, text], (text,)]
        holder = draw(st.sampled_from(holders))
        value = [value, holder] if holder in (text, (text,)) else holder
    return value, shaped, known


@given(values_with_keys())
def test_no_planted_key_is_left_and_nothing_is_left_to_do(
    drawn: tuple[Any, list[str], list[str]],
) -> None:
    value, shaped, known = drawn
    clean, count = redact(value, known)
    texts = list(texts_of(clean))
    assert not [secret for secret in [*shaped, *known] for text in texts if secret in text]
    assert count >= bool(shaped or known)
    again, none = redact(clean, known)
    assert again is clean
    assert none == 0
    assert redact(copy.deepcopy(value), known) == (clean, count)


@given(ANY_JSON, st.lists(own_words, max_size=2))
def test_a_value_without_keys_is_given_back_as_it_is(value: Any, known: list[str]) -> None:
    if not any(find_secrets(text, known) for text in texts_of(value)):
        clean, count = redact(value, known)
        assert clean is value
        assert count == 0


@given(ANY_JSON, planted)
def test_the_quick_look_at_the_whole_overlooks_nothing(value: Any, secret: str) -> None:
    value = {"inside": value, "text": f'"quoted\n{secret}"', "more": [f"\t{secret}\\"]}
    assert redact(value)[1] == sum(len(find_secrets(text)) for text in texts_of(value)) >= 2


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in texts_of(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_of(item)]
    return []


SECRET = tail(24)


@pytest.mark.parametrize(
    "name",
    [
        *("GITHUB_TOKEN", "HF_TOKEN", "MY_API_KEY", "API_KEYS", "AWS_SECRET_ACCESS_KEY"),
        *("JPY_API_TOKEN", "PGPASSWORD", "db_passwd", "client_secret", "OPENAIKEY", "SECRET_VALUE"),
    ],
)
def test_a_variable_whose_name_says_so_holds_a_key(name: str) -> None:
    assert known_secrets({name: f" {SECRET}\n", "HOME": SECRET}) == (SECRET,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", SECRET),
        ("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring"),
        ("TOKENIZERS_PARALLELISM", "this is no token"),
        ("KEYBOARD_LAYOUT", "deadgraveacute"),
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
        ("SSH_KEY", "/home/ada/.ssh/id_ed25519"),
        ("API_KEY_FILE", "~/secrets/api-key"),
        ("TOKEN_FILE", "./secrets/token.txt"),
        ("KEY_FILE", r"C:\secrets\key.txt"),
        ("TOKEN_URL", "https://login.example/token"),
        ("MAX_TOKENS", "1000000000000"),
        ("API_TOKEN", "short"),
        ("API_TOKEN", ""),
    ],
)
def test_what_is_no_key_is_not_known(name: str, value: str) -> None:
    assert known_secrets({name: value}) == ()


def test_the_key_of_this_package_counts_from_eight_characters() -> None:
    environ = {"DEEPSHI_API_KEY": "12345678", "OPENAI_API_KEY": "1234567", "A_TOKEN": "12345678"}
    assert known_secrets(environ) == ("12345678",)


def test_a_value_that_two_variables_hold_is_known_once() -> None:
    assert known_secrets({"A_TOKEN": SECRET, "B_TOKEN": SECRET}) == (SECRET,)
