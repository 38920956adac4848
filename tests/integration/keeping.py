"""
What the keeper's tests on a real node have in common: keepers on the chain's own time.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.budgets import Budget
from bursar.chain.client import Client
from bursar.chain.sending import Journal, Patience, Sender
from bursar.devnet import USDC, address_of
from bursar.events import Event, PaymentExecuted, PaymentQueued
from bursar.keeper import ClientNode, CycleReport, Keeper, Outcome
from bursar.keeper.watching import FollowAlone, StoreWatcher
from bursar.store.database import Database
from bursar.store.sending_journal import SqlJournal
from tests.integration.followed import build_following
from tests.integration.live import GENERAL, LiveWorld, ref

# What watchers of this test have open.
_open = ExitStack()

PATIENCE = Patience(timeout=10.0, replace_after=5.0, lag=1.0, poll=0.02)


def new_sender(
    world: LiveWorld,
    key: LocalAccount | None = None,
    client: Client | None = None,
    *,
    journal: Journal | None = None,
    patience: Patience = PATIENCE,
) -> Sender:
    """
    Of the keeper's key, unless said otherwise.
    """
    return Sender(
        client or world.chain,
        key or world.keeper,
        chain_id=world.chain.chain_id,
        patience=patience,
        journal=journal,
    )


def new_journal(
    world: LiveWorld, database: Database, key: LocalAccount | None = None
) -> SqlJournal:
    """
    As a process that starts now has it.
    """
    return SqlJournal(database, world.chain.chain_id, address_of(key or world.keeper))


def new_keeper(
    world: LiveWorld,
    key: LocalAccount | None = None,
    *,
    client: Client | None = None,
    sender: Sender | None = None,
    timeout: float = 10.0,
    **options: Any,
) -> Keeper:
    """
    A keeper that starts now with an empty store, and has the chain's time for a clock.
    """
    client = client or world.chain
    sender = sender or new_sender(world, key, client)
    return Keeper(
        ClientNode(client),
        sender,
        world.organization.address,
        watcher=_open.enter_context(_watching(world, client, sender, timeout)),
        **{"clock": world.chain.fetch_now, **options},
    )


def close_watchers() -> None:
    """
    At the end of a test.
    """
    _open.close()


@contextmanager
def _watching(
    world: LiveWorld, client: Client, sender: Sender, timeout: float
) -> Iterator[StoreWatcher]:
    """
    What the keeper sees, in a store of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(_migrated_file(), folder)
        with Database.open(f"sqlite:///{path}") as database:
            following = build_following(world, database, client.rpc.url, timeout=timeout)
            with closing(FollowAlone(following)) as follow:
                yield StoreWatcher(
                    database,
                    follow,
                    chain_id=world.chain.chain_id,
                    organization=world.organization.address,
                    by=sender.address,
                )


@cache
def _migrated_file() -> Path:
    """
    A store that was migrated and never used, to copy: quicker than to migrate for each keeper.
    """
    path = Path(tempfile.mkdtemp()) / "bursar.db"
    Database.open(f"sqlite:///{path}").close()
    return path


def queue(
    world: LiveWorld, number: int = 1, amount: int = 90 * USDC, **changed: Any
) -> PaymentQueued:
    """
    Let the other agent queue a payment with a reference of its own.
    """
    receipt = world.pay(amount, key=world.other_agent, ref=ref(number), **changed)
    event: PaymentQueued = world.logged(receipt, PaymentQueued)
    return event


def executions(world: LiveWorld) -> list[PaymentExecuted]:
    """
    Every queued payment that has left.
    """
    return events(world, PaymentExecuted)


def events(world: LiveWorld, kind: type[Event]) -> list[Any]:
    """
    Every event of that kind.
    """
    return [event for event in world.fetch_history() if isinstance(event, kind)]


def add_keeper(world: LiveWorld, name: str) -> LocalAccount:
    """
    Another key that the treasury has set as a keeper.
    """
    key = world.chain.new_account(name)
    world.by_treasury(world.organization.build_call("set_keeper", address_of(key), True))
    return key


def outcomes(report: CycleReport) -> list[tuple[Outcome, str]]:
    """
    What became of each payment, and why. A cycle that met a problem is no proof of anything.
    """
    assert report.problems == []
    return [(payment.outcome, payment.why) for payment in report.payments]


def mine_rhythm(world: LiveWorld, until: int, every: int = 2) -> None:
    """
    Let the chain come to time `until` by blocks that are `every` seconds apart.
    """
    # Each with its time: between two requests anvil's own clock goes on.
    for blocks_left in range(9, -1, -1):
        world.chain.warp(to=until - blocks_left * every)
    assert world.chain.fetch_now() == until


def wait_for_pending(world: LiveWorld, count: int) -> None:
    """
    Until that many transactions wait to be mined.
    """
    deadline = time.monotonic() + 10
    while int(world.chain.rpc.request("txpool_status")["pending"], 16) < count:
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.01)


def lower(world: LiveWorld, **figures: Any) -> None:
    """
    Let a guardian tighten the other agent's budget.
    """
    before: Budget = world.wallet.view(
        "budget", address_of(world.other_agent), world.usdc.address, GENERAL
    )
    after = before.model_copy(update=figures)
    world.wallet.send(
        world.guardian,
        "set_budget",
        *(address_of(world.other_agent), world.usdc.address, GENERAL, after),
    )
