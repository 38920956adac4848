"""
The audit in the database: it is appended to and read, and nothing else.

    entries → AuditLog.append → those that are new, sealed → the head, off the machine
"""

from collections.abc import Sequence
from typing import NamedTuple

from bursar.audit import Action, Entry, Sealed, Verdict, party
from bursar.store.audit_append import append_entries
from bursar.store.audit_heads import Head, HeadKeeper
from bursar.store.audit_rows import fetch_head
from bursar.store.database import Database, in_parts
from bursar.store.decisions import Decision
from bursar.types import Address


class Appended(NamedTuple):
    """
    What an append added, the chain's last hash, and why that could not be told to somebody off this
    machine, where it could not: the next append tells it again.
    """

    added: tuple[Sealed, ...]
    head: Head | None
    problem: str | None


class AuditLog:
    """
    The audit of one organisation on one chain. `heads` takes its last hash off the machine.
    """

    def __init__(
        self,
        database: Database,
        chain_id: int,
        organization: Address,
        heads: HeadKeeper | None = None,
    ) -> None:
        self.database = database
        self.chain_id = chain_id
        self.organization = organization
        self._heads = heads

    def append(self, entries: Sequence[Entry], *, wait_seconds: float = 0.0) -> Appended:
        """
        Add those of `entries` that are new, at most 1,000 a transaction, and tell the head. May be
        done again at any time: what is there already is not added twice. Raises StoreError.
        """
        added: list[Sealed] = []
        for part in in_parts(entries):
            added += self.database.write(
                lambda connection, part=part: append_entries(connection, part),  # type: ignore[misc]
                wait_seconds=wait_seconds,
                repeatable=True,
            )
        head = self.head()
        return Appended(tuple(added), head, self.tell(head))

    def head(self) -> Head | None:
        """
        Number and hash of the last entry; None where there is none.
        """
        return self.database.read(
            lambda connection: fetch_head(connection, self.chain_id, self.organization)
        )

    def tell(self, head: Head | None) -> str | None:
        """
        Take the head off the machine. Returns why it could not be, None where it was. Call it after
        a transaction with an `append_entries` of its own.
        """
        if head is None or self._heads is None:
            return None
        return self._heads.tell(self.chain_id, self.organization, head)


def refusal_of(number: int, decision: Decision) -> Entry:
    """
    The entry for what policy has denied; `number` is the stored decision's.
    """
    return Entry(
        chain_id=decision.chain_id,
        organization=decision.organization,
        at=decision.at,
        action=Action.REFUSAL,
        event=decision.action,
        identity=f"decision:{number}",
        wallet=decision.wallet,
        agent=decision.agent,
        role=decision.role,
        token=decision.token,
        amount=decision.amount,
        authorised_by=(party(decision.role, decision.agent),),
        verdict=verdict_of(number, decision),
    )


def verdict_of(number: int, decision: Decision) -> Verdict:
    """
    What a stored decision says.
    """
    return Verdict(
        by="policy",
        outcome=decision.outcome.value,
        reason=decision.reason,
        message=decision.message,
        version=decision.policy_version,
        number=number,
    )
