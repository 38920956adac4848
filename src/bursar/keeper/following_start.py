"""
Where following goes on: what the store has, and what of it the chain may still take back.
"""

from sqlalchemy import Connection

from bursar.chain.follower import Header, Mark, Position
from bursar.events import WalletCreated
from bursar.keeper.following_ledger import WHOLE
from bursar.store.chain_restoring import Stored, fetch_stored
from bursar.store.chain_writer import Batch, Cursor, commit_batch, open_cursor
from bursar.store.errors import StoreDamagedError
from bursar.types import Address


def load(
    connection: Connection,
    *,
    chain_id: int,
    organization: Address,
    first: int,
    locked: bool = False,
) -> tuple[Cursor, Stored, Position]:
    """
    In one transaction: the cursor, what is stored, and the position that both mean.

    A block that is not final, and of which only a part was written, is taken out: it may be another
    one by now. `locked` keeps others from moving the cursor meanwhile; who only reads sees one
    state in any case. Raises StoreDamagedError where what is stored makes no sense.
    """
    cursor = open_cursor(connection, chain_id, organization, first, locked=locked)
    try:
        return _load(connection, cursor)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreDamagedError(
            f"What the database keeps of {organization} up to block {cursor.number} makes no sense "
            f"({error!r}): its file was damaged, or changed by hand. All of it comes from the "
            "chain: `bursar keeper rebuild` reads it once more."
        ) from error


def _load(connection: Connection, cursor: Cursor) -> tuple[Cursor, Stored, Position]:
    stored = fetch_stored(connection, cursor)
    if cursor.log != WHOLE and _place(cursor) != (cursor.final_number, cursor.final_log):
        cursor = _take_out_tip(connection, cursor, stored)
        stored = fetch_stored(connection, cursor)
    return cursor, stored, _position(cursor, stored)


def _place(cursor: Cursor) -> tuple[int, int]:
    return cursor.number, cursor.log


def _take_out_tip(connection: Connection, cursor: Cursor, stored: Stored) -> Cursor:
    before = cursor.number - 1
    parent = stored.blocks[cursor.number][1]
    at = stored.blocks[before][2] if before in stored.blocks else cursor.final_at
    batch = Batch(cursor)
    batch.roll_back_to = before
    batch.after = cursor._replace(number=before, hash=parent, at=at, log=WHOLE)
    commit_batch(connection, batch)
    return batch.after


def _position(cursor: Cursor, stored: Stored) -> Position:
    wallets = dict.fromkeys(stored.state.registry, -1)
    wallets |= {
        logged.event.wallet: logged.block
        for logged in stored.tail
        if isinstance(logged.event, WalletCreated)
    }
    if cursor.log != WHOLE:  # stopped in the middle of a final block
        parent = Mark(cursor.number - 1, _hex(stored.blocks[cursor.number][1]), cursor.at)
        return Position(tip=parent, final=parent, wallets=wallets, taken=cursor.log)
    return Position(
        tip=Mark(cursor.number, _hex(cursor.hash), cursor.at),
        final=Mark(cursor.final_number, _hex(cursor.final_hash), cursor.final_at),
        tail=tuple(
            Header(number, f"0x{hash.hex()}", f"0x{parent.hex()}", at, 0, 0)
            for number, (hash, parent, at) in sorted(stored.blocks.items())
            if number > cursor.final_number
        ),
        wallets=wallets,
    )


def _hex(hash: bytes | None) -> str | None:
    return None if hash is None else f"0x{hash.hex()}"
