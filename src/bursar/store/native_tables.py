"""
The tables of the chain's own currency: what wallets held when it was read, and what no event tells.

Recorded, not derived: nodes keep old balances for some hundred blocks only, so a rebuild could not
read them again, and leaves both tables alone.
"""

from typing import Final

from sqlalchemy import Column, Table, Text, UniqueConstraint

from bursar.store.columns import count_column, id_column
from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column, metadata

# Of each wallet the last balance that was read, in wei, and the final block that it is of.
native_balances: Final = Table(
    "native_balances",
    metadata,
    # Not the cursor's `source`, which a rebuild may give out anew.
    count_column("chain_id", primary_key=True, autoincrement=False),
    Column("organization", AddressColumn, primary_key=True),
    Column("wallet", AddressColumn, primary_key=True),
    count_column("block"),
    Column("hash", Bytes32Column, nullable=False),
    count_column("at"),
    Column("balance", Uint256Column, nullable=False),
)

# What came or went after block `since` and up to `block`, in wei, as the audit is told. It was
# found when the wallet held `read_balance` after block `read_block`.
native_moves: Final = Table(
    "native_moves",
    metadata,
    id_column(),
    count_column("chain_id"),
    Column("organization", AddressColumn, nullable=False),
    Column("identity", Text, nullable=False),
    Column("wallet", AddressColumn, nullable=False),
    count_column("since"),
    count_column("block"),
    count_column("at"),
    Column("came", Uint256Column, nullable=False),
    Column("went", Uint256Column, nullable=False),
    Column("transaction", Bytes32Column),
    Column("sender", AddressColumn),
    Column("before", Uint256Column),
    Column("after", Uint256Column),
    count_column("read_block"),
    Column("read_hash", Bytes32Column, nullable=False),
    count_column("read_at"),
    Column("read_balance", Uint256Column, nullable=False),
    UniqueConstraint("chain_id", "organization", "identity"),
    # A number is never given out twice, so that whoever has seen it has seen all before it.
    sqlite_autoincrement=True,
)
