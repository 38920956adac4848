"""
Keepers with keys of their own on one Postgres: a chain with several wallets, and keepers to run
cycle by cycle here or in processes of their own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from sqlalchemy import select

from bursar.chain.client import Client
from bursar.chain.contracts import Contract
from bursar.chain.local import derive_account
from bursar.chain.sending import points
from bursar.devnet import USDC, address_of
from bursar.events import PaymentCancelled, PaymentExecuted, PaymentQueued
from bursar.keeper import CycleReport, Keeper, KeeperSettings, run, stopping_on_signals
from bursar.keeper.building import BookPlaces, keeping
from bursar.keeper.decisions import Due
from bursar.payments import QueuedPayment
from bursar.store.database import Database
from bursar.store.sending_tables import intents, transactions
from bursar.types import Address, checksummed
from tests.integration.keeping import PATIENCE, add_keeper
from tests.integration.live import LiveWorld, budget, ref

# Blocks that are deeper are final.
DEPTH = 4
# Long enough for a cycle on a slow machine, short enough to wait for.
LEASE = 5.0
NAMES = ("keeper", "second keeper")


class Town:
    """
    An organisation with two keepers, and six wallets from which every payment waits.
    """

    def __init__(self, world: LiveWorld, url: str, folder: Path) -> None:
        self.world, self.url, self.folder = world, url, folder
        self.keys = [world.keeper, add_keeper(world, NAMES[1])]
        self.wallets = [world.create_wallet(f"shared {number}") for number in range(4)]
        for wallet in self.wallets:
            world.open_wallet(wallet, {world.agent: budget(queue_from=0)})
        self._refs = 1_000

    def queue(self, *wallets: Contract) -> list[PaymentQueued]:
        """
        A payment of 10 USDC from each of these wallets.
        """
        found = []
        for wallet in wallets:
            self._refs += 1
            receipt = self.world.pay(10 * USDC, wallet=wallet, ref=ref(self._refs))
            found.append(self.world.logged(receipt, PaymentQueued))
        return found

    def keeping(
        self,
        key: LocalAccount,
        *,
        client: Client | None = None,
        lease_seconds: float = LEASE,
        **options: Any,
    ) -> AbstractContextManager[Keeper]:
        """
        A keeper with that key, to be run cycle by cycle.
        """
        return build_keeper(
            client or self.world.chain,
            key,
            self.world.organization.address,
            self.url,
            lease_seconds=lease_seconds,
            safe=self.world.safe.address,
            **options,
        )

    @contextmanager
    def running(self, name: str, **config: Any) -> Iterator[Process]:
        """
        A keeper in a process of its own.
        """
        process = Process(
            {
                "url": self.world.chain.rpc.url,
                "name": name,
                "organization": self.world.organization.address,
                "safe": self.world.safe.address,
                "store": self.url,
                **config,
            },
            self.folder / f"{name}.log",
        )
        try:
            yield process
        finally:
            process.end()

    def executions(self) -> list[PaymentExecuted]:
        """
        Every queued payment that has left.
        """
        return [e for e in self.world.fetch_history() if isinstance(e, PaymentExecuted)]

    def wait_for_executions(self, count: int) -> None:
        """
        Until that many payments have left.
        """
        deadline = time.monotonic() + 60
        while len(self.executions()) < count:
            assert time.monotonic() < deadline, "not all were executed"
            time.sleep(0.1)

    def empty(self, event: PaymentQueued) -> None:
        """
        Take away the money that a payment was queued for.
        """
        (wallet,) = [one for one in self.wallets if one.address == event.emitter]
        wallet.send(self.world.guardian, "sweep", self.world.usdc.address, "all of it")

    def fill(self) -> None:
        """
        Give the wallets money that have none.
        """
        for wallet in self.wallets:
            if self.world.usdc_of(wallet.address) == 0:
                self._refs += 1
                refill = self.world.build_refill(wallet, 1_000 * USDC, ref(self._refs))
                self.world.by_treasury(*refill)

    def wait_until_done(self, count: int) -> None:
        """
        Until that many queued payments have left or were cancelled.
        """
        deadline = time.monotonic() + 120
        while True:
            done = [
                event
                for event in self.world.fetch_history()
                if isinstance(event, PaymentExecuted | PaymentCancelled)
            ]
            if len(done) >= count:
                return
            assert time.monotonic() < deadline, f"{len(done)} of {count}"
            time.sleep(0.2)

    def executed_by(self, database: Database) -> dict[Address, set[Address]]:
        """
        Of which wallets each key has signed executes, as the journal has it.
        """
        found: dict[Address, set[Address]] = {address_of(key): set() for key in self.keys}
        for row in database.read(lambda c: c.execute(_SIGNED).all()):
            found[row.sender].add(row.to)
        return found

    def sent(self, key: LocalAccount) -> int:
        """
        How many transactions of that key were mined.
        """
        who = address_of(key)
        return self.world.chain.rpc.request_number("eth_getTransactionCount", who, "latest")

    def due(self, event: PaymentQueued) -> Due:
        """
        As the keeper names it.
        """
        fields = {name: getattr(event, name) for name in QueuedPayment.__dataclass_fields__}
        return Due(event.emitter, event.id, QueuedPayment(**fields))


_SIGNED = (
    select(intents.c.sender, intents.c.to)
    .join(transactions, transactions.c.intent_id == intents.c.id)
    .where(intents.c.key.startswith("execute:"), ~transactions.c.burns)
    .distinct()
)


def build_keeper(
    client: Client,
    key: LocalAccount,
    organization: Address,
    url: str,
    *,
    safe: Address,
    **options: Any,
) -> AbstractContextManager[Keeper]:
    """
    A keeper as a process that starts now has it, with books and the chain's own time.
    """
    return keeping(
        url,
        client,
        key,
        organization,
        chain_id=client.chain_id,
        depth=DEPTH,
        patience=replace(PATIENCE, timeout=1.0, replace_after=0.5, final_after=DEPTH),
        books=BookPlaces(safe=safe),
        settings=KeeperSettings(max_head_age=None),
        **options,
    )


class Process:
    """
    A keeper that runs until it is killed. `log` has a line for each cycle.
    """

    def __init__(self, config: dict[str, Any], log: Path) -> None:
        self.log = log
        with log.open("a") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.sharing", json.dumps(config)],
                cwd=Path(__file__).parents[2],
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def reports(self) -> list[dict[str, Any]]:
        """
        What it has said so far.
        """
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"clock"')]

    def wait_for(self, fits: Callable[[dict[str, Any]], bool]) -> None:
        """
        Until a report fits.
        """
        deadline = time.monotonic() + 60
        while not any(map(fits, self.reports)):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def wait_until_frozen(self) -> None:
        """
        Until it has stopped itself.
        """
        stat = Path(f"/proc/{self._process.pid}/stat")
        deadline = time.monotonic() + 60
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """
        Send it that signal.
        """
        self._process.send_signal(number)

    def end(self) -> None:
        """
        `kill -9`, if it still runs.
        """
        self._process.kill()
        self._process.wait()


def show(report: CycleReport) -> None:
    """
    One line a cycle.
    """
    print(json.dumps(report.as_json()), flush=True)


def main(config: dict[str, Any]) -> None:
    """
    Keep until a signal comes; freeze at a point, if one is named.
    """
    client = Client(config["url"])
    keeper = build_keeper(
        client,
        derive_account(config["name"]),
        checksummed(config["organization"]),
        config["store"],
        safe=checksummed(config["safe"]),
        lease_seconds=LEASE,
    )
    with keeper as service, stopping_on_signals() as stop:
        if "freeze_at" in config:
            points.watch(_freezing(config["freeze_at"], Path(config["armed_by"])))
        run(service, stop=stop, poll=0.1, on_report=show)


def _freezing(point: str, armed_by: Path) -> Callable[[str], None]:
    """
    Stops the process the first time that it comes to `point` while there is a file `armed_by`.
    """
    frozen = False

    def hook(reached: str) -> None:
        nonlocal frozen
        if reached == point and not frozen and armed_by.exists():
            frozen = True
            os.kill(os.getpid(), signal.SIGSTOP)

    return hook


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
