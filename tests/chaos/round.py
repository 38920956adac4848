"""
One chain, one store, and one process after the other that is killed.

    start → ticks → kill → start → … → come_to_rest
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import func, select

from bursar.chain.logs import fetch_history
from bursar.chain.sending import points
from bursar.state import fold
from bursar.store.audit_table import AUDIT
from bursar.store.database import Database
from bursar.store.sending_tables import intents
from tests.chaos.nursery import Nursery
from tests.chaos.record import ANYWHERE, Campaign
from tests.chaos.scene import MUCH_UNREST, USUAL_UNREST, Scene
from tests.chaos.stores import Store

KILLED: Final = -9
# Seconds. A child that has not come to its point by then is killed where it is.
_LONGEST_LIFE: Final = 2.0
# The books come last in a cycle.
_WHOLE_CYCLE: Final = 6.0
_SHORTEST_LIFE: Final = 0.02
_USUAL_LIFE: Final = 0.5
# A rest in which nothing has changed for so long has come to its end, good or bad.
_REST_SECONDS: Final = 45.0
# Real seconds from block to block: fewer would only keep the processor busy with blocks.
_PACE: Final = 0.02
_BLOCKS_BETWEEN_LOOKS: Final = 10


class Left(NamedTuple):
    """
    How much of each is left before everything is at rest.
    """

    unpaid: int
    queued: int
    unsettled: int
    unaudited: int

    @property
    def is_done(self) -> bool:
        """
        Whether everything has left or was cancelled, though it may not be final.
        """
        return not (self.unpaid or self.queued)


_AT_REST: Final = Left(0, 0, 0, 0)


class Round:
    """
    `jobs` payments, each to be made once, and everything that the scene queues.
    """

    def __init__(
        self,
        nursery: Nursery,
        scene: Scene,
        store: Store,
        log: Path,
        jobs: int,
        sabotage: str | None = None,
    ) -> None:
        self.nursery = nursery
        self.scene = scene
        self.store = store
        self.log = log
        self.jobs = jobs
        self.sabotage = sabotage

    def start(self, point: str | None = None, times: int = 1) -> int:
        """
        A process that goes on with everything.
        """
        world = self.scene.world
        self.store.forget_the_dead()
        return self.nursery.start(
            "keep",
            self.log,
            url=self.scene.anvil.url,
            database=self.store.url,
            organization=world.organization.address,
            wallet=self.scene.wallet.address,
            token=world.usdc.address,
            recipient=self.scene.recipient,
            safe=world.safe.address,
            jobs=self.jobs,
            point=point,
            times=times,
            sabotage=self.sabotage,
        )

    def kill_one(self, dice: random.Random, campaign: Campaign, point: str | None) -> None:
        """
        Let a process live for a moment, and kill it: at `point`, or at a random instant.
        """
        self.scene.unrest = MUCH_UNREST if point == points.BURNING else USUAL_UNREST
        is_rare = point is not None and campaign.waits[point] > 0
        child = self.start(point, 1 if is_rare else dice.randint(1, 2))
        status = self._watch(child, time.monotonic() + _find_life(point, dice))
        if status is None:
            status = self.nursery.kill(child)
            if point is not None:
                campaign.waits[point] += 1
                point = None
        if status != KILLED:
            raise RuntimeError(f"The process ended by itself, with {status}:\n{self.read_log()}")
        campaign.kills += 1
        campaign.at_points[point or ANYWHERE] += 1

    def come_to_rest(self) -> None:
        """
        Nothing bad happens any more: a last process finishes what is left.
        """
        self.scene.calm()
        child = self.start()
        before, end = None, 0.0
        while (now := self._measure()) != _AT_REST:
            if now != before:
                before, end = now, time.monotonic() + _REST_SECONDS
            elif time.monotonic() > end:
                break
            for _ in range(_BLOCKS_BETWEEN_LOOKS):
                # Slowly: on a busy machine a keeper has to keep up with its heartbeat.
                self.scene.mine(1)
                time.sleep(_PACE)
            if now.is_done:
                self.scene.bury()
        self.nursery.kill(child)

    def read_log(self) -> str:
        """
        What the processes have printed.
        """
        return self.log.read_text()[-5_000:] if self.log.exists() else ""

    def _watch(self, child: int, end: float) -> int | None:
        """
        Let things happen until a time, or until the process has ended: its status.
        """
        while time.monotonic() < end:
            self.scene.tick()
            time.sleep(_PACE)
            status = self.nursery.has_ended(child)
            if status is not None:
                return status
        return None

    def _measure(self) -> Left:
        """
        What is left to be done: nothing, once everything is final and audited but for heartbeats,
        which never end.
        """
        paid = (intents.c.outcome == "succeeded") & intents.c.key.startswith("pay:")
        waiting = (intents.c.status != "ended") & ~intents.c.key.startswith("heartbeat:")
        with self._reading() as store, store.reading() as connection:
            done, unsettled = (
                connection.execute(select(func.count()).where(these)).scalar_one()
                for these in (paid, waiting)
            )
            audited = connection.execute(select(func.max(AUDIT.c.block))).scalar() or 0
        return Left(
            unpaid=max(self.jobs - done, 0),
            queued=count_waiting(self.scene),
            unsettled=unsettled,
            unaudited=max(find_last_movement(self.scene) - audited, 0),
        )

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        with Database.open(self.store.url, read_only=True) as store:
            yield store


def _find_life(point: str | None, dice: random.Random) -> float:
    """
    How many seconds a process has to come to a point, or without one has at all.
    """
    if point is None:
        return dice.uniform(_SHORTEST_LIFE, _USUAL_LIFE)
    return _WHOLE_CYCLE if point == points.ENTERING else _LONGEST_LIFE


def count_waiting(scene: Scene) -> int:
    """
    How many payments still wait.
    """
    state = fold(fetch_history(scene.chain, scene.world.organization.address))
    return sum(len(wallet.queue) for wallet in state.registry.values())


def find_last_movement(scene: Scene) -> int:
    """
    The block of the last event of a wallet.
    """
    history = fetch_history(scene.chain, scene.wallet.address)
    return max(event.block or 0 for event in history)
