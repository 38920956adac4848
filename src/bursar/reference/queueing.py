"""
Payments that wait: how they are queued and taken back.
"""

from bursar.events import PaymentCancelled, PaymentQueued, QueueVoided
from bursar.payments import QueuedPayment
from bursar.reasons import Reason
from bursar.reference.turn import PLAIN, Accepted, Decision, Refused, Turn, is_long, on_wallet
from bursar.types import Bytes32


def id_of(turn: Turn, payment: QueuedPayment) -> Bytes32:
    """
    The payment's id in the wallet's present epoch.
    """
    return turn.wallet.payment_id(
        payment.agent,
        payment.token,
        payment.to,
        payment.amount,
        payment.category,
        payment.ref,
    )


def check_due(turn: Turn, id: Bytes32) -> Reason | None:
    """
    Deny what is not there, not due yet or gone.
    """
    queued = turn.wallet.queue.get(id)
    if queued is None:
        return Reason.QUEUE_NO_SUCH_PAYMENT
    if turn.now < queued.ready_at:
        return Reason.QUEUE_NOT_DUE
    if turn.now >= queued.expires_at:
        return Reason.QUEUE_EXPIRED
    return None


def queue(turn: Turn, payment: QueuedPayment) -> Decision:
    """
    Let a payment wait, unless the same one does. Returns its id.
    """
    id = id_of(turn, payment)
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
