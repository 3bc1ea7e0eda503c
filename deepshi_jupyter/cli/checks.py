"""Facts about an endpoint → verdicts in words: what `doctor` says; no network and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from deepshi_jupyter.cli.complaint import advice
from deepshi_jupyter.cli.stream_check import Arrivals, flow_of
from deepshi_jupyter.core.catalogue import Catalogue
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.display.footer import dollars
from deepshi_jupyter.errors import CallError, DeepshiError, MalformedStreamError

Mark = Literal["ok", "warning", "failed"]
"""``failed`` means that a live call could not work; a ``warning``, that something is missing."""


class Check(msgspec.Struct, frozen=True):
    """One line of `doctor`.

    Attributes:
        mark: How it stands.
        name: What was looked at.
        says: What was found.
        todo: What to do about it, or an empty text.
    """

    mark: Mark
    name: str
    says: str
    todo: str = ""


def failure(name: str, error: DeepshiError) -> Check:
    """Return the line of something that an error ended."""
    return Check("failed", name, error.what, advice(error))


def check_versions(versions: Mapping[str, str | None]) -> Check:
    """Judge the installed packages.

    Args:
        versions: Version by package; None where it is not installed.
    """
    shown = " · ".join(f"{name} {version}" for name, version in versions.items() if version)
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        todo = f"Install it: `pip install {' '.join(missing)}`."
        return Check("warning", "versions", f"{shown}; not installed: {', '.join(missing)}", todo)
    return Check("ok", "versions", shown)


def is_unreachable(error: DeepshiError | None) -> bool:
    """Tell whether no answer of any kind came: no status, and no page instead of an answer."""
    return (
        isinstance(error, CallError)
        and error.status is None
        and not isinstance(error, MalformedStreamError)
    )


def check_endpoint(address: str, source: str, error: DeepshiError | None, seconds: float) -> Check:
    """Judge whether the endpoint answers at all.

    Args:
        address: Its base URL.
        source: Where the address came from.
        error: How asking for the catalogue failed, or None.
        seconds: How long that took.
    """
    if error is not None and is_unreachable(error):
        return Check("failed", "endpoint", f"{address} ({source}): {error.what}", advice(error))
    return Check("ok", "endpoint", f"{address} ({source}) answers in {seconds:.2f} s")


def check_key(source: str | None, error: DeepshiError | None, *, needs_key: bool) -> Check:
    """Judge the key; the key itself is not known here.

    Args:
        source: Where a key was found, or None.
        error: How asking for the catalogue failed, or None.
        needs_key: Whether the endpoint is one that takes no call without a key.
    """
    refused = isinstance(error, CallError) and error.status == 401
    todo = advice(error) if error is not None and refused else ""
    if source is not None:
        if refused:
            return Check("failed", "key", f"found ({source}), but the service refuses it", todo)
        return Check("ok", "key", f"found ({source})")
    if needs_key:
        return Check(
            "failed",
            "key",
            "none was found (DEEPSHI_API_KEY, keyring)",
            "Set it (`export DEEPSHI_API_KEY=…`), or try without one: `--base-url offline`.",
        )
    if refused:
        return Check("failed", "key", "none was found, and the service asks for one", todo)
    if is_unreachable(error):
        return Check("ok", "key", "none was found, and this endpoint may not ask for one")
    return Check("ok", "key", "none was found, and this endpoint does not ask for one")


def check_catalogue(catalogue: Catalogue | None, error: DeepshiError | None, model: str) -> Check:
    """Judge the catalogue.

    Args:
        catalogue: What the endpoint lists, or None.
        error: Why it does not, or None.
        model: The model that is asked by default.
    """
    name = "catalogue"
    if catalogue is None:
        why = error.what if error else "the endpoint lists nothing"
        todo = "Calls work without it, but options are not checked and prices are not known."
        return Check("warning", name, why, todo)
    says = f"{len(catalogue)} model{'' if len(catalogue) == 1 else 's'}"
    if catalogue.get(model) is None:
        near = catalogue.near(model) or [entry.id for entry in catalogue][:3]
        todo = f"Set DEEPSHI_MODEL to {' or '.join(near)}." if near else "Name another model."
        mark: Mark = "warning" if catalogue.is_plain else "failed"
        return Check(mark, name, f"{says}; {model} is not among them", todo)
    if catalogue.is_plain:
        return Check("ok", name, f"{says}, with {model}; ids only, so nothing is known of them")
    return Check("ok", name, f"{says}, with {model}")


def check_answer(model: str, seconds: float) -> Check:
    """Say that the one real request was answered."""
    return Check("ok", "answer", f"{model} answered one tiny real request in {seconds:.1f} s")


_HELD_BACK = (
    "Something on the way buffers: ask whoever runs the proxy or gateway to turn that off for this "
    "address (nginx: `proxy_buffering off`)."
)


def check_stream(arrivals: Arrivals) -> Check:
    """Judge whether the answer came as it was made.

    Args:
        arrivals: When its pieces came.
    """
    pieces, total = len(arrivals.seconds), f"{arrivals.total:.2f} s"
    first = f"{arrivals.seconds[0]:.2f} s" if arrivals.seconds else ""
    mark, says, todo = {
        "nothing": ("warning", "no text came that could be measured", "Try another model."),
        "short": ("warning", "the answer was too short to tell", "Try another model."),
        "quick": ("ok", f"{pieces} pieces within {total}: too quick to tell, and to matter", ""),
        "whole": (
            "warning",
            f"the whole answer came in one piece after {first}",
            "The endpoint does not stream, or something on the way joins what it sends.",
        ),
        "burst": (
            "warning",
            f"all {pieces} pieces came at once, {first} after the question",
            _HELD_BACK,
        ),
        "bursts": (
            "warning",
            f"{pieces} pieces came in {arrivals.moments} bursts over {arrivals.spread:.2f} s",
            _HELD_BACK,
        ),
        "stream": (
            "ok",
            f"{pieces} pieces over {arrivals.spread:.2f} s, the first after {first}",
            "",
        ),
    }[flow_of(arrivals)]
    return Check("ok" if mark == "ok" else "warning", "stream", says, todo)


def check_usage(usage: Usage | None) -> Check:
    """Judge whether tokens and cost are reported.

    Args:
        usage: What the service reported, or None.
    """
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return Check(
            "warning",
            "usage",
            "no tokens were reported, so neither they nor a cost can be shown",
            "Ask whoever runs the endpoint for `stream_options.include_usage`.",
        )
    says = f"{usage.prompt_tokens:,} tokens in / {usage.completion_tokens:,} out"
    if usage.cost is None:
        todo = "A cost is estimated where the catalogue lists prices."
        return Check("warning", "usage", f"{says}, without a cost", todo)
    return Check("ok", "usage", f"{says}, {dollars(usage.cost)}")
