"""
What a sender goes on with when it has a journal: on a real anvil and a real database.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.errors import (
    BurnedError,
    ExpiredError,
    NotMinedError,
    ReplacedError,
    RevertedError,
    RpcError,
)
from bursar.chain.fees import GWEI, Ceilings, Fees
from bursar.chain.reader import Call
from bursar.chain.sending import Intent, Outcome, Patience, Sender, SignedTransaction, Status
from bursar.chain.sending.signing import Signer
from bursar.store.database import Database
from bursar.store.sending_journal import SendingJournalError, SqlJournal
from bursar.store.sending_leases import Lease, LeaseLostError
from bursar.types import Address, Bytes32, checksummed
from tests.integration import proxy
from tests.integration.proxy import FaultyNode
from tests.integration.sending import CHAIN, RECIPIENT, Still, gift, sending, wait_for

# Final when three blocks have followed; given up after half a second.
FOLLOWING = Patience(timeout=0.5, replace_after=0.2, lag=0.1, poll=0.02, final_after=3)


class Booked(Still):
    """
    The same with a database.
    """

    def __init__(self, anvil: Anvil, node: FaultyNode, database: Database) -> None:
        super().__init__(anvil, node)
        self.database = database
        self.agent: Address = checksummed(self.key.address)

    def journal(self, **options: Any) -> SqlJournal:
        """
        Of the agent's key, with a lease of its own, as a new process has it.
        """
        lease = Lease(self.database, f"key:{CHAIN}:{self.agent}", **options)
        return SqlJournal(self.database, CHAIN, self.agent, lease=lease)

    def booked_sender(self, patience: Patience = FOLLOWING) -> Sender:
        """
        A sender that goes on with what is in the database.
        """
        return self.sender(patience, journal=self.journal())

    def find(self, key: str) -> Intent:
        """
        What the journal says.
        """
        found = self.journal().find(key)
        assert found is not None
        return found

    def now(self) -> int:
        """
        The chain's time.
        """
        return self.chain.fetch_now()

    def advance(self, sender: Sender, times: int = 1) -> None:
        """
        Let it look, without any trouble.
        """
        for _ in range(times):
            assert sender.advance() == []


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


def give_up(sender: Sender, key: str, wei: int = 7, **options: Any) -> None:
    """
    Send what is not mined in time.
    """
    with pytest.raises(NotMinedError):
        sender.send(gift(wei), key=key, **options)


def test_key__asked_for_again__goes_on_waiting_for_the_first(booked: Booked) -> None:
    """
    Not mined in time is no end: the same key means the same transaction.
    """
    sender = booked.booked_sender()
    give_up(sender, "rent")
    assert sender.under_way() == {"rent"}

    pool, result = sending(lambda: sender.send(gift(7), key="rent"))
    with pool:
        booked.mine()
        receipt = result.result()

    assert booked.received() == 7
    assert booked.nonce() == 1
    assert booked.find("rent").status is Status.MINED
    assert sender.send(gift(7), key="rent") == receipt
    assert booked.received() == 7


def test_key__in_another_process__goes_on_with_the_same_nonce(booked: Booked) -> None:
    """
    Started anew, the sender knows what is under way, and replaces it by the rules.
    """
    give_up(booked.booked_sender(), "rent")
    before = booked.find("rent")

    again = booked.booked_sender()
    assert again.under_way() == {"rent"}
    give_up(again, "rent")
    booked.mine()
    booked.advance(again)

    after = booked.find("rent")
    assert {transaction.nonce for transaction in after.signed} == {0}
    assert after.signed[: len(before.signed)] == before.signed
    assert (after.id, after.outcome) == (before.id, Outcome.SUCCEEDED)
    assert (booked.received(), booked.nonce()) == (7, 1)


def test_stuck__nobody_waits__is_replaced_by_enough_more_until_mined(booked: Booked) -> None:
    """
    `advance` alone brings it through a node that asks for 10 % more of both fees.
    """
    sender = booked.booked_sender(Patience(0.1, 0.05, 0.1, 0.02, 3))
    give_up(sender, "rent")
    wait_for(lambda: sender.advance() == [] and len(booked.node.sent) >= 4)

    for old, new in zip(booked.node.sent, booked.node.sent[1:], strict=False):
        for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
            assert new[fee] * 10 >= old[fee] * 11
    booked.mine()
    booked.advance(sender)
    assert (booked.received(), booked.nonce()) == (7, 1)


def test_dropped__by_the_node__is_sent_again_as_it_was(booked: Booked) -> None:
    """
    The node has forgotten it: it gets the same bytes, no new signature.
    """
    sender = booked.booked_sender()
    give_up(sender, "rent")
    signed = booked.find("rent").signed
    booked.chain.rpc.request("anvil_dropAllTransactions")

    wait_for(lambda: sender.advance() == [] and booked.node.sent[-1] is not None)
    wait_for(lambda: sender.advance() == [] and pending(booked) == 1)
    booked.mine()

    assert booked.find("rent").signed[: len(signed)] == signed
    assert (booked.received(), booked.nonce()) == (7, 1)


def pending(booked: Booked) -> int:
    """
    How many transactions wait to be mined.
    """
    return int(booked.chain.rpc.request("txpool_status")["pending"], 16)


def test_reorg__takes_its_block__is_sent_again_and_followed_to_the_end(booked: Booked) -> None:
    """
    Mined is not final: what a reorganisation has dropped comes again, once.
    """
    booked.mine_by_itself()
    sender = booked.booked_sender()
    sender.send(gift(7), key="rent")
    booked.chain.rpc.request("anvil_reorg", 1, [])
    assert booked.received() == 0

    wait_for(lambda: sender.advance() == [] and booked.received() == 7)
    assert booked.find("rent").status is not Status.ENDED
    for _ in range(3):
        booked.mine()
    booked.advance(sender, 2)

    assert booked.find("rent").status is Status.ENDED
    assert (booked.received(), booked.nonce()) == (7, 1)


def test_reorg__deeper_than_final__is_sent_again_when_asked_for(booked: Booked) -> None:
    """
    The height at which it is final is a choice: beyond it nothing is sent by itself. Whoever finds
    it undone and asks for it again gets the same transaction.
    """
    booked.mine_by_itself()
    sender = booked.booked_sender()
    sender.send(gift(7), key="rent")
    for _ in range(3):
        booked.mine()
    booked.advance(sender)
    booked.chain.rpc.request("anvil_reorg", 4, [])
    booked.advance(sender, 3)
    assert booked.received() == 0
    before = booked.find("rent")
    assert before.outcome is Outcome.SUCCEEDED

    sender.send(gift(7), key="rent")

    assert booked.received() == 7
    assert booked.find("rent").signed == before.signed


def test_reorg__deeper_than_final__nonce_is_anothers_by_now__is_another_attempt(
    booked: Booked,
) -> None:
    """
    The old one can never be mined next to the one that has its nonce.
    """
    booked.mine_by_itself()
    sender = booked.booked_sender()
    sender.send(gift(7), key="rent")
    for _ in range(3):
        booked.mine()
    booked.advance(sender)
    booked.chain.rpc.request("anvil_reorg", 4, [])
    sender.send(gift(20), key="other")

    with pytest.raises(ReplacedError):
        sender.send(gift(7), key="rent")
    sender.send(gift(7), key="rent")

    assert booked.received() == 27
    assert booked.find("rent").attempt == 2


def test_expired__while_under_way__its_nonce_is_burned_and_it_cannot_surface(
    booked: Booked,
) -> None:
    """
    Whoever kept the signed bytes can do nothing with them any more.
    """
    sender = booked.booked_sender()
    give_up(sender, "rent", expires_at=booked.now() + 60)
    raw = booked.find("rent").signed[0].raw
    booked.chain.rpc.request("evm_setNextBlockTimestamp", booked.now() + 60)
    booked.chain.rpc.request("anvil_dropAllTransactions")
    booked.mine()

    booked.advance(sender)
    booked.mine()
    booked.advance(sender)

    assert booked.find("rent").outcome is Outcome.BURNED
    assert (booked.received(), booked.nonce()) == (0, 1)
    with pytest.raises(RpcError, match="nonce too low"):
        booked.chain.rpc.request("eth_sendRawTransaction", f"0x{raw.hex()}")
    with pytest.raises(ExpiredError, match="will not any more"):
        sender.send(gift(7), key="rent", expires_at=booked.now())


def test_expired__before_it_was_signed__nothing_is(booked: Booked) -> None:
    """
    At its time it is over; a second before it is not.
    """
    booked.mine_by_itself()
    sender = booked.booked_sender()

    with pytest.raises(ExpiredError):
        sender.send(gift(7), key="late", expires_at=booked.now())
    sender.send(gift(7), key="in time", expires_at=booked.now() + 1)

    assert booked.find("late").outcome is Outcome.GIVEN_BACK
    assert booked.received() == 7


def test_abandoned__then_wanted_again__is_another_attempt_after_the_burn(booked: Booked) -> None:
    """
    An intent has one nonce for life. Only when it is burned, and that is final, the key gets
    another.
    """
    sender = booked.booked_sender()
    give_up(sender, "rent")
    sender.abandon("rent")
    assert sender.under_way() == frozenset()
    booked.mine_by_itself()
    with pytest.raises(BurnedError):
        sender.send(gift(7), key="rent")
    for _ in range(3):
        booked.mine()
    booked.advance(sender)

    sender.send(gift(7), key="rent")

    assert booked.find("rent").attempt == 2
    assert (booked.received(), booked.nonce()) == (7, 2)


def test_abandoned__in_mid_burn__the_next_process_burns_it(booked: Booked) -> None:
    """
    Unwanted is in the journal before the burn is signed.
    """
    give_up(booked.booked_sender(), "rent")
    booked.journal().hold()
    journal = booked.journal()
    journal.hold()
    journal.record_unwanted(booked.find("rent").id)

    again = booked.booked_sender()
    booked.advance(again)
    booked.mine()
    booked.advance(again)

    assert booked.find("rent").outcome is Outcome.BURNED
    assert (booked.received(), booked.nonce()) == (0, 1)


def revert(booked: Booked) -> Call:
    """
    A call that reverts: code that says no, at an address of its own.
    """
    who = checksummed("0x" + "fd" * 20)
    booked.chain.rpc.request("anvil_setCode", who, "0x60006000fd")
    return Call(who, b"")


def test_reverted__before_that_is_final__is_another_attempt_only_where_it_is_harmless(
    booked: Booked,
) -> None:
    """
    After a reorganisation what has reverted may succeed: a second attempt beside it would do it
    twice, unless the chain itself does it once.
    """
    booked.mine_by_itself()
    sender, call = booked.booked_sender(), revert(booked)

    for _ in range(2):
        with pytest.raises(RevertedError):
            sender.send(call, key="rent", gas=50_000)
    assert (booked.nonce(), booked.find("rent").attempt) == (1, 1)
    with pytest.raises(RevertedError):
        sender.send(call, key="rent", gas=50_000, repeatable=True)
    assert (booked.nonce(), booked.find("rent").attempt) == (2, 2)

    for _ in range(3):
        booked.mine()
    booked.advance(sender)
    with pytest.raises(RevertedError):
        sender.send(call, key="rent", gas=50_000)
    assert (booked.nonce(), booked.find("rent").attempt) == (3, 3)


def test_gap__that_nobody_fills__is_filled(booked: Booked) -> None:
    """
    A nonce that was somebody else's and has vanished keeps ours from being mined for ever.
    """

    def ahead(params: proxy.Params, forward: proxy.Forward) -> Any:
        return {"result": "0x1"} if params[1] == "pending" else forward()

    booked.mine_by_itself()
    sender = booked.booked_sender()
    with booked.node.breaking("eth_getTransactionCount", by=ahead):
        give_up(sender, "rent")
    assert booked.received() == 0

    wait_for(lambda: sender.advance() == [] and booked.received() == 7)

    assert booked.nonce() == 2
    assert {transaction.nonce for transaction in booked.find("rent").signed} == {1}


def test_replaced__by_somebody_else__is_told_and_may_be_tried_again(booked: Booked) -> None:
    """
    A second writer has used the nonce: when that is final it will never be mined, and the journal
    says so.
    """
    sender = booked.booked_sender()
    give_up(sender, "rent")
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

    wait_for(lambda: any("used by another transaction" in str(one) for one in sender.advance()))
    assert booked.find("rent").status is Status.UNDER_WAY
    for _ in range(3):
        booked.mine()
    (trouble,) = sender.advance()

    assert "used by another transaction" in str(trouble)
    assert booked.find("rent").outcome is Outcome.REPLACED
    booked.mine_by_itself()
    sender.send(gift(7), key="rent")
    assert (booked.received(), booked.find("rent").attempt) == (16, 2)


def test_lease__taken_by_another__the_first_can_neither_write_nor_send(booked: Booked) -> None:
    """
    Who was away finds its epoch old inside the very transaction in which it would journal.
    """
    booked.mine_by_itself()
    first = booked.booked_sender()
    first.send(gift(1), key="one")
    second = booked.booked_sender()
    second.send(gift(1), key="two")
    sent = booked.node.calls["eth_sendRawTransaction"]

    with pytest.raises(LeaseLostError, match="nothing sent"):
        first.send(gift(1), key="three")

    assert booked.node.calls["eth_sendRawTransaction"] == sent
    assert booked.received() == 2


def signed(booked: Booked, nonce: int, tip: int) -> SignedTransaction:
    """
    A transaction as the journal keeps it, with everything that a call can have.
    """
    named = ((RECIPIENT, (Bytes32(b"\1" * 32), Bytes32(b"\0" * 31 + b"\2"))),)
    call, fees = Call(RECIPIENT, b"\1\2", 2**255, named), Fees(7, tip)
    signer = Signer(booked.chain, booked.key, CHAIN, Ceilings())
    return signer.build(nonce, call, 60_000, fees)


def test_journal__intent_signed_with_another_nonce__is_refused(booked: Booked) -> None:
    """
    Whatever the code above does: an intent has one nonce for life, and two never share one.
    """
    journal = booked.journal()
    journal.hold()
    one = journal.claim("one", gift(), None)
    two = journal.claim("two", gift(), None)
    journal.record_signed(one.id, signed(booked, 4, 1))
    journal.record_signed(one.id, signed(booked, 4, 2))

    with pytest.raises(SendingJournalError, match="nonce 4 and was signed with 5"):
        journal.record_signed(one.id, signed(booked, 5, 3))
    with pytest.raises(Exception, match="UNIQUE"):
        journal.record_signed(two.id, signed(booked, 4, 4))

    found = journal.find("one")
    assert found is not None
    assert found.signed == (signed(booked, 4, 1), signed(booked, 4, 2))


def test_journal__key_that_is_claimed_or_done__is_never_a_second_intent(booked: Booked) -> None:
    """
    The same key is one intent, until it has ended without doing what it was for.
    """
    journal = booked.journal()
    journal.hold()
    first = journal.claim("one", gift(), None)
    assert journal.claim("one", gift(), None) == first
    journal.record_ended(first.id, Outcome.GIVEN_BACK)
    second = journal.claim("one", gift(), None)
    assert (second.attempt, second.id) == (2, first.id + 1)
    journal.record_signed(second.id, signed(booked, 4, 1))
    journal.record_ended(second.id, Outcome.SUCCEEDED)

    assert journal.claim("one", gift(), None).id == second.id
    assert journal.load() == ()
