"""
A sender that dies by `kill -9` wherever it hurts: the next one goes on, and does each thing once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.chain.sending import points
from tests.chaos.nursery import Nursery
from tests.integration.giving import KILLED, Giver


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """
    Processes that start at once.
    """
    with Nursery() as nursery:
        yield nursery


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
    A new one for each test, with a database of its own.
    """
    database = f"sqlite:///{tmp_path}/bursar.db"
    return Giver(chain, nursery, tmp_path, request.node.name, database)


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
