"""
What runs in a process that is going to be killed.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from bursar.chain.client import Client
from bursar.chain.contracts import Contract, wallet_at
from bursar.chain.follower import Endpoint, Endpoints
from bursar.chain.local import derive_account
from bursar.chain.reader import Call
from bursar.chain.sending import Outcome, Patience, Sender, points
from bursar.errors import BursarError
from bursar.keeper import ClientNode, Keeper, KeeperSettings
from bursar.keeper.building import BookPlaces, build_books
from bursar.keeper.following import Following
from bursar.keeper.outbox import OutboxNotices
from bursar.keeper.watching import FollowAlone, StoreWatcher
from bursar.store.database import Database
from bursar.store.sending_journal import SqlJournal
from bursar.store.sending_leases import LEASE_SECONDS, Lease, LeaseHeldError
from bursar.types import Address, checksummed
from tests.chaos.sabotage import sabotage as spoil
from tests.chaos.scene import DEEPEST_REORG, GENERAL

# Seconds: a test's chain is fast. Blocks that are three deep are never taken back.
PATIENCE = Patience(timeout=8.0, replace_after=0.5, lag=0.1, poll=0.02, final_after=3)
# On a busy machine the node may be slow; a process that ends for that shows nothing.
_ANSWER_SECONDS = 30.0
FINAL_AFTER = DEEPEST_REORG + 2
# A cycle of the keeper does not wait for long, and each process lives for less than a second.
HASTE = Patience(timeout=0.3, replace_after=0.3, lag=0.05, poll=0.02, final_after=FINAL_AFTER)


def crash_at(point: str | None, times: int = 1, by: int = signal.SIGKILL) -> None:
    """
    Send this process a signal when `point` is reached for the `times`-th time.
    """
    left = times

    def hook(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if reached == point and left == 0:
            os.kill(os.getpid(), by)
            if by == signal.SIGKILL:
                signal.pause()  # it may come an instant later

    if point is not None:
        points.watch(hook)


def build_sender(
    url: str, database: Database, name: str, *, patience: Patience = PATIENCE, **options: float
) -> Sender:
    """
    Of the local chain's account `name`, with a journal in `database`.
    """
    client = Client(url, timeout=_ANSWER_SECONDS)
    account = derive_account(name)
    address = checksummed(account.address)
    chain_id = client.fetch_chain_id()
    lease = Lease(database, f"key:{chain_id}:{address}", **options)
    journal = SqlJournal(database, chain_id, address, lease=lease)
    return Sender(client, account, chain_id=chain_id, patience=patience, journal=journal)


def send_gifts(
    url: str,
    database: str,
    name: str,
    gifts: list[tuple[str, str, int]],
    point: str | None = None,
    times: int = 1,
    by: int = signal.SIGKILL,
    lease_seconds: float = LEASE_SECONDS,
) -> None:
    """
    Send each gift (key, recipient, wei) once, whatever was done before. While another process has
    the lease, wait.
    """
    crash_at(point, times, by)
    with Database.open(database) as store:
        sender = build_sender(url, store, name, seconds=lease_seconds)
        while True:
            try:
                sender.advance()
                break
            except LeaseHeldError:
                time.sleep(0.05)
        for key, to, wei in gifts:
            sender.send(Call(checksummed(to), b"", wei), key=key, gas=21_000)


def keep(
    url: str,
    database: str,
    organization: str,
    wallet: str,
    token: str,
    recipient: str,
    safe: str,
    jobs: int,
    point: str | None = None,
    times: int = 1,
    sabotage: str | None = None,
) -> None:
    """
    Be a keeper, and beside it an agent that pays `jobs` payments, each once, until killed.
    """
    crash_at(point, times)
    spoil(sabotage)
    with Database.open(database) as store:
        node = Client(url, timeout=_ANSWER_SECONDS)
        address = checksummed(organization)
        following = Following(
            store,
            Endpoints([Endpoint(url)]),
            address,
            chain_id=node.chain_id,
            depth=HASTE.final_after,
        )
        keeper = Keeper(
            ClientNode(node),
            build_sender(url, store, "keeper", patience=HASTE),
            address,
            watcher=StoreWatcher(
                store,
                FollowAlone(following),
                chain_id=node.chain_id,
                organization=address,
                by=checksummed(derive_account("keeper").address),
            ),
            notices=OutboxNotices(store),
            books=build_books(
                store, node, address, node.chain_id, BookPlaces(safe=checksummed(safe))
            ),
            clock=node.fetch_now,
            settings=KeeperSettings(max_head_age=None),
        )
        payer = build_sender(url, store, "payer", patience=HASTE)
        contract = wallet_at(node, checksummed(wallet))
        terms = checksummed(token), checksummed(recipient)
        thread = threading.Thread(target=pay_all, args=(payer, contract, terms, jobs), daemon=True)
        thread.start()
        while True:
            report = keeper.run_once()
            for problem in report.problems:
                print(problem.kind, problem.text, flush=True)
            time.sleep(0.01)


def pay_all(sender: Sender, wallet: Contract, terms: tuple[Address, Address], jobs: int) -> None:
    """
    One base unit for each job, with its number as the reference. The contract would pay a reference
    twice: only the journal knows what was paid.
    """
    left = list(range(1, jobs + 1))
    while True:
        try:
            sender.advance()
            left = [job for job in left if not _is_paid(sender, job)]
            for job in left[:3]:
                ref = job.to_bytes(32, "big")
                call = wallet.build_call("pay", *terms, 1, GENERAL, ref)
                sender.send(call, key=f"pay:{job}")
        except BursarError as error:
            print("payer", error, flush=True)
        time.sleep(0.01)


def _is_paid(sender: Sender, job: int) -> bool:
    intent = sender.journal.find(f"pay:{job}")
    return intent is not None and intent.outcome is Outcome.SUCCEEDED
