"""
Kill a keeper and a paying agent again and again, and see on the chain that nothing is lost and
nothing is done twice.

    start → ticks → kill → start → … → rest → judge → Campaign

Half of the kills come at a random instant, half at a named point around the journal, the broadcast
and the commit. All the while payments are queued, cancelled and queued again, agents and the wallet
are stopped and released, blocks are taken back and transactions forgotten. Every hundred kills a
chain comes to rest and is judged from its first block on.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bursar.chain.anvil import Anvil
from bursar.chain.logs import fetch_history
from bursar.chain.sending import points
from bursar.state import fold
from bursar.store.database import Database
from bursar.store.sending_tables import intents
from tests.chaos.judge import Verdict, judge
from tests.chaos.nursery import Nursery
from tests.chaos.scene import DEEPEST_REORG, START, Misfortunes, Scene

KILLED: Final = -9
# A child that has not come to its point by then is killed where it is.
_LONGEST_LIFE: Final = 2.0
_SHORTEST_LIFE: Final = 0.03
_USUAL_LIFE: Final = 0.6
_REST_SECONDS: Final = 90.0
_JOBS_A_KILL: Final = 2


@dataclass
class Campaign:
    """
    What has happened so far.
    """

    kills: int = 0
    at_points: Counter[str] = field(default_factory=Counter)
    reorgs: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)

    @property
    def is_short_of_points(self) -> bool:
        """
        Whether fewer than half of the kills were at a named point.
        """
        return 2 * (self.kills - self.at_points["anywhere"]) < self.kills + 1

    def add(self, happened: Misfortunes, verdict: Verdict) -> None:
        """
        A chain has come to rest.
        """
        self.reorgs += happened.reorgs
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        figures = {name: value for name, value in asdict(verdict).items() if isinstance(value, int)}
        self.totals.update({**figures, **asdict(happened)})

    def as_json(self, seconds: float) -> dict[str, object]:
        """
        For build/chaos.json.
        """
        return {
            "kills": self.kills,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "reorgs": self.reorgs,
            "seconds": round(seconds, 1),
            "kills_at_points": dict(sorted(self.at_points.items())),
            "totals": dict(sorted(self.totals.items())),
            "wrong": (self.lost + self.doubled)[:50],
        }


class Round:
    """
    One chain, one journal, and one process after the other.
    """

    def __init__(self, nursery: Nursery, scene: Scene, folder: Path, jobs: int) -> None:
        self.nursery = nursery
        self.scene = scene
        self.folder = folder
        self.jobs = jobs
        self.database = folder / "bursar.db"

    def start(self, point: str | None = None, times: int = 1) -> int:
        """
        A process that goes on with everything.
        """
        world = self.scene.world
        return self.nursery.start(
            "keep",
            self.folder / "log",
            url=self.scene.anvil.url,
            database=f"sqlite:///{self.database}",
            organization=world.organization.address,
            wallet=self.scene.wallet.address,
            token=world.usdc.address,
            recipient=self.scene.recipient,
            jobs=self.jobs,
            point=point,
            times=times,
        )

    def kill_one(self, dice: random.Random, campaign: Campaign, *, at_point: bool) -> None:
        """
        Let a process live for a moment, and kill it.
        """
        point = dice.choice(points.ALL) if at_point else None
        child = self.start(point, dice.randint(1, 3))
        life = _LONGEST_LIFE if point else dice.uniform(_SHORTEST_LIFE, _USUAL_LIFE)
        end = time.monotonic() + life
        status = None
        while status is None and time.monotonic() < end:
            self.scene.tick()
            status = self.nursery.has_ended(child)
        if status is None:
            status = self.nursery.kill(child)
            point = None
        if status != KILLED:
            raise RuntimeError(f"The process ended by itself, with {status}:\n{self.read_log()}")
        campaign.kills += 1
        campaign.at_points[point or "anywhere"] += 1

    def come_to_rest(self) -> None:
        """
        Nothing bad happens any more: a last process finishes what is left.
        """
        self.scene.calm()
        child = self.start()
        end = time.monotonic() + _REST_SECONDS
        while time.monotonic() < end and not self._is_at_rest():
            for _ in range(DEEPEST_REORG):
                self.scene.mine()
                time.sleep(0.05)
        self.nursery.kill(child)

    def _is_at_rest(self) -> bool:
        """
        Everything is done and final, but for heartbeats, which never end.
        """
        waiting = (intents.c.status != "ended") & ~intents.c.key.startswith("heartbeat:")
        paid = (intents.c.outcome == "succeeded") & intents.c.key.startswith("pay:")
        with Database.open(f"sqlite:///{self.database}", read_only=True) as store:
            unsettled = store.read(lambda c: c.execute(intents.select().where(waiting)).first())
            done = len(store.read(lambda c: c.execute(intents.select().where(paid)).all()))
        return unsettled is None and done >= self.jobs and not count_waiting(self.scene)

    def read_log(self) -> str:
        """
        What the processes have printed.
        """
        path = self.folder / "log"
        return path.read_text()[-5_000:] if path.exists() else ""


def count_waiting(scene: Scene) -> int:
    """
    How many payments still wait.
    """
    state = fold(fetch_history(scene.chain, scene.world.organization.address))
    return sum(len(wallet.queue) for wallet in state.registry.values())


def run(
    kills: int,
    seed: int,
    per_chain: int,
    show: bool = True,
    on_round: Callable[[Campaign], None] = lambda campaign: None,
) -> Campaign:
    """
    The whole campaign. `on_round` gets it whenever a chain has been judged.
    """
    campaign = Campaign()
    dice = random.Random(seed)
    with Nursery() as nursery:
        while campaign.kills < kills:
            count = min(per_chain, kills - campaign.kills)
            _run_round(nursery, dice, campaign, count, show)
            on_round(campaign)
    return campaign


def _run_round(
    nursery: Nursery, dice: random.Random, campaign: Campaign, kills: int, show: bool
) -> None:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bursar-chaos-") as folder,
        Anvil(timestamp=START, history=None) as anvil,
    ):
        scene = Scene(anvil, random.Random(dice.random()))
        one = Round(nursery, scene, Path(folder), kills * _JOBS_A_KILL)
        for _ in range(kills):
            # A point that was not come to is a kill at a random instant: catch up.
            one.kill_one(dice, campaign, at_point=campaign.is_short_of_points)
            if show:
                _show(campaign, began)
        one.come_to_rest()
        verdict = judge(scene, one.database, one.jobs)
        if verdict.lost or verdict.doubled:
            print(one.read_log(), file=sys.stderr)
        campaign.add(scene.happened, verdict)


def _show(campaign: Campaign, began: float) -> None:
    end = "\r" if sys.stdout.isatty() else "\n"
    if end == "\r" or campaign.kills % 50 == 0:
        lost, doubled = len(campaign.lost), len(campaign.doubled)
        seconds = time.monotonic() - began
        print(
            f"{campaign.kills} kills, lost {lost}, doubled {doubled} "
            f"({seconds:.0f} s on this chain)   ",
            end=end,
            flush=True,
        )
