"""
The wallet's plain setters, and `seal`, from which on what loosens waits.
"""

from collections.abc import Sequence

from bursar.changes import Subject
from bursar.events import (
    GraceSet,
    MaxBalanceSet,
    PaymentDelaySet,
    RecipientSet,
    Sealed,
    WalletLimitSet,
)
from bursar.reasons import Reason
from bursar.reference.timelock import set_directly
from bursar.reference.turn import PLAIN, Accepted, Decision, Refused, Turn, on_wallet
from bursar.types import (
    MAX_LIMIT,
    MAX_PAYMENT_DELAY,
    MAX_PAYMENT_GRACE,
    MAX_RECIPIENTS_PER_CALL,
    MIN_PAYMENT_DELAY,
    MIN_PAYMENT_GRACE,
    NATIVE,
    Address,
)


def check_waiting(turn: Turn, loosens: bool) -> Reason | None:
    """
    Deny what loosens a sealed wallet and has not waited.
    """
    if loosens and turn.wallet.sealed and not turn.is_applied:
        return Reason.TIMELOCK_SCHEDULE
    return None


def _check_caller(turn: Turn) -> Reason | None:
    return None if turn.is_treasury or turn.is_applied else Reason.ACCESS_TREASURY


def _check_amount(amount: int) -> Reason | None:
    return Reason.LIMITS_LARGE if amount > MAX_LIMIT else None


def _check_token(turn: Turn, token: Address, old: int, daily: int) -> Reason | None:
    """
    Deny enabling what cannot be a token. One that is enabled, or being disabled, is not asked.
    """
    if daily == 0 or old != 0 or token == NATIVE:
        return None
    own = (turn.target, turn.state.organization, turn.state.treasury)
    return Reason.LIMITS_NO_TOKEN if token in own or not turn.chain.has_code(token) else None


@on_wallet
def set_wallet_limit(turn: Turn, token: Address, daily: int) -> Decision:
    """
    What all agents together spend of a token in a UTC day; 0 disables it.
    """
    old = turn.wallet.wallet_limit(token)
    reason = (
        _check_caller(turn)
        or _check_amount(daily)
        or _check_token(turn, token, old, daily)
        or check_waiting(turn, daily > old)
    )
    if reason is not None:
        return Refused(reason)
    event = WalletLimitSet(emitter=turn.target, at=turn.now, token=token, daily=daily)
    subject = Subject(turn.target, "set_wallet_limit", (token,))
    return set_directly(turn, (event,), subject, daily != old)


@on_wallet
def set_max_balance(turn: Turn, token: Address, amount: int) -> Decision:
    """
    What a refill may take the balance to.
    """
    old = turn.wallet.max_balance(token)
    reason = _check_caller(turn) or check_waiting(turn, amount > old)
    if reason is not None:
        return Refused(reason)
    event = MaxBalanceSet(emitter=turn.target, at=turn.now, token=token, amount=amount)
    subject = Subject(turn.target, "set_max_balance", (token,))
    return set_directly(turn, (event,), subject, amount != old)


@on_wallet
def set_recipients(turn: Turn, who: Sequence[Address], allowed: bool) -> Decision:
    """
    Put addresses on the list, or take them off. One event each, also where nothing changes.
    """
    if len(who) > MAX_RECIPIENTS_PER_CALL:
        return Refused(PLAIN)
    listed = turn.wallet.recipients
    changed = any((address in listed) != allowed for address in who)
    reason = _check_caller(turn) or check_waiting(turn, changed and allowed)
    if reason is not None:
        return Refused(reason)
    logged = tuple(
        RecipientSet(emitter=turn.target, at=turn.now, who=address, allowed=allowed)
        for address in who
    )
    return set_directly(turn, logged, Subject(turn.target, "set_recipients", ()), changed)


@on_wallet
def set_payment_delay(turn: Turn, seconds: int) -> Decision:
    """
    How long a payment queued from now on waits: longer tightens.
    """
    old = turn.wallet.payment_delay
    within = MIN_PAYMENT_DELAY <= seconds <= MAX_PAYMENT_DELAY
    reason = (
        _check_caller(turn)
        or (None if within else Reason.QUEUE_DELAY_BOUNDS)
        or check_waiting(turn, seconds < old)
    )
    if reason is not None:
        return Refused(reason)
    event = PaymentDelaySet(emitter=turn.target, at=turn.now, seconds=seconds)
    subject = Subject(turn.target, "set_payment_delay", ())
    return set_directly(turn, (event,), subject, seconds != old)


@on_wallet
def set_grace(turn: Turn, seconds: int) -> Decision:
    """
    How long a payment queued from now on stays executable: shorter tightens.
    """
    old = turn.wallet.grace
    within = MIN_PAYMENT_GRACE <= seconds <= MAX_PAYMENT_GRACE
    reason = (
        _check_caller(turn)
        or (None if within else Reason.QUEUE_GRACE_BOUNDS)
        or check_waiting(turn, seconds > old)
    )
    if reason is not None:
        return Refused(reason)
    event = GraceSet(emitter=turn.target, at=turn.now, seconds=seconds)
    return set_directly(turn, (event,), Subject(turn.target, "set_grace", ()), seconds != old)


@on_wallet
def seal(turn: Turn) -> Decision:
    """
    End the setting up, once.
    """
    if not turn.is_treasury:
        return Refused(Reason.ACCESS_TREASURY)
    if turn.wallet.sealed:
        return Refused(Reason.WALLET_SEALED)
    return Accepted((Sealed(emitter=turn.target, at=turn.now),))
