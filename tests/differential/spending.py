"""
Plain lists of what was paid when: no units, no counters, no buckets. A window's sum is the sum of
the payments in it.
"""

from bisect import bisect_left


class Spending:
    """
    Payments of one budget, or of one wallet and token, in the order of time.
    """

    def __init__(self) -> None:
        self._times: list[int] = []
        # What was paid before each payment and, last, all of it: so that a window is a difference.
        self._sums: list[int] = [0]

    def add(self, at: int, amount: int) -> None:
        """
        Write down a payment of `amount` base units at a Unix time not before the last one's.
        """
        self._times.append(at)
        self._sums.append(self._sums[-1] + amount)

    def since(self, moment: int) -> int:
        """
        What was paid at `moment` and later, in base units.
        """
        return self._sums[-1] - self._sums[bisect_left(self._times, moment)]

    def count_since(self, moment: int) -> int:
        """
        How many payments were made at `moment` and later.
        """
        return len(self._times) - bisect_left(self._times, moment)
