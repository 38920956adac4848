"""
One budget, walked at random, beside the plainest record there is: what was paid, and when.

    a random step → the model's line, and the record → do they still agree?

The record knows no units and no steps. It knows which payments a budget has to remember, and how
much rounding may have added to them.
"""

from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from bursar.budgets import (
    Budget,
    BudgetLine,
    Ring,
    budget_line,
    changed_budget,
    charged,
    check_windows,
    figures,
    remaining,
    rolled,
    settled,
    spent,
)
from bursar.budgets.units import AMOUNTS_END, UNITS, unit_exponent
from bursar.types import DAY, HOUR, MAX_PAYMENTS_PER_DAY, RING_HOURS, RING_STEPS, UNITS_END
from tests.unit.office import NOON, REMOVAL, budget

FOR_EVER: Final = (2**20 - 1) * HOUR
# Limits around which units and steps change.
DAILIES: Final = (
    *(5, 1_000, 1_022, 1_023, 1_024, 2_046, 2_047, 10**6, 10**9),
    *(1_023 * 2**20, 1_023 * 2**20 + 1, UNITS_END - 1, UNITS_END * 10, 1_023 * 2**20 * 10),
    *(10**10, 10**18, AMOUNTS_END - 1),
)
# What may go wrong goes wrong here: around full hours, and 24 and 25 hours after a payment.
EDGES: Final = (0, 1, 59, HOUR - 1, HOUR, HOUR + 1)
AFTER_A_PAYMENT: Final = tuple(n * HOUR + beside for n in (24, 25) for beside in (-1, 0, 1))


@dataclass(frozen=True)
class Paid:
    """
    A payment of `amount` base units. It counts as one of hour number `hour`; `excess` is what
    rounding may have added.
    """

    at: int
    amount: int
    hour: int
    excess: int


class Walk:
    """
    A budget that is paid from and changed. Every step compares it with the record.
    """

    def __init__(self, random: Random, rolling: bool = True) -> None:
        self.random = random
        self.now = NOON + random.choice(EDGES)
        self.history: list[tuple[int, int]] = []
        self.record: list[Paid] = []
        self.known_since = 0
        self.counts: Counter[str] = Counter()
        self.most = coarse(random.choice(DAILIES))
        line = changed_budget(None, self._figures(self.most, rolling), self.now)
        assert isinstance(line, BudgetLine), line
        self.line = line

    def _figures(self, daily: int, rolling: bool) -> Budget:
        hourly = daily if self.random.random() < 0.7 else coarse(daily - daily // 3)
        return budget(
            per_payment=hourly,
            hourly=hourly,
            daily=daily,
            max_payments=MAX_PAYMENTS_PER_DAY,
            expires_at=FOR_EVER,
            rolling=rolling,
        )

    def step(self, changing: float = 0.0) -> None:
        """
        Wait a little or long, then pay, or with this probability change the budget.
        """
        self._wait()
        self._check_memory()
        if self.random.random() < changing:
            self._change()
        else:
            self._pay()
        self._check_memory()

    # Time

    def _wait(self) -> None:
        """
        To the second around what ends, and else any time.
        """
        kind = self.random.random()
        if kind < 0.45:
            to = self.now + self.random.choice((0, 0, 1, 60, 600))
        elif kind < 0.7:
            to = (self.now // HOUR + 1) * HOUR + self.random.choice((-1, 0, 1))
        elif kind < 0.9 and self.history:
            to = self.random.choice(self.history[-40:])[0] + self.random.choice(AFTER_A_PAYMENT)
        else:
            to = self.now + self.random.choice((*EDGES, 5 * HOUR, DAY, 30 * HOUR, 3 * DAY))
        self.now = max(self.now, to)
        midnight = self.now - self.now % DAY
        if not self.line.rolling and self.line.day < self.now // DAY:
            self._forget(midnight)
            self.record = [paid for paid in self.record if paid.at >= midnight]

    def _forget(self, since: int) -> None:
        self.known_since = max(self.known_since, since)

    # Payments

    def _pay(self) -> None:
        line, amount = rolled(self.line, self.now), self._amount()
        if amount <= 0 or not line.is_alive(self.now) or check_windows(line, amount) is not None:
            self.counts["refused"] += 1
            return
        after = charged(line, amount)
        hour_left, _, _ = remaining(after, self.now)
        assert settled(self.line, hour_left, self.now) == after, "the fold charges something else"
        self._keep(after)
        self.history.append((self.now, amount))
        self.record.append(Paid(self.now, amount, after.hour, after.unit - 1))
        self.counts["paid"] += 1
        self._check_limit()

    def _amount(self) -> int:
        hour, day, _ = remaining(self.line, self.now)
        most = self.random.choice((hour, day, min(hour, day), figures(self.line).daily))
        divisor = self.random.choice((1, 1, 2, 3, 24, 1_000, 10**6))
        return most // divisor + self.random.choice((-1, 0, 0, 0, 1))

    def _check_limit(self) -> None:
        """
        The guarantee: what left in the 86,400 seconds before this payment, itself included, is at
        most the limit in force; of a fixed budget in the UTC day.
        """
        trailing = self.now - DAY if self.line.rolling else 0
        since = max(self.known_since, trailing)
        total = sum(amount for at, amount in self.history if at >= since)
        assert total <= figures(self.line).daily

    # Changes

    def _change(self) -> None:
        asked = self.random.choice((self._lowered, self._raised, self._removed, self._switched))()
        new = changed_budget(self.line, asked, self.now)
        if not isinstance(new, BudgetLine):
            self.counts[str(new)] += 1
            return
        assert budget_line(self.line, figures(new), self.now) == new, "the fold holds another line"
        was_rolling = self.line.rolling
        # First the line goes on to this hour, which may round, and then it changes.
        self._keep(rolled(self.line, self.now))
        self._keep(new)
        if was_rolling and not new.rolling:
            self.counts["off"] += 1
            self._forget((new.hour - RING_HOURS) * HOUR)
        if new.rolling and not was_rolling:
            self.counts["on"] += 1
            self.record = [replace(p, hour=max(p.hour, new.hour - 1)) for p in self.record]

    def _lowered(self) -> Budget:
        daily = figures(self.line).daily // self.random.choice((1, 2, 10, 1_000, 10**7))
        return self._figures(daily, self.line.rolling)

    def _raised(self) -> Budget:
        daily = min(self.most * self.random.choice((1, 1, 2, 10)), AMOUNTS_END - 1)
        return self._figures(coarse(daily), self.line.rolling)

    def _removed(self) -> Budget:
        return REMOVAL

    def _switched(self) -> Budget:
        return self._figures(figures(self.line).daily or self.most, not self.line.rolling)

    # Memory

    def _keep(self, line: BudgetLine) -> None:
        self.record = self._recorded(line)
        self.line = line

    def _recorded(self, line: BudgetLine) -> list[Paid]:
        """
        What the record has when the line goes on to `line`.
        """
        record = self.record
        if self.line.rolling:
            record = [paid for paid in record if paid.hour >= line.hour - RING_HOURS]
        added = 0
        if line.hour > self.line.hour:
            added += step_of(self.line) - 1
        if grid_of(line) != grid_of(self.line):
            added += step_of(line) - 1
        return [replace(paid, excess=paid.excess + added) for paid in record]

    def _check_memory(self) -> None:
        """
        The line is within its word's bounds, counts nothing as less than it was, and little more.
        """
        line = rolled(self.line, self.now)
        assert 0 <= line.in_hour < UNITS_END
        assert 0 <= line.before <= UNITS_END
        if isinstance(line.memory, Ring):
            assert len(line.memory.buckets) == RING_HOURS
            assert all(0 <= steps <= RING_STEPS for steps in line.memory.buckets)
            assert line.before == line.memory.total
            assert max(line.daily, line.in_hour) <= RING_STEPS << line.memory.exponent
        record = self._recorded(line)
        _, counted = spent(line, self.now)
        exact = sum(paid.amount for paid in record)
        assert counted >= exact or line.before == UNITS_END
        assert counted <= exact + sum(paid.excess for paid in record)


def coarse(amount: int) -> int:
    """
    `amount` in whole units of a budget of which it is the daily limit.
    """
    return amount - amount % UNITS[unit_exponent(amount)]


def step_of(line: BudgetLine) -> int:
    """
    What the line rounds an hour up to, in base units.
    """
    return line.unit << line.memory.exponent if isinstance(line.memory, Ring) else line.unit


def grid_of(line: BudgetLine) -> tuple[int, int | None]:
    """
    Unit and step: when they change, what is remembered is rounded once more.
    """
    return line.exponent, line.memory.exponent if isinstance(line.memory, Ring) else None
