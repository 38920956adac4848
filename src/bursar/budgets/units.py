"""
Units: a budget's figures and counters have 30 bits, so they count 10^exponent base units.
"""

from bisect import bisect_right
from typing import Final

from bursar.types import MAX_EXPONENT, UNITS_END

UNITS: Final[tuple[int, ...]] = tuple(10**exponent for exponent in range(MAX_EXPONENT + 1))
"""Base units in a unit, by exponent."""

# The first amount that an exponent does not hold.
_ENDS: Final[tuple[int, ...]] = tuple(UNITS_END * unit for unit in UNITS)
AMOUNTS_END: Final = _ENDS[MAX_EXPONENT]
"""The first amount, in base units, that no exponent holds."""


def unit_exponent(daily: int, spent: int = 0) -> int:
    """
    The smallest exponent in whose units `daily` and what was `spent` (base units), rounded up, stay
    below what 30 bits hold with room for "none".

    There is none above MAX_EXPONENT: what a rolling budget counts too much by rounding can exceed
    that, and is then capped.
    """
    exponent = max(bisect_right(_ENDS, daily), bisect_right(_ENDS, spent))
    if exponent < MAX_EXPONENT and units_up(spent, UNITS[exponent]) >= UNITS_END:
        exponent += 1
    return min(exponent, MAX_EXPONENT)


def units_up(amount: int, unit: int) -> int:
    """
    `amount` in units, rounded up: money spent is never counted as less.
    """
    return -(-amount // unit)
