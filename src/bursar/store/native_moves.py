"""
Native money that no event tells of, for the audit; and taken back where the chain drops it.

    native_moves → fetch_moves → NativeMove        gone chain → rewind_moves → retractions
"""

from typing import Any, Final

from sqlalchemy import Connection, Table, delete, func, select

from bursar.audit import NativeMove
from bursar.store.audit_append import retract_identities
from bursar.store.native_balances import MOVE_COLUMNS
from bursar.store.native_tables import native_balances, native_moves
from bursar.types import Address

_REASON: Final = "The chain was reorganised below what counted as final."

_moves = native_moves.c


def fetch_moves(
    connection: Connection, chain_id: int, organization: Address, *, after: int
) -> list[tuple[int, NativeMove]]:
    """
    Those with a number above `after`, with their numbers, in the order in which they were found.
    """
    wanted = select(native_moves).where(*_of(native_moves, chain_id, organization))
    rows = connection.execute(wanted.where(_moves.id > after).order_by(_moves.id))
    return [
        (row.id, NativeMove(**{name: getattr(row, name) for name in MOVE_COLUMNS})) for row in rows
    ]


def fetch_readings(
    connection: Connection, chain_id: int, organization: Address
) -> list[tuple[int, bytes]]:
    """
    The blocks, with their hashes, at which a move was found, in order.
    """
    wanted = select(_moves.read_block, _moves.read_hash).distinct()
    rows = connection.execute(
        wanted.where(*_of(native_moves, chain_id, organization)).order_by(_moves.read_block)
    )
    return [(row.read_block, row.read_hash) for row in rows]


def rewind_moves(
    connection: Connection, chain_id: int, organization: Address, good: int, *, at: int
) -> int:
    """
    Forget every reading after block `good`, since the chain is another one from there on: wallets
    held what was read at their last move before. What the audit was told in the meantime is
    retracted, as of `at`. Returns how many entries were.
    """
    whose = _of(native_moves, chain_id, organization)
    gone = connection.execute(
        select(_moves.identity).where(*whose, _moves.read_block > good)
    ).scalars()
    identities = list(gone)
    connection.execute(delete(native_moves).where(*whose, _moves.read_block > good))
    held = _of(native_balances, chain_id, organization)
    connection.execute(delete(native_balances).where(*held, native_balances.c.block > good))
    _restore_balances(connection, chain_id, organization)
    # Last, because it takes the audit's lock.
    return len(
        retract_identities(connection, chain_id, organization, identities, at=at, reason=_REASON)
    )


def _restore_balances(connection: Connection, chain_id: int, organization: Address) -> None:
    """
    Of wallets without a balance, the one at their last move.
    """
    whose = _of(native_moves, chain_id, organization)
    known = select(native_balances.c.wallet).where(*_of(native_balances, chain_id, organization))
    last = select(func.max(_moves.id)).where(*whose, _moves.wallet.not_in(known))
    for row in connection.execute(
        select(native_moves).where(_moves.id.in_(last.group_by(_moves.wallet)))
    ).all():
        values = {
            "chain_id": chain_id,
            "organization": organization,
            "wallet": row.wallet,
            "block": row.read_block,
            "hash": row.read_hash,
            "at": row.read_at,
            "balance": row.read_balance,
        }
        connection.execute(native_balances.insert().values(values))


def _of(table: Table, chain_id: int, organization: Address) -> tuple[Any, Any]:
    return table.c.chain_id == chain_id, table.c.organization == organization
