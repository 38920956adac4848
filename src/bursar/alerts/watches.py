"""
What a rule says of one thing that it watches, and what follows for the alerts that there are.

    Watch (it is so, it is no longer so, or neither) + alerts that have not ended → Changes

Between the figure from which on an alert is raised and the one from which on it has ended lies a
tenth, so that what moves to and fro around a figure is told once.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from bursar.config import AlertKind
from bursar.store.alerts import Found, StoredAlert

UNTIL_CLEARED: Final = frozenset({AlertKind.UNDECLARED, AlertKind.UNEXPLAINED})
"""What has happened does not go by itself: a person clears it."""
BY_ITSELF: Final = (AlertKind.BALANCE_LOW, AlertKind.LIMIT_NEAR)
"""What is so for a while, and ends when it is no longer so."""


class Severity(StrEnum):
    """
    How soon somebody should look.
    """

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Watch(NamedTuple):
    """
    `found` is what there would be to tell. An alert is raised where it `holds`, and one that was
    has ended where it `is_over`, because of `why`.
    """

    found: Found
    holds: bool
    is_over: bool
    why: str


class Ended(NamedTuple):
    """
    An alert that is no longer so.
    """

    alert: StoredAlert
    why: str


class Changes(NamedTuple):
    """
    What to write down.
    """

    raised: tuple[Found, ...]
    ended: tuple[Ended, ...]


def compare(watches: Iterable[Watch], not_ended: Sequence[StoredAlert], block: int) -> Changes:
    """
    What is so at a block and was not told, and what was told and is no longer so, or no longer
    watched. What was found at a later block is left alone: another keeper is further.
    """
    watched = {(watch.found.kind, watch.found.subject): watch for watch in watches}
    known = {(alert.found.kind, alert.found.subject): alert for alert in not_ended}
    raised = tuple(
        watch.found for key, watch in watched.items() if watch.holds and key not in known
    )
    ended = []
    for key, alert in known.items():
        watch = watched.get(key)
        if alert.found.block > block:
            continue
        if watch is None:
            ended.append(Ended(alert, "It is no longer watched."))
        elif watch.is_over:
            ended.append(Ended(alert, watch.why))
    return Changes(raised, tuple(ended))
