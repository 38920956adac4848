"""
What each event of a wallet changes.
"""

from dataclasses import replace

from bursar.budgets import BudgetLine, ShareBase, budget_line, figures, settled
from bursar.changes import Subject
from bursar.errors import BrokenHistoryError
from bursar.events import (
    AgentRotated,
    BudgetSet,
    Event,
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
    Sealed,
    ShareBaseSet,
    WalletLimitSet,
)
from bursar.payments import QueuedPayment, WalletLimit
from bursar.state.deaths import drop_agent, drop_subject
from bursar.state.organization import State
from bursar.state.wallet import WalletState
from bursar.types import DAY


def on_nothing(state: State, wallet: WalletState, event: Event) -> None:
    """
    Money moved that no limit counts: balances are the tokens' to tell.
    """


def on_paid(state: State, wallet: WalletState, event: Paid | PaymentExecuted) -> None:
    """
    Charge the budget by what the event says is left, and the wallet's day by the amount.
    """
    charge(wallet, event, amount=event.amount)


def charge(
    wallet: WalletState, last: Paid | PaymentExecuted, *, amount: int, payments: int = 1
) -> None:
    """
    The same for so many payments of one budget in one hour, `amount` base units in all: of them
    only the `last` one tells what is left.
    """
    after = settled(_line(wallet, last), last.hour_remaining, last.at, payments)
    wallet.lines[last.agent][last.token, last.category] = after
    wallet.limits[last.token] = wallet.limit(last.token).charged(amount, last.at)


def _line(wallet: WalletState, event: Paid | PaymentExecuted | ShareBaseSet) -> BudgetLine:
    line = wallet.line(event.agent, event.token, event.category)
    if line is None:
        raise BrokenHistoryError(
            f"{wallet.address} paid for {event.agent}, whose budget of {event.token} for "
            f"0x{event.category.hex()} was never set"
        )
    return line


def on_share_base(state: State, wallet: WalletState, event: ShareBaseSet) -> None:
    """
    Until midnight a share is of this balance, whatever comes in or goes out.
    """
    base = ShareBase(event.balance, event.at // DAY)
    line = replace(_line(wallet, event), memory=base)
    wallet.lines[event.agent][event.token, event.category] = line


def on_executed(state: State, wallet: WalletState, event: PaymentExecuted) -> None:
    """
    A queued payment is charged when it leaves, and leaves once.
    """
    wallet.queue.pop(event.id, None)
    on_paid(state, wallet, event)


def on_queued(state: State, wallet: WalletState, event: PaymentQueued) -> None:
    """
    It keeps its delay and grace, whatever is set later.
    """
    wallet.queue[event.id] = QueuedPayment(
        agent=event.agent,
        token=event.token,
        to=event.to,
        amount=event.amount,
        category=event.category,
        ref=event.ref,
        ready_at=event.ready_at,
        expires_at=event.expires_at,
    )


def on_cancelled(state: State, wallet: WalletState, event: PaymentCancelled) -> None:
    """
    The same payment may be queued again.
    """
    wallet.queue.pop(event.id, None)


def on_nonce_voided(state: State, wallet: WalletState, event: NonceVoided) -> None:
    """
    Used by a payment, or voided by its agent: either way not again.
    """
    wallet.use_nonce(event.agent, event.nonce)


def on_queue_voided(state: State, wallet: WalletState, event: QueueVoided) -> None:
    """
    Ids carry the epoch, so nothing of the old one can come back.
    """
    wallet.epoch = event.epoch
    wallet.queue.clear()


def on_budget(state: State, wallet: WalletState, event: BudgetSet) -> None:
    """
    A direct change that changes something kills every scheduled change of the agent, in any wallet.
    """
    lines = wallet.lines.setdefault(event.agent, {})
    old = lines.get((event.token, event.category))
    # What was spent is known here to the hour; the event's sums are for readers without a fold.
    lines[event.token, event.category] = budget_line(old, event.budget, event.at)
    keys = (event.agent, event.token, event.category)
    direct = state.applied != Subject(wallet.address, "set_budget", keys)
    if direct and figures(old) != event.budget:
        drop_agent(state, event.agent)


def on_wallet_limit(state: State, wallet: WalletState, event: WalletLimitSet) -> None:
    """
    What the day has used stays.
    """
    old = wallet.limit(event.token)
    if event.daily != old.daily:
        drop_subject(state, Subject(wallet.address, "set_wallet_limit", (event.token,)))
    wallet.limits[event.token] = WalletLimit(event.daily, old.spent, old.day)


def on_max_balance(state: State, wallet: WalletState, event: MaxBalanceSet) -> None:
    """
    Binds the next refill.
    """
    if event.amount != wallet.max_balance(event.token):
        drop_subject(state, Subject(wallet.address, "set_max_balance", (event.token,)))
    wallet.max_balances[event.token] = event.amount


def on_recipient(state: State, wallet: WalletState, event: RecipientSet) -> None:
    """
    One of a list: the list as a whole is one subject.
    """
    if event.allowed != wallet.is_recipient(event.who):
        drop_subject(state, Subject(wallet.address, "set_recipients", ()))
    if event.allowed:
        wallet.recipients.add(event.who)
    else:
        wallet.recipients.discard(event.who)


def on_payment_delay(state: State, wallet: WalletState, event: PaymentDelaySet) -> None:
    """
    Holds for payments queued from now on.
    """
    if event.seconds != wallet.payment_delay:
        drop_subject(state, Subject(wallet.address, "set_payment_delay", ()))
    wallet.payment_delay = event.seconds


def on_grace(state: State, wallet: WalletState, event: GraceSet) -> None:
    """
    Holds for payments queued from now on.
    """
    if event.seconds != wallet.grace:
        drop_subject(state, Subject(wallet.address, "set_grace", ()))
    wallet.grace = event.seconds


def on_rotated(state: State, wallet: WalletState, event: AgentRotated) -> None:
    """
    Budgets move with their counters; both agents' changes die. What the old agent queued is void
    for want of a budget, and because it is retired.
    """
    wallet.lines[event.new] = wallet.lines.get(event.old, {})
    wallet.lines[event.old] = {}
    wallet.retired.add(event.old)
    drop_agent(state, event.old)
    drop_agent(state, event.new)


def on_sealed(state: State, wallet: WalletState, event: Sealed) -> None:
    """
    Setting up is over.
    """
    wallet.sealed = True
