#!/usr/bin/env python3
"""
Measure how fast the chain is followed into the store, beside what programs usually do, and print it
with the targets: `make bench-keeper`.

    .venv/bin/python scripts/bench_keeper.py [--blocks 60] [--silverback DIR] [--out FILE]

--silverback: the `bin` of a virtual environment with `silverback` and `ape-foundry`; without it
that peer is not measured.

All of it on one anvil, in one run: ratios hold on any machine, figures are of this one. Postgres is
the tests' own, which syncs nothing to the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from _bench_chain import BEGIN, PAYMENTS_A_BATCH, BusyChain, busy_chain
from _bench_large import fill_large, multiply_audit, multiply_events
from _bench_peers import measure_web3, silverback
from rich.console import Console
from rich.table import Table

from bursar.chain.carriers import CarrierReader
from bursar.chain.follower import DEPTH, Endpoint, Endpoints, Receipts
from bursar.keeper.bookkeeping import Books
from bursar.keeper.following import Following
from bursar.store.audit_log import AuditLog
from bursar.store.database import Database
from bursar.store.decisions import Decision, Outcome, record_decision
from bursar.types import checksummed

ROOT: Final = Path(__file__).resolve().parent.parent
RESULT: Final = ROOT / "build/bench-keeper.json"
BATCHES_A_BLOCK: Final = 10
# The median: what else a machine does for a second or two is in one of them.
BACKFILLS: Final = 3
LIVE_BLOCKS: Final = 10
LIVE_BATCHES: Final = 20
WEB3_BLOCKS: Final = 5
MILLION: Final = 1_000_000
# Seconds between two rows of the API.
PAUSE: Final = 0.005
DECISION: Final = Decision(
    at=BEGIN,
    chain_id=31_337,
    organization=checksummed(f"0x{1:040x}"),
    wallet=None,
    agent=None,
    role="agent",
    action="pay",
    outcome=Outcome.DENIED,
    reason="payments: over the daily limit",
    message="Asked for 10, 5 left.",
    policy_version="1",
    token=None,
    amount=10,
    ref=None,
    inputs={"remaining": 5},
)

# What to print: key, words, target, and whether more is better.
ROWS: Final = (
    ("sqlite_logs_per_s", "backfill into SQLite, logs/s, median of 3", 30_000.0, True),
    ("sqlite_receipts_logs_per_s", "… with receipts, logs/s", None, True),
    ("postgres_logs_per_s", "backfill into Postgres, logs/s", None, True),
    ("web3_logs_per_s", "web3.py: get_logs, process_log, insert", None, True),
    ("ratio_to_web3", "backfill to web3.py", 15.0, True),
    ("live_logs_per_s", "live, block by block, logs/s", None, True),
    ("silverback_logs_per_s", "a Silverback bot that stores, logs/s", None, True),
    ("live_ratio_to_silverback", "live to Silverback", 20.0, True),
    ("restart_s", "start of a keeper with a million events, s", None, False),
    ("restart_follower_s", "… of that the follower, s", None, False),
    ("api_row_p50_ms", "a row of an API beside a backfill, p50, ms", None, False),
    ("api_row_p99_ms", "… p99, ms", None, False),
    ("memory_mb", "1,000 wallets and 10,000 agents, MB", None, False),
)


def follow(busy: BusyChain, database: Database, **options: Any) -> Following:
    """
    A follower of the busy chain's organisation.
    """
    return Following(
        database,
        Endpoints([Endpoint(busy.chain.rpc.url, timeout=120)]),
        busy.devnet.organization.address,
        chain_id=busy.chain.chain_id,
        **options,
    )


async def run_and_close(following: Following) -> int:
    """
    Take in everything; how many events that was.
    """
    try:
        return (await following.run_once()).events
    finally:
        await following.close()
        await following.endpoints.close()


def measure_backfill(busy: BusyChain, url: str, receipts: Receipts) -> float:
    """
    Logs a second from an empty store to the head, projections included.
    """
    with Database.open(url) as database:
        begin = time.perf_counter()
        events = asyncio.run(run_and_close(follow(busy, database, receipts=receipts)))
        return events / (time.perf_counter() - begin)


def measure_rows_beside(busy: BusyChain, url: str) -> dict[str, float]:
    """
    How long one row that an API records takes while the same SQLite file is filled: p50 and p99.
    """
    seconds: list[float] = []
    filled = threading.Event()
    with Database.open(url) as database:

        def record() -> None:
            while not filled.is_set():
                begin = time.perf_counter()
                database.write(lambda connection: record_decision(connection, DECISION))
                seconds.append(time.perf_counter() - begin)
                time.sleep(PAUSE)

        api = threading.Thread(target=record)
        api.start()
        try:
            asyncio.run(run_and_close(follow(busy, database, receipts=Receipts.NEVER)))
        finally:
            filled.set()
            api.join()
    shares = statistics.quantiles(seconds, n=100)
    return {"api_row_p50_ms": shares[49] * 1_000, "api_row_p99_ms": shares[98] * 1_000}


def measure_live(busy: BusyChain, url: str) -> float:
    """
    Logs a second from a block being mined to its being in the store, block after block, receipts
    included.
    """
    with Database.open(url) as database:
        following = follow(busy, database)

        async def live() -> float:
            await following.run_once()
            seconds = 0.0
            for _ in range(LIVE_BLOCKS):
                busy.send_batches(LIVE_BATCHES)
                busy.mine()
                begin = time.perf_counter()
                events = (await following.run_once()).events
                seconds += time.perf_counter() - begin
                assert events == LIVE_BATCHES * PAYMENTS_A_BATCH, events
            await following.close()
            await following.endpoints.close()
            return LIVE_BLOCKS * LIVE_BATCHES * PAYMENTS_A_BATCH / seconds

        return asyncio.run(live())


def measure_silverback(busy: BusyChain, programs: Path) -> float:
    """
    The same for a bot; one block, for it takes its time.
    """
    with silverback(programs, busy.chain.rpc.url, busy.wallet.address) as bot:
        busy.send_batches(LIVE_BATCHES)
        expected = LIVE_BATCHES * PAYMENTS_A_BATCH
        busy.mine()
        begin = time.perf_counter()
        while (seen := bot.count()) < expected and time.perf_counter() - begin < 120:
            time.sleep(0.02)
        return seen / (time.perf_counter() - begin)


def measure_restart(busy: BusyChain, url: str) -> dict[str, float]:
    """
    A store with a million events behind it, all of them in the audit.
    """
    organization, chain_id = busy.devnet.organization.address, busy.chain.chain_id
    carriers = CarrierReader(busy.chain, busy.devnet.safe.address)
    with Database.open(url) as database:
        events = asyncio.run(run_and_close(follow(busy, database, receipts=Receipts.NEVER)))
        kept = Books(AuditLog(database, chain_id, organization), carriers).keep()
        assert not kept.troubles, kept.troubles
        multiply_events(database, -(-MILLION // events))
        multiply_audit(database, -(-MILLION // events))
    return measure_start(url, organization, chain_id, "--books")


def measure_memory(url: str) -> dict[str, float]:
    """
    A large organisation.
    """
    organization = checksummed(f"0x{0xCC00000000:040x}")
    with Database.open(url) as database:
        fill_large(database, organization, 1)
    return measure_start(url, organization, 1)


def measure_start(url: str, organization: str, chain_id: int, *options: str) -> dict[str, float]:
    """
    In a new process: seconds until it could go on, and its size.
    """
    script = ROOT / "scripts/_bench_large.py"
    command = [sys.executable, str(script), url, organization, str(chain_id), *options]
    found: dict[str, float] = json.loads(subprocess.check_output(command))
    return found


def measure_all(blocks: int, programs: Path | None, say: Console) -> dict[str, float | None]:
    """
    Every figure; None for what could not be measured.
    """
    found: dict[str, float | None] = {row[0]: None for row in ROWS}
    with busy_chain() as busy, tempfile.TemporaryDirectory(prefix="bursar-bench-") as name:
        folder = Path(name)

        def sqlite(file: str) -> str:
            return f"sqlite:///{folder}/{file}.db"

        payments = busy.fill(blocks, BATCHES_A_BLOCK)
        last = busy.chain.fetch_height()
        busy.chain.rpc.request("anvil_mine", hex(DEPTH + 1))
        say.print(f"{payments:,} payments in {blocks} blocks; load {os.getloadavg()[0]:.1f}")
        web3_first = last - min(WEB3_BLOCKS, blocks) + 1
        count, seconds = measure_web3(
            busy.chain.rpc.url, busy.wallet.address, web3_first, last, folder / "web3.db"
        )
        found["web3_logs_per_s"] = count / seconds
        backfill = statistics.median(
            measure_backfill(busy, sqlite(f"plain-{number}"), Receipts.NEVER)
            for number in range(BACKFILLS)
        )
        found["sqlite_logs_per_s"] = backfill
        found["ratio_to_web3"] = backfill * seconds / count
        found["sqlite_receipts_logs_per_s"] = measure_backfill(
            busy, sqlite("receipts"), Receipts.TOUCHED
        )
        with postgres(folder) as url:
            if url is not None:
                found["postgres_logs_per_s"] = measure_backfill(busy, url, Receipts.NEVER)
        live = measure_live(busy, sqlite("receipts"))
        found["live_logs_per_s"] = live
        if programs is not None:
            bot = measure_silverback(busy, programs)
            found["silverback_logs_per_s"] = bot
            found["live_ratio_to_silverback"] = live / bot
        found |= measure_rows_beside(busy, sqlite("beside"))
        restart = measure_restart(busy, sqlite("million"))
        found["restart_s"], found["restart_follower_s"] = restart["seconds"], restart["follower_s"]
        found["memory_mb"] = measure_memory(sqlite("large"))["memory_mb"]
    return found


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """
    An empty database of the tests' own server; None where no Postgres can be run here.
    """
    sys.path.insert(0, str(ROOT))
    harness = importlib.import_module("tests.harness.postgres")
    try:
        with harness.shared_server(folder) as server, harness.new_database(server) as url:
            yield url
    except harness.PostgresMissingError:
        yield None


def table_of(found: dict[str, float | None]) -> Table:
    """
    The figures beside their targets.
    """
    table = Table(title="Following the chain into the store")
    for name in ("what", "measured", "target", ""):
        table.add_column(name, justify="left" if name in ("what", "") else "right")
    for key, words, target, more in ROWS:
        value = found[key]
        shown = (
            "not measured" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        )
        verdict = ""
        if value is not None and target is not None:
            verdict = "met" if (value >= target) == more else "MISSED"
        table.add_row(words, shown, "" if target is None else f"{target:,.0f}", verdict)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--silverback", type=Path)
    parser.add_argument("--out", type=Path, default=RESULT)
    wanted = parser.parse_args()
    console = Console()
    found = measure_all(wanted.blocks, wanted.silverback, console)
    console.print(table_of(found))
    # Others measure the keeper into the same file.
    known = json.loads(wanted.out.read_text()) if wanted.out.exists() else {}
    known["follower"] = {
        key: None if value is None else round(value, 3) for key, value in found.items()
    }
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    console.print(f"Wrote {wanted.out}.")


if __name__ == "__main__":
    main()
