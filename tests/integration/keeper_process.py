"""
A keeper in a process of its own: URL, organisation, name of the key, file of notices.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bursar.chain.client import Client
from bursar.chain.local import LocalChain
from bursar.keeper import CycleReport, FileNotices, run, stopping_on_signals
from bursar.keeper.building import keeping
from bursar.types import checksummed
from tests.integration.keeping import PATIENCE


def show(report: CycleReport) -> None:
    """
    One line a cycle.
    """
    print(json.dumps(report.as_json()), flush=True)


def main(url: str, organization: str, name: str, notices: str) -> None:
    """
    Keep until a signal comes.
    """
    client = Client(url)
    keeper = keeping(
        f"sqlite:///{notices}.db",
        client,
        LocalChain(url).new_account(name),
        checksummed(organization),
        chain_id=client.chain_id,
        patience=PATIENCE,
        notices=FileNotices(Path(notices)),
        clock=client.fetch_now,
    )
    with keeper as service, stopping_on_signals() as stop:
        run(service, stop=stop, poll=0.05, on_report=show)


if __name__ == "__main__":
    main(*sys.argv[1:])
