"""
When the next call comes: mostly soon, often to the second around something that begins or ends.
"""

from bursar.types import DAY, HOUR
from tests.differential.moves.chance import Chance

# What a window spans, to the second and a second off: an hour, a day, and a day as buckets of an
# hour count it.
SPANS = (HOUR, DAY, DAY + HOUR)


class Clock:
    """
    Draws the times of blocks.
    """

    def __init__(self, chance: Chance) -> None:
        self.chance = chance

    def next(self) -> int:
        """
        The next block's time, never before this one's.
        """
        now = self.chance.twin.now
        kind = self.chance.random.random()
        if kind < 0.66:
            return now + int(90 * self.chance.random.random())
        if kind < 0.80:
            return self._beside((now // HOUR + 1) * HOUR)
        if kind < 0.85:
            return self._beside((now // DAY + 1) * DAY)
        if kind < 0.88:
            return self._beside(now + self.chance.one_of(SPANS))
        if kind < 0.99:
            return self._beside(self.chance.one_of(self._moments() or [now + 600]))
        return now + self.chance.random.randint(1, 4 * DAY)

    def _beside(self, moment: int) -> int:
        return max(self.chance.twin.now, moment + int(self.chance.one_of((-1, 0, 0, 0, 1))))

    def _moments(self) -> list[int]:
        """
        The nearest few: what lies days ahead is reached by and by.
        """
        chance, now = self.chance, self.chance.twin.now
        model = chance.twin.model
        moments = [c.ready_at for c in model.changes.values()]
        moments += [c.expires_at for c in model.changes.values() if chance.happens(0.5)]
        moments += [s.until for s in model.stops.values()]
        for wallet in model.registry.values():
            moments += [m for q in wallet.queue.values() for m in (q.ready_at, q.ready_at)]
            moments += [q.expires_at for q in wallet.queue.values() if chance.happens(0.5)]
        return sorted(m for m in moments if now < m < now + 10 * DAY)[:4]
