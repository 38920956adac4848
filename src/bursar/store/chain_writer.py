"""
Rows derived from the chain into the database: what is in, and how far it goes, in one transaction.

    Batch(before, after, rows) → commit_batch(connection, batch)
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.engine.interfaces import Dialect

from bursar.chain.sending.points import TAKING_IN, reached
from bursar.store.chain_statements import (
    DROP_EMPTY_BLOCKS,
    MOVE_CURSOR,
    Row,
    delete_rows,
    insert_rows,
    upsert_rows,
)
from bursar.store.chain_tables import BY_BLOCK, BY_NUMBER, DERIVED, chain_cursor
from bursar.store.errors import StoreError
from bursar.store.inserting import insert_new
from bursar.types import Address

_NO_LOG: Final = -1
_ROWS_A_DELETION: Final = 10_000


class CursorMovedError(StoreError):
    """
    Somebody else has written what follows: read the store again, and go on from there.
    """


class Cursor(NamedTuple):
    """
    How far the events of `organization`, created in block `first` or later, are in: up to block
    `number`, and of that up to the log of index `log` (-1: all). The projections likewise up to the
    final ones. A block before the first one has no hash.
    """

    source: int
    chain_id: int
    organization: Address
    first: int
    number: int
    hash: bytes | None
    at: int
    log: int
    final_number: int
    final_hash: bytes | None
    final_at: int
    final_log: int


class Batch:
    """
    What is written together. `rows` counts them.
    """

    def __init__(self, before: Cursor) -> None:
        self.before = before
        self.after = before
        self.roll_back_to: int | None = None
        self.inserts: dict[Table, list[Row]] = defaultdict(list)
        self.upserts: dict[Table, dict[Row, Row]] = defaultdict(dict)
        self.deletes: dict[Table, dict[Row, None]] = defaultdict(dict)
        self.rows = 0

    def insert(self, table: Table, row: Row) -> None:
        """
        A row that is not there yet; `row` begins with the source, and may leave off columns at the
        end that are then NULL. All of a table in one batch have the same length.
        """
        self.inserts[table].append(row)
        self.rows += 1

    def insert_all(self, table: Table, rows: Sequence[Row]) -> None:
        """
        Several of them.
        """
        self.inserts[table].extend(rows)
        self.rows += len(rows)

    def upsert(self, table: Table, key: Row, row: Row) -> None:
        """
        A row, new or not. `key` is its primary key without the source.
        """
        rows = self.upserts[table]
        self.rows += key not in rows
        rows[key] = row
        self.deletes[table].pop(key, None)

    def delete(self, table: Table, key: Row) -> None:
        """
        A row that goes.
        """
        self.upserts[table].pop(key, None)
        self.deletes[table][key] = None
        self.rows += 1


def open_cursor(
    connection: Connection,
    chain_id: int,
    organization: Address,
    first: int,
    *,
    locked: bool = False,
) -> Cursor:
    """
    How far this organisation was read, on this chain; a new cursor where it never was. `locked`:
    nobody moves it before this transaction ends, so that all that is read in it belongs together.
    """
    while True:
        found = find_cursor(connection, chain_id, organization, locked=locked)
        if found is not None:
            return found
        sources = connection.execute(select(chain_cursor.c.source)).scalars().all()
        # Of two that begin at once one has the number; the other one looks again.
        source = max(sources, default=0) + 1
        cursor = _begin(source, chain_id, organization, first)
        insert_new(connection, chain_cursor, cursor._asdict())


def _begin(source: int, chain_id: int, organization: Address, first: int) -> Cursor:
    before = first - 1
    return Cursor(
        source=source,
        chain_id=chain_id,
        organization=organization,
        first=first,
        number=before,
        hash=None,
        at=0,
        log=_NO_LOG,
        final_number=before,
        final_hash=None,
        final_at=0,
        final_log=_NO_LOG,
    )


def find_cursor(
    connection: Connection, chain_id: int, organization: Address, *, locked: bool = False
) -> Cursor | None:
    """
    How far it was read, or None. `locked` as in `open_cursor`.
    """
    wanted = select(chain_cursor).where(
        chain_cursor.c.chain_id == chain_id, chain_cursor.c.organization == organization
    )
    row = connection.execute(wanted.with_for_update() if locked else wanted).one_or_none()
    return None if row is None else Cursor(**row._asdict())


def commit_batch(connection: Connection, batch: Batch) -> None:
    """
    Write a batch. Raises CursorMovedError where it does not follow what is there.
    """
    _move_cursor(connection, batch.before, batch.after)
    reached(TAKING_IN)
    if batch.roll_back_to is not None:
        _roll_back(connection, batch.before.source, batch.roll_back_to)
    for table, rows in batch.inserts.items():
        insert_rows(connection, table, rows)
    for table, keys in batch.deletes.items():
        delete_rows(connection, table, [(batch.before.source, *key) for key in keys])
    for table, upserts in batch.upserts.items():
        upsert_rows(connection, table, list(upserts.values()))
    _drop_empty_blocks(connection, batch.before, batch.after)


def _move_cursor(connection: Connection, before: Cursor, after: Cursor) -> None:
    known = {f"known_{name}": value for name, value in before._asdict().items()}
    moved = connection.execute(MOVE_CURSOR, known | after._asdict())
    if moved.rowcount != 1:
        raise CursorMovedError(
            f"The store is not at block {before.number} of {before.organization} any more: another "
            "process follows the same organisation into it."
        )


def _roll_back(connection: Connection, source: int, number: int) -> None:
    for table in BY_BLOCK:
        connection.execute(delete(table).where(table.c.source == source, table.c.block > number))
    for table in BY_NUMBER:
        connection.execute(delete(table).where(table.c.source == source, table.c.number > number))


def _drop_empty_blocks(connection: Connection, before: Cursor, after: Cursor) -> None:
    """
    Of what has become final, blocks without events are not kept.
    """
    if before.final_number == after.final_number:
        return
    between = {
        "of_source": after.source,
        "first": before.final_number,
        "last": after.final_number - (after.final_log != _NO_LOG),
    }
    connection.execute(DROP_EMPTY_BLOCKS, between)


def empty_source(connection: Connection, source: int) -> int:
    """
    Delete some of what is derived of one organisation, and say how many rows that were: 0 when
    nothing is left. The cursor goes last, so a rebuild that is interrupted begins anew.
    """
    for table in reversed(DERIVED):
        keys = list(table.primary_key.columns)
        some = select(*keys).where(table.c.source == source).limit(_ROWS_A_DELETION)
        found = connection.execute(some).all()
        if found:
            delete_rows(connection, table, _encoded(table, found, connection.dialect))
            return len(found)
    return 0


def _encoded(table: Table, rows: Iterable[Sequence[Any]], dialect: Dialect) -> list[Row]:
    write = [column.type.bind_processor(dialect) for column in table.primary_key.columns]
    return [
        tuple(value if to is None else to(value) for to, value in zip(write, row, strict=True))
        for row in rows
    ]
