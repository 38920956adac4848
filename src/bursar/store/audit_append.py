"""
Adding to the audit, within a transaction of the store.

    entries → lock → those that are new → sealed after the head → rows
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, insert, select, text

from bursar.audit import FIRST_PREVIOUS, Action, Entry, Sealed, Verdict, seal
from bursar.chain.sending.points import ENTERING, reached
from bursar.store.audit_heads import Head
from bursar.store.audit_rows import as_sealed, columns_of, fetch_head, find_entries
from bursar.store.audit_table import AUDIT
from bursar.types import Address

# Not to meet another lock of Bursar: the first bytes of what is hashed for the lock's number.
_LOCK_PURPOSE: Final = b"bursar audit"


def append_entries(connection: Connection, entries: Iterable[Entry]) -> list[Sealed]:
    """
    Add those that are new, in their order, each to its organisation's chain. The lock that it takes
    lasts until the transaction ends, so do this last in it.
    """
    chains: dict[tuple[int, Address], list[Entry]] = {}
    for entry in entries:
        chains.setdefault((entry.chain_id, entry.organization), []).append(entry)
    added: list[Sealed] = []
    for (chain_id, organization), ours in sorted(chains.items()):
        _lock(connection, chain_id, organization)
        added += _append(connection, chain_id, organization, ours)
    return added


def retract_from(
    connection: Connection,
    chain_id: int,
    organization: Address,
    block: int,
    *,
    at: int,
    reason: str,
) -> list[Sealed]:
    """
    Mark every entry of block `block` and later as dropped by the chain, each with an entry of its
    own; nothing is edited. Doing it again adds nothing, and what is mined again is entered again.
    """
    _lock(connection, chain_id, organization)
    query = (
        select(AUDIT)
        .where(AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
        .where(AUDIT.c.block >= block, AUDIT.c.action != Action.RETRACTION.value)
        .order_by(AUDIT.c.sequence)
    )
    dropped = [as_sealed(row) for row in connection.execute(query)]
    entries = [retraction_of(sealed, at=at, reason=reason) for sealed in dropped]
    return _append(connection, chain_id, organization, entries)


def retract_identities(
    connection: Connection,
    chain_id: int,
    organization: Address,
    identities: Sequence[str],
    *,
    at: int,
    reason: str,
) -> list[Sealed]:
    """
    The same for the entries of those identities alone, as far as they are there.
    """
    if not identities:
        return []
    _lock(connection, chain_id, organization)
    known: dict[str, Sealed] = {}
    wanted = list(identities)
    while wanted:
        found = find_entries(connection, chain_id, organization, wanted)
        known |= found
        # One that was retracted may have come in again since, as another.
        marks = {_retracted(sealed.sequence): name for name, sealed in found.items()}
        gone = find_entries(connection, chain_id, organization, list(marks))
        wanted = [_again(marks[mark], retraction) for mark, retraction in gone.items()]
    entries = [retraction_of(sealed, at=at, reason=reason) for sealed in known.values()]
    return _append(connection, chain_id, organization, entries)


def retraction_of(sealed: Sealed, *, at: int, reason: str) -> Entry:
    """
    The entry that says that the chain has dropped what an earlier one tells of.
    """
    entry = sealed.entry
    return entry.model_copy(
        update={
            "at": at,
            "action": Action.RETRACTION,
            "identity": _retracted(sealed.sequence),
            "balance_before": None,
            "balance_after": None,
            "authorised_by": (),
            "verdict": Verdict(by="chain", outcome="dropped", message=reason),
            "details": {"retracts": sealed.sequence, "hash": sealed.hash.hex()},
        }
    )


def _lock(connection: Connection, chain_id: int, organization: Address) -> None:
    """
    Nobody else appends to this chain until the transaction ends. SQLite's transactions that write
    begin with a lock on everything.
    """
    if connection.dialect.name == "sqlite":
        return
    seed = _LOCK_PURPOSE + chain_id.to_bytes(32, "big") + bytes.fromhex(organization[2:])
    key = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big", signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _append(
    connection: Connection, chain_id: int, organization: Address, entries: Sequence[Entry]
) -> list[Sealed]:
    new = _without_known(connection, chain_id, organization, entries)
    head = fetch_head(connection, chain_id, organization) or Head(0, FIRST_PREVIOUS)
    added: list[Sealed] = []
    for entry in new:
        sealed = seal(entry, head.sequence + 1, head.hash)
        head = Head(sealed.sequence, sealed.hash)
        added.append(sealed)
    if added:
        rows = [
            columns_of(entry) | sealed.model_dump()
            for entry, sealed in zip(new, added, strict=True)
        ]
        connection.execute(insert(AUDIT), rows)
        reached(ENTERING)
    return added


def _without_known(
    connection: Connection, chain_id: int, organization: Address, entries: Sequence[Entry]
) -> list[Entry]:
    """
    Those that are not there, each once. One that was retracted comes in again as another.
    """
    wanted = {entry.identity: entry for entry in entries}
    new: list[Entry] = []
    while wanted:
        known = find_entries(connection, chain_id, organization, list(wanted))
        new += [entry for identity, entry in wanted.items() if identity not in known]
        marks = {_retracted(sealed.sequence): identity for identity, sealed in known.items()}
        retracted = find_entries(connection, chain_id, organization, list(marks))
        again = [(wanted[marks[mark]], sealed) for mark, sealed in retracted.items()]
        wanted = {
            name: entry.model_copy(update={"identity": name})
            for entry, sealed in again
            for name in [_again(entry.identity, sealed)]
        }
    order = {entry.identity: position for position, entry in enumerate(entries)}
    return sorted(new, key=lambda entry: order[entry.identity.partition("~")[0]])


def _again(identity: str, retraction: Sealed) -> str:
    """
    The identity of what is mined again after its entry was retracted.
    """
    return f"{identity.partition('~')[0]}~{retraction.sequence}"


def _retracted(sequence: int) -> str:
    return f"retraction:{sequence}"
