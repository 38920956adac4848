"""
The statements by which rows derived from the chain are written.

    table, rows → one statement for many rows → the driver

Written past SQLAlchemy's row handling, with the statements that it would write: that is what makes
tens of thousands of events a second possible.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, select, update
from sqlalchemy.engine.interfaces import Dialect

from bursar.store.chain_tables import chain_blocks, chain_cursor, chain_events

Row = tuple[Any, ...]

_MOST_ROWS_A_STATEMENT: Final = 256

# Built once: building a statement takes longer than running it, and these run with every batch.
_KNOWN: Final = ("source", "number", "log", "final_number", "final_log")
MOVE_CURSOR: Final = (
    update(chain_cursor)
    .where(
        *(chain_cursor.c[name] == bindparam(f"known_{name}") for name in _KNOWN),
        chain_cursor.c.hash.is_not_distinct_from(bindparam("known_hash")),
    )
    .values({column.name: bindparam(column.name) for column in chain_cursor.columns})
)
_HAS_EVENTS: Final = (
    select(chain_events.c.block)
    .where(
        chain_events.c.source == chain_blocks.c.source,
        chain_events.c.block == chain_blocks.c.number,
    )
    .exists()
)
DROP_EMPTY_BLOCKS: Final = delete(chain_blocks).where(
    chain_blocks.c.source == bindparam("of_source"),
    chain_blocks.c.number.between(bindparam("first"), bindparam("last")),
    ~_HAS_EVENTS,
)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """
    Add rows, which may leave off columns at their ends: those are then NULL.
    """
    _execute(connection, _insert_sql, table, rows)


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """
    Add whole rows, or replace what has their keys.
    """
    _execute(connection, _upsert_sql, table, rows)


def delete_rows(connection: Connection, table: Table, keys: list[Row]) -> None:
    """
    Delete the rows with these primary keys, as the database has them.
    """
    if keys:
        connection.exec_driver_sql(_delete_sql(table, connection.dialect), keys)


def _execute(
    connection: Connection,
    build_sql: Callable[[Table, Dialect, int, int], str],
    table: Table,
    rows: Sequence[Row],
) -> None:
    """
    Many rows to a statement, in powers of two: each is prepared once, and there are few of them.
    Between two the interpreter's lock changes hands, and whoever wants it back waits for it.
    """
    begin = 0
    while begin < len(rows):
        count = min(1 << (len(rows) - begin).bit_length() - 1, _MOST_ROWS_A_STATEMENT)
        sql = build_sql(table, connection.dialect, count, len(rows[0]))
        some = rows[begin : begin + count]
        connection.exec_driver_sql(sql, tuple(chain.from_iterable(some)))
        begin += count


@lru_cache(maxsize=128)
def _insert_sql(table: Table, dialect: Dialect, rows: int, width: int) -> str:
    columns = [column.name for column in table.columns][:width]
    quoted = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join([_mark(dialect)] * len(columns))})"
    return f'INSERT INTO "{table.name}" ({quoted}) VALUES {", ".join([row] * rows)}'


@lru_cache(maxsize=128)
def _upsert_sql(table: Table, dialect: Dialect, rows: int, width: int) -> str:
    keys = [column.name for column in table.primary_key.columns]
    others = [column.name for column in table.columns if column.name not in keys]
    target = ", ".join(f'"{name}"' for name in keys)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
    action = f"UPDATE SET {changes}" if others else "NOTHING"
    return f"{_insert_sql(table, dialect, rows, width)} ON CONFLICT ({target}) DO {action}"


@lru_cache(maxsize=128)
def _delete_sql(table: Table, dialect: Dialect) -> str:
    keys = " AND ".join(
        f'"{column.name}" = {_mark(dialect)}' for column in table.primary_key.columns
    )
    return f'DELETE FROM "{table.name}" WHERE {keys}'


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"
