"""A request that nothing recorded answers → an error that says what comes nearest."""

from __future__ import annotations

from deepshi_jupyter.core.recordings import Asked, Difference, Recordings
from deepshi_jupyter.core.redaction import Redactor
from deepshi_jupyter.errors import ReplayMissError

NO_KEYS = Redactor()
"""Knows no key, only shapes."""


def replay_miss(
    recordings: Recordings, asked: Asked, redactor: Redactor = NO_KEYS
) -> ReplayMissError:
    """Return the error for a request that is not recorded.

    Args:
        recordings: All that is recorded.
        asked: The request.
        redactor: Takes out of the request what was taken out of what is recorded.
    """
    nearest = recordings.nearest(_without_secrets(asked, redactor))
    if nearest is None:
        return ReplayMissError(
            "Nothing is recorded that could answer, and the mode replay asks nobody.",
            "Ask once with `--mode live` or `auto`, or give the file with `--recording FILE`.",
        )
    recording, different = nearest
    where = f"{recording.record.id or 'a turn'} in {recording.origin}"
    how = "; ".join(map(_in_words, different))
    differs = f"differs in {how}" if how else "no longer has the key of what it records"
    altered = "`deepshi-jupyter verify NB` says what was altered; or ask with `--mode auto`."
    changed = "Change it back, or ask with `--mode auto`, which asks only what is not recorded."
    return ReplayMissError(
        f"No recorded answer fits this request, and the mode replay asks nobody. The nearest, "
        f"{where}, {differs}.",
        changed if how else altered,
    )


def _without_secrets(asked: Asked, redactor: Redactor) -> Asked:
    body, _ = redactor.asked(asked.body)
    messages, _ = redactor.asked([*asked.messages])
    return Asked(
        endpoint=asked.endpoint,
        body=body,
        messages=tuple(messages),
        parent=asked.parent,
        sample=asked.sample,
    )


def _in_words(difference: Difference) -> str:
    return f"{difference.field} (recorded: {difference.recorded}; now: {difference.asked})"
