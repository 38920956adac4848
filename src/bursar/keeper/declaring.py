"""
Payments without a valid, unused receipt: somebody uses an agent's key outside Bursar.

    Paid | PaymentExecuted → judge (final: uses the receipt up) | look (the tail: uses nothing)
                           → Undeclared → outbox, once
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection

from bursar.audit import Place, Verdict, place_identity
from bursar.events import Event, Paid, PaymentExecuted, PaymentQueued
from bursar.receipts import PaymentTerms, ReceiptProblem, Receipts, UsedInMemory, Verifier
from bursar.store.database import Database
from bursar.store.outbox import put
from bursar.store.used_receipts import Use, UsedBy
from bursar.types import Address, Bytes32

Spend: TypeAlias = Paid | PaymentExecuted

TOPIC: Final = "undeclared"
"""Of the outbox: each is told to people at least once."""
NAMES: Final = ("Paid", "PaymentExecuted", "PaymentQueued")
"""The events that receipts are about."""


@dataclass(frozen=True, slots=True)
class Undeclared:
    """
    A payment that left without Bursar's having been asked. `amount` is in base units.
    """

    problem: ReceiptProblem
    event: Spend

    def as_json(self) -> dict[str, Any]:
        """
        Names and plain values.
        """
        event = self.event
        return {
            "problem": self.problem.value,
            "kind": type(event).__name__,
            "wallet": event.emitter,
            "agent": event.agent,
            "token": event.token,
            "to": event.to,
            "amount": str(event.amount),
            "at": event.at,
            "block": event.block,
            "transaction": f"0x{(event.transaction or b'').hex()}",
        }

    def as_verdict(self) -> Verdict:
        """
        What the audit says of it.
        """
        return Verdict(
            by="receipts",
            outcome="undeclared",
            reason=self.problem.value,
            message=f"{_WORDS[self.problem]} The agent's key is used outside Bursar.",
        )


_WORDS: Final = {
    ReceiptProblem.FORGED: "It carries no receipt that a key of ours has made for it.",
    ReceiptProblem.RETIRED: "Its receipt is of a key that was retired before it was declared.",
    ReceiptProblem.USED: "Its receipt is that of another payment.",
}


class Declarations:
    """
    Judges the payments of `organization` on chain `chain_id`. Give it every event in order, first
    those that are final and then those of the tail. As long as `load_keys` has no keys, nothing is
    judged.
    """

    def __init__(
        self,
        database: Database,
        chain_id: int,
        organization: Address,
        load_keys: Callable[[], Verifier | None],
    ) -> None:
        self._database = database
        self._chain_id = chain_id
        self._organization = organization
        self._load_keys = load_keys
        self._queued_at: dict[tuple[Address, Bytes32], int] = {}
        self._known: set[str] = set()

    def remember(self, events: Iterable[Event]) -> None:
        """
        What was declared when: a payment that waits is declared when it is queued.
        """
        for event in events:
            if isinstance(event, PaymentQueued):
                self._queued_at[event.emitter, event.id] = event.at

    def judge(self, events: Sequence[Event]) -> dict[str, Undeclared]:
        """
        Use up the receipts of what is final. The payments that are not declared, by their place;
        judging again comes to the same. Raises StoreError, ReceiptKeyError.
        """
        spends = [event for event in events if isinstance(event, Spend)]
        keys = self._load_keys() if spends else None
        if keys is None:
            return {}
        return self._database.write(lambda c: self._accept_all(c, keys, spends), repeatable=True)

    def look(self, tail: Sequence[Event]) -> list[Undeclared]:
        """
        Those of the tail that are not declared, without using anything up: it may still go.
        """
        self.remember(tail)
        spends = [event for event in tail if isinstance(event, Spend)]
        keys = self._load_keys() if spends else None
        if keys is None:
            return []
        return self._database.read(lambda c: self._look(c, keys, spends))

    def tell(self, found: Iterable[Undeclared], now: int) -> list[Undeclared]:
        """
        Put into the outbox those that are not there yet; they are returned.
        """
        new = [one for one in found if identity_of(one.event) not in self._known]
        told = [one for one in new if self._put(one, now)]
        self._known |= {identity_of(one.event) for one in new}
        return told

    def _put(self, one: Undeclared, now: int) -> bool:
        where = {"chain_id": self._chain_id, "organization": self._organization}
        key, payload = identity_of(one.event), where | one.as_json()
        return self._database.write(lambda c: put(c, TOPIC, key, payload, now=now))

    def _accept_all(
        self, connection: Connection, keys: Verifier, spends: list[Spend]
    ) -> dict[str, Undeclared]:
        found: dict[str, Undeclared] = {}
        for event in spends:
            used = UsedBy(connection, Use.of(event, self._chain_id))
            problem = Receipts(keys, used).accept(*self._terms(event))
            if problem is not None:
                found[identity_of(event)] = Undeclared(problem, event)
        return found

    def _look(
        self, connection: Connection, keys: Verifier, spends: list[Spend]
    ) -> list[Undeclared]:
        before = UsedInMemory()
        found = []
        for event in spends:
            used = UsedBy(connection, Use.of(event, self._chain_id))
            terms, ref, at = self._terms(event)
            problem = Receipts(keys, used).check(terms, ref, at)
            if problem is None and not before.add(ref):
                problem = ReceiptProblem.USED
            if problem is not None:
                found.append(Undeclared(problem, event))
        return found

    def _terms(self, event: Spend) -> tuple[PaymentTerms, Bytes32, int]:
        at = event.at
        if isinstance(event, PaymentExecuted):
            at = self._queued_at.get((event.emitter, event.id), at)
        return PaymentTerms.of(self._chain_id, event), event.ref, at


def identity_of(event: Event) -> str:
    """
    Its place, as the audit names it.
    """
    assert event.block is not None
    assert event.transaction is not None
    assert event.log is not None
    return place_identity(Place(block=event.block, transaction=event.transaction, log=event.log))
