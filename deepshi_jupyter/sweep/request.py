"""What all requests of a run have in common, and the request of one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from deepshi_jupyter.core.chain import chain, link, message_digest
from deepshi_jupyter.core.request import ChatRequest, encode_body
from deepshi_jupyter.core.request_key import key_of_chain

Json = dict[str, Any]


class Pattern(msgspec.Struct, frozen=True):
    """The request of every row but for its text.

    Attributes:
        body: The body; its messages are those before the row's.
        suffix: What stands after the row's text in its message, such as the form of the answer.
        endpoint: The endpoint as keys name it.
        tip: The chain of the messages before the row's.
    """

    body: Json
    suffix: str
    endpoint: str
    tip: str

    @property
    def model(self) -> str:
        """The model asked."""
        return str(self.body["model"])

    def message(self, text: str) -> Json:
        """Return the message of a row."""
        return {"role": "user", "content": text + self.suffix}

    def request(self, text: str, added: tuple[Json, ...] = ()) -> ChatRequest:
        """Return the request of a row.

        Args:
            text: Its text.
            added: Messages after it: wrong answers and corrections.
        """
        messages = [*self.body["messages"], self.message(text), *added]
        return ChatRequest({**self.body, "messages": messages})

    def key(self, text: str, sample: int = 0) -> str:
        """Return the key of a row's request.

        Raises:
            InvalidRequestError: The text cannot be sent.
        """
        message = self.message(text)
        encode_body(message)
        tip = link(self.tip, message_digest(message))
        return key_of_chain(self.endpoint, tip, self.body, sample)


def pattern_of(body: Mapping[str, Any], text: str, endpoint: str) -> Pattern:
    """Return the pattern of a request that was made for one row.

    Args:
        body: The body of that request.
        text: The text of that row, which its last message begins with.
        endpoint: The endpoint as keys name it.
    """
    before, last = body["messages"][:-1], body["messages"][-1]
    suffix = last["content"].removeprefix(text)
    return Pattern({**body, "messages": before}, suffix, endpoint, chain(before))
