"""
A keeper on a machine whose clock is wrong, in a process of its own: a line of JSON a cycle.

    python -m tests.integration.skewed_process <seconds> <JSON: url, store, organization, safe, key>
"""

from __future__ import annotations

import json
import sys
import time

if __name__ == "__main__":
    # Before anything of ours is loaded: whatever looks at the clock sees the wrong one.
    _RIGHT, _SECONDS = time.time, float(sys.argv[1])
    time.time = lambda: _RIGHT() + _SECONDS

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bursar.chain.client import Client
from bursar.chain.local import derive_account
from bursar.keeper import CycleReport, KeeperSettings, run, stopping_on_signals
from bursar.keeper.building import BookPlaces, keeping
from bursar.types import checksummed
from tests.integration.keeping import PATIENCE
from tests.integration.live import LiveWorld

# Blocks that are deeper are final; leases last so long.
DEPTH = 4
LEASE_SECONDS = 3.0
MAX_HEAD_AGE = 60
_LONGEST_WAIT = 60.0


class Skewed:
    """
    Such a process, `skew` seconds ahead of the chain's time as it is now, within a `with` block.
    """

    def __init__(self, world: LiveWorld, store: str, key: str, skew: int, log: Path) -> None:
        self.log = log
        config = {
            "url": world.chain.rpc.url,
            "store": store,
            "organization": world.organization.address,
            "safe": world.safe.address,
            "key": key,
        }
        seconds = world.chain.fetch_now() - time.time() + skew
        self._command = [
            *(sys.executable, "-m", "tests.integration.skewed_process"),
            *(str(seconds), json.dumps(config)),
        ]

    def __enter__(self) -> Self:
        with self.log.open("a") as out:
            self._process = subprocess.Popen(
                self._command, cwd=Path(__file__).parents[2], stdout=out, stderr=subprocess.STDOUT
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """
        `kill -9`, if it still runs.
        """
        self._process.kill()
        self._process.wait()

    def cycles(self) -> list[dict[str, Any]]:
        """
        What it has said so far.
        """
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"clock"')]

    def wait_for(self, fits: Callable[[dict[str, Any]], bool]) -> None:
        """
        Until a cycle fits.
        """
        give_up = time.monotonic() + _LONGEST_WAIT
        while not any(map(fits, self.cycles())):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < give_up, self.log.read_text()
            time.sleep(0.05)


def show(report: CycleReport) -> None:
    """
    What is needed to judge a cycle.
    """
    print(json.dumps(report.as_json()), flush=True)


def main(url: str, store: str, organization: str, safe: str, key: str) -> None:
    """
    Keep until a signal comes.
    """
    client = Client(url)
    kept = keeping(
        store,
        client,
        derive_account(key),
        checksummed(organization),
        chain_id=client.chain_id,
        depth=DEPTH,
        patience=PATIENCE,
        books=BookPlaces(safe=checksummed(safe)),
        lease_seconds=LEASE_SECONDS,
        settings=KeeperSettings(max_head_age=MAX_HEAD_AGE),
    )
    with kept as keeper, stopping_on_signals() as stop:
        run(keeper, stop=stop, poll=0.05, on_report=show)


if __name__ == "__main__":
    main(**json.loads(sys.argv[2]))
