"""Turns that stand above a question → the context that is sent with it.

A notebook holds any number of conversations (chats). What a turn sees are the turns of its chat
that are visible above it, less those that were asked apart, broke off, or were skipped. Nothing
here knows of notebooks or kernels: a running kernel and a reader of files use the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, reduce
from typing import Literal, NamedTuple

import msgspec

from deepshi_jupyter.core.chain import START, link, message_digest
from deepshi_jupyter.core.chat import MAIN_CHAT, Start
from deepshi_jupyter.core.tokens import ANSWER_TOKENS, MESSAGE_TOKENS, estimate_messages
from deepshi_jupyter.core.turn_record import Cut, Fork, Json, SystemSource, TurnRecord

WhyLeft = Literal[
    "asked with --once", "asked aside", "broke off", "skipped", "above --new", "context full"
]
"""Why a visible turn is not part of a context."""


class Turn(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One visible turn.

    Attributes:
        record: What is kept of it.
        sent: Its messages as they were sent, with the bytes of images and before secrets were
            taken out; empty where only the record is known.
        cell: The cell that asked; the same for all its questions, and empty if nothing is known.
        execution: The kernel's number of the execution that asked, 0 if it was another kernel's.
        number: The number that the notebook shows beside the cell, 0 if there is none.
        shown_as: The turn under whose id this kernel shows it; empty if it does not.
        source: The whole source of the cell as it was when it asked, or an empty text.
        ended: When it ended, in seconds since 1970; 0 if that is not known.
        file_at: When the notebook's file had been saved at that time, by the clock of the file's
            own machine; 0 if there was none.
    """

    record: TurnRecord
    sent: tuple[Json, ...] = ()
    cell: str = ""
    execution: int = 0
    number: int = 0
    shown_as: str = ""
    source: str = ""
    ended: float = 0.0
    file_at: float = 0.0

    @property
    def messages(self) -> tuple[Json, ...]:
        """What it adds to a conversation, as it is sent."""
        return self.sent or self.record.own_messages

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The hash of each of its messages, as it is sent."""
        return tuple(map(message_digest, self.sent)) if self.sent else self.record.digests

    @cached_property
    def tokens(self) -> int:
        """About how many tokens its messages take."""
        return estimate_messages(self.messages)

    @cached_property
    def most_tokens(self) -> int:
        """More tokens than its messages can take; quicker to tell than `tokens`.

        The estimate gives no byte of a text more than one and a half tokens.
        """
        texts = [message.get("content") for message in self.messages if len(message) == 2]
        if len(texts) < len(self.messages) or not all(isinstance(t, str) for t in texts):
            return self.tokens
        most = sum(3 * len(str(t).encode()) // 2 + 1 + MESSAGE_TOKENS for t in texts)
        return ANSWER_TOKENS + most

    @property
    def names(self) -> set[str]:
        """What marks can call it by: its id and its cell."""
        return {name for name in (self.record.id, self.cell) if name}


class Marks(msgspec.Struct, frozen=True):
    """Turns that are not sent, and turns that are never dropped, by turn id or cell."""

    skipped: frozenset[str] = frozenset()
    pinned: frozenset[str] = frozenset()

    def skips(self, turn: Turn) -> bool:
        """True if a turn is not to be sent."""
        return not turn.names.isdisjoint(self.skipped)

    def pins(self, turn: Turn) -> bool:
        """True if a turn is to be sent however long the context is."""
        return not turn.names.isdisjoint(self.pinned)


class Wanted(msgspec.Struct, frozen=True):
    """What a question says of its context.

    Attributes:
        chat: The conversation.
        start: Where its context begins.
        fork: The turn that it goes on from, or None.
        system: Its own system prompt, or None for the conversation's.
    """

    chat: str = MAIN_CHAT
    start: Start = ""
    fork: Fork | None = None
    system: str | None = None


class Left(msgspec.Struct, frozen=True):
    """A visible turn of the chat that is not sent, and why."""

    turn: Turn
    why: WhyLeft


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent before a question.

    Attributes:
        chat: The conversation.
        system: The system prompt, or an empty text.
        system_from: Who gave it.
        turns: The turns that are sent, in order.
        left: The turns of the chat above that are not sent, in order.
        parent: The chain of all messages of the context.
        cut: What was left out because the context was too long, or None.
    """

    chat: str = MAIN_CHAT
    system: str = ""
    system_from: SystemSource = ""
    turns: tuple[Turn, ...] = ()
    left: tuple[Left, ...] = ()
    parent: str = START
    cut: Cut | None = None

    @property
    def tip(self) -> str:
        """The chain of the messages as they are sent."""
        digests = (digest for turn in self.turns for digest in turn.digests)
        return reduce(link, digests, _start(self.system))

    def messages(self) -> list[Json]:
        """Return the messages to send, oldest first."""
        system = [system_message(self.system)] if self.system else []
        return system + [message for turn in self.turns for message in turn.messages]


class Above:
    """The visible turns above a place, taken in one by one from the top.

    Args:
        marks: Which turns are skipped and pinned.
        ignored: Ids of turns whose own system prompt no longer counts, because the user has set
            another one after them.
    """

    def __init__(self, marks: Marks | None = None, ignored: frozenset[str] = frozenset()) -> None:
        self._marks = marks or Marks()
        self._ignored = ignored
        self._threads: dict[str, _Thread] = {}
        self._spots: dict[Fork, _Spot] = {}

    def add(self, turn: Turn) -> None:
        """Take in the next visible turn."""
        record = turn.record
        thread = self._thread(record.chat)
        if record.start in ("once", "aside"):
            once = record.start == "once"
            thread.left.append(Left(turn, "asked with --once" if once else "asked aside"))
            return
        if record.start == "new" or record.fork:
            thread = self._begin_again(record.chat, record.fork)
        if record.system_from == "cell":
            ignored = record.id in self._ignored
            thread.system = _System(None if ignored else record.system, overruled=ignored)
        why = self._why_left(turn)
        if why is None:
            thread.turns.append(turn)
            for name in turn.names:
                self._spots[Fork(record.chat, name)] = _Spot(
                    thread, len(thread.turns), thread.system
                )
        else:
            thread.left.append(Left(turn, why))

    def context(self, wanted: Wanted, system: str = "") -> Context:
        """Return the context of a question that stands here.

        Args:
            wanted: What the question says of it.
            system: The system prompt where neither the question nor a turn above gives one.
        """
        thread = self._seen_by(wanted)
        text, source = _system_of(wanted, thread, system)
        return Context(
            chat=wanted.chat,
            system=text,
            system_from=source,
            turns=tuple(thread.turns),
            left=tuple(thread.left),
            parent=thread.tip(text),
        )

    def parent(self, wanted: Wanted, system: str = "", cut: Cut | None = None) -> str:
        """Return the chain of the context that `context` gives, without building it.

        Args:
            wanted: As for `context`.
            system: As for `context`.
            cut: What to leave out of it, as `cut_as_recorded` does.
        """
        thread = self._seen_by(wanted)
        text, _ = _system_of(wanted, thread, system)
        return thread.tip(text) if cut is None else chain_of(text, thread.sent(cut))

    def has(self, fork: Fork) -> bool:
        """True if the turn that a fork goes on from stands above and is sent."""
        return fork in self._spots

    def _seen_by(self, wanted: Wanted) -> _Thread:
        """Return the turns that a question sees."""
        if wanted.start == "once":
            return _Thread()
        thread = self._thread(wanted.chat)
        if wanted.start == "new":
            left = [Left(turn, "above --new") for turn in thread.turns]
            return _Thread(left=left, system=thread.system)
        return self._forked(wanted.fork) if wanted.fork else thread

    def _thread(self, chat: str) -> _Thread:
        return self._threads.setdefault(chat, _Thread())

    def _begin_again(self, chat: str, fork: Fork | None) -> _Thread:
        earlier = self._thread(chat)
        thread = self._forked(fork) if fork else _Thread(system=earlier.system)
        kept = {id(turn) for turn in thread.turns}
        left = [*earlier.left, *(Left(turn, "above --new") for turn in earlier.turns)]
        thread.left = [one for one in left if id(one.turn) not in kept]
        self._threads[chat] = thread
        for end, turn in enumerate(thread.turns, 1):
            for name in turn.names:
                self._spots.setdefault(Fork(chat, name), _Spot(thread, end, thread.system))
        return thread

    def _forked(self, fork: Fork) -> _Thread:
        """Return a copy of a thread up to the turn of a fork; empty if that is not above."""
        spot = self._spots.get(fork)
        if spot is None:
            return _Thread()
        return _Thread(turns=spot.thread.turns[: spot.end], system=spot.system)

    def _why_left(self, turn: Turn) -> WhyLeft | None:
        if turn.record.is_partial:
            return "broke off"
        return "skipped" if self._marks.skips(turn) else None


class _System(msgspec.Struct, frozen=True):
    """The system prompt of a thread: that of a cell, or None; overruled: by a later setting."""

    text: str | None = None
    overruled: bool = False


_NO_SYSTEM = _System()


class _Thread:
    """The turns of one chat, with the chains after each of them for each system prompt."""

    def __init__(
        self,
        turns: Iterable[Turn] = (),
        left: Iterable[Left] = (),
        system: _System = _NO_SYSTEM,
    ) -> None:
        self.turns = list(turns)
        self.left = list(left)
        self.system = system
        self._tips: dict[str, list[str]] = {}
        self._places: dict[str, int] = {}
        self._placed = 0

    def tip(self, system: str) -> str:
        """Return the chain of all turns below a system prompt; each turn is hashed once."""
        if system not in self._tips:
            self._tips[system] = [_start(system)]
        tips = self._tips[system]
        for turn in self.turns[len(tips) - 1 :]:
            tips.append(turn.record.chained(tips[-1]))
        return tips[-1]

    def sent(self, cut: Cut) -> list[Turn]:
        """Return the turns that a cut leaves, without a look at those that it leaves out."""
        for place in range(self._placed, len(self.turns)):
            self._places.setdefault(self.turns[place].record.id, place)
        self._placed = len(self.turns)
        end = self._places.get(cut.first, 0) if cut.first else len(self.turns)
        kept = sorted(self._places.get(name, end) for name in set(cut.kept))
        return [self.turns[place] for place in kept if place < end] + self.turns[end:]


class _Spot(NamedTuple):
    """A thread as it was after one of its turns."""

    thread: _Thread
    end: int
    system: _System


def system_message(text: str) -> Json:
    """Return a system prompt as a message."""
    return {"role": "system", "content": text}


def chain_of(system: str, turns: Iterable[Turn]) -> str:
    """Return the chain of a context: a system prompt, if there is one, and turns."""
    tip = _start(system)
    for turn in turns:
        tip = turn.record.chained(tip)
    return tip


def fitted(
    context: Context, room: int | None, tokens_of: Callable[[Turn], int], marks: Marks
) -> Context:
    """Leave out the oldest unpinned turns of a context that is too long.

    Args:
        context: What is to be sent.
        room: How many tokens its turns may take; None if that is not known.
        tokens_of: About how many tokens a turn takes.
        marks: Which turns are pinned.

    Returns:
        The context itself if it fits, else a shorter one with its `Context.cut`.
    """
    if room is None:
        return context
    pinned = [marks.pins(turn) for turn in context.turns]
    left = room - sum(tokens_of(t) for t, kept in zip(context.turns, pinned, strict=True) if kept)
    for place in reversed(range(len(context.turns))):  # the newest are kept as long as they fit
        if pinned[place]:
            continue
        left -= tokens_of(context.turns[place])
        if left < 0:
            return without(context, {i for i in range(place + 1) if not pinned[i]})
    return context


def without(context: Context, dropped: set[int]) -> Context:
    """Return a context without the turns at these places, its oldest but for pinned ones."""
    last = max(dropped)
    turns = [turn for place, turn in enumerate(context.turns) if place not in dropped]
    after = context.turns[last + 1 :]
    kept = tuple(context.turns[place].record.id for place in range(last) if place not in dropped)
    cut = Cut(after[0].record.id if after else "", len(dropped), kept)
    left = tuple(Left(context.turns[place], "context full") for place in sorted(dropped))
    return msgspec.structs.replace(
        context,
        turns=tuple(turns),
        left=(*context.left, *left),
        parent=chain_of(context.system, turns),
        cut=cut,
    )


def cut_as_recorded(context: Context, cut: Cut) -> Context:
    """Return a context without the turns that a record says were left out of it."""
    ids = [turn.record.id for turn in context.turns]
    end = ids.index(cut.first) if cut.first in ids else (len(ids) if not cut.first else 0)
    dropped = {place for place in range(end) if ids[place] not in cut.kept}
    return without(context, dropped) if dropped else context


def _system_of(wanted: Wanted, thread: _Thread, setting: str) -> tuple[str, SystemSource]:
    """Return the system prompt of a question, and who gave it."""
    if wanted.system is not None:
        return wanted.system, "cell"
    if thread.system.text is not None:
        return thread.system.text, "above"
    return setting, "setting" if setting or thread.system.overruled else ""


def _start(system: str) -> str:
    return link(START, message_digest(system_message(system))) if system else START
