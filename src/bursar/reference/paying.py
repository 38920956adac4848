"""
The wallet's payments: one, a batch, or one that has waited.
"""

from collections.abc import Sequence

from bursar.budgets import BudgetLine, remaining
from bursar.events import Paid, PaymentExecuted
from bursar.payments import Payment, QueuedPayment
from bursar.reference.judging import judge_payment, judge_payments, share_base_set
from bursar.reference.queueing import check_due, id_of, queue
from bursar.reference.turn import PLAIN, Accepted, Decision, Refused, Turn, on_wallet
from bursar.types import EMPTY, MAX_BATCH, Address, Bytes32


@on_wallet
def pay(
    turn: Turn, token: Address, to: Address, amount: int, category: Bytes32, ref: Bytes32
) -> Decision:
    """
    The caller is the agent. Returns the id where the payment waits, else 32 zero bytes.
    """
    return pay_for(turn, QueuedPayment(turn.sender, token, to, amount, category, ref, 0, 0))


def pay_for(turn: Turn, payment: QueuedPayment) -> Decision:
    """
    Pay for whoever asks for it as the payment's agent.
    """
    verdict = judge_payment(turn, payment)
    if isinstance(verdict, Refused):
        return verdict
    if verdict.line is None:
        return queue(turn, payment)
    agent, token, category = payment.agent, payment.token, payment.category
    left = _left(turn, verdict.line)
    first = share_base_set(turn, agent, token, category, verdict)
    event = _paid(
        turn, agent, token, category, Payment(payment.to, payment.amount, payment.ref), left
    )
    return Accepted((*first, event), EMPTY)


@on_wallet
def pay_many(
    turn: Turn, token: Address, category: Bytes32, payments: Sequence[Payment]
) -> Decision:
    """
    The caller is the agent: all of it now, charged once, or nothing.
    """
    if len(payments) > MAX_BATCH:
        return Refused(PLAIN)
    agent = turn.sender
    verdict = judge_payments(turn, agent, token, category, payments)
    if isinstance(verdict, Refused):
        return verdict
    assert verdict.line is not None, "a batch never waits"
    left = _left(turn, verdict.line)
    first = share_base_set(turn, agent, token, category, verdict)
    logged = (_paid(turn, agent, token, category, payment, left) for payment in payments)
    return Accepted((*first, *logged))


def _left(turn: Turn, line: BudgetLine) -> tuple[int, int]:
    """
    What the hour and the day have left of a line as charged.
    """
    hour, day, _ = remaining(line, turn.now)
    return hour, day


def _paid(
    turn: Turn,
    agent: Address,
    token: Address,
    category: Bytes32,
    payment: Payment,
    left: tuple[int, int],
) -> Paid:
    return Paid(
        emitter=turn.target,
        at=turn.now,
        agent=agent,
        token=token,
        to=payment.to,
        amount=payment.amount,
        category=category,
        ref=payment.ref,
        hour_remaining=left[0],
        day_remaining=left[1],
    )


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
    id = id_of(turn, payment)
    reason = check_due(turn, id)
    if reason is not None:
        return Refused(reason)
    verdict = judge_payment(turn, payment, may_queue=False)
    if isinstance(verdict, Refused):
        return verdict
    assert verdict.line is not None, "what is executed does not wait again"
    hour, day = _left(turn, verdict.line)
    first = share_base_set(turn, agent, token, category, verdict)
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
    return Accepted((*first, event))
