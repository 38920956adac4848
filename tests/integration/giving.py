"""
Somebody who gives, in a process that may be killed or frozen at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bursar.chain.local import LocalChain
from bursar.types import Address, checksummed
from tests.chaos.nursery import Nursery

KILLED = -9


@dataclass
class Giver:
    """
    Somebody with three gifts of different sizes to make, and a journal.
    """

    chain: LocalChain
    nursery: Nursery
    folder: Path
    name: str
    database: str

    @property
    def gifts(self) -> list[tuple[str, Address, int]]:
        """
        What for, to whom, how many wei.
        """
        return [(f"gift:{n}", self.recipient(n), 1_000 + n) for n in range(3)]

    def recipient(self, number: int) -> Address:
        """
        An account that nobody else pays.
        """
        return checksummed(f"0x{number + 1:04x}{self.nonce_word}{'00' * 8}")

    @property
    def nonce_word(self) -> str:
        return self.account.address[2:22]

    def __post_init__(self) -> None:
        self.account = self.chain.new_account(self.name)

    def start(self, point: str | None = None, times: int = 1, **options: Any) -> int:
        """
        A process that makes the gifts that are not made yet.
        """
        return self.nursery.start(
            "send_gifts",
            self.folder / "log",
            url=self.chain.rpc.url,
            database=self.database,
            name=self.name,
            gifts=self.gifts,
            point=point,
            times=times,
            **options,
        )

    def run(self, point: str | None = None, times: int = 1, **options: Any) -> int:
        """
        The same until it has ended. Returns its exit status.
        """
        return self.nursery.wait(self.start(point, times, **options))

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def check_all_once(self) -> None:
        """
        Each gift arrived, none arrived twice, and no nonce was used for anything else.
        """
        received = [self.chain.fetch_balance(to) for _, to, _ in self.gifts]
        assert received == [wei for _, _, wei in self.gifts], self.log
        assert self.fetch_nonce() == len(self.gifts), self.log

    def fetch_nonce(self) -> int:
        """
        How many transactions of the giver were mined.
        """
        who = self.account.address
        return self.chain.rpc.request_number("eth_getTransactionCount", who, "latest")
