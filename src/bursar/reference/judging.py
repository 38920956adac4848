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
    only = Payment(payment.to, payment.amount, payment.ref)
    return _after_transfers(turn, verdict, payment.token, (only,))


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
    return _after_transfers(turn, verdict, token, payments)


def _after_transfers(
    turn: Turn, verdict: Verdict, token: Address, payments: Iterable[Payment]
) -> Verdict | Refused:
    """
    Tokens see to their balances themselves; of native currency the recipient has a say.
    """
    lacks = verdict.reason is Reason.PAYMENTS_BALANCE
    if lacks and token != NATIVE:
        return Refused(TOKEN_BALANCE)
    if verdict.reason is not None and not lacks:
        return Refused(verdict.reason)
    leaves = lacks or verdict.line is not None
    reason = _check_native(turn, payments) if leaves and token == NATIVE else None
    return verdict if reason is None else Refused(reason)


def _check_native(turn: Turn, payments: Iterable[Payment]) -> Reason | None:
    """
    Transfers go one by one: a recipient that refuses is met before the balance runs out after it.
    """
    balance = turn.chain.balance_of(NATIVE, turn.target)
    for payment in payments:
        if payment.amount > balance:
            return Reason.PAYMENTS_BALANCE
        if not takes_native(turn, payment.to):
            return Reason.TRANSFERS_RECIPIENT
        balance -= payment.amount
    return None


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
