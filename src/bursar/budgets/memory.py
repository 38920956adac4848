"""
What a budget remembers beside its counters: the hours of a rolling one, or what a share is of.

    the finished hour → Ring.moved → 24 buckets → total, which is the line's `before`

A bucket leaves whole, so money is back 24 to 25 hours after it went. Buckets only round up.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from bursar.budgets.units import units_up
from bursar.types import RING_HOURS, RING_STEPS, UNITS_END

_BUCKET_BITS: Final = RING_STEPS.bit_length()


class ShareBase(NamedTuple):
    """
    What the wallet held of the token, in base units, before the budget's first charge of UTC day
    number `day`.
    """

    balance: int
    day: int


class Ring(NamedTuple):
    """
    The 24 hours before the running one, in steps of 2^`exponent` units.

    `buckets` are numbers of steps, at most RING_STEPS each; the first is the hour before the one
    that the line is at.
    """

    exponent: int
    buckets: tuple[int, ...]

    @property
    def total(self) -> int:
        """
        All buckets in units, as far as 30 bits hold it: the cap is over every limit.
        """
        return min(sum(self.buckets) << self.exponent, UNITS_END)

    def moved(self, hours: int, finished: int) -> "Ring":
        """
        The ring `hours` on. What the hour that finished used, `finished` units, comes in.
        """
        if hours > RING_HOURS:
            return Ring(self.exponent, (0,) * RING_HOURS)
        steps = -(-finished >> self.exponent)
        kept = self.buckets[: RING_HOURS - hours]
        return Ring(self.exponent, (*(0,) * (hours - 1), steps, *kept))

    def amounts(self, unit: int) -> tuple[int, ...]:
        """
        The buckets in base units.
        """
        return tuple((steps << self.exponent) * unit for steps in self.buckets)


def build_ring(amounts: Sequence[int], unit: int, at_least: int) -> Ring:
    """
    The ring of these hours' `amounts` (base units, the youngest first, missing ones 0), in the
    smallest step in which each of them, and `at_least` units too, is at most RING_STEPS.
    """
    units = [units_up(amount, unit) for amount in amounts]
    exponent = step_exponent(max(at_least, *units, 0))
    # From base units at once: rounding twice would count too much.
    steps = [units_up(amount, unit << exponent) for amount in amounts]
    return Ring(exponent, (*steps, *(0,) * (RING_HOURS - len(steps))))


def step_exponent(units: int) -> int:
    """
    The smallest exponent of which `units` is at most RING_STEPS steps.
    """
    exponent = max(units.bit_length() - _BUCKET_BITS, 0)
    return exponent + (units > RING_STEPS << exponent)
