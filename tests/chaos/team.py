"""
A campaign by several processes side by side, each with chains, stores and kills of its own.

    Plan → one part for each process → parts as JSON → Campaign
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from tests.chaos.campaign import Plan, run
from tests.chaos.nursery import ROOT
from tests.chaos.record import Campaign


def run_team(plan: Plan, workers: int, on_round: Callable[[Campaign], None]) -> Campaign:
    """
    The plan by that many processes. Raises RuntimeError where one of them fails.
    """
    if workers == 1:
        return run(plan, on_round)
    with tempfile.TemporaryDirectory(prefix="bursar-chaos-team-") as folder:
        parts = [Path(folder) / f"{number}.json" for number in range(workers)]
        members = [
            _start(part, path) for part, path in zip(_share(plan, workers), parts, strict=True)
        ]
        with _ending(members):
            failed = [member.wait() for member in members]
        if any(failed):
            raise RuntimeError(f"Of {workers} processes, these failed: {failed}")
        campaign = Campaign()
        for path in parts:
            campaign.merge(_restore(json.loads(path.read_text())))
    on_round(campaign)
    return campaign


def work(plan_text: str, out: Path) -> None:
    """
    One member's part, in its own process.
    """
    campaign = run(Plan(**json.loads(plan_text)))
    parts = {field.name: getattr(campaign, field.name) for field in fields(campaign)}
    out.write_text(json.dumps(parts))


def _share(plan: Plan, workers: int) -> Iterator[Plan]:
    """
    As many kills for each; chance of their own; each begins with another store.
    """
    for number in range(workers):
        first = number % len(plan.kinds)
        yield replace(
            plan,
            kills=plan.kills // workers + (number < plan.kills % workers),
            seed=plan.seed * 1_000 + number,
            kinds=[*plan.kinds[first:], *plan.kinds[:first]],
        )


def _start(plan: Plan, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.chaos", "--part", json.dumps(asdict(plan))]
    return subprocess.Popen([*command, "--out", str(out)], cwd=ROOT)


@contextmanager
def _ending(members: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """
    Nobody works on when one has failed or somebody has stopped it.
    """
    try:
        yield
    finally:
        for member in members:
            if member.poll() is None:
                member.terminate()
                member.wait()


def _restore(part: dict[str, Any]) -> Campaign:
    """
    What was written, with counters again, and depths that are numbers.
    """
    counted = {
        name: Counter({int(key) if name == "depths" else key: n for key, n in value.items()})
        for name, value in part.items()
        if isinstance(value, dict)
    }
    return Campaign(**{**part, **counted})
