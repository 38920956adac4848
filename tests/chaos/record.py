"""
What has happened in a campaign, and whether everything that should have has.

    rounds → Campaign → tables for people, JSON for build/chaos.json
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from bursar.chain.sending import points
from tests.chaos.judge import Verdict
from tests.chaos.scene import DEEPEST_REORG, Misfortunes

POINTS: Final = (*points.ALL, *points.OF_THE_STORE)
ANYWHERE: Final = "anywhere"
# Blocks taken back at once, from and to.
_SHALLOW_TO_DEEP: Final = ((1, 3), (4, 12), (13, DEEPEST_REORG))
# What has to occur, or the campaign has shown nothing about it.
_HAS_TO_OCCUR: Final = ("paid", "executed", "cancelled", "told", "stopped", "released", "burned")
# With fewer kills, chance alone decides whether everything occurs.
ENOUGH_KILLS: Final = 200


@dataclass
class Campaign:
    """
    What has happened so far. `waits` counts, per point, the processes that never came to it.
    """

    kills: int = 0
    at_points: Counter[str] = field(default_factory=Counter)
    by_store: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def reorgs(self) -> int:
        """
        How many times blocks were taken back.
        """
        return self.depths.total()

    @property
    def is_short_of_points(self) -> bool:
        """
        Whether fewer than half of the kills were at a named point.
        """
        return 2 * (self.kills - self.at_points[ANYWHERE]) < self.kills + 1

    def choose_point(self, among: Sequence[str] = POINTS) -> str:
        """
        The one that was met least, so that rare ones are met as well; one that was waited for in
        vain comes later.
        """
        return min(among, key=lambda point: self.at_points[point] + self.waits[point])

    def add(self, kind: str, kills: int, happened: Misfortunes, verdict: Verdict) -> None:
        """
        A chain has come to rest.
        """
        self.by_store[kind] += kills
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        self.depths += happened.depths
        figures = {**asdict(verdict), **asdict(happened)}
        self.totals.update({name: n for name, n in figures.items() if isinstance(n, int)})

    def merge(self, other: Campaign) -> None:
        """
        Take in what another has seen.
        """
        self.kills += other.kills
        self.lost += other.lost
        self.doubled += other.doubled
        for name in ("at_points", "by_store", "waits", "depths", "totals"):
            getattr(self, name).update(getattr(other, name))

    def find_missing(self) -> list[str]:
        """
        What should have occurred and never has.
        """
        missing = [f"no kill at {point!r}" for point in POINTS if not self.at_points[point]]
        missing += [f"nothing was {name}" for name in _HAS_TO_OCCUR if not self.totals[name]]
        for first, last in _SHALLOW_TO_DEEP:
            if not self._count_depths(first, last):
                missing.append(f"no reorganisation of {first} to {last} blocks")
        return missing

    def _count_depths(self, first: int, last: int) -> int:
        return sum(self.depths[depth] for depth in range(first, last + 1))

    def describe(self) -> Iterator[str]:
        """
        Tables for people, a line each.
        """
        yield from _table("kills at", [(p, self.at_points[p]) for p in (*POINTS, ANYWHERE)])
        yield from _table("store", sorted(self.by_store.items()))
        depths = [
            (f"{first} to {last} blocks", self._count_depths(first, last))
            for first, last in _SHALLOW_TO_DEEP
        ]
        yield from _table("reorganisations", depths)
        yield from _table("what happened", sorted(self.totals.items()))

    def as_json(self, seconds: float) -> dict[str, Any]:
        """
        For build/chaos.json.
        """
        return {
            "kills": self.kills,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "reorgs": self.reorgs,
            "seconds": round(seconds, 1),
            "kills_at_points": {point: self.at_points[point] for point in (*POINTS, ANYWHERE)},
            "never_came_to": dict(sorted(self.waits.items())),
            "kills_by_store": dict(sorted(self.by_store.items())),
            "reorg_depths": {str(depth): n for depth, n in sorted(self.depths.items())},
            "totals": dict(sorted(self.totals.items())),
            "missing": self.find_missing(),
            "wrong": (self.lost + self.doubled)[:50],
        }


def _table(title: str, rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield f"{title}:"
    for name, count in rows:
        yield f"  {name:<22}{count:>8,}"
