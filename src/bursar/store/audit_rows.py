"""
The audit's rows: what the table repeats of an entry, and how entries are found by what they are.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from bursar.audit import Entry, Sealed
from bursar.store.audit_heads import Head
from bursar.store.audit_table import AUDIT
from bursar.store.database import in_parts
from bursar.types import Address

# Databases bind a limited number of values in one statement.
_IDENTITIES: Final = 500


def fetch_head(connection: Connection, chain_id: int, organization: Address) -> Head | None:
    """
    Number and hash of the last entry; None where there is none.
    """
    query = (
        select(AUDIT.c.sequence, AUDIT.c.hash)
        .where(AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
        .order_by(AUDIT.c.sequence.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Head(row.sequence, row.hash)


def find_entries(
    connection: Connection, chain_id: int, organization: Address, identities: Sequence[str]
) -> dict[str, Sealed]:
    """
    Those entries that are there, by identity.
    """
    found: dict[str, Sealed] = {}
    for part in in_parts(identities, _IDENTITIES):
        query = select(AUDIT).where(
            AUDIT.c.chain_id == chain_id,
            AUDIT.c.organization == organization,
            AUDIT.c.identity.in_(part),
        )
        found |= {row.identity: as_sealed(row) for row in connection.execute(query)}
    return found


def as_sealed(row: Any) -> Sealed:
    """
    A row as it was sealed.
    """
    return Sealed(sequence=row.sequence, previous=row.previous, hash=row.hash, content=row.content)


def columns_of(entry: Entry) -> dict[str, Any]:
    """
    What the table repeats of an entry, to search by.
    """
    return {
        "chain_id": entry.chain_id,
        "organization": entry.organization,
        "identity": entry.identity,
        "at": entry.at,
        "action": entry.action.value,
        "wallet": entry.wallet,
        "agent": entry.agent,
        "token": entry.token,
        "amount": entry.amount,
        "block": entry.place.block if entry.place else None,
    }
