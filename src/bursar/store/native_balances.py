"""
What wallets hold of the chain's own currency, and what of it no event tells of.

    balances at a final block, those before, Paid … Refilled in between → Gap → NativeMove → rows
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, select

from bursar.audit import Explained, Gap, NativeMove, ValueTransfer, find_moves
from bursar.chain.follower import read_event
from bursar.events import Paid, PaymentExecuted, Refilled, Swept
from bursar.store.chain_tables import chain_cursor, chain_events
from bursar.store.chain_writer import Cursor
from bursar.store.inserting import insert_new
from bursar.store.native_tables import native_balances, native_moves
from bursar.types import NATIVE, Address, Bytes32

_OUT: Final = (Paid, PaymentExecuted, Swept)
_NAMES: Final = ("Paid", "PaymentExecuted", "Swept", "Refilled")


def fetch_last_reading(connection: Connection, cursor: Cursor) -> tuple[int, bytes] | None:
    """
    The latest block, and its hash, of which a balance of this organisation's was recorded.
    """
    columns = native_balances.c
    wanted = select(columns.block, columns.hash).where(*_of(native_balances, cursor))
    row = connection.execute(wanted.order_by(columns.block.desc()).limit(1)).one_or_none()
    return None if row is None else (row.block, row.hash)


def record_quiet(
    connection: Connection, cursor: Cursor, balances: Mapping[Address, int]
) -> list[Gap]:
    """
    Take in the balances, in wei, at the cursor's final block, up to which every event is in, of the
    wallets that hold what events make of the last reading. The gaps of the others are returned, for
    whoever can name what moved. A wallet that was never read held nothing before the first block.
    Harmless to repeat.
    """
    gaps = _compare(connection, cursor, balances)
    quiet = {gap.wallet: gap.balance for gap in gaps if not gap.surplus}
    _write_balances(connection, cursor, quiet)
    return [gap for gap in gaps if gap.surplus]


def record_moves(
    connection: Connection,
    cursor: Cursor,
    balances: Mapping[Address, int],
    transfers: tuple[ValueTransfer, ...] = (),
    positions: Mapping[Bytes32, int] | None = None,
) -> list[NativeMove]:
    """
    Take in all balances, with what moved, in one transaction. `transfers` are those that were seen
    in block bodies, with the positions of all transactions there. Harmless to repeat.
    """
    found: list[NativeMove] = []
    gaps = _compare(connection, cursor, balances)
    for gap in gaps:
        moves = find_moves(gap, [t for t in transfers if t.block > gap.since], positions or {})
        if gap.surplus:
            found += [move for move in moves if _write_move(connection, cursor, gap, move)]
    _write_balances(connection, cursor, {gap.wallet: gap.balance for gap in gaps})
    return found


def _compare(connection: Connection, cursor: Cursor, balances: Mapping[Address, int]) -> list[Gap]:
    """
    Of each wallet that was not read at this block yet, what lies between the readings.
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
    events = _explain(connection, cursor, {who: block for who, (block, _) in due.items()})
    return [
        Gap(
            wallet=who,
            since=since,
            held=held,
            block=cursor.final_number,
            at=cursor.final_at,
            balance=balances[who],
            events=tuple(events[who]),
        )
        for who, (since, held) in due.items()
    ]


def _explain(
    connection: Connection, cursor: Cursor, since: Mapping[Address, int]
) -> dict[Address, list[Explained]]:
    """
    How each wallet's events changed it, after the block that is named for it.
    """
    found: dict[Address, list[Explained]] = defaultdict(list)
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
    for row in connection.execute(wanted.order_by(columns.block, columns.log)):
        if row.emitter in since and row.block > since[row.emitter]:
            change = Explained(row.block, row.log, row.transaction, _change(row))
            found[row.emitter].append(change)
    return found


def _change(row: Any) -> int:
    position = {"at": row.at, "block": row.block, "transaction": row.transaction, "log": row.log}
    event = read_event(row.name, row.payload, emitter=row.emitter, position=position)
    if isinstance(event, _OUT):
        return -event.amount
    return event.amount if isinstance(event, Refilled) else 0


def _write_move(connection: Connection, cursor: Cursor, gap: Gap, move: NativeMove) -> bool:
    row = {
        "chain_id": cursor.chain_id,
        "organization": cursor.organization,
        "identity": move.identity,
        **{name: getattr(move, name) for name in MOVE_COLUMNS},
        "read_block": gap.block,
        "read_hash": cursor.final_hash,
        "read_at": gap.at,
        "read_balance": gap.balance,
    }
    return insert_new(connection, native_moves, row)


MOVE_COLUMNS: Final = (
    *("wallet", "since", "block", "at", "came", "went"),
    *("transaction", "sender", "before", "after"),
)
"""What of a row is the move itself."""


def _write_balances(
    connection: Connection, cursor: Cursor, balances: Mapping[Address, int]
) -> None:
    if not balances:
        return
    whose = {"chain_id": cursor.chain_id, "organization": cursor.organization}
    wallets = native_balances.c.wallet.in_(balances)
    connection.execute(delete(native_balances).where(*_of(native_balances, cursor), wallets))
    at = {"block": cursor.final_number, "hash": cursor.final_hash, "at": cursor.final_at}
    rows = [{**whose, **at, "wallet": who, "balance": wei} for who, wei in balances.items()]
    connection.execute(native_balances.insert(), rows)


def _of(table: Table, cursor: Cursor) -> tuple[Any, Any]:
    columns = table.c
    return columns.chain_id == cursor.chain_id, columns.organization == cursor.organization
