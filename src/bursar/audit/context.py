"""
What has to be known beside an event to say who authorised it.

    the transaction (who sent it, what the Safe's owners signed in it) ┐
    what happened before (roles, wallets, scheduled changes, queue)    ┴→ Context → entries_for
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bursar.audit.entry import Party, Verdict
from bursar.budgets import Budget
from bursar.events import ChangeScheduled, Event, PaymentQueued
from bursar.types import Address, Bytes32


@dataclass(frozen=True, slots=True)
class SafeSigning:
    """
    A transaction of the Safe that a transaction of the chain executed: who signed it, and which
    addresses it called, those of a batch included.
    """

    hash: Bytes32
    owners: tuple[Address, ...]
    targets: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Carrier:
    """
    The transaction that an event is in: who sent it, what the owners signed in it, and our events
    in it, in order. `signings` is None where the signatures could not be read.
    """

    sender: Address | None = None
    signings: tuple[SafeSigning, ...] | None = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """
    Everything that `entries_for` looks at beside the event.

    scheduled: changes that wait, or waited, by id. schedulers: who signed the scheduling of each.
    queued: payments that were queued, by id. balance: what the wallet had of the event's token
    before, in base units; None where it cannot be told. budget: as it was last set, for an event
    that is about one. verdict: policy's stored decision.
    """

    chain_id: int
    organization: Address
    treasury: Address | None
    carrier: Carrier = field(default_factory=Carrier)
    guardians: frozenset[Address] = frozenset()
    keepers: frozenset[Address] = frozenset()
    wallets: frozenset[Address] = frozenset()
    scheduled: Mapping[Bytes32, ChangeScheduled] = field(default_factory=dict)
    schedulers: Mapping[Bytes32, tuple[Party, ...]] = field(default_factory=dict)
    queued: Mapping[Bytes32, PaymentQueued] = field(default_factory=dict)
    balance: int | None = None
    budget: Budget | None = None
    verdict: Verdict | None = None
