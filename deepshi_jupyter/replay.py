"""A request that nothing recorded answers → an error that says what comes nearest."""

from __future__ import annotations

from deepshi_jupyter.core.recordings import Asked, Difference, Recordings
from deepshi_jupyter.errors import ReplayMissError


def replay_miss(recordings: Recordings, asked: Asked) -> ReplayMissError:
    """Return the error for a request that is not recorded.

    Args:
        recordings: All that is recorded.
        asked: The request.
    """
    nearest = recordings.nearest(asked)
    if nearest is None:
        return ReplayMissError(
            "Nothing is recorded that could answer, and the mode replay asks nobody.",
            "Ask once with `--mode live` or `auto`, or give the file with `--recording FILE`.",
        )
    recording, different = nearest
    where = f"{recording.record.id or 'a turn'} in {recording.origin}"
    return ReplayMissError(
        f"No recorded answer fits this request, and the mode replay asks nobody. The nearest, "
        f"{where}, differs in {'; '.join(map(_in_words, different))}.",
        "Change it back, or ask with `--mode auto`, which asks only what is not recorded.",
    )


def _in_words(difference: Difference) -> str:
    return f"{difference.field} (recorded: {difference.recorded}; now: {difference.asked})"
