"""
The nine setters that the timelock knows, each with calls that loosen, that tighten and that change
nothing. What a call does is written here once more, apart from the contracts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    GENERAL_BUDGET,
    GRACE,
    LARGE,
    LIMIT,
    MAX_BALANCE,
    OVER,
    OVER_BUDGET,
    PAYMENT_DELAY,
    REFUND_BUDGET,
    TIMEOUT,
    ZERO,
    Company,
    logged,
)
from tests.harness.evm import MONDAY, Contract, Event, Receipt
from tests.harness.world import DAY, HOUR, MAX, REFUND, USDC, Budget

NEW = b"new".ljust(32, b"\0")
REMOVED = Budget(0, 0, 0, 0, 0, 0, 0, False, False)

Args = Callable[[Company], tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """
    One call of a setter to a company as it was founded.
    """

    name: str
    function: str
    args: Args

    def target(self, company: Company) -> Contract:
        """
        The contract that has the setter.
        """
        if self.function in ("set_guardian", "set_heartbeat_timeout", "set_change_delay"):
            return company.organization
        return company.operations

    def calldata(self, company: Company) -> bytes:
        """
        As it is scheduled.
        """
        return self.target(company).calldata(self.function, *self.args(company))

    def call(self, company: Company, sender: str | None = None) -> Receipt:
        """
        Directly, by the treasury unless said otherwise.
        """
        sender = sender or company.treasury
        return self.target(company).call(self.function, *self.args(company), sender=sender)

    def schedule(self, company: Company) -> bytes:
        """
        By the treasury; returns the change's id.
        """
        return company.schedule(self.target(company), self.function, *self.args(company))

    def apply(self, company: Company) -> Receipt:
        """
        By a stranger.
        """
        return company.apply(self.target(company), self.function, *self.args(company))

    def read(self, company: Company) -> Any:
        """
        What the chain says of the call's subject.
        """
        return READ[self.function](company, self.args(company))

    def wanted(self, company: Company) -> Any:
        """
        What the chain must say of it once the call was made.
        """
        return WANTED[self.function](company, self.args(company))

    def events(self, company: Company) -> list[Event]:
        """
        What the setter itself logs.
        """
        return LOGGED[self.function](company, self.args(company))


def _read_budget(company: Company, args: tuple[Any, ...]) -> Any:
    return company.operations.budget(*args[:3])


def _stored(args: tuple[Any, ...]) -> Budget:
    given = Budget(*args[3])
    if given.expires_at == 0:
        return REMOVED
    return given if given.queue_from <= given.per_payment else given._replace(queue_from=MAX)


READ: dict[str, Callable[[Company, tuple[Any, ...]], Any]] = {
    "set_guardian": lambda c, a: bool(c.organization.roles(a[0]) & 2),
    "set_heartbeat_timeout": lambda c, _: c.organization.heartbeat_timeout(),
    "set_change_delay": lambda c, _: c.organization.change_delay(),
    "set_budget": _read_budget,
    "set_wallet_limit": lambda c, a: c.operations.wallet_limit(a[0]),
    "set_max_balance": lambda c, a: c.operations.max_balance(a[0]),
    "set_recipients": lambda c, a: [c.operations.is_recipient(who) for who in a[0]],
    "set_payment_delay": lambda c, _: c.operations.payment_delay(),
    "set_grace": lambda c, _: c.operations.grace(),
}

WANTED: dict[str, Callable[[Company, tuple[Any, ...]], Any]] = {
    "set_guardian": lambda _, a: a[1],
    "set_heartbeat_timeout": lambda _, a: a[0],
    "set_change_delay": lambda _, a: a[0],
    "set_budget": lambda _, a: tuple(_stored(a)),
    "set_wallet_limit": lambda _, a: a[1],
    "set_max_balance": lambda _, a: a[1],
    "set_recipients": lambda _, a: [a[1]] * len(a[0]),
    "set_payment_delay": lambda _, a: a[0],
    "set_grace": lambda _, a: a[0],
}

LOGGED: dict[str, Callable[[Company, tuple[Any, ...]], list[Event]]] = {
    "set_guardian": lambda c, a: [logged(c.organization, "GuardianSet", who=a[0], on=a[1])],
    "set_heartbeat_timeout": lambda c, a: [
        logged(c.organization, "HeartbeatTimeoutSet", seconds=a[0])
    ],
    "set_change_delay": lambda c, a: [logged(c.organization, "ChangeDelaySet", seconds=a[0])],
    "set_budget": lambda c, a: [
        logged(
            c.operations,
            "BudgetSet",
            agent=a[0],
            token=a[1],
            category=a[2],
            budget=tuple(_stored(a)),
            hour_spent=0,
            day_spent=0,
        )
    ],
    "set_wallet_limit": lambda c, a: [
        logged(c.operations, "WalletLimitSet", token=a[0], daily=a[1])
    ],
    "set_max_balance": lambda c, a: [
        logged(c.operations, "MaxBalanceSet", token=a[0], amount=a[1])
    ],
    "set_recipients": lambda c, a: [
        logged(c.operations, "RecipientSet", who=who, allowed=a[1]) for who in a[0]
    ],
    "set_payment_delay": lambda c, a: [logged(c.operations, "PaymentDelaySet", seconds=a[0])],
    "set_grace": lambda c, a: [logged(c.operations, "GraceSet", seconds=a[0])],
}


def _case(name: str, function: str, args: Args) -> Case:
    return Case(f"{function}-{name}", function, args)


def _budget(name: str, base: Budget = GENERAL_BUDGET, category: bytes = b"", **to: Any) -> Case:
    """
    A budget of the agent's with some figures replaced.
    """
    figures = base._replace(**to)
    keys = {"category": category} if category else {}
    return _case(name, "set_budget", lambda c: c.budget_args(figures, **keys))


LOOSENING = (
    _case("remove", "set_guardian", lambda c: (c.guardian, False)),
    _case("one more", "set_heartbeat_timeout", lambda c: (TIMEOUT + 1,)),
    _case("longest", "set_heartbeat_timeout", lambda c: (30 * DAY,)),
    _case("off", "set_heartbeat_timeout", lambda c: (MAX,)),
    _case("one less", "set_change_delay", lambda c: (CHANGE_DELAY - 1,)),
    _case("shortest", "set_change_delay", lambda c: (HOUR,)),
    _budget("per_payment", per_payment=100 * USDC + 1),
    _budget("hourly", hourly=300 * USDC + 1),
    _budget("daily", daily=1_000 * USDC + 1),
    _budget("queue_from", queue_from=LARGE + 1),
    _budget("queue none", queue_from=MAX),
    _budget("queue_from, per_payment down to the old one", per_payment=LARGE, queue_from=MAX),
    _budget("max_payments", max_payments=101),
    _budget("expires_at", expires_at=GENERAL_BUDGET.expires_at + HOUR),
    _budget("allowlist off", REFUND_BUDGET, REFUND, allowlist_only=False),
    _budget("first", category=NEW),
    _budget("first, of zeros", category=NEW, per_payment=0, hourly=0, daily=0, queue_from=0),
    _budget("alive again", OVER_BUDGET, OVER, expires_at=MONDAY + 60 * DAY),
    _budget("one up, all else down", per_payment=1, hourly=1, daily=1_001 * USDC, max_payments=1),
    _case("one more", "set_wallet_limit", lambda c: (c.token.address, LIMIT + 1)),
    _case("most", "set_wallet_limit", lambda c: (c.token.address, 2**112 - 1)),
    _case("one more", "set_max_balance", lambda c: (c.token.address, MAX_BALANCE + 1)),
    _case("most", "set_max_balance", lambda c: (c.token.address, MAX)),
    _case("first", "set_max_balance", lambda c: (c.stranger, 1)),
    _case("add", "set_recipients", lambda c: ([c.recipient], True)),
    _case("add, one listed", "set_recipients", lambda c: ([c.partner, c.recipient], True)),
    _case("one less", "set_payment_delay", lambda c: (PAYMENT_DELAY - 1,)),
    _case("shortest", "set_payment_delay", lambda c: (60,)),
    _case("one more", "set_grace", lambda c: (GRACE + 1,)),
    _case("longest", "set_grace", lambda c: (30 * DAY,)),
)

TIGHTENING = (
    _case("add", "set_guardian", lambda c: (c.second_guardian, True)),
    _case("one less", "set_heartbeat_timeout", lambda c: (TIMEOUT - 1,)),
    _case("shortest", "set_heartbeat_timeout", lambda c: (600,)),
    _case("one more", "set_change_delay", lambda c: (CHANGE_DELAY + 1,)),
    _case("longest", "set_change_delay", lambda c: (30 * DAY,)),
    _budget("per_payment", per_payment=100 * USDC - 1),
    _budget("hourly", hourly=300 * USDC - 1),
    _budget("daily", daily=1_000 * USDC - 1),
    _budget("queue_from", queue_from=LARGE - 1),
    _budget("queue all", queue_from=0),
    _budget("per_payment below the old queue_from", per_payment=LARGE - 1, queue_from=MAX),
    _budget("max_payments", max_payments=99),
    _budget("expires_at", expires_at=GENERAL_BUDGET.expires_at - HOUR),
    _budget("over at once", expires_at=MONDAY),
    _budget("allowlist on", allowlist_only=True),
    _budget("nothing left", per_payment=0, hourly=0, daily=0),
    _budget("remove", expires_at=0),
    _budget("over, and lower", OVER_BUDGET, OVER, daily=999 * USDC),
    _case("one less", "set_wallet_limit", lambda c: (c.token.address, LIMIT - 1)),
    _case("disable", "set_wallet_limit", lambda c: (c.token.address, 0)),
    _case("one less", "set_max_balance", lambda c: (c.token.address, MAX_BALANCE - 1)),
    _case("nothing", "set_max_balance", lambda c: (c.token.address, 0)),
    _case("remove", "set_recipients", lambda c: ([c.partner], False)),
    _case("remove, one unlisted", "set_recipients", lambda c: ([c.stranger, c.partner], False)),
    _case("one more", "set_payment_delay", lambda c: (PAYMENT_DELAY + 1,)),
    _case("longest", "set_payment_delay", lambda c: (7 * DAY,)),
    _case("one less", "set_grace", lambda c: (GRACE - 1,)),
    _case("shortest", "set_grace", lambda c: (HOUR,)),
)

CHANGING_NOTHING = (
    _case("guardian", "set_guardian", lambda c: (c.guardian, True)),
    _case("no guardian", "set_guardian", lambda c: (c.stranger, False)),
    _case("equal", "set_heartbeat_timeout", lambda c: (TIMEOUT,)),
    _case("equal", "set_change_delay", lambda c: (CHANGE_DELAY,)),
    _budget("equal", GENERAL_BUDGET),
    _budget("equal, over", OVER_BUDGET, OVER),
    _case("equal", "set_wallet_limit", lambda c: (c.token.address, LIMIT)),
    _case("never enabled", "set_wallet_limit", lambda c: (c.stranger, 0)),
    _case("equal", "set_max_balance", lambda c: (c.token.address, MAX_BALANCE)),
    _case("never set", "set_max_balance", lambda c: (ZERO, 0)),
    _case("listed", "set_recipients", lambda c: ([c.partner], True)),
    _case("unlisted", "set_recipients", lambda c: ([c.stranger], False)),
    _case("nobody", "set_recipients", lambda c: ([], True)),
    _case("equal", "set_payment_delay", lambda c: (PAYMENT_DELAY,)),
    _case("equal", "set_grace", lambda c: (GRACE,)),
)


def one_of_each(cases: Iterable[Case]) -> list[Case]:
    """
    The first case of every setter.
    """
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.function, case)
    return list(first.values())


def names(cases: Iterable[Case]) -> list[str]:
    """
    For test ids.
    """
    return [case.name for case in cases]
