"""
Whether what the node shows is the present.

    head, this machine's clock, when the last block came → Freshness.look → Present

A heartbeat says that the keeper sees what happens, and a cancel that was right an hour ago may be
wrong now. A head far in the clock's past may be anybody's past: then nothing is sent, whether it is
the clock or the node that is wrong. A head far in its future proves the clock wrong, because no
chain takes blocks from the future; until it is set, blocks that keep coming are what counts.
"""

import time
from dataclasses import dataclass

from bursar.keeper.ports import Clock, Head

_SET_IT = "Set it (most systems keep it right by themselves, with NTP)"


@dataclass(frozen=True, slots=True)
class Present:
    """
    `stale` says why nothing is sent, and `skewed` what is wrong with the clock; empty where nothing
    is.
    """

    stale: str = ""
    skewed: str = ""


class Freshness:
    """
    limit: how many seconds the head may be away from `clock`, and the last block from now; None for
    local chains whose time is their own. elapsed: seconds from any beginning, which nobody sets.
    """

    def __init__(self, limit: int | None, clock: Clock, elapsed: Clock = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._elapsed = elapsed
        self._hash = ""
        self._since = 0.0
        self._has_moved = False

    def look(self, head: Head) -> Present:
        """
        Judge the latest block. To be asked in every cycle, so that it knows when a block came.
        """
        still = self._measure(head)
        age = self._clock() - head.at
        if self._limit is None or -self._limit <= age <= self._limit:
            return Present()
        if age < 0:
            return self._judge_by_blocks(head, -age, still)
        if self._has_moved and still <= self._limit:
            return Present(
                f"The node's latest block {head.number} is {_span(age)} old by this machine's "
                "clock, and blocks keep coming: the clock is ahead, or the node is behind the "
                "chain. Compare both with others. Nothing is sent before one of them is right."
            )
        return Present(
            f"The node's latest block {head.number} is {_span(age)} old: the node has stopped, or "
            "the chain has, or this machine's clock is ahead. Look at another node. Nothing is "
            "sent before it goes on."
        )

    def _judge_by_blocks(self, head: Head, ahead: float, still: float) -> Present:
        skewed = (
            f"This machine's clock is {_span(ahead)} behind: block {head.number} is from its "
            f"future, and no chain takes such blocks. {_SET_IT}; until then only blocks that keep "
            "coming show that the node has not stopped."
        )
        if not self._has_moved:
            return Present("Nothing is sent before another block has come.", skewed)
        if still > self._limit_seconds:
            return Present(
                f"No block has come for {_span(still)}: the node has stopped, or the chain has. "
                "Nothing is sent before it goes on.",
                skewed,
            )
        return Present("", skewed)

    @property
    def _limit_seconds(self) -> float:
        return float("inf") if self._limit is None else self._limit

    def _measure(self, head: Head) -> float:
        """
        For how many seconds the head has been the same.
        """
        now = self._elapsed()
        if head.hash != self._hash:
            self._has_moved = self._hash != ""
            self._hash, self._since = head.hash, now
        return now - self._since


def _span(seconds: float) -> str:
    """
    For people: seconds up to ten minutes, minutes up to ten hours, else hours.
    """
    if seconds < 600:
        return f"{seconds:.0f} s"
    if seconds < 36_000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h"
