"""One turn → what the page shows of it."""

from __future__ import annotations

from deepshi_jupyter.core.conversation import Marks, Turn
from deepshi_jupyter.core.reply import Choice
from deepshi_jupyter.core.turn_record import Json, TurnRecord
from deepshi_jupyter.display.answer import Answer, ToolOutcome
from deepshi_jupyter.display.footer import explanations, footer
from deepshi_jupyter.recorded_turn import answer_of


def shown_turn(record: TurnRecord) -> Json:
    """Return what is shown of a turn wherever it stands."""
    answer = answer_of(record)
    first, *others = answer.reply.choices or (Choice(),)
    return {
        "id": record.id,
        "question": question_of(record),
        "text": first.text or first.refusal,
        "reasoning": first.reasoning,
        "reasoning_seconds": None,
        "tools": tools_of(answer),
        "pictures": [_picture(image, n) for n, image in enumerate(first.images, 1)],
        "notices": [*_attached(record), *explanations(answer)],
        "footer": footer(answer),
        "others": [choice.text or choice.refusal for choice in others],
        "partial": record.is_partial,
    }


def question_of(record: TurnRecord) -> str:
    """Return a question as it was written, with its ``{{…}}``."""
    template = (record.prompt or {}).get("template")
    return template if isinstance(template, str) else record.question


def tools_of(answer: Answer) -> list[Json]:
    """Return the cards of the tools that ran; they are named by their order."""
    return [tool_message(number, outcome) for number, outcome in enumerate(answer.cards, 1)]


def tool_message(number: int, outcome: ToolOutcome) -> Json:
    """Return the card of a tool that has run, or was not let run."""
    state = "refused" if outcome.refused else "failed" if outcome.error else "done"
    return {
        "id": call_name(number),
        "name": outcome.name,
        "arguments": outcome.arguments,
        "state": state,
        "seconds": outcome.duration,
        "result": outcome.text,
        "note": outcome.note,
    }


def call_name(number: int) -> str:
    """Return the name of a turn's tool call; those that services give need not differ."""
    return f"call-{number}"


def marked(turn: Turn, marks: Marks) -> list[str]:
    """Say what the user has said of a turn."""
    return [
        *(["It was asked with --once: nothing below sees it."] * (turn.record.start == "once")),
        *(["It is skipped: no later question is sent with it."] * marks.skips(turn)),
        *(["It is pinned: a long context keeps it."] * marks.pins(turn)),
    ]


def _picture(image: Json, number: int) -> Json:
    address = image.get("image_url")
    url = address.get("url") if isinstance(address, dict) else None
    return {"address": str(url or ""), "words": f"Picture {number} of the answer"}


def _attached(record: TurnRecord) -> list[str]:
    content = record.messages[0].get("content") if record.messages else None
    parts = content if isinstance(content, list) else []
    count = len([p for p in parts if isinstance(p, dict) and p.get("type") != "text"])
    return [f"Sent with {count} image{'' if count == 1 else 's'}."] if count else []
