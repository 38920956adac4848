"""
One frozen model per event of the contracts. Decoding logs into them is the adapters' work.

    log → Event → state.fold
"""

from typing import Final

from bursar.events.base import Event
from bursar.events.organization import (
    ChangeApplied,
    ChangeDelaySet,
    ChangeScheduled,
    ChangesVetoed,
    ChangeVetoed,
    ChangeVoided,
    GuardianSet,
    HeartbeatSent,
    HeartbeatTimeoutSet,
    KeeperSet,
    OrganizationCreated,
    Paused,
    Unpaused,
    WalletCreated,
)
from bursar.events.wallet import (
    AgentRotated,
    BudgetSet,
    GraceSet,
    MaxBalanceSet,
    NonceVoided,
    Paid,
    PaymentCancelled,
    PaymentDelaySet,
    PaymentExecuted,
    PaymentQueued,
    QueueVoided,
    RecipientSet,
    Refilled,
    Sealed,
    ShareBaseSet,
    Swept,
    WalletLimitSet,
)

ORGANIZATION_EVENTS: Final[tuple[type[Event], ...]] = (
    OrganizationCreated,
    WalletCreated,
    GuardianSet,
    KeeperSet,
    Paused,
    Unpaused,
    HeartbeatSent,
    HeartbeatTimeoutSet,
    ChangeDelaySet,
    ChangeScheduled,
    ChangeApplied,
    ChangeVetoed,
    ChangesVetoed,
    ChangeVoided,
)

WALLET_EVENTS: Final[tuple[type[Event], ...]] = (
    Paid,
    PaymentExecuted,
    PaymentQueued,
    PaymentCancelled,
    QueueVoided,
    NonceVoided,
    BudgetSet,
    ShareBaseSet,
    WalletLimitSet,
    MaxBalanceSet,
    RecipientSet,
    PaymentDelaySet,
    GraceSet,
    AgentRotated,
    Refilled,
    Swept,
    Sealed,
)

EVENTS: Final[dict[str, type[Event]]] = {
    event.__name__: event for event in ORGANIZATION_EVENTS + WALLET_EVENTS
}
"""Every event by its name."""

__all__ = [
    "EVENTS",
    "ORGANIZATION_EVENTS",
    "WALLET_EVENTS",
    "AgentRotated",
    "BudgetSet",
    "ChangeApplied",
    "ChangeDelaySet",
    "ChangeScheduled",
    "ChangeVetoed",
    "ChangeVoided",
    "ChangesVetoed",
    "Event",
    "GraceSet",
    "GuardianSet",
    "HeartbeatSent",
    "HeartbeatTimeoutSet",
    "KeeperSet",
    "MaxBalanceSet",
    "NonceVoided",
    "OrganizationCreated",
    "Paid",
    "Paused",
    "PaymentCancelled",
    "PaymentDelaySet",
    "PaymentExecuted",
    "PaymentQueued",
    "QueueVoided",
    "RecipientSet",
    "Refilled",
    "Sealed",
    "ShareBaseSet",
    "Swept",
    "Unpaused",
    "WalletCreated",
    "WalletLimitSet",
]
