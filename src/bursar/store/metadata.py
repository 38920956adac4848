"""
What all tables share: their registry, how constraints are named, and how the chain's values are
stored.

    int 0 … 2^256-1 ↔ 32 bytes, big-endian     (sorts and compares as the number does)
    Address         ↔ 20 bytes
    Bytes32         ↔ 32 bytes
"""

from typing import Any, Final

from sqlalchemy import LargeBinary, MetaData
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from bursar.types import MAX_UINT256, Address, Bytes32, checksummed

_WORD_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20

# Constraints have the same names on both databases, so that migrations can speak of them.
metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Uint256Column(TypeDecorator[int]):
    """
    A number of up to 256 bits: neither database has an integer that wide. Sums are made in Python.
    """

    impl = LargeBinary(_WORD_BYTES)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        """
        To 32 bytes. Raises ValueError for what does not fit: no figure is cut off silently.
        """
        if value is None:
            return None
        if not 0 <= value <= MAX_UINT256:
            raise ValueError(f"{value} does not fit into 256 bits without a sign")
        return value.to_bytes(_WORD_BYTES, "big")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:
        """
        Back to a number.
        """
        return None if value is None else int.from_bytes(value, "big")


class AddressColumn(TypeDecorator[Address]):
    """
    An address: 20 bytes, and checksummed text in Python.
    """

    impl = LargeBinary(_ADDRESS_BYTES)
    cache_ok = True

    def process_bind_param(self, value: Address | None, dialect: Dialect) -> bytes | None:
        """
        To 20 bytes. Raises ValueError for what is no address.
        """
        if value is None:
            return None
        raw = bytes.fromhex(value[2:])
        if len(raw) != _ADDRESS_BYTES or not value.startswith("0x"):
            raise ValueError(f"{value!r} is no address")
        return raw

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Address | None:
        """
        Back to text with its checksum.
        """
        return None if value is None else checksummed("0x" + bytes(value).hex())


class Bytes32Column(TypeDecorator[Bytes32]):
    """
    A hash, a category or a reference.
    """

    impl = LargeBinary(_WORD_BYTES)
    cache_ok = True

    def process_bind_param(self, value: Bytes32 | None, dialect: Dialect) -> bytes | None:
        """
        As it is. Raises ValueError unless it is 32 bytes long.
        """
        if value is not None and len(value) != _WORD_BYTES:
            raise ValueError(f"0x{value.hex()} has {len(value)} bytes, not {_WORD_BYTES}")
        return value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Bytes32 | None:
        """
        As it is.
        """
        return None if value is None else Bytes32(bytes(value))
