"""
Queued payments that somebody has cancelled, as they were queued: for whoever has to tell.

    chain_events: PaymentQueued … PaymentCancelled → CancelledPayment
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, or_, select

from bursar.chain.follower import read_event
from bursar.events import Event, PaymentCancelled, PaymentQueued
from bursar.payments import QueuedPayment
from bursar.store.chain_tables import chain_events
from bursar.store.settled import BESIDE_PAID
from bursar.types import Address

_c = chain_events.c


class CancelledPayment(NamedTuple):
    """
    A payment that was queued, and the event that ended it.
    """

    payment: QueuedPayment
    event: PaymentCancelled


def fetch_cancelled(
    connection: Connection, source: int, by: Address, *, after: int = -1
) -> Iterator[CancelledPayment]:
    """
    What `by` has cancelled in blocks after block `after`, in the order of the chain.
    """
    wanted = _of(source, "PaymentCancelled").where(_c.block > after)
    # All of them before anything else is asked on the same connection.
    for row in connection.execute(wanted.order_by(_c.block, _c.log)).all():
        event = _read(row)
        if isinstance(event, PaymentCancelled) and event.by == by:
            queued = _find_queued(connection, source, row, event)
            if queued is not None:
                yield CancelledPayment(queued, event)


def _find_queued(
    connection: Connection, source: int, row: Any, event: PaymentCancelled
) -> QueuedPayment | None:
    """
    The last time that it was queued before it was cancelled.
    """
    before = or_(_c.block < row.block, and_(_c.block == row.block, _c.log < row.log))
    wanted = (
        _of(source, "PaymentQueued")
        .where(before, _c.emitter == row.emitter, _c.payload.contains(event.id.hex()))
        .order_by(_c.block.desc(), _c.log.desc())
    )
    for found in connection.execute(wanted):
        queued = _read(found)
        if isinstance(queued, PaymentQueued) and queued.id == event.id:
            return QueuedPayment(
                agent=queued.agent,
                token=queued.token,
                to=queued.to,
                amount=queued.amount,
                category=queued.category,
                ref=queued.ref,
                ready_at=queued.ready_at,
                expires_at=queued.expires_at,
            )
    return None


def _of(source: int, name: str) -> "Select[Any]":
    return select(chain_events).where(_c.source == source, BESIDE_PAID, _c.name == name)


def _read(row: Any) -> Event:
    position = {"at": row.at, "block": row.block, "transaction": row.transaction, "log": row.log}
    return read_event(row.name, row.payload, emitter=row.emitter, position=position)
