"""
What the wallet says to a payment or a batch, with what the rest of the chain has to say to it.

    payment → State.judge → Verdict → transfers → Verdict | Refused
"""

from collections.abc import Iterable, Sequence

from bursar.events import Event, ShareBaseSet
from bursar.payments import Payment, QueuedPayment, Verdict
from bursar.reasons import Reason
from bursar.reference.turn import TOKEN_BALANCE, Refused, Turn
from bursar.types import NATIVE, Address, Bytes32


def judge_payment(turn: Turn, payment: QueuedPayment, may_queue: bool = True) -> Verdict | Refused:
    """
    A verdict that lets it out or has it wait, or why not.
    """
    verdict = turn.state.judge(
        turn.wallet,
        payment.agent,
        payment.token,
        payment.to,
        payment.amount,
        payment.category,
        now=turn.now,
        balance=turn.chain.balance_of(payment.token, turn.target),
        may_queue=may_queue,
    )
    return _after_transfers(turn, verdict, payment.token, (payment.to,))


def judge_payments(
    turn: Turn, agent: Address, token: Address, category: Bytes32, payments: Sequence[Payment]
) -> Verdict | Refused:
    """
    A verdict that lets the batch out, or why not.
    """
    verdict = turn.state.judge_batch(
        turn.wallet,
        agent,
        token,
        category,
        payments,
        now=turn.now,
        balance=turn.chain.balance_of(token, turn.target),
    )
    return _after_transfers(turn, verdict, token, (payment.to for payment in payments))


def _after_transfers(
    turn: Turn, verdict: Verdict, token: Address, recipients: Iterable[Address]
) -> Verdict | Refused:
    """
    Tokens see to their balances themselves; of native currency the recipient has a say.
    """
    if verdict.reason is Reason.PAYMENTS_BALANCE and token != NATIVE:
        return Refused(TOKEN_BALANCE)
    if verdict.reason is not None:
        return Refused(verdict.reason)
    leaves = verdict.line is not None and token == NATIVE
    if leaves and not all(takes_native(turn, to) for to in recipients):
        return Refused(Reason.TRANSFERS_RECIPIENT)
    return verdict


def takes_native(turn: Turn, to: Address) -> bool:
    """
    Whether `to` takes native currency: a wallet does, the organisation has no use for it.
    """
    if turn.state.is_wallet(to):
        return True
    return to != turn.state.organization and turn.chain.takes_native(to)


def share_base_set(
    turn: Turn, agent: Address, token: Address, category: Bytes32, verdict: Verdict
) -> tuple[Event, ...]:
    """
    What a charge logs before its payment: the balance that a share is of, once in a UTC day.
    """
    if verdict.base is None:
        return ()
    event = ShareBaseSet(
        emitter=turn.target,
        at=turn.now,
        agent=agent,
        token=token,
        category=category,
        balance=verdict.base,
    )
    return (event,)
