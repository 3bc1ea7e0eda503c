"""Event-stream bytes in any pieces → server events.

Follows the interpretation rules of the HTML standard
(https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation):
LF, CR and CRLF end a line wherever the pieces are cut, comments and unknown fields are passed
over, several ``data`` lines are joined, and an event that no blank line ends is not dispatched.
"""

from __future__ import annotations

import msgspec

from deepshi_jupyter.errors import MalformedStreamError

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""An event that grows beyond this many bytes without an end is no event of this API."""

_BOM = b"\xef\xbb\xbf"
_FIELDS = frozenset({b"", b"data", b"event", b"id", b"retry"})
"""What may stand before the colon of a line; before that of a comment nothing does."""


class ServerEvent(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event: its data as raw bytes, its name, and the last id seen."""

    data: bytes
    event: str = "message"
    id: str = ""


class EventStreamDecoder:
    """Decodes one event stream, fed in pieces of any size."""

    def __init__(self) -> None:
        self.damaged = False
        """True once bytes came that were no UTF-8, or a line that was no field and no comment.

        The standard passes over both; a server sends neither, so something was lost on the way.
        """
        self._buffer = bytearray()
        self._scanned = 0
        self._after_cr = False
        self._at_start = True
        self._id = ""

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """Take the next bytes and return the events that they complete.

        Args:
            piece: The next bytes of the stream, cut anywhere.

        Returns:
            The events dispatched by these bytes, oldest first.

        Raises:
            MalformedStreamError: An event exceeds `MAX_EVENT_BYTES`.
        """
        if self._after_cr or b"\r" in piece:
            piece = self._with_line_feeds(piece)
        if not self._buffer and piece.endswith(b"\n\n"):  # whole events in one piece, as usual
            is_one = piece.startswith(b"data: ") and piece.find(b"\n") == len(piece) - 2
            if is_one and piece.isascii():  # bytes beyond ASCII may be damaged, which is looked at
                self._at_start = False
                return [ServerEvent(piece[6:-2], "message", self._id)]
            return self._dispatch(piece[:-2])
        self._buffer += piece
        end = self._buffer.rfind(b"\n\n", max(0, self._scanned - 1))
        if end < 0:
            self._scanned = len(self._buffer)
            self._check_size()
            return []
        whole = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._scanned = len(self._buffer)
        return self._dispatch(whole)

    def unfinished(self) -> ServerEvent | None:
        """Return the event that the stream's end cut off, if it has data (not per the standard)."""
        rest = bytes(self._buffer)
        return self._read_block(rest.removeprefix(_BOM) if self._at_start else rest)

    def _with_line_feeds(self, piece: bytes) -> bytes:
        """Turn CR and CRLF into LF; a CR at the end counts at once, an LF after it no more."""
        if self._after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_cr = False
        if piece:
            self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _check_size(self) -> None:
        if len(self._buffer) > MAX_EVENT_BYTES:
            raise MalformedStreamError(
                f"One event of the stream is larger than {MAX_EVENT_BYTES:,} bytes.",
                "Check that the base URL is that of a chat completions API.",
            )

    def _dispatch(self, whole: bytes) -> list[ServerEvent]:
        if self._at_start:
            self._at_start = False
            whole = whole.removeprefix(_BOM)
        if not whole.isascii() and not is_utf8(whole):
            self.damaged = True
        events = []
        for block in whole.split(b"\n\n"):
            if block.startswith(b"data: ") and b"\n" not in block:
                events.append(ServerEvent(block[6:], "message", self._id))
                continue
            if any(line.partition(b":")[0] not in _FIELDS for line in block.split(b"\n")):
                self.damaged = True
            if (event := self._read_block(block)) is not None:
                events.append(event)
        return events

    def _read_block(self, block: bytes) -> ServerEvent | None:
        """Read the lines between two blank ones."""
        data: list[bytes] = []
        name = ""
        for line in block.split(b"\n"):
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value.decode("utf-8", "replace")
            elif field == b"id" and b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        if not data:
            return None
        return ServerEvent(b"\n".join(data), name or "message", self._id)


def is_utf8(data: bytes) -> bool:
    """True if the bytes are whole characters of UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
