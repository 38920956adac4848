"""
Whether a head is the present: by the clock, and by blocks that come.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bursar.keeper.freshness import Freshness, Present

NOW = 1_767_607_200
LIMIT = 120


@dataclass(frozen=True)
class Block:
    number: int
    at: int

    @property
    def hash(self) -> str:
        return f"0x{self.number:064x}"


class Machine:
    """
    A clock that can be wrong, and time that passes all the same.
    """

    def __init__(self, *, skew: int = 0, limit: int | None = LIMIT) -> None:
        self.skew = skew
        self.passed = 0.0
        self.freshness = Freshness(limit, lambda: NOW + self.passed + self.skew, self.elapsed)

    def elapsed(self) -> float:
        return self.passed

    def look(self, number: int, age: float = 0) -> Present:
        """
        At a block that is `age` seconds old in truth.
        """
        return self.freshness.look(Block(number, int(NOW + self.passed - age)))


@pytest.mark.parametrize("skew", [-LIMIT, 0, LIMIT])
def test_freshness__clock_within_the_bound__says_nothing(skew: int) -> None:
    """
    A minute more or less is no reason to stop.
    """
    assert Machine(skew=skew).look(1) == Present()


def test_freshness__clock_ahead__sends_nothing_and_says_which_two_to_compare() -> None:
    """
    Whether the clock is ahead or the node behind nobody can tell from here.
    """
    machine = Machine(skew=7_200)

    first = machine.look(1)
    machine.passed = 12
    second = machine.look(2)

    assert "is 120 min old" in first.stale
    assert "this machine's clock is ahead" in first.stale
    assert "blocks keep coming: the clock is ahead, or the node is behind" in second.stale
    assert (first.skewed, second.skewed) == ("", "")


def test_freshness__clock_behind__goes_by_blocks_that_come() -> None:
    """
    A block from the future proves the clock wrong. The first one that is seen shows nothing; the
    next does, for as long as the bound says.
    """
    machine = Machine(skew=-3 * 3_600)

    assert "before another block has come" in machine.look(1).stale
    machine.passed = 12
    moved = machine.look(2)
    machine.passed = 12 + LIMIT
    bound = machine.look(2, age=LIMIT)
    machine.passed = 12 + LIMIT + 1
    beyond = machine.look(2, age=LIMIT + 1)

    assert (moved.stale, bound.stale) == ("", "")
    assert "No block has come for 121 s" in beyond.stale
    assert all("clock is 180 min behind" in one.skewed for one in (moved,))
    assert beyond.skewed


def test_freshness__node_that_stands_still__is_found_also_with_the_clock_behind() -> None:
    """
    With the clock alone it would be believed for three hours more.
    """
    machine = Machine(skew=-3 * 3_600)
    machine.look(1)
    machine.look(2)
    machine.passed = 3_000

    assert machine.look(2, age=3_000).stale


def test_freshness__without_a_bound__says_nothing() -> None:
    """
    A local chain's time is its own.
    """
    assert Machine(skew=10**9, limit=None).look(1) == Present()
