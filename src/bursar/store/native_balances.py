"""
What wallets hold of the chain's own currency, and what of it no event tells of.

    balances at a final block, and those before it; Paid … Refilled in between → NativeMove

Recorded, not derived: nodes keep old balances for some hundred blocks only, so a rebuild could not
read them again, and leaves both tables alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Table, delete, select

from bursar.chain.follower import read_event
from bursar.events import Paid, PaymentExecuted, Refilled, Swept
from bursar.store.chain_tables import chain_cursor, chain_events
from bursar.store.chain_writer import Cursor
from bursar.store.columns import count_column
from bursar.store.inserting import insert_new
from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column, metadata
from bursar.types import NATIVE, Address


def _table(name: str, *columns: Column[Any]) -> Table:
    return Table(
        name,
        metadata,
        # Not the cursor's `source`, which a rebuild may give out anew.
        Column("chain_id", count_column("chain_id").type, primary_key=True, autoincrement=False),
        Column("organization", AddressColumn, primary_key=True),
        Column("wallet", AddressColumn, primary_key=True),
        *columns,
    )


# Of each wallet the last balance that was read, in wei, and the final block that it is of.
native_balances: Final = _table(
    "native_balances",
    count_column("block"),
    Column("hash", Bytes32Column, nullable=False),
    count_column("at"),
    Column("balance", Uint256Column, nullable=False),
)

# After block `since` and up to `block`: what came, or what went, beyond what events say, in wei.
native_moves: Final = _table(
    "native_moves",
    Column("block", count_column("block").type, primary_key=True, autoincrement=False),
    count_column("since"),
    count_column("at"),
    Column("came", Uint256Column, nullable=False),
    Column("went", Uint256Column, nullable=False),
)

_OUT: Final = (Paid, PaymentExecuted, Swept)
_NAMES: Final = ("Paid", "PaymentExecuted", "Swept", "Refilled")


class NativeMove(NamedTuple):
    """
    After block `since` and up to `block`, `came` wei more came into `wallet` than events say, or
    `went` more left it: one of both is 0.
    """

    wallet: Address
    block: int
    since: int
    at: int
    came: int
    went: int


def fetch_last_reading(connection: Connection, cursor: Cursor) -> tuple[int, bytes] | None:
    """
    The latest block, and its hash, of which a balance of this organisation's was recorded.
    """
    columns = native_balances.c
    wanted = select(columns.block, columns.hash).where(*_of(native_balances, cursor))
    row = connection.execute(wanted.order_by(columns.block.desc()).limit(1)).one_or_none()
    return None if row is None else (row.block, row.hash)


def forget_balances(connection: Connection, cursor: Cursor) -> None:
    """
    Drop what was recorded of a chain that is gone. What is there instead comes out as moves since
    the beginning.
    """
    for table in (native_balances, native_moves):
        connection.execute(delete(table).where(*_of(table, cursor)))


def record_balances(
    connection: Connection, cursor: Cursor, balances: Mapping[Address, int]
) -> list[NativeMove]:
    """
    Take in the balances, in wei, at the cursor's final block, up to which every event is in. A
    wallet that was never read held nothing before the first block. Harmless to repeat.
    """
    # Two processes that do this at once come one after the other.
    connection.execute(
        select(chain_cursor).where(chain_cursor.c.source == cursor.source).with_for_update()
    ).all()
    before = {
        row.wallet: (row.block, row.balance)
        for row in connection.execute(select(native_balances).where(*_of(native_balances, cursor)))
    }
    start = (cursor.first - 1, 0)
    due = {who: before.get(who, start) for who in balances}
    due = {who: known for who, known in due.items() if known[0] < cursor.final_number}
    explained = _explain(connection, cursor, {who: block for who, (block, _) in due.items()})
    moves = []
    for who, (since, held) in due.items():
        surplus = balances[who] - held - explained[who]
        if surplus:
            moves.append(_move(cursor, who, since, surplus))
    _write(connection, cursor, {who: balances[who] for who in due}, moves)
    return moves


def _move(cursor: Cursor, wallet: Address, since: int, surplus: int) -> NativeMove:
    came, went = max(surplus, 0), max(-surplus, 0)
    return NativeMove(wallet, cursor.final_number, since, cursor.final_at, came, went)


def _explain(
    connection: Connection, cursor: Cursor, since: Mapping[Address, int]
) -> dict[Address, int]:
    """
    By how many wei each wallet's events changed it, after the block that is named for it.
    """
    found: dict[Address, int] = defaultdict(int)
    if not since:
        return found
    columns = chain_events.c
    wanted = select(chain_events).where(
        columns.source == cursor.source,
        columns.block > min(since.values()),
        columns.block <= cursor.final_number,
        columns.name.in_(_NAMES),
        columns.payload.contains(f'"token":"{NATIVE}"'),
    )
    for row in connection.execute(wanted):
        if row.emitter in since and row.block > since[row.emitter]:
            found[row.emitter] += _change(row)
    return found


def _change(row: Any) -> int:
    position = {"at": row.at, "block": row.block, "transaction": row.transaction, "log": row.log}
    event = read_event(row.name, row.payload, emitter=row.emitter, position=position)
    if isinstance(event, _OUT):
        return -event.amount
    return event.amount if isinstance(event, Refilled) else 0


def _write(
    connection: Connection,
    cursor: Cursor,
    balances: Mapping[Address, int],
    moves: Iterable[NativeMove],
) -> None:
    whose = {"chain_id": cursor.chain_id, "organization": cursor.organization}
    for move in moves:
        insert_new(connection, native_moves, {**whose, **move._asdict()})
    if not balances:
        return
    wallets = native_balances.c.wallet.in_(balances)
    connection.execute(delete(native_balances).where(*_of(native_balances, cursor), wallets))
    at = {"block": cursor.final_number, "hash": cursor.final_hash, "at": cursor.final_at}
    rows = [{**whose, **at, "wallet": who, "balance": wei} for who, wei in balances.items()]
    connection.execute(native_balances.insert(), rows)


def _of(table: Table, cursor: Cursor) -> tuple[Any, Any]:
    columns = table.c
    return columns.chain_id == cursor.chain_id, columns.organization == cursor.organization
