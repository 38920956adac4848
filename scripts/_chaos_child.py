"""
What runs in a process that is going to be killed.
"""

from __future__ import annotations

import os
import signal
import time

from bursar.chain.client import Client
from bursar.chain.local import derive_account
from bursar.chain.reader import Call
from bursar.chain.sending import Patience, Sender, points
from bursar.store.database import Database
from bursar.store.sending_journal import SqlJournal
from bursar.store.sending_leases import LEASE_SECONDS, Lease, LeaseHeldError
from bursar.types import checksummed

# Seconds: a test's chain is fast. Blocks that are three deep are never taken back.
PATIENCE = Patience(timeout=8.0, replace_after=0.5, lag=0.1, poll=0.02, final_after=3)


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


def build_sender(url: str, database: Database, name: str, **options: float) -> Sender:
    """
    Of the local chain's account `name`, with a journal in `database`.
    """
    client = Client(url, timeout=5.0)
    account = derive_account(name)
    address = checksummed(account.address)
    chain_id = client.fetch_chain_id()
    lease = Lease(database, f"key:{chain_id}:{address}", **options)
    journal = SqlJournal(database, chain_id, address, lease=lease)
    return Sender(client, account, chain_id=chain_id, patience=PATIENCE, journal=journal)


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
