"""A conversation is told by the last link of its chain."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.core.canonical import without_bytes
from deepshi_jupyter.core.chain import START, chain, link, message_digest

TEXTS = st.text(max_size=5)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": TEXTS}),
    max_size=5,
)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def test_a_link_is_the_hash_of_the_one_before_and_of_the_message() -> None:
    """The definition, written out: what another program has to do."""
    digest = hashlib.sha256(b'{"content":"Hi","role":"user"}').hexdigest()
    first = "m1:" + hashlib.sha256(f"\n{digest}".encode()).hexdigest()
    second = "m1:" + hashlib.sha256(f"{first}\n{digest}".encode()).hexdigest()
    assert message_digest(user("Hi")) == digest
    assert chain([user("Hi")]) == link(START, digest) == first
    assert chain([user("Hi"), user("Hi")]) == second


def test_no_messages_have_the_empty_chain() -> None:
    assert chain([]) == START == ""


def test_the_order_of_messages_matters() -> None:
    assert chain([user("a"), user("b")]) != chain([user("b"), user("a")])


def test_where_one_message_ends_matters() -> None:
    assert chain([user("a"), user("b")]) != chain([user("a\nb")])


@given(MESSAGES, MESSAGES)
def test_a_chain_goes_on_from_where_another_ended(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    assert chain(second, chain(first)) == chain([*first, *second])


@given(MESSAGES, MESSAGES)
def test_different_messages_have_different_chains(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    assert (chain(one) == chain(other)) == (one == other)


def picture(data: bytes) -> dict[str, Any]:
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    part = {"type": "image_url", "image_url": {"url": url}}
    return user([{"type": "text", "text": "What is it?"}, part])


def test_an_image_counts_by_its_bytes() -> None:
    assert chain([picture(b"one")]) == chain([picture(b"one")]) != chain([picture(b"two")])


@given(st.binary(max_size=20))
def test_a_message_as_sent_and_as_recorded_have_the_same_hash(data: bytes) -> None:
    sent = picture(data)
    recorded = without_bytes(sent)
    assert recorded != sent
    assert chain([recorded]) == chain([sent])
