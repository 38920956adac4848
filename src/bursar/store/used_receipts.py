"""
Receipts that payments have used up: each is good for one payment that leaves.

    Paid → UsedBy(event) → Receipts.accept → a row, or "used" where another payment has it

To read the same event again is no second use, or a restart would stop every honest agent.
"""

from typing import Final, NamedTuple, Self

from sqlalchemy import Column, Connection, Table, delete, select

from bursar.events import Event
from bursar.store.columns import count_column
from bursar.store.inserting import insert_new
from bursar.store.metadata import Bytes32Column, metadata
from bursar.types import Bytes32

RECEIPTS: Final = Table(
    "receipts",
    metadata,
    count_column("chain_id", primary_key=True, autoincrement=False),
    Column("ref", Bytes32Column, primary_key=True),
    count_column("block", index=True),
    Column("transaction", Bytes32Column, nullable=False),
    count_column("log"),
    count_column("used_at"),
)


class Use(NamedTuple):
    """
    The payment that used a receipt up: where its event is in the chain. `at` is Unix seconds.
    """

    chain_id: int
    block: int
    transaction: Bytes32
    log: int
    at: int

    @classmethod
    def of(cls, event: Event, chain_id: int) -> Self:
        """
        By an event that was logged. Raises ValueError for one that is only foretold.
        """
        if event.block is None or event.transaction is None or event.log is None:
            raise ValueError("An event that is only foretold uses up no receipt.")
        return cls(chain_id, event.block, event.transaction, event.log, event.at)


class UsedBy:
    """
    The receipts that were used, as one payment sees them within a transaction of the store: what
    it has used itself is not used for it. Give it to `bursar.receipts.Receipts`.
    """

    def __init__(self, connection: Connection, use: Use) -> None:
        self._connection = connection
        self._use = use

    def __contains__(self, ref: Bytes32, /) -> bool:
        return self._find(ref) not in (None, self._use[1:4])

    def add(self, ref: Bytes32, /) -> bool:
        """
        Use `ref` up for this payment. Whether it may: it was unused, or this payment has it.
        """
        row = {"ref": ref, **self._use._asdict()}
        row["used_at"] = row.pop("at")
        return insert_new(self._connection, RECEIPTS, row) or ref not in self

    def _find(self, ref: Bytes32) -> tuple[int, Bytes32, int] | None:
        table = RECEIPTS.c
        query = select(table.block, table.transaction, table.log).where(
            table.chain_id == self._use.chain_id, table.ref == ref
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else (row.block, row.transaction, row.log)


def release_from(connection: Connection, chain_id: int, block: int) -> None:
    """
    Forget what was used in block `block` and later, which the chain has dropped: the payments may
    be mined again elsewhere.
    """
    connection.execute(
        delete(RECEIPTS).where(RECEIPTS.c.chain_id == chain_id, RECEIPTS.c.block >= block)
    )
