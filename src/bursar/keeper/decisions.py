"""
What to do with a payment that is due, and when to send a heartbeat. Pure: no clock and no node.

    payment + the chain's refusal of its `execute` → decide → Decision

The rules, and why:

- Nothing in the way: execute.
- What says no for good, cancel, and its sender is told: no budget, more than one payment may be,
  the recipient, a disabled token, the balance. Waiting would let a payment leave by surprise, long
  after somebody took the permission away.
- A window that is used up (hour, UTC day, payments of the day, the wallet's day): wait if it is
  fresh within the hour and before the payment expires, else cancel. So a used hour never kills a
  payment, and a used day does, except in its last hour.
- Stopped: wait, however long. A stop may be a false alarm, and people end it.
- The token or the recipient refuses the transfer: no limit is in the way, so wait, tell the sender
  once, and look again until it expires.
- Not there: somebody else has executed or cancelled it. That is no error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bursar.chain.reverts import Revert
from bursar.payments import QueuedPayment
from bursar.reasons import Reason
from bursar.state import State
from bursar.types import DAY, FOREVER, HOUR, Address, Bytes32

# The longest that a used-up window may keep a payment: the hour's own length.
PATIENCE: Final = HOUR
# Every payment that waits is looked at again within this time.
LOOK_AGAIN: Final = 5 * 60
# A chain whose blocks are further apart than this has no rhythm to count on (Ethereum: 12 s).
LONGEST_RHYTHM: Final = 15
# Headers looked at for it.
RHYTHM_HEADERS: Final = 8
# Two may fail before everything stops.
BEATS_PER_TIMEOUT: Final = 3
# Of keepers whose heartbeat is not the first to come: early enough for one to fail.
LATE_BEATS_PER_TIMEOUT: Final = 2

_FOR_GOOD: Final = {
    Reason.PAYMENTS_NO_BUDGET,
    Reason.PAYMENTS_AMOUNT,
    Reason.PAYMENTS_RECIPIENT,
    Reason.PAYMENTS_TOKEN_NOT_ENABLED,
    Reason.PAYMENTS_BALANCE,
}
_WINDOWS: Final = {
    Reason.PAYMENTS_HOURLY: HOUR,
    Reason.PAYMENTS_DAILY: DAY,
    Reason.PAYMENTS_COUNT: DAY,
    Reason.PAYMENTS_WALLET_LIMIT: DAY,
}
_GONE: Final = {Reason.QUEUE_NO_SUCH_PAYMENT, Reason.QUEUE_EXPIRED}


class Action(StrEnum):
    """
    What to do with a payment.
    """

    EXECUTE = "execute"
    CANCEL = "cancel"
    WAIT = "wait"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Decision:
    """
    `why` is the chain's own words where it refuses. A payment that waits is looked at again at
    `again_at`; `told` says that its sender has to know.
    """

    action: Action
    why: str = ""
    again_at: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """
    A payment of `wallet` that is due. `id` alone does not name it: it may be queued again.
    """

    wallet: Address
    id: Bytes32
    payment: QueuedPayment

    @property
    def key(self) -> tuple[Address, Bytes32, int]:
        """
        What names it for good.
        """
        return self.wallet, self.id, self.payment.ready_at


def find_due(state: State, at: int) -> list[Due]:
    """
    What may leave at time `at`, the longest due first.
    """
    due = [entry for entry in find_queued(state) if _is_due(state, entry, at)]
    return sorted(due, key=lambda entry: (entry.payment.ready_at, entry.wallet, entry.id))


def find_expired(state: State, at: int) -> list[Due]:
    """
    What nobody has executed in time. An agent that was rotated has no payments left to expire.
    """
    queued = find_queued(state)
    return [d for d in queued if d.payment.expires_at <= at and _has_agent(state, d)]


def find_queued(state: State) -> list[Due]:
    """
    Everything that was queued and has neither left nor been cancelled.
    """
    return [
        Due(wallet.address, id, payment)
        for wallet in state.registry.values()
        for id, payment in wallet.queue.items()
    ]


def _is_due(state: State, entry: Due, at: int) -> bool:
    payment = entry.payment
    return payment.ready_at <= at < payment.expires_at and _has_agent(state, entry)


def _has_agent(state: State, entry: Due) -> bool:
    return entry.payment.agent not in state.wallet(entry.wallet).retired


def asks_balance(refusal: Revert | None) -> bool:
    """
    Whether only the balance tells what a refusal means: a token reverts in words of its own.
    """
    return refusal is not None and refusal.reason in (None, Reason.TRANSFERS_TOKEN)


def decide(
    payment: QueuedPayment,
    refusal: Revert | None,
    *,
    at: int,
    wallet_limit: int,
    balance: int | None = None,
) -> Decision:
    """
    What to do with a due payment that the chain would execute, or refuse, at time `at`.

    wallet_limit: what its wallet may spend of the token a day. balance: what the wallet holds,
    where `asks_balance`. Both in base units.
    """
    if refusal is None:
        return Decision(Action.EXECUTE)
    reason = refusal.reason
    if balance is not None and balance < payment.amount:
        reason = Reason.PAYMENTS_BALANCE
    if reason in _GONE:
        return Decision(Action.LEAVE, reason)
    if reason in _FOR_GOOD:
        return Decision(Action.CANCEL, reason)
    if reason in _WINDOWS:
        return _decide_window(payment, reason, at=at, wallet_limit=wallet_limit)
    if reason in (Reason.PAYMENTS_STOPPED, Reason.QUEUE_NOT_DUE):
        return Decision(Action.WAIT, reason)
    return Decision(Action.WAIT, _words(refusal), at + LOOK_AGAIN, told=True)


def _decide_window(
    payment: QueuedPayment, reason: Reason, *, at: int, wallet_limit: int
) -> Decision:
    period = _WINDOWS[reason]
    fresh_at = (at // period + 1) * period
    never = reason is Reason.PAYMENTS_WALLET_LIMIT and payment.amount > wallet_limit
    if never or fresh_at - at > PATIENCE or fresh_at >= payment.expires_at:
        return Decision(Action.CANCEL, reason)
    return Decision(Action.WAIT, reason, min(fresh_at, at + LOOK_AGAIN))


def _words(refusal: Revert) -> str:
    return refusal.text or "the transfer fails without a reason"


def is_beat_due(last: int, timeout: int, at: int, *, first: bool = True) -> bool:
    """
    Whether a heartbeat is to be sent: a third of the timeout has passed, or half of it where
    another keeper comes `first`. Never where it is off.
    """
    beats = BEATS_PER_TIMEOUT if first else LATE_BEATS_PER_TIMEOUT
    return timeout != FOREVER and at - last >= timeout // beats


def find_rhythm(times: Sequence[int]) -> int:
    """
    How many seconds after the last of these consecutive blocks the next one will be at least; 0
    where they do not tell.
    """
    recent = times[-RHYTHM_HEADERS:]
    gaps = [after - before for before, after in pairwise(recent)]
    rhythm = min(gaps, default=0)
    return rhythm if rhythm <= LONGEST_RHYTHM else 0


def count_affordable(wei: int, gas_price: int, gas: int) -> int:
    """
    How many transactions of `gas` the key can pay for at a price in wei.
    """
    return wei // max(gas_price * gas, 1)
