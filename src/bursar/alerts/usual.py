"""
How much is usual for a day, from the days before. Pure.

    sums of other days + daily limit → usual_bound
"""

from collections.abc import Mapping, Sequence
from typing import Final

# A week decides nothing by itself: four other days are the least that a median can stand on, and
# what is older than four weeks says little about now.
FEWEST_DAYS: Final = 4
MOST_DAYS: Final = 28
# Under a normal distribution 1.4826 MAD is one standard deviation, and 5 of them is one day in
# thousands of years; spending has fatter tails, hence the floors of the spread.
SPREADS: Final = 5
_MAD_BPS: Final = 14_826

SENSITIVITY: Final[Mapping[str, int]] = {"high": SPREADS, "medium": 2 * SPREADS, "low": 4 * SPREADS}
"""So many spreads above the median a day is unusual. `high` is what a refill report calls so."""


def usual_bound(days: Sequence[int], limit: int, spreads: int = SPREADS) -> int:
    """
    The most that a day may come to without being unusual, in base units: the median and so many
    spreads. The spread is the largest of 1.4826 MAD, a tenth of the median and a twentieth of the
    daily limit.
    """
    median = find_median(days)
    deviation = find_median([abs(amount - median) for amount in days])
    spread = max(deviation * _MAD_BPS // 10_000, median // 10, limit // 20)
    return median + spreads * spread


def find_median(values: Sequence[int]) -> int:
    """
    The upper of two.
    """
    return sorted(values)[len(values) // 2]
