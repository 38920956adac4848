"""
What the audit tells of, and the chain has dropped although it was final: marked, never removed.

    audit's latest events ↔ chain_events → the first that is not there → retractions
"""

from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from bursar.audit import Action, Place, Sealed
from bursar.store.audit_append import retract_from
from bursar.store.audit_rows import as_sealed, find_entries
from bursar.store.audit_table import AUDIT
from bursar.store.chain_tables import chain_events
from bursar.store.chain_writer import find_cursor
from bursar.store.native_moves import rewind_moves
from bursar.store.settled import last_final_block
from bursar.store.used_receipts import release_from
from bursar.types import Address

_ROWS_AT_ONCE: Final = 100
_REASON: Final = "The chain was reorganised below what counted as final."
# They stand for logs and calls of others, which are not among our events.
_NOT_OURS: Final = tuple(
    action.value for action in (Action.RETRACTION, Action.DEPOSIT, Action.LOSS, Action.REFUSAL)
)


class Comparison(NamedTuple):
    """
    `waits`: the audit is ahead of what the store has as final, so that nothing can be said yet.
    `dropped` is the first block of which the audit has an event that is on the chain no more.
    """

    waits: bool
    dropped: int | None


def compare(connection: Connection, chain_id: int, organization: Address) -> Comparison:
    """
    Hold the audit against the store, from its end backwards: where a block is there, all before it
    are.
    """
    cursor = find_cursor(connection, chain_id, organization)
    final = -1 if cursor is None else last_final_block(cursor)
    query = (
        select(AUDIT)
        .where(AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
        .where(AUDIT.c.block.is_not(None), AUDIT.c.action.not_in(_NOT_OURS))
        .order_by(AUDIT.c.sequence.desc())
    )
    dropped: int | None = None
    with connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)) as rows:
        for row in rows:
            sealed = as_sealed(row)
            place = sealed.entry.place
            if place is None or _is_retracted(connection, chain_id, organization, sealed):
                continue
            if place.block > final:
                return Comparison(waits=True, dropped=None)
            if cursor is not None and _is_stored(connection, cursor.source, place):
                break
            dropped = place.block if dropped is None else min(dropped, place.block)
    return Comparison(waits=False, dropped=dropped)


def retract_dropped(
    connection: Connection, chain_id: int, organization: Address, block: int
) -> list[Sealed]:
    """
    Mark what the audit has of block `block` and later, and give its receipts back: the payments may
    be mined again. Native balances that were read there are read anew.
    """
    cursor = find_cursor(connection, chain_id, organization)
    release_from(connection, chain_id, block)
    at = 0 if cursor is None else cursor.final_at
    done = retract_from(connection, chain_id, organization, block, at=at, reason=_REASON)
    rewind_moves(connection, chain_id, organization, block - 1, at=at)
    return done


def _is_retracted(
    connection: Connection, chain_id: int, organization: Address, sealed: Sealed
) -> bool:
    mark = f"retraction:{sealed.sequence}"
    return mark in find_entries(connection, chain_id, organization, [mark])


def _is_stored(connection: Connection, source: int, place: Place) -> bool:
    columns = chain_events.c
    query = select(columns.log).where(
        columns.source == source,
        columns.block == place.block,
        columns.log == place.log,
        columns.transaction == place.transaction,
    )
    return connection.execute(query).first() is not None
