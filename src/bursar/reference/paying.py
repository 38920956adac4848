"""
The wallet's payments: now, later, or not at all.
"""

from bursar.budgets import BudgetLine, remaining
from bursar.events import Paid, PaymentCancelled, PaymentExecuted, PaymentQueued, QueueVoided
from bursar.payments import QueuedPayment
from bursar.reasons import Preview, Reason
from bursar.reference.turn import (
    PLAIN,
    TOKEN_BALANCE,
    Accepted,
    Decision,
    Refused,
    Turn,
    is_long,
    on_wallet,
)
from bursar.types import EMPTY, NATIVE, Address, Bytes32


@on_wallet
def pay(
    turn: Turn, token: Address, to: Address, amount: int, category: Bytes32, ref: Bytes32
) -> Decision:
    """
    The caller is the agent. Returns the id where the payment waits, else 32 zero bytes.
    """
    payment = QueuedPayment(turn.sender, token, to, amount, category, ref, 0, 0)
    line = _judge(turn, payment)
    if isinstance(line, Refused):
        return line
    if line is None:
        return _queue(turn, payment)
    hour, day, _ = remaining(line, turn.now)
    event = Paid(
        emitter=turn.target,
        at=turn.now,
        agent=payment.agent,
        token=token,
        to=to,
        amount=amount,
        category=category,
        ref=ref,
        hour_remaining=hour,
        day_remaining=day,
    )
    return Accepted((event,), EMPTY)


def _judge(
    turn: Turn, payment: QueuedPayment, may_queue: bool = True
) -> BudgetLine | Refused | None:
    """
    The budget as charged; None where the payment has to wait.
    """
    token, to = payment.token, payment.to
    verdict = turn.state.judge(
        turn.wallet,
        payment.agent,
        token,
        to,
        payment.amount,
        payment.category,
        now=turn.now,
        balance=turn.chain.balance_of(token, turn.target),
        may_queue=may_queue,
    )
    if verdict.preview is Preview.BALANCE and token != NATIVE:
        return Refused(TOKEN_BALANCE)
    if verdict.reason is not None:
        return Refused(verdict.reason)
    if verdict.line is not None and token == NATIVE and not takes_native(turn, to):
        return Refused(Reason.TRANSFERS_RECIPIENT)
    return verdict.line


def takes_native(turn: Turn, to: Address) -> bool:
    """
    Whether `to` takes native currency: a wallet does, the organisation has no use for it.
    """
    if turn.state.is_wallet(to):
        return True
    return to != turn.state.organization and turn.chain.takes_native(to)


def _id(turn: Turn, payment: QueuedPayment) -> Bytes32:
    return turn.wallet.payment_id(
        payment.agent,
        payment.token,
        payment.to,
        payment.amount,
        payment.category,
        payment.ref,
    )


def _queue(turn: Turn, payment: QueuedPayment) -> Decision:
    id = _id(turn, payment)
    if turn.wallet.live_payment(id, turn.now) is not None:
        return Refused(Reason.QUEUE_ALREADY_WAITING)
    ready_at = turn.now + turn.wallet.payment_delay
    event = PaymentQueued(
        emitter=turn.target,
        at=turn.now,
        id=id,
        agent=payment.agent,
        token=payment.token,
        to=payment.to,
        amount=payment.amount,
        category=payment.category,
        ref=payment.ref,
        ready_at=ready_at,
        expires_at=ready_at + turn.wallet.grace,
    )
    return Accepted((event,), id)


@on_wallet
def execute(
    turn: Turn,
    agent: Address,
    token: Address,
    to: Address,
    amount: int,
    category: Bytes32,
    ref: Bytes32,
) -> Decision:
    """
    Let a due payment out: every stop and limit is checked now, and it is charged now.
    """
    payment = QueuedPayment(agent, token, to, amount, category, ref, 0, 0)
    id = _id(turn, payment)
    reason = _check_due(turn, id)
    if reason is not None:
        return Refused(reason)
    line = _judge(turn, payment, may_queue=False)
    if isinstance(line, Refused):
        return line
    hour, day, _ = remaining(line, turn.now)
    event = PaymentExecuted(
        emitter=turn.target,
        at=turn.now,
        agent=agent,
        token=token,
        to=to,
        id=id,
        amount=amount,
        category=category,
        ref=ref,
        hour_remaining=hour,
        day_remaining=day,
    )
    return Accepted((event,))


def _check_due(turn: Turn, id: Bytes32) -> Reason | None:
    queued = turn.wallet.queue.get(id)
    if queued is None:
        return Reason.QUEUE_NO_SUCH_PAYMENT
    if turn.now < queued.ready_at:
        return Reason.QUEUE_NOT_DUE
    if turn.now >= queued.expires_at:
        return Reason.QUEUE_EXPIRED
    return None


@on_wallet
def cancel(turn: Turn, id: Bytes32, reason: str) -> Decision:
    """
    Take a payment back, also while stopped.
    """
    if is_long(reason):
        return Refused(PLAIN)
    payment = turn.wallet.live_payment(id, turn.now)
    if payment is None:
        return Refused(Reason.QUEUE_NO_SUCH_PAYMENT)
    if turn.sender != payment.agent and not turn.state.has_role(turn.sender):
        return Refused(Reason.ACCESS)
    event = PaymentCancelled(emitter=turn.target, at=turn.now, id=id, by=turn.sender, reason=reason)
    return Accepted((event,))


@on_wallet
def cancel_all(turn: Turn, reason: str) -> Decision:
    """
    Begin a new epoch: whatever was queued or signed is void.
    """
    if is_long(reason):
        return Refused(PLAIN)
    if not turn.state.has_role(turn.sender):
        return Refused(Reason.ACCESS)
    event = QueueVoided(
        emitter=turn.target,
        at=turn.now,
        by=turn.sender,
        epoch=turn.wallet.epoch + 1,
        reason=reason,
    )
    return Accepted((event,))
