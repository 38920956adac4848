"""
A nonce that something else has used: what of it is for good, and what a node only says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.errors import NotMinedError, ReplacedError
from bursar.chain.fees import GWEI
from bursar.chain.sending import Outcome, Patience, Sender, Status
from bursar.store.database import Database
from tests.integration.proxy import FaultyNode, answer
from tests.integration.sending import CHAIN, RECIPIENT, gift, wait_for
from tests.integration.test_sender_journal import Booked

SLOW = Patience(timeout=30.0, replace_after=60.0, lag=10.0, poll=0.02, final_after=3)


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Booked]:
    """
    Mines when told to.
    """
    with (
        Anvil(mine=False, history=None) as anvil,
        FaultyNode(anvil.url) as node,
        Database.open(f"sqlite:///{tmp_path}/bursar.db") as database,
    ):
        yield Booked(anvil, node, database)


def steal(booked: Booked) -> None:
    """
    Use nonce 0 from elsewhere, for nine wei.
    """
    fields = {
        "type": 2,
        "chainId": CHAIN,
        "nonce": 0,
        "gas": 21_000,
        "to": RECIPIENT,
        "value": 9,
        "data": b"",
        "maxFeePerGas": 900 * GWEI,
        "maxPriorityFeePerGas": 9 * GWEI,
    }
    raw = bytes(booked.key.sign_transaction(fields).raw_transaction)
    booked.chain.rpc.request("eth_sendRawTransaction", f"0x{raw.hex()}")
    booked.mine()


def rent_again(sender: Sender) -> None:
    """
    Ask for it once more, whatever comes of it.
    """
    try:
        sender.send(gift(7), key="rent")
    except (ReplacedError, NotMinedError):
        return


def test_replaced__in_a_block_that_goes_again__is_not_done_twice(booked: Booked) -> None:
    """
    Somebody else's transaction with the nonce is in a block that a reorganisation takes: then the
    first attempt is good again, and a second one would have come on top of it.
    """
    booked.mine()
    sender = booked.booked_sender()
    with pytest.raises(NotMinedError):
        sender.send(gift(7), key="rent")
    (first,) = booked.find("rent").signed[:1]
    steal(booked)
    wait_for(lambda: any(isinstance(one, ReplacedError) for one in sender.advance()))
    booked.mine_by_itself()
    rent_again(sender)

    booked.chain.rpc.request("anvil_reorg", booked.chain.fetch_height() - 1, [])
    booked.chain.rpc.request("eth_sendRawTransaction", f"0x{first.raw.hex()}")
    for _ in range(6):
        booked.mine()
        sender.advance()
    rent_again(sender)

    assert booked.received() == 7


def test_replaced__said_by_a_node_that_is_two__is_not_believed_at_once(booked: Booked) -> None:
    """
    Behind one address one node has seen the nonce used, and another one not yet by what.
    """
    booked.mine_by_itself()
    nothing = answer(None)
    hidden = ("eth_getTransactionReceipt", "eth_getTransactionByHash")

    with booked.node.breaking(*hidden, by=nothing, times=6):
        booked.booked_sender(SLOW).send(gift(7), key="rent")

    assert booked.received() == 7


def test_replaced__for_good__is_another_attempt_when_that_is_final(booked: Booked) -> None:
    """
    Until then it is said at each look, and nothing else is signed for it.
    """
    sender = booked.booked_sender()
    with pytest.raises(NotMinedError):
        sender.send(gift(7), key="rent")
    steal(booked)
    wait_for(lambda: sender.advance())
    assert booked.find("rent").status is Status.UNDER_WAY
    with pytest.raises(ReplacedError, match="unless that one's block goes again"):
        sender.send(gift(7), key="rent")
    assert booked.find("rent").attempt == 1
    for _ in range(3):
        booked.mine()
    sender.advance()
    assert booked.find("rent").outcome is Outcome.REPLACED
    booked.mine_by_itself()
    sender.send(gift(7), key="rent")
    assert (booked.received(), booked.find("rent").attempt) == (16, 2)
