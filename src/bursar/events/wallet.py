"""
The events of `HotWallet`: what left, what waits, what the limits are.
"""

from bursar.budgets import Budget
from bursar.events.base import Event
from bursar.types import AddressField, Bytes32Field, Uint256


class Paid(Event):
    """
    An immediate payment, alone or of a batch, left (what remains is after the whole batch).
    """

    indexed = ("agent", "token", "to")

    agent: AddressField
    token: AddressField
    to: AddressField
    amount: Uint256
    category: Bytes32Field
    ref: Bytes32Field
    hour_remaining: Uint256
    day_remaining: Uint256


class PaymentExecuted(Event):
    """
    A queued payment left.
    """

    indexed = ("agent", "token", "to")

    agent: AddressField
    token: AddressField
    to: AddressField
    id: Bytes32Field
    amount: Uint256
    category: Bytes32Field
    ref: Bytes32Field
    hour_remaining: Uint256
    day_remaining: Uint256


class PaymentQueued(Event):
    """
    A payment waits: it may be executed from `ready_at` on, until before `expires_at`.
    """

    indexed = ("id", "agent", "token")

    id: Bytes32Field
    agent: AddressField
    token: AddressField
    to: AddressField
    amount: Uint256
    category: Bytes32Field
    ref: Bytes32Field
    ready_at: Uint256
    expires_at: Uint256


class PaymentCancelled(Event):
    """
    A queued payment will not leave.
    """

    indexed = ("id", "by")

    id: Bytes32Field
    by: AddressField
    reason: str


class QueueVoided(Event):
    """
    Every queued payment and unspent signature is void; `epoch` is the new one.
    """

    indexed = ("by",)

    by: AddressField
    epoch: Uint256
    reason: str


class NonceVoided(Event):
    """
    An agent's signature with this nonce cannot be used any more: a payment follows that used it, or
    the agent voided it.
    """

    indexed = ("agent",)

    agent: AddressField
    nonce: Uint256


class BudgetSet(Event):
    """
    A budget as it is stored now, and what its windows have used.
    """

    indexed = ("agent", "token", "category")

    agent: AddressField
    token: AddressField
    category: Bytes32Field
    budget: Budget
    hour_spent: Uint256
    day_spent: Uint256


class ShareBaseSet(Event):
    """
    The first charge of a UTC day to a budget with a share: until midnight it is a share of
    `balance`, what the wallet held of the token before that charge.
    """

    indexed = ("agent", "token", "category")

    agent: AddressField
    token: AddressField
    category: Bytes32Field
    balance: Uint256


class WalletLimitSet(Event):
    """
    All agents together spend at most `daily` of a token in a UTC day (0: token disabled).
    """

    indexed = ("token",)

    token: AddressField
    daily: Uint256


class MaxBalanceSet(Event):
    """
    A refill takes the wallet to at most `amount`.
    """

    indexed = ("token",)

    token: AddressField
    amount: Uint256


class RecipientSet(Event):
    """
    `who` is on the wallet's list of recipients from here on, or no longer.
    """

    indexed = ("who",)

    who: AddressField
    allowed: bool


class PaymentDelaySet(Event):
    """
    A payment queued from here on waits this long.
    """

    seconds: Uint256


class GraceSet(Event):
    """
    A payment queued from here on stays executable this long.
    """

    seconds: Uint256


class AgentRotated(Event):
    """
    Every budget of `old` moved to `new`; `old` is retired.
    """

    indexed = ("old", "new")

    old: AddressField
    new: AddressField


class Refilled(Event):
    """
    The treasury sent money in; `balance` is what the wallet holds now.
    """

    indexed = ("token",)

    token: AddressField
    amount: Uint256
    balance: Uint256
    ref: Bytes32Field


class Swept(Event):
    """
    Everything of a token went back to the treasury.
    """

    indexed = ("token", "by")

    token: AddressField
    by: AddressField
    amount: Uint256
    reason: str


class Sealed(Event):
    """
    From here on what loosens waits.
    """
