"""
Durations between the contracts' bounds.
"""

from typing import Final, NamedTuple

from bursar.config.problems import Problems
from bursar.config.reading import Section, is_readable
from bursar.config.times import format_duration
from bursar.reasons import MEANINGS, Reason
from bursar.types import (
    MAX_CHANGE_DELAY,
    MAX_HEARTBEAT_TIMEOUT,
    MAX_PAYMENT_DELAY,
    MAX_PAYMENT_GRACE,
    MIN_CHANGE_DELAY,
    MIN_HEARTBEAT_TIMEOUT,
    MIN_PAYMENT_DELAY,
    MIN_PAYMENT_GRACE,
)


class TimeBounds(NamedTuple):
    """
    The least and the most seconds, and what a contract says to others.
    """

    least: int
    most: int
    reason: Reason
    otherwise: str = ""


CHANGE_DELAY: Final = TimeBounds(MIN_CHANGE_DELAY, MAX_CHANGE_DELAY, Reason.TIMELOCK_DELAY_BOUNDS)
HEARTBEAT_TIMEOUT: Final = TimeBounds(
    MIN_HEARTBEAT_TIMEOUT, MAX_HEARTBEAT_TIMEOUT, Reason.STOPS_TIMEOUT_BOUNDS, ", or off"
)
PAYMENT_DELAY: Final = TimeBounds(MIN_PAYMENT_DELAY, MAX_PAYMENT_DELAY, Reason.QUEUE_DELAY_BOUNDS)
GRACE: Final = TimeBounds(MIN_PAYMENT_GRACE, MAX_PAYMENT_GRACE, Reason.QUEUE_GRACE_BOUNDS)


def read_seconds(problems: Problems, section: Section, field: str, bounds: TimeBounds) -> int:
    """
    A duration of a section, noted if it is out of bounds.
    """
    seconds: int = getattr(section, field)
    if is_readable(seconds) and not bounds.least <= seconds <= bounds.most:
        message = f"out of bounds: {MEANINGS[bounds.reason]}"
        span = f"{format_duration(bounds.least)} to {format_duration(bounds.most)}"
        fix, found = f"write {span}{bounds.otherwise}", format_duration(seconds)
        problems.add(section.mark(field), message, fix, found)
    return seconds
