"""
The refills that are in the store, up to the tip of the chain.
"""

from sqlalchemy import Connection, select

from bursar.chain.follower import read_event
from bursar.events import Refilled
from bursar.store.chain_tables import chain_events
from bursar.types import Address


def find_refill(
    connection: Connection, source: int, wallet: Address, token: Address, *, after: int
) -> Refilled | None:
    """
    The latest one of a wallet's token in a block later than `after`; None where there is none.
    """
    columns = chain_events.c
    wanted = select(chain_events).where(
        columns.source == source,
        columns.block > after,
        columns.name == Refilled.__name__,
        columns.emitter == wallet,
        columns.payload.contains(f'"token":"{token}"'),
    )
    latest = wanted.order_by(columns.block.desc(), columns.log.desc()).limit(1)
    row = connection.execute(latest).one_or_none()
    if row is None:
        return None
    position = {"at": row.at, "block": row.block, "transaction": row.transaction, "log": row.log}
    event = read_event(row.name, row.payload, emitter=row.emitter, position=position)
    assert isinstance(event, Refilled)
    return event
