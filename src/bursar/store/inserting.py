"""
Adding a row unless it is there, in one statement, so that of two that do it at once one adds it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """
    Add `row` unless it breaks a uniqueness of `table`. Whether it was added.
    """
    insert: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(row).on_conflict_do_nothing()
    # Asked for a column, because the number of rows is not told by every driver.
    added = connection.execute(statement.returning(*table.primary_key.columns))
    return added.first() is not None
