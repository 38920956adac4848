"""
Whether a payment goes out now, waits, or is refused: the order of the wallet's checks.

    budget line + wallet limit + who and how much → judge → Verdict
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bursar.budgets import BudgetLine, ShareBase, based, charged, check_windows, rolled
from bursar.reasons import PREVIEWS, Preview, Reason
from bursar.types import DAY, UNITS_END, Address, Bytes32, address_word, keccak


@dataclass(frozen=True, slots=True)
class WalletLimit:
    """
    What all agents of a wallet together may spend of one token in a UTC day, in base units.

    `spent` is what day number `day` has used. A `daily` of 0 means that the token is disabled.
    """

    daily: int = 0
    spent: int = 0
    day: int = 0

    def spent_on(self, now: int) -> int:
        """
        What the UTC day of `now` has used.
        """
        return self.spent if now // DAY == self.day else 0

    def remaining(self, now: int) -> int:
        """
        What is left of the UTC day of `now`; 0 also where more is spent than it allows now.
        """
        return max(self.daily - self.spent_on(now), 0)

    def charged(self, amount: int, now: int) -> "WalletLimit":
        """
        The limit after a payment of `amount`.
        """
        return WalletLimit(self.daily, self.spent_on(now) + amount, now // DAY)


@dataclass(frozen=True, slots=True)
class QueuedPayment:
    """
    A payment that waits until `ready_at` and may be executed until before `expires_at`.
    """

    agent: Address
    token: Address
    to: Address
    amount: int
    category: Bytes32
    ref: Bytes32
    ready_at: int
    expires_at: int


class Payment(NamedTuple):
    """
    One of a batch, as `pay_many` takes it: `amount` in base units.
    """

    to: Address
    amount: int
    ref: Bytes32


class Verdict(NamedTuple):
    """
    What a payment or a batch comes to. `reason` is None where it goes out or waits; `line` is the
    budget as charged where it goes out. `preview` is None where the wallet's `preview` has no
    number: it answers for single payments.

    `base` is the balance that the charge recorded for the budget's share, where it is the UTC day's
    first.
    """

    preview: Preview | None
    reason: Reason | None = None
    line: BudgetLine | None = None
    base: int | None = None


def judge(
    line: BudgetLine | None,
    limit: WalletLimit | None,
    *,
    stopped: bool,
    amount: int,
    possible: bool,
    listed: bool,
    balance: int,
    now: int,
    may_queue: bool = True,
) -> Verdict:
    """
    Judge a payment of `amount` base units against its budget and its wallet, in the wallet's order.

    `possible` says that the recipient is neither zero nor the wallet, `listed` that it is on the
    wallet's list; `balance` is what the wallet holds. An `execute` may not queue again.
    """
    if stopped:
        return _refused(Reason.PAYMENTS_STOPPED)
    if line is None or not line.is_alive(now):
        return _refused(Reason.PAYMENTS_NO_BUDGET)
    reason = _check_payment(line, amount, possible, listed)
    if reason is not None:
        return _refused(reason)
    enabled = limit is not None and limit.daily > 0
    if may_queue and is_queued(line, amount):
        return _QUEUE if enabled else _refused(Reason.PAYMENTS_TOKEN_NOT_ENABLED)
    return _charge(line, limit, amount, 1, balance, now)


_QUEUE = Verdict(Preview.QUEUE)


def judge_batch(
    line: BudgetLine | None,
    limit: WalletLimit | None,
    payments: Sequence[tuple[int, bool, bool]],
    *,
    stopped: bool,
    balance: int,
    now: int,
) -> Verdict:
    """
    Judge payments of (amount in base units, whether the recipient is possible, whether it is
    listed) that go out together or not at all, charged once.
    """
    if stopped:
        return _refused(Reason.PAYMENTS_STOPPED)
    if line is None or not line.is_alive(now):
        return _refused(Reason.PAYMENTS_NO_BUDGET)
    if not payments:
        return _refused(Reason.PAYMENTS_AMOUNT)
    for amount, possible, listed in payments:
        reason = _check_payment(line, amount, possible, listed)
        if reason is None and is_queued(line, amount):
            reason = Reason.PAYMENTS_WAIT
        if reason is not None:
            return _refused(reason)
    total = sum(amount for amount, _, _ in payments)
    return _charge(line, limit, total, len(payments), balance, now)


def _check_payment(line: BudgetLine, amount: int, possible: bool, listed: bool) -> Reason | None:
    if not 0 < amount <= line.per_payment * line.unit:
        return Reason.PAYMENTS_AMOUNT
    if not possible or (line.allowlist_only and not listed):
        return Reason.PAYMENTS_RECIPIENT
    return None


def _charge(
    line: BudgetLine,
    limit: WalletLimit | None,
    amount: int,
    payments: int,
    balance: int,
    now: int,
) -> Verdict:
    """
    Charge the windows of the budget and ask the wallet.
    """
    before = rolled(line, now)
    line = based(before, balance)
    reason = check_windows(line, amount, payments) or check_wallet(limit, amount, balance, now)
    if reason is not None:
        return _refused(reason)
    recorded = line.memory if line is not before else None
    base = recorded.balance if isinstance(recorded, ShareBase) else None
    return Verdict(Preview.PAY, None, charged(line, amount, payments), base)


def _refused(reason: Reason) -> Verdict:
    return Verdict(PREVIEWS.get(reason), reason)


def is_queued(line: BudgetLine, amount: int) -> bool:
    """
    Whether a payment of `amount` base units waits: from `queue_from` on, which compares exactly.
    """
    return line.queue_from != UNITS_END and amount >= line.queue_from * line.unit


def check_wallet(limit: WalletLimit | None, amount: int, balance: int, now: int) -> Reason | None:
    """
    Deny what the wallet as a whole may not, or cannot, spend today.
    """
    if limit is None or limit.daily == 0:
        return Reason.PAYMENTS_TOKEN_NOT_ENABLED
    if limit.spent_on(now) + amount > limit.daily:
        return Reason.PAYMENTS_WALLET_LIMIT
    if balance < amount:
        return Reason.PAYMENTS_BALANCE
    return None


def payment_id(
    epoch: int,
    agent: Address,
    token: Address,
    to: Address,
    amount: int,
    category: Bytes32,
    ref: Bytes32,
) -> Bytes32:
    """
    `keccak256(abi_encode(epoch, agent, token, to, amount, category, ref))`: every argument a word.
    """
    words = (
        epoch.to_bytes(32, "big"),
        address_word(agent),
        address_word(token),
        address_word(to),
        amount.to_bytes(32, "big"),
        category,
        ref,
    )
    return keccak(b"".join(words))
