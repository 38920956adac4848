"""
`python -m tests.chaos [--kills 1000] [--seed 1] [--store both] [--workers 2]`: writes
build/chaos.json. Exit status 1: something was lost or done twice, or a point or a misfortune that
has to occur never did.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from tests.chaos.campaign import Plan
from tests.chaos.record import ENOUGH_KILLS, POINTS, Campaign
from tests.chaos.sabotage import REVEALING, SABOTAGES
from tests.chaos.stores import KINDS
from tests.chaos.team import run_team, work


def main() -> int:
    """
    The whole campaign, with its figures.
    """
    options = _parse()
    # Told to end, it leaves no server, no chain and no process behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.part is not None:
        work(options.part, options.out)
        return 0
    began = time.monotonic()

    def write(campaign: Campaign) -> None:
        report = campaign.as_json(time.monotonic() - began)
        options.out.write_text(json.dumps(report, indent=2) + "\n")

    plan = Plan(
        kills=options.kills,
        seed=options.seed,
        per_chain=options.per_chain,
        kinds=KINDS if options.store == "both" else (options.store,),
        sabotage=options.sabotage,
        points=REVEALING.get(options.sabotage, POINTS),
    )
    campaign = run_team(plan, options.workers, write)
    return _conclude(campaign, time.monotonic() - began)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Kill a keeper again and again.")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-chain", type=int, default=50, help="kills before a chain is judged")
    parser.add_argument("--store", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side")
    parser.add_argument("--sabotage", choices=sorted(SABOTAGES), help="break it, to see it found")
    parser.add_argument("--out", type=Path, default=Path("build/chaos.json"))
    parser.add_argument("--part", help=argparse.SUPPRESS)
    return parser.parse_args()


def _conclude(campaign: Campaign, seconds: float) -> int:
    for line in campaign.describe():
        print(line)
    print(
        f"{campaign.kills:,} kills in {seconds:.0f} s "
        f"({seconds / max(campaign.kills, 1):.2f} s each): lost {len(campaign.lost)}, "
        f"doubled {len(campaign.doubled)}, {campaign.reorgs:,} reorganisations"
    )
    for wrong in (campaign.lost + campaign.doubled)[:20]:
        print(f"  {wrong}")
    missing = campaign.find_missing() if campaign.kills >= ENOUGH_KILLS else []
    for one in missing:
        print(f"  it proves nothing about this: {one}")
    return 1 if campaign.lost or campaign.doubled or missing else 0


if __name__ == "__main__":
    sys.exit(main())
