"""Whether a failed try is followed by another, and after how long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from deepshi_jupyter.core.failure import Failure


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how long to try.

    Attributes:
        max_retries: Tries after the first.
        first_wait: Seconds before the first retry; each further one waits twice as long.
        longest_wait: Seconds that this doubling stops at.
        longest_retry_after: Seconds of ``Retry-After`` that are obeyed; beyond, the call fails.
    """

    max_retries: int = 2
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 120.0


def wait_before_retry(
    policy: RetryPolicy, failure: Failure, attempt: int, jitter: float
) -> float | None:
    """Decide what follows a failed try of which nothing was shown yet.

    Args:
        policy: How often and how long to try.
        failure: Why the try failed.
        attempt: The number of that try, from 1.
        jitter: A random number between 0 and 1, which spreads the tries of many callers.

    Returns:
        Seconds to wait before the next try, or None when there is to be none.
    """
    if not failure.retryable or attempt > policy.max_retries:
        return None
    if failure.retry_after is not None and failure.retry_after > 0:
        return failure.retry_after if failure.retry_after <= policy.longest_retry_after else None
    doublings = min(attempt - 1, 60)  # more would exceed a float
    wait = min(policy.first_wait * 2.0**doublings, policy.longest_wait)
    return wait * (1.0 - 0.25 * jitter)


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read how long the service asks to wait.

    Args:
        headers: The answer's headers, names in lower case.
        now: The present time, with a zone.

    Returns:
        Seconds from now; negative for a date that has passed; None when nothing readable is there
        (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; ``retry-after-ms`` as well).
    """
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000.0
    plain = headers.get("retry-after", "")
    seconds = _number(plain)
    return _seconds_until(plain, now) if seconds is None else seconds


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
