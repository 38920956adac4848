"""
What is decided is what the events rebuild: every line of a budget, whatever happens to it.
"""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.budgets import BudgetLine, changed_budget, figures, spent
from bursar.events import BudgetSet
from bursar.payments import Payment
from bursar.reasons import Preview
from bursar.reference import Accepted
from bursar.state import WalletState, fold
from bursar.types import ALL_BPS, DAY, EMPTY, HOUR, MAX_UINT256, Address
from tests.unit.office import (
    AGENT,
    RECIPIENT,
    REFUND,
    STRANGER,
    TOKEN,
    TREASURY,
    USDC,
    Office,
    actor,
    budget,
)


class Life:
    """
    A wallet whose one budget is paid from and changed at random.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.office = Office().open()
        # So that the treasury loosens without waiting: how that waits is tested elsewhere.
        self.wallet.sealed = False
        self.agent = AGENT
        self.rotations = 0
        self.happened: set[str] = set()

    @property
    def wallet(self) -> WalletState:
        """
        The wallet as its events tell it.
        """
        return self.office.state.wallet(self.office.wallet)

    @property
    def line(self) -> BudgetLine | None:
        """
        The agent's budget as its events tell it.
        """
        return self.wallet.line(self.agent, TOKEN, REFUND)

    def _figures(self) -> dict[str, Any]:
        choose = self.random.choice
        daily = choose((0, 7, 1_000, 10**6, 1_000 * USDC, 10**12, 10**18))
        hourly = daily // choose((1, 1, 10))
        kind = choose(("fixed", "rolling", "share"))
        return {
            "per_payment": hourly // choose((1, 1, 10)),
            "hourly": hourly,
            "daily": daily,
            "queue_from": choose((MAX_UINT256, MAX_UINT256, 500, 0)),
            "max_payments": choose((3, 1_000)),
            "rolling": kind == "rolling",
            "share_bps": choose((1, 777, 9_999)) if kind == "share" else ALL_BPS,
        }

    def step(self) -> None:
        """
        Wait, then do one thing and compare.
        """
        self.office.now += self.random.choice((0, 1, 600, HOUR, HOUR, DAY, 25 * HOUR))
        if self.random.random() < 0.3:
            self.office.ledger.balances[TOKEN, self.office.wallet] = self.random.randrange(10**13)
        step = self.random.choice(
            (self._pay, self._pay, self._pay_many, self._execute, self._set, self._rotate)
        )
        step()

    def check_history(self) -> None:
        """
        The logs alone, with payments of an hour charged together, give the budgets that went along
        one by one.
        """
        folded = fold(self.office.history).wallet(self.office.wallet)
        assert (folded.lines, folded.queue) == (self.wallet.lines, self.wallet.queue)
        assert folded.limits == self.wallet.limits

    def _amount(self) -> int:
        hour, day, _ = self.office.view(self.office.wallet, "remaining", self.agent, TOKEN, REFUND)
        return int(self.random.choice((hour, day, 1, 499, 500)) // self.random.choice((1, 2, 3)))

    def _asked(self) -> dict[str, int]:
        held = self.office.ledger.balance_of(TOKEN, self.office.wallet)
        return {"now": self.office.now, "balance": held}

    def _pay(self) -> None:
        payment = (TOKEN, RECIPIENT, self._amount(), REFUND)
        verdict = self.office.state.judge(self.wallet, self.agent, *payment, **self._asked())
        self._call("pay", *payment, EMPTY)
        if verdict.preview is Preview.PAY:
            self.happened.add("paid")
            assert self.line == verdict.line

    def _pay_many(self) -> None:
        each = self._amount() // self.random.choice((2, 3, 7))
        payments = [Payment(RECIPIENT, each, EMPTY)] * self.random.choice((1, 2, 3))
        verdict = self.office.state.judge_batch(
            self.wallet, self.agent, TOKEN, REFUND, payments, **self._asked()
        )
        self._call("pay_many", TOKEN, REFUND, tuple(payments))
        if verdict.line is not None:
            self.happened.add("paid many")
            assert self.line == verdict.line

    def _execute(self) -> None:
        for queued in list(self.wallet.queue.values()):
            payment = (queued.token, queued.to, queued.amount, queued.category)
            asked = self._asked()
            verdict = self.office.state.judge(
                self.wallet, queued.agent, *payment, **asked, may_queue=False
            )
            call = (STRANGER, self.office.wallet, "execute", queued.agent, *payment, queued.ref)
            decision = self.office.decide(*call)
            if isinstance(decision, Accepted):
                self.office.do(*call)
                self.happened.add("executed")
                assert self.wallet.line(queued.agent, TOKEN, REFUND) == verdict.line

    def _call(self, function: str, *arguments: Any) -> None:
        call = (self.agent, self.office.wallet, function, *arguments)
        if isinstance(self.office.decide(*call), Accepted):
            self.office.do(*call)

    def _set(self) -> None:
        asked = budget(**self._figures())
        if self.random.random() < 0.2:
            asked = budget(expires_at=0)
        new = changed_budget(self.line, asked, self.office.now)
        call = (TREASURY, self.office.wallet, "set_budget", self.agent, TOKEN, REFUND, asked)
        decision = self.office.decide(*call)
        assert isinstance(decision, Accepted) is isinstance(new, BudgetLine), (decision, new)
        if isinstance(new, BudgetLine):
            self.office.do(*call)
            self.happened.add("set")
            logged = next(e for e in reversed(self.office.history) if isinstance(e, BudgetSet))
            assert self.line == new
            assert logged.budget == figures(new)
            assert (logged.hour_spent, logged.day_spent) == spent(new, self.office.now)
            assert (logged.hour_spent, logged.day_spent) == (
                new.in_hour * new.unit,
                (new.in_hour + new.before) * new.unit,
            )

    def _rotate(self) -> None:
        if self.random.random() > 0.2:
            return
        kept = self.line
        self.rotations += 1
        new = Address(actor(f"agent after {self.rotations} rotations"))
        self.office.do(TREASURY, self.office.wallet, "rotate_agent", self.agent, new)
        assert self.line is None
        self.agent = new
        self.happened.add("rotated")
        assert self.line == kept


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_fold__any_life_of_a_budget__has_the_lines_that_were_decided(random):
    """
    Rolling hours, a share's balance, batches, queued payments, cuts and rotations: what the logs
    rebuild is what was charged and stored, to the bucket.
    """
    life = Life(random)
    for _ in range(25):
        life.step()
    life.check_history()


def test_fold__long_lives__meet_everything_that_can_happen():
    """The random lives above are no idle ones."""
    happened: set[str] = set()
    for seed in range(12):
        life = Life(Random(seed))
        for _ in range(40):
            life.step()
        life.check_history()
        happened |= life.happened
    assert happened == {"paid", "paid many", "executed", "set", "rotated"}
