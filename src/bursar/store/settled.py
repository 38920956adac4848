"""
What the store has of a chain, in parts: what is final in whole blocks, and what may still go.

    chain_cursor, chain_events, chain_transfers → Settled (final) · fetch_tail (the rest)
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, LargeBinary, Row, literal_column, select, type_coerce

from bursar.audit import FailedCall, Incoming
from bursar.chain.follower import read_event
from bursar.events import Event
from bursar.store.chain_payments import PAID
from bursar.store.chain_tables import (
    chain_events,
    chain_failed_calls,
    chain_payments,
    chain_transfers,
)
from bursar.store.chain_writer import Cursor, find_cursor
from bursar.types import Address, checksummed

# Of one part, unless a single block has more.
MOST_EVENTS: Final = 500
_WHOLE: Final = -1
_ROWS_AT_ONCE: Final = 10_000

_events = chain_events.c
_transfers = chain_transfers.c
_failed = chain_failed_calls.c


# Written out, as in the index over just these: a parameter would not be recognised.
BESIDE_PAID: Final = _events.name != literal_column("'Paid'")


class PastPayment(NamedTuple):
    """
    What a `Paid` moved, where nothing else of it matters. `amount` in base units.
    """

    block: int
    log: int
    wallet: Address
    token: Address
    amount: int


class Settled(NamedTuple):
    """
    What was logged after block `after` up to and including `last`, all of it final, and the tokens
    that moved in or out of wallets in the same blocks, and calls that failed there, as far as the
    store has them. `is_all`: there is no more that is final.
    """

    events: tuple[Event, ...]
    transfers: tuple[Incoming, ...]
    last: int
    is_all: bool
    failed: tuple[FailedCall, ...] = ()


def fetch_settled(
    connection: Connection, chain_id: int, organization: Address, *, after: int
) -> Settled:
    """
    The next part of what is final.
    """
    cursor = find_cursor(connection, chain_id, organization)
    if cursor is None:
        return Settled((), (), after, True)
    final = last_final_block(cursor)
    last = _find_last(connection, cursor.source, after, final)
    between = (_events.source == cursor.source, _events.block > after, _events.block <= last)
    return Settled(
        events=_read_all(connection, between),
        transfers=_fetch_transfers(connection, cursor.source, after, last),
        last=max(last, after),
        is_all=last >= final,
        failed=_fetch_failed(connection, cursor.source, after, last),
    )


def fetch_past_events(
    connection: Connection, chain_id: int, organization: Address, *, before: int
) -> tuple[Event, ...]:
    """
    Everything but `Paid` that was logged in blocks before block `before`.
    """
    cursor = find_cursor(connection, chain_id, organization)
    if cursor is None:
        return ()
    return _read_all(
        connection, (_events.source == cursor.source, BESIDE_PAID, _events.block < before)
    )


def fetch_past_payments(
    connection: Connection, chain_id: int, organization: Address, *, before: int
) -> Iterator[PastPayment]:
    """
    Every `Paid` of those blocks, all of which have to be final, several times as fast as whole
    events.
    """
    cursor = find_cursor(connection, chain_id, organization)
    if cursor is None:
        return
    columns = chain_payments.c
    raw = [type_coerce(columns[name], LargeBinary) for name in ("wallet", "token", "amount")]
    query = (
        select(columns.block, columns.log, *raw)
        .where(columns.source == cursor.source, columns.status == PAID, columns.block < before)
        .order_by(columns.block, columns.log)
    )
    rows = connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
    for block, log, wallet, token, amount in rows:
        number = int.from_bytes(amount, "big")
        yield PastPayment(block, log, _address(bytes(wallet)), _address(bytes(token)), number)


@lru_cache(maxsize=65_536)
def _address(raw: bytes) -> Address:
    return checksummed(f"0x{raw.hex()}")


def fetch_tail(
    connection: Connection, chain_id: int, organization: Address, names: Sequence[str]
) -> tuple[Event, ...]:
    """
    The events of those names that are not final.
    """
    cursor = find_cursor(connection, chain_id, organization)
    if cursor is None:
        return ()
    final = last_final_block(cursor)
    wanted = (
        _events.source == cursor.source,
        _events.block > final,
        _events.name.in_(names),
    )
    return _read_all(connection, wanted)


def last_final_block(cursor: Cursor) -> int:
    """
    The last block of which everything is in the store, and final.
    """
    return cursor.final_number if cursor.final_log == _WHOLE else cursor.final_number - 1


def _find_last(connection: Connection, source: int, after: int, final: int) -> int:
    """
    Where a part of the usual size ends, at the end of a block.
    """
    wanted = (
        select(_events.block)
        .where(_events.source == source, _events.block > after, _events.block <= final)
        .order_by(_events.block, _events.log)
        .offset(MOST_EVENTS)
        .limit(1)
    )
    found = connection.execute(wanted).scalar()
    return final if found is None else int(found)


def _read_all(connection: Connection, wanted: tuple[Any, ...]) -> tuple[Event, ...]:
    query = select(chain_events).where(*wanted).order_by(_events.block, _events.log)
    return tuple(map(_read, connection.execute(query)))


def _read(row: "Row[Any]") -> Event:
    position = {"at": row.at, "block": row.block, "transaction": row.transaction, "log": row.log}
    return read_event(row.name, row.payload, emitter=row.emitter, position=position)


def _fetch_transfers(
    connection: Connection, source: int, after: int, last: int
) -> tuple[Incoming, ...]:
    wanted = (_transfers.source == source, _transfers.block > after, _transfers.block <= last)
    query = select(chain_transfers).where(*wanted).order_by(_transfers.block, _transfers.log)
    return tuple(
        Incoming(
            at=row.at,
            block=row.block,
            transaction=row.transaction,
            log=row.log,
            token=row.token,
            sender=row.sender,
            wallet=row.recipient,
            amount=row.amount,
        )
        for row in connection.execute(query)
    )


def _fetch_failed(
    connection: Connection, source: int, after: int, last: int
) -> tuple[FailedCall, ...]:
    wanted = (_failed.source == source, _failed.block > after, _failed.block <= last)
    query = select(chain_failed_calls).where(*wanted).order_by(_failed.block, _failed.position)
    return tuple(
        FailedCall(
            at=row.at,
            block=row.block,
            transaction=row.transaction,
            index=row.position,
            sender=row.sender,
            target=row.target,
        )
        for row in connection.execute(query)
    )
