"""
What the tests of the sender have in common: a chain that mines when it is told to, behind a node
that misbehaves when it is told to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.chain.reader import Call, Reader
from bursar.chain.sending import Patience, Sender
from bursar.types import checksummed
from tests.integration.proxy import FaultyNode

QUICK = Patience(timeout=30.0, replace_after=0.2, lag=0.2, poll=0.02)
PATIENT = Patience(timeout=3.0, replace_after=0.2, lag=0.2, poll=0.02)
SHORT = Patience(timeout=1.0, replace_after=0.15, lag=0.1, poll=0.02)
RECIPIENT = checksummed("0x" + "11" * 20)
CHAIN = 31337


def gift(wei: int = 1) -> Call:
    """
    Plain money.
    """
    return Call(RECIPIENT, b"", wei)


class Still:
    """
    A chain that mines only when told to, behind a faulty node.
    """

    def __init__(self, anvil: Anvil, node: FaultyNode) -> None:
        self.chain = LocalChain(anvil.url)
        self.node = node
        self.key = self.chain.new_account("agent")

    def sender(self, patience: Patience = QUICK, **options: Any) -> Sender:
        """
        Of the agent's key, through the faulty node.
        """
        reader = Reader(self.node.url, timeout=options.pop("timeout", 2.0))
        options = {"chain_id": CHAIN, "patience": patience} | options
        return Sender(reader, options.pop("key", self.key), **options)

    def mine(self) -> None:
        """
        Mine what waits.
        """
        self.chain.rpc.request("evm_mine")

    def mine_by_itself(self) -> None:
        """
        From here on, mine each transaction.
        """
        self.chain.rpc.request("evm_setAutomine", True)
        self.mine()

    def nonce(self) -> int:
        """
        How many transactions of the agent were mined.
        """
        return self.chain.rpc.request_number("eth_getTransactionCount", self.key.address, "latest")

    def received(self) -> int:
        """
        What the recipient has.
        """
        return self.chain.fetch_balance(RECIPIENT)


def wait_for(what: Any, seconds: float = 20.0) -> None:
    """
    Until `what()` is true.
    """
    done = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if what():
            return
        done.wait(0.01)
    raise AssertionError("it did not happen in time")


def sending(work: Callable[[], Any]) -> tuple[ThreadPoolExecutor, Any]:
    """
    A transaction under way in another thread.
    """
    pool = ThreadPoolExecutor(1)
    return pool, pool.submit(work)
