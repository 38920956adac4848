"""
Columns that many tables have.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer

# SQLite numbers rows by itself only where the key is an INTEGER.
ROW_ID: Final = BigInteger().with_variant(Integer, "sqlite")


def id_column() -> Column[int]:
    """
    A key that the database numbers.
    """
    return Column("id", ROW_ID, primary_key=True, autoincrement=True)


def count_column(name: str, **options: Any) -> Column[int]:
    """
    A whole number of up to 63 bits: a block, a log's index, Unix seconds.
    """
    options.setdefault("nullable", False)
    return Column(name, BigInteger, **options)
