"""
A keeper that is told of new blocks. Its poll is longer than any test takes: whatever happens
happens because of the subscription.
"""

from __future__ import annotations

import json
import logging
import os
import queue as queues
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bursar.chain.anvil import find_anvil
from bursar.chain.client import Client
from bursar.chain.rpc import Rpc
from bursar.devnet import load_devnet_treasury, open_devnet, write_files
from bursar.keeper import CycleReport, Outcome, run
from bursar.keeper.building import keeping
from bursar.keeper.listening import find_websocket, listening
from tests.integration.keeping import (
    PATIENCE,
    executions,
    mine_rhythm,
    outcomes,
    queue,
    wait_for_pending,
)
from tests.integration.live import LiveWorld

NEVER = 600.0
# The command as it is, but for its poll.
PATIENT_COMMAND = f"""
import bursar.keeper.loop
bursar.keeper.loop.run.__kwdefaults__["poll"] = {NEVER}
from bursar.cli import main
main()
"""


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_due__told_of_blocks__leaves_in_the_first_block_in_which_it_is_due(
    world: LiveWorld, tmp_path: Path, scheme: str
) -> None:
    """
    Q22: blocks come every two seconds, and the one before the payment is due is what sends it.
    Whether the node's address is that of HTTP or of its websocket makes no difference.
    """
    due = queue(world)
    mine_rhythm(world, due.ready_at - 60)
    client = Client(world.chain.rpc.url.replace("http", scheme))
    reports: queues.Queue[CycleReport] = queues.Queue()
    stop = threading.Event()
    with (
        keeping(
            f"sqlite:///{tmp_path}/bursar.db",
            client,
            world.keeper,
            world.organization.address,
            chain_id=world.chain.chain_id,
            patience=PATIENCE,
            clock=world.chain.fetch_now,
        ) as keeper,
        listening(client.rpc.url) as news,
    ):
        thread = threading.Thread(
            target=lambda: run(keeper, stop=stop, poll=NEVER, news=news, on_report=reports.put)
        )
        thread.start()
        try:
            assert outcomes(reports.get(timeout=30)) == []
            heard_at = mine_until_heard(world, reports, due.ready_at - 58)
            world.chain.rpc.request("evm_setAutomine", False)
            for at in range(heard_at + 2, due.ready_at, 2):
                assert executions(world) == []
                world.chain.warp(to=at)
            wait_for_pending(world, 1)
            world.chain.warp(to=due.ready_at)
            while not (found := outcomes(reports.get(timeout=30))):
                pass
        finally:
            world.chain.rpc.request("evm_setAutomine", True)
            stop.set()
            news.set()
            thread.join()

    assert found == [(Outcome.EXECUTED, "")]
    assert [event.at for event in executions(world)] == [due.ready_at]


def mine_until_heard(world: LiveWorld, reports: queues.Queue[CycleReport], at: int) -> int:
    """
    Blocks from time `at` on, until the subscription is there. Returns the last one's time.
    """
    for number in range(20):
        world.chain.warp(to=at + 2 * number)
        try:
            reports.get(timeout=1)
        except queues.Empty:
            continue
        return at + 2 * number
    raise AssertionError("no block was heard of")


def test_keeper_run__a_new_block__is_looked_at_without_waiting_for_the_clock(
    tmp_path: Path,
) -> None:
    """
    The command listens by itself, and ends at a signal while it waits.
    """
    with open_devnet(load_devnet_treasury(None), port=0) as running:
        write_files(running.founded.book, tmp_path / ".bursar" / "devnet.env")
        clean = {name: value for name, value in os.environ.items() if name[:7] != "BURSAR_"}
        keeper = subprocess.Popen(
            [sys.executable, "-c", PATIENT_COMMAND, "keeper", "run", "--json"],
            cwd=tmp_path,
            env=clean | {"BURSAR_ANVIL": str(find_anvil())},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: queues.Queue[str] = queues.Queue()
        reader = threading.Thread(target=lambda: [lines.put(line) for line in keeper.stdout or []])
        reader.start()
        try:
            before = json.loads(lines.get(timeout=60))["block"]
            after = json.loads(mine_until_said(running.chain.rpc, lines))["block"]
            keeper.send_signal(signal.SIGTERM)
            assert keeper.wait(30) == 0
        finally:
            keeper.kill()
            keeper.wait()
            reader.join()
            for pipe in (keeper.stdout, keeper.stderr):
                assert pipe is not None
                pipe.close()
    assert after > before


def mine_until_said(rpc: Rpc, lines: queues.Queue[str]) -> str:
    """
    Blocks until there is another line.
    """
    for _ in range(30):
        rpc.request("evm_mine")
        try:
            return lines.get(timeout=1)
        except queues.Empty:
            continue
    raise AssertionError("no block was heard of")


def test_listening__no_websocket__says_it_once_and_leaves_it_to_the_clock(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    A node without one is as good as before, and its operator is not told again and again.
    """
    with (
        caplog.at_level(logging.WARNING),
        listening("http://someone:secret@127.0.0.1:1/key") as news,
    ):
        wait_until(lambda: bool(caplog.messages))
        assert not news.wait(2)  # it is tried again after half a second, and one

    assert caplog.messages == [
        "No subscription at ws://127.0.0.1:1: looking by the clock alone.",
    ]


def wait_until(fits: Callable[[], bool]) -> None:
    """
    At most ten seconds.
    """
    deadline = time.monotonic() + 10
    while not fits():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("url", "websocket"),
    [
        ("http://127.0.0.1:8545", "ws://127.0.0.1:8545"),
        ("https://node.example/v2/key?a=b", "wss://node.example/v2/key?a=b"),
        ("wss://node.example/key", "wss://node.example/key"),
    ],
)
def test_websocket__of_a_node__is_at_the_same_place(url: str, websocket: str) -> None:
    """
    Encrypted where the node's address is.
    """
    assert find_websocket(url) == websocket
