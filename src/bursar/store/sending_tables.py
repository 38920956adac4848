"""
The tables of what a key is to do. They record: nothing of them can be had from the chain again.

    sending_leases · sending_intents 1 ─ n sending_transactions
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column, metadata

# Who may write for a key: `epoch` grows with every new holder, `until` is Unix milliseconds.
leases: Final = Table(
    "sending_leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

_LIVE: Final = "status IN ('under way', 'mined')"

# One row for each attempt at what a key names. `epoch` is the writer's, times are Unix seconds.
intents: Final = Table(
    "sending_intents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("sender", AddressColumn, nullable=False),
    Column("key", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("to", AddressColumn, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("value", Uint256Column, nullable=False),
    Column("expires_at", BigInteger),
    Column("status", Text, nullable=False),
    Column("unwanted", Boolean, nullable=False),
    Column("nonce", BigInteger),
    Column("outcome", Text),
    Column("mined", Bytes32Column),
    Column("block", BigInteger),
    Column("block_hash", Text),
    Column("epoch", BigInteger, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    UniqueConstraint("chain_id", "sender", "key", "attempt"),
    # Two intents that both may be mined never share a nonce.
    Index(
        "ux_sending_intents_live_nonce",
        "chain_id",
        "sender",
        "nonce",
        unique=True,
        sqlite_where=text(_LIVE),
        postgresql_where=text(_LIVE),
    ),
    Index(
        "ix_sending_intents_not_ended",
        "chain_id",
        "sender",
        sqlite_where=text("status <> 'ended'"),
        postgresql_where=text("status <> 'ended'"),
    ),
)

# Every signature that ever was made for an intent, whole: anybody who has it can broadcast it.
transactions: Final = Table(
    "sending_transactions",
    metadata,
    Column("hash", Bytes32Column, primary_key=True),
    Column("intent_id", Integer, ForeignKey("sending_intents.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("to", AddressColumn, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("value", Uint256Column, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("max_fee", Uint256Column, nullable=False),
    Column("tip", Uint256Column, nullable=False),
    Column("burns", Boolean, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
)
