"""
What strangers and thieves may put on the chain, and what the books make of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.audit import Action
from bursar.chain.follower.receipts import TRANSFER
from bursar.devnet import USDC, address_of
from bursar.state import fold
from bursar.store.key_file import load_receipt_key
from bursar.types import MAX_UINT256, Bytes32, address_word
from tests.integration.live import GENERAL, LiveWorld
from tests.integration.test_bookkeeping import Office
from tests.integration.test_following_strangers import STRANGE, log_as_a_stranger, raw


@pytest.fixture
def office(world: LiveWorld, database_url: str, tmp_path: Path) -> Iterator[Any]:
    """
    A receipt key, and an empty store on each kind of database.
    """
    load_receipt_key(tmp_path / "receipt.key")
    made = Office(world, database_url, tmp_path)
    yield made
    made.database.close()


def pay_many(office: Office, *refs: Bytes32) -> None:
    """
    Five USDC for each of these receipts, in one transaction.
    """
    world = office.world
    payments = [(world.recipient, 5 * USDC, ref) for ref in refs]
    world.wallet.send(world.agent, "pay_many", world.usdc.address, GENERAL, payments)


def test_receipts__of_a_batch__are_each_good_once(office: Office) -> None:
    """
    Payments of one transaction are told apart by their place in the block.
    """
    first, second, third = (office.mint(5 * USDC, office.world.agent) for _ in range(3))
    pay_many(office, first, second)
    assert office.look().undeclared == []
    pay_many(office, third, third)
    assert [one.problem.value for one in office.look().undeclared] == ["used"]
    assert office.settle().undeclared == []
    verdicts = [one.verdict for one in office.entries(Action.AGENT_SPEND)]
    assert [one and one.outcome for one in verdicts] == [*["allowed"] * 3, "undeclared"]


def test_books__of_tokens_that_say_anything__are_kept(office: Office) -> None:
    """
    Three times the most that there can be of a token, in one transaction, and words that are no
    addresses: entries for what fits, and nothing that stops.
    """
    world = office.world
    topic, amount = raw(TRANSFER), MAX_UINT256.to_bytes(32, "big")
    wallet = address_word(world.wallet.address)
    log_as_a_stranger(
        world, topic, address_word(address_of(world.stranger)), wallet, amount, times=3
    )
    log_as_a_stranger(world, topic, b"\xff" * 32, wallet, amount)
    office.look()
    office.settle()
    office.pay(5 * USDC)
    office.settle()
    assert len(office.entries(Action.AGENT_SPEND)) == 1
    assert sum(STRANGE in str(entry) for entry in office.entries()) == 3


@pytest.mark.parametrize(
    "reason", ["\x1b[2J\x1b]0;done\x07", "nul\x00in it", "\u202egnirts\r\nroot: ok", "'; --"]
)
def test_books__of_reasons_that_a_stolen_key_gives__are_kept(office: Office, reason: str) -> None:
    """
    Whatever a text on chain holds, it is stored, and shown as what it is.
    """
    world = office.world
    world.wallet.send(world.other_agent, "pay", *world.payment(90 * USDC))
    (id,) = fold(world.fetch_history()).wallet(world.wallet.address).queue
    world.wallet.send(world.other_agent, "cancel", id, reason)
    office.look()
    office.settle()
    (cancelled,) = [one for one in office.entries() if one.event == "PaymentCancelled"]
    assert cancelled.verdict is not None
    assert cancelled.verdict.reason == reason
