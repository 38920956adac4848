"""
The eight invariants of the interface, checked after each accepted call against the books: plain
lists of what was paid when, without units, counters or packing.
"""

from typing import Any

from bursar import events as e
from bursar.budgets import NO_BUDGET, Budget
from bursar.events import Event
from bursar.reference import Accepted, Call
from bursar.types import ALL_BPS, DAY, HOUR, Address
from tests.differential.books import Books, Key

# As much as the word that keeps it holds.
LARGEST_SHARE_BASE = 2**218 - 1

PAYMENTS = (e.Paid, e.PaymentExecuted)


class InvariantError(AssertionError):
    """
    Something that holds whatever happens did not.
    """


class Invariants:
    """
    Checks each event against the books, then writes it down in them.
    """

    def __init__(self, books: Books, organization: Address) -> None:
        self.books = books
        self.organization = organization

    def check(self, call: Call, decision: Accepted, held: dict[Address, int]) -> None:
        """
        All invariants, after an accepted call; `held` is what the called wallet had before it, by
        token. Raises InvariantError.
        """
        has_waited = call.function == "apply" and call.target == self.organization
        for event in decision.events:
            if isinstance(event, PAYMENTS):
                self._check_payment(event)
            else:
                check = _CHECKS.get(event.__class__)
                if check is not None:
                    check(self, event, call, has_waited)
            if isinstance(event, e.ShareBaseSet):
                self._check_share_base(event, held)
            self.books.note(event)
            if isinstance(event, PAYMENTS):
                self._check_windows(event)

    # 1. In every window, what was paid is at most the limit, plainly added up.

    def _check_windows(self, event: Any) -> None:
        key = (event.emitter, event.agent, event.token, event.category)
        books, now = self.books, event.at
        budget, paid = books.budget(key), books.paid[key]
        midnight = now // DAY * DAY
        _require(paid.since(now // HOUR * HOUR) <= budget.hourly, "over the hourly limit", event)
        _require(paid.since(midnight) <= self.day_limit(key, now), "over the daily limit", event)
        _require(paid.count_since(midnight) <= budget.max_payments, "too many payments", event)
        if key in books.rolls_since:
            # Switched on, it knows the UTC day that it was switched on in.
            known = books.rolls_since[key] // DAY * DAY
            trailing = paid.since(max(now - DAY, known))
            _require(trailing <= budget.daily, f"{trailing} within 24 hours", event)
        spent = books.paid_by_wallet[event.emitter, event.token].since(midnight)
        limit = books.limits.get((event.emitter, event.token), 0)
        _require(spent <= limit, "over the wallet limit", event)

    def day_limit(self, key: Key, now: int) -> int:
        """
        `daily`, or the share of the balance that was fixed today where that is less.
        """
        budget = self.books.budget(key)
        if budget.share_bps == ALL_BPS or budget == NO_BUDGET:
            return budget.daily
        day, balance = self.books.share_bases.get(key, (-1, 0))
        _require(day == now // DAY, "a share was charged without a base for the day", key)
        return min(budget.daily, balance * budget.share_bps // ALL_BPS)

    def _check_share_base(self, event: e.ShareBaseSet, held: dict[Address, int]) -> None:
        key = (event.emitter, event.agent, event.token, event.category)
        day, _ = self.books.share_bases.get(key, (-1, 0))
        _require(day != event.at // DAY, "the share's base moved within a day", event)
        balance = min(held[event.token], LARGEST_SHARE_BASE)
        _require(event.balance == balance, f"the balance was {balance}", event)

    # 2. Nothing leaves while stopped or unsealed. 3. Once per queueing, as it was queued.

    def _check_payment(self, event: Any) -> None:
        key = (event.emitter, event.agent, event.token, event.category)
        books = self.books
        budget = books.budget(key)
        stopped = books.is_stopped(self.organization, event.emitter, event.agent, event.at)
        _require(not stopped, "paid while stopped", event)
        _require(books.wallets[event.emitter].sealed, "paid before sealing", event)
        _require((event.emitter, event.agent) not in books.retired, "by a retired agent", event)
        _require(0 < event.amount <= budget.per_payment, "over per_payment", event)
        _require(event.at < budget.expires_at, "paid from a dead budget", event)
        listed = event.to in books.wallets[event.emitter].recipients
        _require(listed or not budget.allowlist_only, "recipient is not on the list", event)
        if isinstance(event, e.PaymentExecuted):
            self._check_execution(event)
        else:
            _require(event.amount < budget.queue_from, "should have waited", event)

    def _check_execution(self, event: e.PaymentExecuted) -> None:
        queued = self.books.waiting.get((event.emitter, event.id))
        if queued is None:
            raise InvariantError(f"executed, but never queued or gone since: {event}")
        _require(queued.ready_at <= event.at < queued.expires_at, "not in its time", event)
        named = ("agent", "token", "to", "amount", "category", "ref")
        _require(
            all(getattr(queued, n) == getattr(event, n) for n in named), "not as queued", event
        )

    def _check_queued(self, event: e.PaymentQueued, call: Call, has_waited: bool) -> None:
        settings = self.books.wallets[event.emitter]
        known = self.books.waiting.get((event.emitter, event.id))
        _require(known is None or event.at >= known.expires_at, "waits already", event)
        _require(event.ready_at == event.at + settings.delay, "another delay", event)
        _require(event.expires_at == event.ready_at + settings.grace, "another grace", event)

    # 4. Nobody but the treasury raises anything. 5. Once sealed, nothing loosens without waiting.

    def _check_raise(self, event: Event, call: Call, has_waited: bool, loosens: bool) -> None:
        if not loosens or has_waited:
            return
        _require(call.sender == self.books.treasury, "raised by another", event)
        sealed = self.books.wallets[event.emitter].sealed
        _require(not sealed, "loosened without having waited", event)

    def _check_budget(self, event: e.BudgetSet, call: Call, has_waited: bool) -> None:
        key = (event.emitter, event.agent, event.token, event.category)
        retired = (event.emitter, event.agent) in self.books.retired
        _require(not retired, "a budget for a retired agent", event)
        old = self.books.figures.get(key)
        self._check_raise(event, call, has_waited, loosens(old, event.budget, event.at))
        self._check_spent(event, key)

    def _check_spent(self, event: e.BudgetSet, key: Key) -> None:
        """
        A change forgets nothing that was spent.
        """
        paid = self.books.paid[key]
        hour_spent = paid.since(event.at // HOUR * HOUR)
        day_spent = paid.since(event.at // DAY * DAY)
        _require(event.hour_spent >= hour_spent, f"{hour_spent} was spent this hour", event)
        _require(event.day_spent >= day_spent, f"{day_spent} was spent today", event)

    def _check_limit(self, event: e.WalletLimitSet, call: Call, has_waited: bool) -> None:
        old = self.books.limits.get((event.emitter, event.token), 0)
        self._check_raise(event, call, has_waited, event.daily > old)

    def _check_max_balance(self, event: e.MaxBalanceSet, call: Call, has_waited: bool) -> None:
        old = self.books.max_balances.get((event.emitter, event.token), 0)
        self._check_raise(event, call, has_waited, event.amount > old)

    def _check_recipient(self, event: e.RecipientSet, call: Call, has_waited: bool) -> None:
        known = event.who in self.books.wallets[event.emitter].recipients
        self._check_raise(event, call, has_waited, event.allowed and not known)

    def _check_delay(self, event: e.PaymentDelaySet, call: Call, has_waited: bool) -> None:
        old = self.books.wallets[event.emitter].delay
        self._check_raise(event, call, has_waited, event.seconds < old)

    def _check_grace(self, event: e.GraceSet, call: Call, has_waited: bool) -> None:
        settings = self.books.wallets[event.emitter]
        # The constructor's own: there is no grace before it.
        loosens = settings.grace != 0 and event.seconds > settings.grace
        self._check_raise(event, call, has_waited, loosens)

    def _check_applied(self, event: e.ChangeApplied, call: Call, has_waited: bool) -> None:
        scheduled = self.books.scheduled.get(event.id)
        if scheduled is None:
            raise InvariantError(f"applied, but never scheduled: {event}")
        _require(event.at >= scheduled.ready_at >= scheduled.at + HOUR, "has not waited", event)
        _require(event.at < scheduled.expires_at, "applied too late", event)

    def _check_scheduled(self, event: e.ChangeScheduled, call: Call, has_waited: bool) -> None:
        _require(call.sender == self.books.treasury, "scheduled by another", event)
        waits = event.ready_at - event.at
        _require(waits == self.books.change_delay, f"waits {waits} seconds", event)

    def _check_change_delay(self, event: e.ChangeDelaySet, call: Call, has_waited: bool) -> None:
        _require(has_waited or event.seconds >= self.books.change_delay, "shortened", event)

    def _check_guardian(self, event: e.GuardianSet, call: Call, has_waited: bool) -> None:
        removes = event.who in self.books.guardians and not event.on
        _require(has_waited or not removes, "a guardian removed at once", event)
        _require(has_waited or call.sender == self.books.treasury, "by another", event)

    # 7. Nothing but the treasury moves its funds.

    def _check_refill(self, event: e.Refilled, call: Call, has_waited: bool) -> None:
        _require(call.sender == self.books.treasury, "moved the treasury's funds", event)
        most = self.books.max_balances.get((event.emitter, event.token), 0)
        _require(event.balance <= most, "above the maximum balance", event)

    # 8. Every stop holds until its own end, or until the treasury lifts it.

    def _check_stop(self, event: e.Paused, call: Call, has_waited: bool) -> None:
        was = self.books.stops.get(event.scope, 0)
        _require(event.until >= was, f"shortened from {was}", event)

    def _check_unpaused(self, event: e.Unpaused, call: Call, has_waited: bool) -> None:
        _require(call.sender == self.books.treasury, "lifted by another", event)

    def _check_heartbeat(self, event: e.HeartbeatSent, call: Call, has_waited: bool) -> None:
        known = event.by in self.books.keepers or event.by == self.books.treasury
        _require(known, "by another", event)

    def _check_timeout(self, event: e.HeartbeatTimeoutSet, call: Call, has_waited: bool) -> None:
        _require(has_waited or event.seconds <= self.books.timeout, "made longer", event)

    def _check_nonce(self, event: e.NonceVoided, call: Call, has_waited: bool) -> None:
        used = (event.emitter, event.agent, event.nonce) in self.books.nonces
        _require(not used, "used a second time", event)


_CHECKS: dict[type[Event], Any] = {
    e.PaymentQueued: Invariants._check_queued,
    e.BudgetSet: Invariants._check_budget,
    e.WalletLimitSet: Invariants._check_limit,
    e.MaxBalanceSet: Invariants._check_max_balance,
    e.RecipientSet: Invariants._check_recipient,
    e.PaymentDelaySet: Invariants._check_delay,
    e.GraceSet: Invariants._check_grace,
    e.ChangeApplied: Invariants._check_applied,
    e.ChangeScheduled: Invariants._check_scheduled,
    e.ChangeDelaySet: Invariants._check_change_delay,
    e.GuardianSet: Invariants._check_guardian,
    e.Refilled: Invariants._check_refill,
    e.Paused: Invariants._check_stop,
    e.Unpaused: Invariants._check_unpaused,
    e.HeartbeatSent: Invariants._check_heartbeat,
    e.HeartbeatTimeoutSet: Invariants._check_timeout,
    e.NonceVoided: Invariants._check_nonce,
}


def _require(holds: bool, what: str, event: object) -> None:
    if not holds:
        raise InvariantError(f"{what}: {event}")


def loosens(old: Budget | None, new: Budget, now: int) -> bool:
    """
    Whether `new` lets through anything that `old` did not, told apart from the model's own rule.
    """
    if now >= new.expires_at:
        return False
    if old is None or now >= old.expires_at:
        return True
    # An immediate payment is one that is below queue_from.
    immediate = min(new.per_payment, new.queue_from - 1)
    was_immediate = min(old.per_payment, old.queue_from - 1)
    return (
        new.per_payment > old.per_payment
        or new.hourly > old.hourly
        or new.daily > old.daily
        or immediate > was_immediate
        or new.max_payments > old.max_payments
        or new.expires_at > old.expires_at
        or new.share_bps > old.share_bps
        or (old.rolling and not new.rolling)
        or (old.allowlist_only and not new.allowlist_only)
    )
