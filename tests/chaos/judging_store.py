"""
Whether the store has what the chain has: each event once, and each movement of money once in the
audit, in order.

    history, store → judge_events, judge_audit → Wrong
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from bursar.events import Event, Paid, PaymentCancelled, PaymentExecuted
from bursar.store.audit_query import Filter, find_audit
from bursar.store.audit_verify import verify_audit
from bursar.store.chain_restoring import fetch_events
from bursar.store.chain_writer import find_cursor
from bursar.types import Address

# What the audit has an entry for, and what a chaos is about.
_AUDITED = (Paid, PaymentExecuted, PaymentCancelled)
Place = tuple[int, int]


class Wrong(NamedTuple):
    """
    What is not there and should be, and what is there too often or should not be.
    """

    lost: list[str]
    doubled: list[str]


def judge_events(
    connection: Connection, chain_id: int, organization: Address, history: Sequence[Event]
) -> Wrong:
    """
    The events in the store against those on the chain, up to the block that the store is at.
    """
    cursor = find_cursor(connection, chain_id, organization)
    if cursor is None:
        return Wrong(["the store has read nothing"], [])
    stored = (logged.event for logged in fetch_events(connection, cursor.source))
    wanted = [event for event in history if (event.block or 0) <= cursor.number]
    return _compare(wanted, list(stored), "the store")


def judge_audit(
    connection: Connection, chain_id: int, organization: Address, history: Sequence[Event]
) -> tuple[int, Wrong]:
    """
    How many entries the audit has, and what is wrong with it: its chain of hashes, its order, and
    payments that it has never or twice.
    """
    report = verify_audit(connection, chain_id, organization)
    broken = [f"entry {one.sequence} of the audit: {one.what}" for one in report.problems]
    entries = [sealed.entry for sealed in find_audit(connection, Filter())]
    placed = [entry for entry in entries if entry.place is not None and entry.place.log is not None]
    order = [entry.place.block for entry in placed if entry.place is not None]
    if order != sorted(order):
        broken.append("the audit is not in the chain's order")
    names = {kind.__name__ for kind in _AUDITED}
    found = [entry.place for entry in placed if entry.event in names]
    wanted = [event for event in history if isinstance(event, _AUDITED)]
    wrong = _compare(wanted, found, "the audit")
    return report.entries, Wrong(wrong.lost + broken, wrong.doubled)


def _compare(wanted: Iterable[Any], found: Iterable[Any], where: str) -> Wrong:
    ours, theirs = Counter(map(_place, wanted)), Counter(map(_place, found))
    return Wrong(
        [f"{where} has not the event {place}" for place in sorted(ours - theirs)],
        [f"{where} has the event {place} too often" for place in sorted(theirs - ours)],
    )


def _place(one: Any) -> Place:
    """
    Block and index in it: with the chain's own order nothing else is needed.
    """
    return one.block or 0, one.log or 0
