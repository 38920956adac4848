"""
The peers of the follower: web3.py as most programs use it, and a Silverback bot that only stores.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from web3 import HTTPProvider, Web3

from bursar.chain.contracts import organization_type, wallet_type

_TABLE: Final = (
    "CREATE TABLE events (block INTEGER, log INTEGER, name TEXT, payload TEXT,"
    " PRIMARY KEY (block, log))"
)

# Stores what it sees, and nothing else; the ABI and the file come in its environment.
_BOT: Final = """
import json, os, sqlite3
from ape import Contract
from silverback import SilverbackBot

bot = SilverbackBot()
wallet = Contract(os.environ["BENCH_WALLET"], abi=json.loads(os.environ["BENCH_ABI"]))
store = sqlite3.connect(os.environ["BENCH_STORE"], isolation_level=None, check_same_thread=False)
store.execute("PRAGMA journal_mode = WAL")


@bot.on_startup()
def begin(_):
    open(os.environ["BENCH_STORE"] + ".ready", "w").close()


@bot.on_(wallet.Paid)
def paid(log):
    payload = json.dumps({name: str(value) for name, value in log.event_arguments.items()})
    store.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?)",
        (log.block_number, log.log_index, log.event_name, payload),
    )
"""


def measure_web3(url: str, wallet: str, first: int, last: int, path: Path) -> tuple[int, float]:
    """
    How many logs, in how many seconds: get_logs and process_log per block, and an insert each, in
    one transaction a block.
    """
    web3 = Web3(HTTPProvider(url, request_kwargs={"timeout": 120}))
    abi: Any = [*organization_type().events, *wallet_type().events]
    contract = web3.eth.contract(address=Web3.to_checksum_address(wallet), abi=abi)
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA synchronous = FULL")
        store.execute(_TABLE)
        begin, count = time.perf_counter(), 0
        for block in range(first, last + 1):
            logs = web3.eth.get_logs(
                {"address": contract.address, "fromBlock": block, "toBlock": block}
            )
            store.execute("BEGIN IMMEDIATE")
            for log in logs:
                event = contract.events.Paid().process_log(log)
                payload = json.dumps({name: str(value) for name, value in event["args"].items()})
                store.execute(
                    "INSERT INTO events VALUES (?, ?, ?, ?)",
                    (event["blockNumber"], event["logIndex"], event["event"], payload),
                )
                count += 1
            store.execute("COMMIT")
        return count, time.perf_counter() - begin


class Bot:
    """
    A Silverback bot that runs, and what it has stored so far.
    """

    def __init__(self, process: subprocess.Popen[bytes], store: Path) -> None:
        self.process = process
        self.store = store

    def count(self) -> int:
        """
        How many events are in its store.
        """
        with closing(sqlite3.connect(self.store, timeout=10)) as store:
            return int(store.execute("SELECT COUNT(*) FROM events").fetchone()[0])


@contextmanager
def silverback(programs: Path, url: str, wallet: str) -> Iterator[Bot]:
    """
    A bot from the environment in `programs` (a virtual environment's bin), once it listens.
    """
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as name:
        folder = Path(name)
        (folder / "bot.py").write_text(_BOT)
        (folder / "ape-config.yaml").write_text(f"foundry:\n  host: {url}\n")
        store = folder / "seen.db"
        with closing(sqlite3.connect(store)) as made:
            made.execute(_TABLE)
        paid = [event for event in wallet_type().events if event["name"] == "Paid"]
        environment = os.environ | {
            "HOME": name,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "BENCH_WALLET": wallet,
            "BENCH_ABI": json.dumps(paid),
            "BENCH_STORE": str(store),
        }
        command = [str(programs / "silverback"), "run", "bot:bot"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--network", "ethereum:local:foundry"],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_until_ready(process, store, folder / "log")
            yield Bot(process, store)
        finally:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], store: Path, log: Path) -> None:
    deadline = time.monotonic() + 120
    while not Path(f"{store}.ready").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            told = log.read_text(errors="replace")[-2_000:]
            raise RuntimeError(f"Silverback did not start:\n{told}")
        time.sleep(0.2)
    time.sleep(2)  # it subscribes after it has said that it starts
