"""
What is derived from a chain: it can be thrown away and read again, and comes out the same.

    chain_cursor                                how far it was read
    chain_blocks, chain_events                  up to the tip; what a reorg takes is deleted
    chain_failed_calls, chain_transfers, chain_unexplained           likewise
    chain_organizations … chain_payments        projections, at the final height only

`source` says which organisation on which chain. Amounts are base units, times Unix seconds.
"""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bursar.store.columns import count_column
from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column, metadata

PENDING: Final = "pending"
"""Of a payment that waits, is ready or has expired: which, the clock tells."""


def _key(name: str, type: Any) -> Column[Any]:
    return Column(name, type, primary_key=True, autoincrement=False)


def _table(name: str, *columns: Any, large_rows: bool = False) -> Table:
    # Small rows lie in one tree instead of two. Large ones would make that tree deep: of 700 bytes
    # each, five fit on a page.
    return Table(name, metadata, _key("source", Integer), *columns, sqlite_with_rowid=large_rows)


def _address(name: str, **options: Any) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, AddressColumn, **options)


def _bytes32(name: str, **options: Any) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, Bytes32Column, **options)


def _amount(name: str, **options: Any) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, Uint256Column, **options)


def _text(name: str, **options: Any) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, Text, **options)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


# `log` and `final_log` are -1 where the whole block is in, else the index of its last log that is.
chain_cursor: Final = _table(
    "chain_cursor",
    count_column("chain_id"),
    _address("organization"),
    count_column("first"),
    count_column("number"),
    _bytes32("hash", nullable=True),
    count_column("at"),
    count_column("log"),
    count_column("final_number"),
    _bytes32("final_hash", nullable=True),
    count_column("final_at"),
    count_column("final_log"),
    UniqueConstraint("chain_id", "organization"),
)

# Those with events, and all that are not final.
chain_blocks: Final = _table(
    "chain_blocks",
    _key("number", count_column("number").type),
    _bytes32("hash"),
    _bytes32("parent"),
    count_column("at"),
)

# `payload` is canonical JSON: names sorted, no spaces, amounts as text, bytes as hex.
chain_events: Final = _table(
    "chain_events",
    _key("block", count_column("block").type),
    _key("log", Integer),
    count_column("at"),
    _address("emitter"),
    _bytes32("transaction"),
    _text("name"),
    _text("payload"),
    # Of a million events nearly all are payments. Whoever wants the others need not look at them.
    Index(
        "ix_chain_events_beside_paid",
        "source",
        "block",
        "log",
        sqlite_where=text("name <> 'Paid'"),
        postgresql_where=text("name <> 'Paid'"),
    ),
    large_rows=True,
)

# Read anew, those are missing that were alone in their block: see `Receipts.RECENT`.
chain_failed_calls: Final = _table(
    "chain_failed_calls",
    _key("block", count_column("block").type),
    _key("position", Integer),
    count_column("at"),
    _bytes32("transaction"),
    _address("sender"),
    _address("target"),
    count_column("gas_used"),
)

# Token transfers into and out of wallets, whoever made them.
chain_transfers: Final = _table(
    "chain_transfers",
    _key("block", count_column("block").type),
    _key("log", Integer),
    count_column("at"),
    _bytes32("transaction"),
    _address("token"),
    _address("sender"),
    _address("recipient"),
    _amount("amount"),
)

# Of one wallet, token and transaction: what moved beside what our events say. Both directions can
# be there at once.
chain_unexplained: Final = _table(
    "chain_unexplained",
    _key("block", count_column("block").type),
    _key("transaction", Bytes32Column),
    _key("wallet", AddressColumn),
    _key("token", AddressColumn),
    count_column("at"),
    _amount("came"),
    _amount("went"),
    _amount("came_explained"),
    _amount("went_explained"),
)

# `detail` is the rest of the state as JSON, for restoring it.
chain_organizations: Final = _table(
    "chain_organizations",
    _address("address"),
    _address("treasury"),
    _amount("change_delay"),
    _amount("heartbeat_timeout"),
    count_column("last_heartbeat"),
    _text("detail"),
)

chain_members: Final = _table(
    "chain_members",
    _key("who", AddressColumn),
    _flag("guardian"),
    _flag("keeper"),
)

chain_stops: Final = _table(
    "chain_stops",
    _key("scope", AddressColumn),
    _amount("until"),
    _amount("number"),
)

# Changes that were scheduled and not applied, vetoed or overtaken.
chain_changes: Final = _table(
    "chain_changes",
    _key("id", Bytes32Column),
    _address("target"),
    _text("setter"),
    Column("call", LargeBinary, nullable=False),
    _amount("ready_at"),
    _amount("expires_at"),
)

chain_wallets: Final = _table(
    "chain_wallets",
    _key("address", AddressColumn),
    Column("position", Integer, nullable=False),
    _text("name"),
    _flag("sealed"),
    _amount("epoch"),
    _amount("payment_delay"),
    _amount("grace"),
    _text("detail"),
)

chain_limits: Final = _table(
    "chain_limits",
    _key("wallet", AddressColumn),
    _key("token", AddressColumn),
    _amount("daily"),
    _amount("spent"),
    count_column("day"),
    _amount("max_balance", nullable=True),
)

chain_recipients: Final = _table(
    "chain_recipients",
    _key("wallet", AddressColumn),
    _key("who", AddressColumn),
)

# Nonces of signed payments that were used or voided: 256 to a word, the lowest bit first.
chain_nonces: Final = _table(
    "chain_nonces",
    _key("wallet", AddressColumn),
    _key("agent", AddressColumn),
    _key("word", Uint256Column),
    _amount("bits"),
)

chain_agents: Final = _table(
    "chain_agents",
    _key("wallet", AddressColumn),
    _key("agent", AddressColumn),
    Column("position", Integer, nullable=False),
    _flag("retired"),
)

# Figures as the contract's `budget` reads them; `line` holds them with the counters, for restoring.
chain_budgets: Final = _table(
    "chain_budgets",
    _key("wallet", AddressColumn),
    _key("agent", AddressColumn),
    _key("token", AddressColumn),
    _key("category", Bytes32Column),
    Column("position", Integer, nullable=False),
    _amount("per_payment"),
    _amount("hourly"),
    _amount("daily"),
    _amount("queue_from"),
    count_column("max_payments"),
    count_column("expires_at"),
    Column("share_bps", Integer, nullable=False),
    _flag("rolling"),
    _flag("allowlist_only"),
    _text("line"),
)

# By the place of the `Paid` or `PaymentQueued`; `done_…` of what ended one that was queued.
chain_payments: Final = _table(
    "chain_payments",
    _key("block", count_column("block").type),
    _key("log", Integer),
    count_column("at"),
    _bytes32("transaction"),
    _address("wallet"),
    _address("agent"),
    _address("token"),
    _address("recipient"),
    _amount("amount"),
    _bytes32("category"),
    _bytes32("ref"),
    _text("status"),
    _bytes32("id", nullable=True),
    count_column("ready_at", nullable=True),
    count_column("expires_at", nullable=True),
    count_column("done_block", nullable=True),
    Column("done_log", Integer, nullable=True),
    count_column("done_at", nullable=True),
    _bytes32("done_transaction", nullable=True),
    _address("done_by", nullable=True),
    _text("reason", nullable=True),
    Index(
        "ix_chain_payments_pending",
        "source",
        "wallet",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    large_rows=True,
)

BY_NUMBER: Final = (chain_blocks,)
BY_BLOCK: Final = (chain_events, chain_failed_calls, chain_transfers, chain_unexplained)
PROJECTIONS: Final = (
    chain_organizations,
    chain_members,
    chain_stops,
    chain_changes,
    chain_wallets,
    chain_limits,
    chain_recipients,
    chain_nonces,
    chain_agents,
    chain_budgets,
    chain_payments,
)
DERIVED: Final = (chain_cursor, *BY_NUMBER, *BY_BLOCK, *PROJECTIONS)
"""Everything here: what `bursar keeper rebuild` empties and fills."""
