"""Turns → a methods paragraph and a table: what guidelines ask of a study with language models.

Asked are, among other things, model and version, dates, all parameters, the prompts and how they
were assembled, repeats, and the limits of repeating (Baltes et al., https://arxiv.org/abs/2508.15503;
CHART, https://pmc.ncbi.nlm.nih.gov/articles/PMC12320030/; TRIPOD-LLM,
https://doi.org/10.1038/s41591-024-03425-5). What the records do not say is named as not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.core.turn_record import RecordedCall, TurnRecord
from deepshi_jupyter.notebook.shown_turn import ShownTurn
from deepshi_jupyter.notebook.turn_facts import facts_of, readable_date, usd, was_made

UNKNOWN = "not known"
_NOT_SAMPLING = frozenset(
    {"response_format", "tools", "tool_choice", "parallel_tool_calls", "user"}
)
_LONGEST = 60

_REPLAY = (
    "Requests, answers and their provenance are kept in the notebook, one record a question, "
    "chained by SHA-256; every recorded answer can be shown again from it without asking a model "
    "(replay). A new call may give another answer: neither a seed nor a temperature of 0 makes a "
    "hosted model deterministic, and a model name may come to stand for other weights."
)

Neutral = Callable[[str], str]


def to_methods(turns: Sequence[ShownTurn], neutral: Neutral) -> str:
    """Return a paragraph and a table for the methods section of a paper, as markdown.

    Args:
        turns: The turns, in the order of the document.
        neutral: Makes markdown safe to display; the texts of services go through it.
    """
    rows = [f"| {name} | {_cell(value, neutral)} |" for name, value in table(turns)]
    head = ["| item | value |", "| --- | --- |"]
    notes = [f"- {_plain(sentence, neutral)}" for sentence in not_in_the_records(turns)]
    parts = ["## Use of language models", _plain(paragraph(turns), neutral)]
    parts += ["\n".join([*head, *rows]), "To be added by the authors, since no record holds it:"]
    return "\n\n".join([*parts, "\n".join(notes)]) + "\n"


def paragraph(turns: Sequence[ShownTurn]) -> str:
    """Return the paragraph, as sentences of plain text."""
    records = [shown.turn.record for shown in turns]
    if not records:
        return "The notebook holds no records of calls to a language model."
    found = [
        _calls_sentence(records),
        _parameters_sentence(records),
        _repeats_sentence(records),
        _imported_sentence(records),
        _left_sentence(turns),
        _REPLAY,
    ]
    return " ".join(sentence for sentence in found if sentence)


def table(turns: Sequence[ShownTurn]) -> list[tuple[str, str]]:
    """Return the rows of the table; a value is `UNKNOWN` where the records do not say."""
    records = [shown.turn.record for shown in turns]
    calls = [call for record in records for call in record.calls if was_made(call)]
    facts = facts_of(records)
    return [
        ("models asked", _listed(dict.fromkeys(r.model for r in records if r.model))),
        ("models served, as reported", _served(calls)),
        ("endpoint", _listed(_endpoints(records))),
        ("first call (UTC)", readable_date(facts.first)),
        ("last call (UTC)", readable_date(facts.last)),
        ("questions", str(len(records))),
        ("calls", str(facts.calls)),
        *_parameter_rows(records),
        ("seeds", _seeds(records)),
        ("system fingerprints", _fingerprints(calls)),
        ("requests asked more than once", _repeats(calls)),
        ("answers a request", _several(calls)),
        ("failed tries before an answer", str(sum(len(c.failed_attempts) for c in calls))),
        ("answers that broke off", str(sum(r.is_partial for r in records))),
        ("corrections sent after an answer in the wrong form", _repairs(records)),
        *_token_rows(records),
        ("system prompts", _systems(records)),
        ("prompts with inserted values", _templates(records)),
        ("contexts", _contexts(records)),
        ("tools offered", _tools(records)),
        ("answers edited by hand", _edited(records)),
        ("imported answers, made elsewhere", str(sum(r.kind == "imported" for r in records))),
        ("answers that no longer fit the notebook", _stale(turns)),
        ("secrets taken out of the records", str(sum(r.redacted for r in records))),
        ("software", _software(records)),
    ]


def not_in_the_records(turns: Sequence[ShownTurn]) -> list[str]:
    """Return what a reader will ask and no client can know."""
    found = [
        "why these models were chosen, and whether an open model was compared",
        "defaults of the service for the parameters that were not sent",
        "the provider's weights, quantisation and serving software",
        "how answers were judged, and by whom",
        "how personal or confidential data in prompts was handled",
    ]
    calls = [call for shown in turns for call in shown.turn.record.calls if was_made(call)]
    if not any(call.system_fingerprint for call in calls):
        found.append("the backend's configuration: the service reported no system fingerprint")
    return found


# --- the paragraph ----------------------------------------------------------------------------


def _calls_sentence(records: Sequence[TurnRecord]) -> str:
    asked = [record for record in records if record.kind != "imported"]
    if not asked:
        return ""
    facts = facts_of(asked)
    calls, questions = _count(facts.calls, "call"), _count(len(asked), "question")
    endpoints = _listed(_endpoints(asked)) or "an endpoint that is not known"
    when = _between(facts.first, facts.last)
    return f"{questions} took {calls} to {_listed(_models(asked))} at {endpoints}{when}."


def _imported_sentence(records: Sequence[TurnRecord]) -> str:
    count = sum(record.kind == "imported" for record in records)
    if not count:
        return ""
    answers = _count(count, "answer")
    return f"Imported from elsewhere: {answers}, made in a way that is not recorded here."


def _models(records: Iterable[TurnRecord]) -> list[str]:
    found: dict[str, dict[str, None]] = {}
    for record in records:
        served = found.setdefault(record.model or UNKNOWN, {})
        served |= {call.served: None for call in record.calls if call.served}
    return [_model(asked, list(served)) for asked, served in found.items()]


def _model(asked: str, served: Sequence[str]) -> str:
    others = [name for name in served if name != asked]
    return f"{asked} (reported as {_listed(others)})" if others else asked


def _between(first: str, last: str) -> str:
    if not first:
        return ", on dates that are not known"
    if first[:10] == last[:10]:
        return f" on {first[:10]} (UTC)"
    return f" between {first[:10]} and {last[:10]} (UTC)"


def _parameters_sentence(records: Sequence[TurnRecord]) -> str:
    asked = [record for record in records if record.kind != "imported"]
    if not asked:
        return ""
    sent = _sent(asked)
    words = [f"{name} = {_values(values, len(asked))}" for name, values in sent.items()]
    missing = _listed(_never_sent(asked))
    sentence = f"Parameters sent: {'; '.join(words)}." if words else "No parameters were sent."
    return f"{sentence} Left to the service's defaults: {missing}."


def _repeats_sentence(records: Sequence[TurnRecord]) -> str:
    counts = Counter(call.request_key for r in records for call in r.calls if call.request_key)
    repeated = sum(count > 1 for count in counts.values())
    sampled = sum(call.sample > 0 for record in records for call in record.calls)
    if sampled:
        return f"Repeats of a request on purpose, to sample its answers: {_count(sampled, 'call')}."
    return "" if repeated or not counts else "No request was repeated."


def _left_sentence(turns: Sequence[ShownTurn]) -> str:
    stale = sum(not shown.is_fresh for shown in turns)
    if not stale:
        return ""
    return f"No longer fitting what stands above, or not whole: {_count(stale, 'answer')}."


# --- the table --------------------------------------------------------------------------------


def _served(calls: Iterable[RecordedCall]) -> str:
    return _listed(dict.fromkeys(call.served for call in calls if call.served))


def _endpoints(records: Iterable[TurnRecord]) -> list[str]:
    return list(dict.fromkeys(record.endpoint for record in records if record.endpoint))


def _sent(records: Iterable[TurnRecord]) -> dict[str, Counter[str]]:
    """Return the values of each parameter that was sent, and how often."""
    found: dict[str, Counter[str]] = {}
    for record in records:
        for name in sorted(record.parameters):
            found.setdefault(name, Counter())[_value(record.parameters[name])] += 1
    return found


def _never_sent(records: Iterable[TurnRecord]) -> list[str]:
    sent = {name for record in records for name in record.parameters}
    if sent & {"max_tokens", "max_completion_tokens"}:
        sent |= {"max_tokens", "max_completion_tokens"}
    sent |= {"max_completion_tokens"}  # another name for max_tokens
    return [name for name in PARAMETERS if name not in sent | _NOT_SAMPLING]


def _parameter_rows(records: Sequence[TurnRecord]) -> list[tuple[str, str]]:
    asked = [record for record in records if record.kind != "imported"]
    rows = [
        (f"parameter `{_code(name)}`", _values(values, len(asked)))
        for name, values in _sent(asked).items()
    ]
    missing = _listed(_never_sent(asked)) if asked else ""
    return [*rows, ("not sent, left to the service's default", missing)]


def _values(values: Counter[str], records: int) -> str:
    words = [f"{v} ({_count(n, 'question')})" if len(values) > 1 else v for v, n in values.items()]
    absent = records - sum(values.values())
    return ", ".join([*words, *([f"not sent ({_count(absent, 'question')})"] if absent else [])])


def _value(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else "set; its value is in the record"


def _seeds(records: Iterable[TurnRecord]) -> str:
    seeds = dict.fromkeys(_value(r.parameters["seed"]) for r in records if "seed" in r.parameters)
    return _listed(seeds) or "none was sent"


def _fingerprints(calls: Iterable[RecordedCall]) -> str:
    found = [call.system_fingerprint or "none reported" for call in calls]
    return _listed(f"{name} ({_count(count, 'call')})" for name, count in Counter(found).items())


def _repeats(calls: Sequence[RecordedCall]) -> str:
    counts = Counter(call.request_key for call in calls if call.request_key)
    samples = sum(call.sample > 0 for call in calls)
    again = sum(count > 1 for count in counts.values())
    return f"{again}; calls that were repeats to sample answers: {samples}"


def _several(calls: Iterable[RecordedCall]) -> str:
    counts = Counter(len(call.answers) for call in calls if call.answers)
    return _listed(
        f"{number} ({_count(count, 'call')})" for number, count in sorted(counts.items())
    )


def _repairs(records: Iterable[TurnRecord]) -> str:
    return str(sum(len(record.repairs) // 2 for record in records))


def _token_rows(records: Sequence[TurnRecord]) -> list[tuple[str, str]]:
    facts = facts_of(records)
    known = facts.calls - facts.without_usage
    priced = facts.calls - facts.without_cost
    tokens_in = f"{facts.tokens_in:,}{_of(facts.without_usage)}" if known else ""
    tokens_out = f"{facts.tokens_out:,}{_of(facts.without_usage)}" if known else ""
    cost = f"{usd(facts.cost)}{_of(facts.without_cost)}" if priced else ""
    return [
        ("tokens in, as reported", tokens_in),
        ("tokens out, as reported", tokens_out),
        ("cost in USD, as reported", cost),
    ]


def _of(without: int) -> str:
    return f" ({_count(without, 'call')} reported none)" if without else ""


def _systems(records: Iterable[TurnRecord]) -> str:
    found = {record.system for record in records if record.system}
    return f"{len(found)} different, in the records" if found else "none"


def _templates(records: Sequence[TurnRecord]) -> str:
    filled = [record for record in records if (record.prompt or {}).get("inserted")]
    if not filled:
        return "none"
    shortened = [
        value
        for record in filled
        for value in (record.prompt or {})["inserted"]
        if isinstance(value, dict) and value.get("note")
    ]
    rest = f", {len(shortened)} of the values shortened" if shortened else ""
    return f"{len(filled)} of {len(records)}; template and values are in the records{rest}"


def _contexts(records: Sequence[TurnRecord]) -> str:
    chats = len({record.chat for record in records})
    alone = sum(record.start == "once" for record in records)
    cut = sum(record.cut is not None for record in records)
    words = [_count(chats, "conversation"), f"{_count(alone, 'question')} without any"]
    return ", ".join([*words, f"{cut} shortened to fit the model's window"])


def _tools(records: Iterable[TurnRecord]) -> str:
    names: dict[str, None] = {}
    runs = 0
    for record in records:
        runs += sum(message.get("role") == "tool" for message in record.messages)
        for tool in record.parameters.get("tools") or ():
            function = tool.get("function") if isinstance(tool, dict) else None
            if isinstance(function, dict):
                names[str(function.get("name"))] = None
    return f"{_listed(names)} ({_count(runs, 'result')} sent back)" if names else "none"


def _edited(records: Iterable[TurnRecord]) -> str:
    return str(sum(record.kind == "edited" for record in records))


def _stale(turns: Sequence[ShownTurn]) -> str:
    counts = Counter(state for shown in turns for state in shown.states if state != "fresh")
    total = sum(not shown.is_fresh for shown in turns)
    kinds = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"{total} ({kinds})" if total else "0"


def _software(records: Iterable[TurnRecord]) -> str:
    found: dict[str, None] = {}
    for record in records:
        words = (f"{name} {version}" for name, version in sorted(record.made_by.items()))
        found |= dict.fromkeys(words)
    return _listed(found)


# --- text -------------------------------------------------------------------------------------


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _plain(text: str, neutral: Neutral) -> str:
    return " ".join(neutral(" ".join(text.split())).split())


def _cell(text: str, neutral: Neutral) -> str:
    return _plain(text or UNKNOWN, neutral).replace("|", "&#124;")


def _code(name: str) -> str:
    return "".join(c for c in name if c.isalnum() or c in "_-.")[:_LONGEST]
