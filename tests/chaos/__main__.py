"""
`python -m tests.chaos [--kills 1000] [--seed 1]`: writes build/chaos.json. Exit status 1: something
was lost or done twice.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.chaos.campaign import Campaign, run


def main() -> int:
    """
    The whole campaign, with its figures.
    """
    parser = argparse.ArgumentParser(description="Kill a keeper again and again.")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-chain", type=int, default=100, help="kills before a chain is judged")
    parser.add_argument("--out", type=Path, default=Path("build/chaos.json"))
    options = parser.parse_args()

    began = time.monotonic()
    options.out.parent.mkdir(parents=True, exist_ok=True)

    def write(campaign: Campaign) -> None:
        report = campaign.as_json(time.monotonic() - began)
        options.out.write_text(json.dumps(report, indent=2) + "\n")

    campaign = run(options.kills, options.seed, options.per_chain, on_round=write)
    report = campaign.as_json(time.monotonic() - began)
    print(json.dumps(report, indent=2))
    return 1 if report["lost"] or report["doubled"] else 0


if __name__ == "__main__":
    sys.exit(main())
