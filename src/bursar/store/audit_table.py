"""
The audit's table. It only grows: triggers refuse to change or remove a row, and the chain of hashes
tells where somebody got around them.
"""

from typing import Final

from sqlalchemy import DDL, Column, Index, String, Table, Text, UniqueConstraint, event

from bursar.store.columns import count_column
from bursar.store.metadata import AddressColumn, Bytes32Column, Uint256Column, metadata

AUDIT: Final = Table(
    "audit",
    metadata,
    count_column("chain_id", primary_key=True, autoincrement=False),
    Column("organization", AddressColumn, primary_key=True),
    count_column("sequence", primary_key=True, autoincrement=False),
    Column("previous", Bytes32Column, nullable=False),
    Column("hash", Bytes32Column, nullable=False),
    # Exactly what was hashed. The columns below repeat parts of it, to search by.
    Column("content", Text, nullable=False),
    Column("identity", String(200), nullable=False),
    count_column("at"),
    Column("action", String(32), nullable=False),
    Column("wallet", AddressColumn),
    Column("agent", AddressColumn),
    Column("token", AddressColumn),
    Column("amount", Uint256Column),
    count_column("block", nullable=True),
    UniqueConstraint("chain_id", "organization", "previous"),
    UniqueConstraint("chain_id", "organization", "hash"),
    UniqueConstraint("chain_id", "organization", "identity"),
    # How far the audit has come is asked at each start, of however many entries.
    Index(None, "chain_id", "organization", "action", "block"),
    Index(None, "organization", "at"),
    Index(None, "wallet", "at"),
    Index(None, "agent", "at"),
)

_REFUSAL: Final = "audit entries are never changed or removed"

GUARDS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    ),
}
"""What keeps honest mistakes out, per database. Whoever may drop them is found by the hashes."""

for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        _guard = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(AUDIT, "after_create", _guard.execute_if(dialect=_dialect))
