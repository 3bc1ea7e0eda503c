"""Keys in a text: how they are found, and what stands in their place in a record.

A key is found by its shape (`PATTERNS`) or because it is known. The table has only shapes that
begin with something of their own, so that hashes, UUIDs, model ids and base64 are left alone. What
is written down shows ``‹redacted:XXXXXXXX›`` instead, with the first 8 hexadecimal digits of the
SHA-256 of what stood there.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote

import msgspec

from deepshi_jupyter.core.canonical import text_sha256

T = TypeVar("T")

SHORTEST_KNOWN = 8
"""A shorter known value is a dummy, as local servers are given for want of a key."""

KNOWN = "known key"
"""The kind of a key that was found because it is known; it goes before that of a shape."""


class Found(msgspec.Struct, frozen=True):
    """Where a key stands in a text, without the key.

    Args:
        kind: What it is, such as ``GitHub token``.
        start: Index of its first character.
        end: Index behind its last character.
    """

    kind: str
    start: int
    end: int


class Pattern(NamedTuple):
    """The shape of a kind of key.

    Args:
        kind: What it is, in words.
        hints: Texts one of which every such key begins with, or its context does.
        regex: What follows, matched where a hint stands; a group ``key`` is the key alone.
        check: Whether a match is a key, and no placeholder or name.
    """

    kind: str
    hints: tuple[str, ...]
    regex: re.Pattern[str]
    check: Callable[[str], bool]


# A letter before the key may be the end of an escape: \n, \u0022, %3D, or a colour's ESC[38;5;28m.
# Each holds a character that no key has, so no text makes the search slower than its length.
_ESCAPE = "|".join(
    [r"(?<=\\[nrtbf])", r"(?<=\\u[0-9A-Fa-f]{4})", r"(?<=%[0-9A-Fa-f]{2})"]
    + [rf"(?<=\[{'[0-9;]' * length}m)" for length in range(12)]
)
_WORD_STARTS = rf"(?:(?<![A-Za-z0-9])|{_ESCAPE})"
_TOKEN_STARTS = rf"(?:(?<![A-Za-z0-9_+/-])|(?<=://)|{_ESCAPE})"
"""The second keeps out what stands in the middle of base64, but not ``https://TOKEN@host``."""

_WORD = re.compile(
    r"[-_.]{0,3}+(?>[A-Z]?[a-z]{3,}+|[A-Z][a-z]{2}|[A-Z]++|\d{1,4}+(?![A-Za-z0-9])"
    r"|(?<=[-_.])(?:[a-z]{1,2}|v\d{1,3})(?![A-Za-z0-9]))"
)
"""A word as names have it: ``-key`` of ``your-key-here``, ``Model`` of ``AutoModelForMaskedLM``."""

_SHORTEST_MEAN = 4
"""Letters of a word in the mean; random letters look like words, too, but like shorter ones."""

_FEWEST_CHARACTERS = 6
_LONG_RUN = re.compile(r"[A-Za-z0-9+/]{40}")


def _is_random(key: str) -> bool:
    """Return whether a text is neither words nor a placeholder such as ``xxxxxxxx``."""
    return _is_no_example(key) and not _is_wordy(f"-{key}")


def _is_wordy(text: str) -> bool:
    words = _WORD.findall(text)
    return "".join(words) == text and len(text) >= _SHORTEST_MEAN * len(words)


def _is_no_example(key: str) -> bool:
    """Return whether it is none such as AKIAIOSFODNN7EXAMPLE, which Amazon's manuals show."""
    return len(set(key)) >= _FEWEST_CHARACTERS and "EXAMPLE" not in key


def _has_key_lines(block: str) -> bool:
    return _LONG_RUN.search(block) is not None


def _token(kind: str, hints: str, tail: str, starts: str = _WORD_STARTS) -> Pattern:
    """Return the shape of a key that is one of some prefixes and a random tail."""
    prefixes = tuple(hints.split())
    prefix = "|".join(map(re.escape, prefixes))
    regex = re.compile(rf"{starts}(?P<key>(?:{prefix}){tail})")

    def check(key: str) -> bool:
        return _is_random(key[max(len(p) for p in prefixes if key.startswith(p)) :])

    return Pattern(kind, prefixes, regex, check)


_URL_SAFE = "[A-Za-z0-9_-]"
_PRIVATE_KEY = r"[A-Z0-9 ]{0,24}PRIVATE KEY(?: BLOCK)?-----"

PATTERNS: tuple[Pattern, ...] = (
    _token("Deepshi key", "sk-bf-", _URL_SAFE + "{10,}+"),
    _token("Anthropic key", "sk-ant-", _URL_SAFE + "{20,}+"),
    _token("OpenAI key", "sk-proj- sk-svcacct- sk-admin- sk-None-", _URL_SAFE + "{20,}+"),
    _token("OpenRouter key", "sk-or-", _URL_SAFE + "{20,}+"),
    _token("key of an OpenAI-compatible service", "sk-", _URL_SAFE + "{20,}+", _TOKEN_STARTS),
    _token("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", "[A-Za-z0-9_]{36,}+"),
    _token("GitHub token", "github_pat_", "[A-Za-z0-9_]{36,}+"),
    _token("GitLab token", "glpat-", _URL_SAFE + "{20,}+"),
    _token("Google API key", "AIza", rf"{_URL_SAFE}{{35}}(?!{_URL_SAFE})", _TOKEN_STARTS),
    _token("Hugging Face token", "hf_", "[A-Za-z0-9]{30,}+", _TOKEN_STARTS),
    _token("Slack token", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-", "[A-Za-z0-9-]{10,}+"),
    _token("Groq key", "gsk_", "[A-Za-z0-9]{40,}+", _TOKEN_STARTS),
    _token("xAI key", "xai-", "[A-Za-z0-9]{40,}+", _TOKEN_STARTS),
    _token("Replicate token", "r8_", "[A-Za-z0-9]{30,}+", _TOKEN_STARTS),
    _token("NVIDIA key", "nvapi-", _URL_SAFE + "{40,}+"),
    _token("PyPI token", "pypi-AgE", _URL_SAFE + "{40,}+"),
    _token("Stripe key", "sk_live_ rk_live_", "[A-Za-z0-9]{20,}+"),
    Pattern(
        "AWS access key",
        ("AKIA", "ASIA"),
        re.compile(rf"{_TOKEN_STARTS}(?P<key>A[KS]IA(?=[A-Z]*\d)[A-Z0-9]{{16}})(?![A-Za-z0-9])"),
        _is_no_example,
    ),
    Pattern(
        "AWS secret key",
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        re.compile(r"\w{15,21}[\\\"']{0,4}\s{0,4}[=:]\s{0,4}[\\\"']{0,4}(?P<key>[\w+/]{40})(?!\w)"),
        _is_random,
    ),
    Pattern(
        "JSON web token",
        ("eyJ",),
        re.compile(
            rf"{_TOKEN_STARTS}(?P<key>eyJ{_URL_SAFE}{{10,}}+\.eyJ{_URL_SAFE}{{10,}}+"
            rf"\.{_URL_SAFE}{{10,}}+)"
        ),
        _is_random,
    ),
    Pattern(
        "bearer token",
        ("Bearer ", "bearer "),
        re.compile(r"[Bb]earer {1,4}(?P<key>[A-Za-z0-9._~+/-]{20,}+=*+)"),
        _is_random,
    ),
    Pattern(
        "private key",
        ("-----BEGIN ",),
        re.compile(
            rf"(?P<key>-----BEGIN {_PRIVATE_KEY}"
            rf"(?:(?:[^-]|-(?!----))*+-----END {_PRIVATE_KEY}|[A-Za-z0-9+/=\s\\\"',]*+))"
        ),
        _has_key_lines,
    ),
)
"""Every kind of key that is known by its shape; of two that fit, the first is named."""


def find_secrets(text: str, known: Iterable[str] = ()) -> list[Found]:
    """Find the keys in a text.

    Args:
        text: Any text.
        known: Keys to look for as they are, wherever they stand, also as JSON, HTML, Python or a
            URL would escape them; those of fewer than 8 characters are no keys.

    Returns:
        Where they stand, in order, none overlapping another; what `redact` put in the place of a
        key is none.
    """
    return _found(text, _needles(known), range(len(PATTERNS)))


def redact(value: T, known: Iterable[str] = (), *, patterns: bool = True) -> tuple[T, int]:
    """Replace the keys in a JSON value.

    Args:
        value: A JSON value; tuples count as arrays. It is not changed.
        known: Keys to look for as they are, as `find_secrets` takes them.
        patterns: Whether to look for `PATTERNS`, too.

    Returns:
        The value with each key, also in the name of a field, as ``‹redacted:XXXXXXXX›``, and how
        many were replaced. Where there is none it is the very value that was given.
    """
    needles = _needles(known)
    shapes: Iterable[int] = range(len(PATTERNS)) if patterns else ()
    data = _encoded(value)
    if data is not None:  # one look at the whole; most values have nothing to look closer at
        needles = tuple(needle for needle in needles if _in_json(needle, data))
        shapes = _shapes_hinted_at(data) if patterns and _may_hold_a_shape(data) else ()
    if not needles and not shapes:
        return value, 0
    redaction = _Redaction(needles, tuple(shapes))
    return cast(T, redaction.of(value)), redaction.count


def glimpse(text: str, found: Found) -> str:
    """Return what may be shown of a key: the prefix of its kind and its last 4 characters.

    Args:
        text: The text that it was found in.
        found: Where it stands there.

    Returns:
        Such as ``sk-proj-…a1b2``; without the last 4 where fewer than 8 others would be hidden.
    """
    key = text[found.start : found.end]
    hints = [hint for pattern in PATTERNS for hint in pattern.hints if key.startswith(hint)]
    prefix = max(hints, key=len, default="").rstrip()
    if len(key) - len(prefix) < _LONG_ENOUGH_TO_SHOW or "PRIVATE KEY" in key:
        return f"{prefix}…"
    return f"{prefix}…{key[-4:]}"


def known_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of the environment that are keys by their variable's name.

    Args:
        environ: Environment variables.

    Returns:
        The values of DEEPSHI_API_KEY and OPENAI_API_KEY, and of every variable whose name says
        key, token, secret or password, if they have 12 or more characters and are neither a number,
        a path nor an address.
    """
    values = {value.strip(): None for name, value in environ.items() if _is_secret(name, value)}
    return tuple(values)


_LONG_ENOUGH_TO_SHOW = 12
_OUR_KEYS = ("DEEPSHI_API_KEY", "OPENAI_API_KEY")
_PUBLIC_KEYS = ("GPG_KEY",)  # the fingerprint of a release, in each of Docker's images of Python
_SAYS_SECRET = re.compile(
    r"(?:key|token|secret|password|passwd|passphrase)s?(?:_|$)", re.IGNORECASE
)
_NO_SECRET = re.compile(r"[\d.,+-]+|(?:[/~]|\.{1,2}/|[A-Za-z]:[\\/]|https?://|file:).*", re.DOTALL)
_SHORTEST_SECRET = 12

_PLACEHOLDER_STARTS = "‹redacted:"
_PLACEHOLDER = re.compile("‹redacted:[0-9a-f]{8}›")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


def _ends_with(hints: list[bytes], last: bytes) -> re.Pattern[bytes]:
    """Return what finds any of the hints that end with a character, by that character.

    It is several times faster than to look for each of them, or for all as alternatives. Each of
    these is followed by 10 characters or more that JSON does not escape.
    """
    ending = [re.escape(hint) for hint in hints if hint.endswith(last)]
    before = b"".join(sorted({hint[-2:-1] for hint in hints if hint.endswith(last)}))
    whole = b"|".join(b"(?<=%b)" % hint for hint in ending)
    return re.compile(b"%b(?<=[%b]%b)(?=[A-Za-z0-9_-]{10})(?:%b)" % (last, before, last, whole))


_HINTS = tuple(tuple(hint.encode() for hint in pattern.hints) for pattern in PATTERNS)
_EACH_HINT = [hint for hints in _HINTS for hint in hints]
# `sk-` also finds `sk-proj-`: only hints in which no other one stands are looked for.
_STEMS = [hint for hint in _EACH_HINT if not any(o in hint and o != hint for o in _EACH_HINT)]
_BY_LAST = (_ends_with(_STEMS, b"-"), _ends_with(_STEMS, b"_"))
_OTHERS = tuple(hint for hint in _STEMS if not hint.endswith((b"-", b"_")))


def _may_hold_a_shape(data: bytes) -> bool:
    for hint in _OTHERS:
        if hint in data:
            return True
    return any(regex.search(data) for regex in _BY_LAST)


def _shapes_hinted_at(data: bytes) -> tuple[int, ...]:
    return tuple(n for n, hints in enumerate(_HINTS) if any(hint in data for hint in hints))


def _is_secret(name: str, value: str) -> bool:
    value = value.strip()
    if name in _OUR_KEYS:
        return len(value) >= SHORTEST_KNOWN
    if name in _PUBLIC_KEYS or not _SAYS_SECRET.search(name):
        return False
    return len(value) >= _SHORTEST_SECRET and not _NO_SECRET.fullmatch(value)


def _needles(known: Iterable[str]) -> tuple[str, ...]:
    """Return the texts that known keys show as."""
    values = (known,) if isinstance(known, str) else known
    keys = [key for key in values if len(key) >= SHORTEST_KNOWN]
    return tuple(dict.fromkeys(form for key in keys for form in _forms(key)))


def _forms(key: str) -> tuple[str, ...]:
    if _PLAIN.fullmatch(key):
        return (key,)
    as_json = json.dumps(key)[1:-1], json.dumps(key, ensure_ascii=False)[1:-1]
    in_url = quote(key, safe="", errors="surrogatepass")
    return (key, *as_json, repr(key)[1:-1], html.escape(key), in_url)


def _encoded(value: Any) -> bytes | None:
    """Return the JSON of a value, or None where it has none that shows its whole text."""
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None  # such as half of a surrogate pair


def _in_json(needle: str, data: bytes) -> bool:
    encoded = _encoded(needle)
    return encoded is not None and encoded[1:-1] in data


def _found(text: str, needles: Iterable[str], shapes: Iterable[int]) -> list[Found]:
    """Find keys between what earlier ones were replaced by."""
    if len(text) < SHORTEST_KNOWN:
        return []
    if _PLACEHOLDER_STARTS not in text:
        return list(_merged([*_known_in(text, needles), *_shapes_in(text, shapes)]))
    found: list[Found] = []
    start = 0
    for end, after in [*(m.span() for m in _PLACEHOLDER.finditer(text)), (len(text), 0)]:
        piece = text[start:end]
        found += _merged([*_known_in(piece, needles), *_shapes_in(piece, shapes)], start)
        start = after
    return found


def _known_in(text: str, needles: Iterable[str]) -> Iterator[tuple[int, int, int]]:
    for needle in needles:
        at = text.find(needle)
        while at >= 0:
            yield at, at + len(needle), -1
            at = text.find(needle, at + 1)


def _shapes_in(text: str, shapes: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    for shape in shapes:
        for hint in PATTERNS[shape].hints:
            at = text.find(hint)
            while at >= 0:
                match = PATTERNS[shape].regex.match(text, at)
                if match and PATTERNS[shape].check(match["key"]):
                    yield *match.span("key"), shape
                at = text.find(hint, match.end() if match else at + 1)


def _merged(spans: list[tuple[int, int, int]], offset: int = 0) -> Iterator[Found]:
    """Make one of spans that overlap; its kind is the one that goes before the others."""
    merged: list[tuple[int, int, int]] = []
    for start, end, rank in sorted(spans):
        if merged and start < merged[-1][1]:
            first, last, other = merged.pop()
            merged.append((first, max(last, end), min(other, rank)))
        else:
            merged.append((start, end, rank))
    for start, end, rank in merged:
        yield Found(PATTERNS[rank].kind if rank >= 0 else KNOWN, start + offset, end + offset)


class _Redaction:
    """One walk through a value; parts without a key stay the same objects."""

    def __init__(self, needles: tuple[str, ...], shapes: tuple[int, ...]) -> None:
        self.needles = needles
        self.shapes = shapes
        self.count = 0

    def of(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self.fields(value)
        if isinstance(value, list | tuple):
            items = [self.of(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return items if isinstance(value, list) else tuple(items)
        return value

    def fields(self, value: dict[Any, Any]) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        same = True
        for name, item in value.items():
            new_name, new_item = self.of(name), self.of(item)
            same = same and new_name is name and new_item is item
            while new_name in result:
                new_name += "+"  # two names became one; neither field is lost
            result[new_name] = new_item
        return value if same else result

    def text(self, text: str) -> str:
        # Again, as a key may have hidden that a word starts behind it.
        while found := _found(text, self.needles, self.shapes):
            self.count += len(found)
            text = _without(text, found)
        return text


def _without(text: str, found: Iterable[Found]) -> str:
    parts = []
    behind = 0
    for key in found:
        digest = text_sha256(text[key.start : key.end])[:8]
        parts += [text[behind : key.start], f"‹redacted:{digest}›"]
        behind = key.end
    return "".join([*parts, text[behind:]])
