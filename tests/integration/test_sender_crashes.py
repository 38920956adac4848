"""
A sender that dies by `kill -9` wherever it hurts: the next one goes on, and does each thing once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.chain.sending import points
from bursar.types import Address, checksummed
from scripts._chaos_nursery import Nursery

KILLED = -9


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """
    Processes that start at once.
    """
    with Nursery() as nursery:
        yield nursery


@dataclass
class Giver:
    """
    Somebody with three gifts of different sizes to make, and a journal.
    """

    chain: LocalChain
    nursery: Nursery
    folder: Path
    name: str

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

    def start(self, point: str | None = None, times: int = 1) -> int:
        """
        A process that makes the gifts that are not made yet.
        """
        return self.nursery.start(
            "send_gifts",
            self.folder / "log",
            url=self.chain.rpc.url,
            database=f"sqlite:///{self.folder}/bursar.db",
            name=self.name,
            gifts=self.gifts,
            point=point,
            times=times,
        )

    def run(self, point: str | None = None, times: int = 1) -> int:
        """
        The same until it has ended. Returns its exit status.
        """
        return self.nursery.wait(self.start(point, times))

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


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    """
    Mines by itself.
    """
    with Anvil() as anvil:
        yield LocalChain(anvil.url)


@pytest.fixture
def giver(
    chain: LocalChain, nursery: Nursery, tmp_path: Path, request: pytest.FixtureRequest
) -> Giver:
    """
    A new one for each test.
    """
    return Giver(chain, nursery, tmp_path, request.node.name)


ONCE_A_GIFT = (
    points.CLAIMED,
    points.SIGNED,
    points.JOURNALLED,
    points.BROADCAST,
    points.MINED,
    points.RECORDED,
)


@pytest.mark.parametrize("point", ONCE_A_GIFT)
@pytest.mark.parametrize("times", [1, 3])
def test_sender__killed_at_a_point__the_next_does_the_rest_once(
    giver: Giver, point: str, times: int
) -> None:
    """
    Whatever was in the journal, at the node or nowhere when the process died: one transaction each.
    """
    assert giver.run(point, times) == KILLED, giver.log
    assert giver.run() == 0, giver.log

    giver.check_all_once()


@pytest.mark.parametrize("times", range(1, 10))
def test_sender__killed_inside_a_transaction_of_the_database__the_next_does_the_rest_once(
    giver: Giver, times: int
) -> None:
    """
    What was not committed was not sent either.
    """
    assert giver.run(points.COMMITTING, times) == KILLED, giver.log
    assert giver.run() == 0, giver.log

    giver.check_all_once()


def test_sender__killed_again_and_again__does_each_once(giver: Giver) -> None:
    """
    A crash while it recovers from a crash is one more crash.
    """
    for point in (*ONCE_A_GIFT, points.COMMITTING):
        assert giver.run(point) == KILLED, giver.log
    assert giver.run() == 0, giver.log

    giver.check_all_once()


def test_sender__run_again_when_all_is_done__sends_nothing(giver: Giver) -> None:
    """
    The journal says that it is done, and the chain still shows it.
    """
    assert giver.run() == 0, giver.log
    assert giver.run() == 0, giver.log

    giver.check_all_once()
