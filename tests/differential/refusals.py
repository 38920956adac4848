"""
Refused payments, looked up in the books: a wallet that refuses what its limits allow is wrong too.

Limits are compared with the slack that the interface grants them: a charge is rounded up, and a
finished hour of a rolling budget counts up to 1/512 of `daily` too much.
"""

from typing import NamedTuple

from bursar.budgets import Budget
from bursar.payments import Payment
from bursar.reasons import Reason
from bursar.reference import Call
from bursar.types import ALL_BPS, DAY, HOUR, ZERO_ADDRESS, Address
from tests.differential.books import Books, Key
from tests.differential.invariants import InvariantError

# A charge is rounded up by at most this part of `daily`, or of what had been spent.
ROUNDING = 10**8
# A finished hour of a rolling budget by at most this part: half of what ten bits hold.
BUCKET_ROUNDING = 511
# A budget that began or ended to roll carries over what was spent before; for so long the sums say
# nothing about what it must allow.
SETTLED_AFTER = 50 * HOUR


class Asked(NamedTuple):
    """
    What a call wanted to pay.
    """

    key: Key
    amounts: tuple[int, ...]
    recipients: tuple[Address, ...]

    @property
    def total(self) -> int:
        """
        All of it, in base units.
        """
        return sum(self.amounts)


def asked_by(call: Call) -> Asked | None:
    """
    What `call` wanted to pay; None where it is no payment.
    """
    wallet, args = call.target, call.arguments
    if call.function == "pay":
        return Asked((wallet, call.sender, args[0], args[3]), (args[2],), (args[1],))
    if call.function in ("execute", "pay_signed"):
        return Asked((wallet, args[0], args[1], args[4]), (args[3],), (args[2],))
    if call.function == "pay_many":
        payments: tuple[Payment, ...] = args[2]
        return Asked(
            (wallet, call.sender, args[0], args[1]),
            tuple(payment.amount for payment in payments),
            tuple(payment.to for payment in payments),
        )
    return None


class Refusals:
    """
    Checks the reasons that have a cause in the books.
    """

    def __init__(self, books: Books, organization: Address) -> None:
        self.books = books
        self.organization = organization

    def check(self, call: Call, reason: str, now: int, held: dict[Address, int]) -> None:
        """
        Raises InvariantError where the books know no cause for `reason`. `held` is what the wallet
        has by token.
        """
        asked = asked_by(call)
        if asked is None:
            return
        budget = self.books.budget(asked.key)
        if not self._is_justified(asked, budget, reason, now, held):
            raise InvariantError(f"refused with {reason!r} without a cause: {call}, {budget}")

    def _is_justified(
        self, asked: Asked, budget: Budget, reason: str, now: int, held: dict[Address, int]
    ) -> bool:
        wallet, agent, token, _ = asked.key
        match reason:
            case Reason.PAYMENTS_STOPPED:
                return self.books.is_stopped(self.organization, wallet, agent, now)
            case Reason.PAYMENTS_NO_BUDGET:
                return now >= budget.expires_at
            case Reason.PAYMENTS_AMOUNT:
                sizes = asked.amounts
                return not sizes or min(sizes) == 0 or max(sizes) > budget.per_payment
            case Reason.PAYMENTS_RECIPIENT:
                return self._is_barred(asked, budget)
            case Reason.PAYMENTS_HOURLY:
                spent = self.books.paid[asked.key].since(now // HOUR * HOUR)
                return spent + asked.total + self._rounding(asked.key, now) > budget.hourly
            case Reason.PAYMENTS_DAILY:
                return self._is_over_the_day(asked, budget, now, held.get(token, 0))
            case Reason.PAYMENTS_COUNT:
                paid = self.books.paid[asked.key].count_since(now // DAY * DAY)
                return paid + len(asked.amounts) > budget.max_payments
            case Reason.PAYMENTS_WALLET_LIMIT:
                spent = self.books.paid_by_wallet[wallet, token].since(now // DAY * DAY)
                return spent + asked.total > self.books.limits.get((wallet, token), 0)
            case Reason.PAYMENTS_TOKEN_NOT_ENABLED:
                return self.books.limits.get((wallet, token), 0) == 0
            case Reason.PAYMENTS_BALANCE:
                return asked.total > held.get(token, 0)
        return True

    def _is_barred(self, asked: Asked, budget: Budget) -> bool:
        wallet = asked.key[0]
        listed = self.books.wallets[wallet].recipients
        return any(
            to in (ZERO_ADDRESS, wallet) or (budget.allowlist_only and to not in listed)
            for to in asked.recipients
        )

    def _is_over_the_day(self, asked: Asked, budget: Budget, now: int, held: int) -> bool:
        key, paid = asked.key, self.books.paid[asked.key]
        slack = self._rounding(key, now)
        rolls = self.books.rolls_since.get(key)
        if now - max(rolls or 0, self.books.rolled_until.get(key, 0)) < SETTLED_AFTER:
            return True
        if rolls is None:
            limit = self._share_of(key, budget, now, held)
            return paid.since(now // DAY * DAY) + asked.total + slack > limit
        slack += 24 * self._peak(key, now) // BUCKET_ROUNDING
        return paid.since((now // HOUR - 24) * HOUR) + asked.total + slack > budget.daily

    def _share_of(self, key: Key, budget: Budget, now: int, held: int) -> int:
        if budget.share_bps == ALL_BPS:
            return budget.daily
        day, balance = self.books.share_bases.get(key, (-1, 0))
        if day != now // DAY:
            balance = held
        return min(budget.daily, balance * budget.share_bps // ALL_BPS)

    def _rounding(self, key: Key, now: int) -> int:
        """
        How much the charges of the last day, and this one, may have been rounded up.
        """
        charges = self.books.paid[key].count_since(now - 2 * DAY) + self.books.settings_since(
            key, now - 2 * DAY
        )
        return (charges + 3) * (self._peak(key, now) // ROUNDING + 1)

    def _peak(self, key: Key, now: int) -> int:
        return self.books.largest_daily(key, now - 2 * DAY)
