"""
Kill a keeper and a paying agent again and again, and see on the chain that nothing is lost and
nothing is done twice.

    start → ticks → kill → start → … → rest → judge → Campaign

Half of the kills come at a random instant, half at a named point around the journal, the broadcast
and the commits. All the while payments are queued, cancelled and queued again, agents and the
wallet are stopped and released, blocks are taken back and transactions forgotten. Now and then a
chain comes to rest and is judged from its first block on.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

from bursar.chain.anvil import Anvil
from tests.chaos.judge import judge
from tests.chaos.nursery import Nursery
from tests.chaos.record import POINTS, Campaign
from tests.chaos.round import Round
from tests.chaos.scene import START, Scene
from tests.chaos.stores import KINDS, Stores

_JOBS_A_KILL: Final = 2
_KILLS_BETWEEN_LINES: Final = 50
# More blocks than a round has. Without a limit anvil moves states to the disk, and a reorganisation
# down to one of those leaves a chain without contracts.
_STATES: Final = 10_000


@dataclass(frozen=True)
class Plan:
    """
    How many kills, how many before a chain is judged, the seed of chance, the stores in turn, and
    what is broken on purpose. `points` are those at which it is killed.
    """

    kills: int
    seed: int = 1
    per_chain: int = 50
    kinds: Sequence[str] = KINDS
    sabotage: str | None = None
    points: Sequence[str] = POINTS
    show: bool = True


def run(plan: Plan, on_round: Callable[[Campaign], None] = lambda campaign: None) -> Campaign:
    """
    The whole campaign. `on_round` gets it whenever a chain has been judged.
    """
    campaign = Campaign()
    dice = random.Random(plan.seed)
    kinds = cycle(plan.kinds)
    with Nursery() as nursery, closing(Stores()) as stores:
        while campaign.kills < plan.kills:
            kills = min(plan.per_chain, plan.kills - campaign.kills)
            _run_round(nursery, stores, dice, campaign, plan, next(kinds), kills)
            on_round(campaign)
    return campaign


def _run_round(
    nursery: Nursery,
    stores: Stores,
    dice: random.Random,
    campaign: Campaign,
    plan: Plan,
    kind: str,
    kills: int,
) -> None:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bursar-chaos-") as folder,
        stores.open(kind, Path(folder)) as store,
        Anvil(timestamp=START, history=_STATES) as anvil,
        closing(Scene(anvil, random.Random(dice.random()))) as scene,
    ):
        log = Path(folder) / "log"
        one = Round(nursery, scene, store, log, kills * _JOBS_A_KILL, plan.sabotage)
        for _ in range(kills):
            # A point that was not come to is a kill at a random instant: catch up.
            at_point = campaign.is_short_of_points
            one.kill_one(dice, campaign, campaign.choose_point(plan.points) if at_point else None)
            if plan.show:
                _show(campaign, kind, time.monotonic() - began)
        one.come_to_rest()
        verdict = judge(scene, store.url, one.jobs)
        if plan.show and (verdict.lost or verdict.doubled):
            print(one.read_log(), file=sys.stderr)
        campaign.add(kind, kills, scene.happened, verdict)


def _show(campaign: Campaign, kind: str, seconds: float) -> None:
    end = "\r" if sys.stdout.isatty() else "\n"
    if end == "\r" or campaign.kills % _KILLS_BETWEEN_LINES == 0:
        print(
            f"{campaign.kills} kills, lost {len(campaign.lost)}, doubled {len(campaign.doubled)} "
            f"({seconds:.0f} s on this chain, {kind})   ",
            end=end,
            flush=True,
        )
