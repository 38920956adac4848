"""
Several payments at once, on a real node: all of them or none, and which one is to blame.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bursar.agent import AgentWallet, AmountError, Batch, BatchEntry, UnknownNameError
from bursar.chain.errors import BadAnswerError, NotMinedError
from bursar.chain.sending import Patience
from bursar.devnet import USDC, address_of
from bursar.events import Paid
from bursar.reasons import Reason
from bursar.receipts import PaymentTerms, Receipts, UsedInMemory
from bursar.store.key_file import load_receipt_keys
from bursar.types import NATIVE, ZERO_ADDRESS, Address, checksummed
from tests.integration import proxy
from tests.integration.agents import Connect, allow_native, book_of, nonce_of
from tests.integration.live import LiveWorld, budget
from tests.integration.proxy import FaultyNode


def somebody(number: int) -> Address:
    """
    An address that nobody has used.
    """
    return checksummed(f"0x{0xB0B000 + number:040x}")


def pay_many(wallet: AgentWallet, *entries: Any) -> Batch:
    """
    Of the general budget, in USDC.
    """
    return wallet.pay_many("USDC", entries, category="general")


def wages(count: int, amount: str = "1") -> list[tuple[str, str, str]]:
    """
    As many payments, each to somebody else.
    """
    return [(somebody(n), amount, f"wage-{n}") for n in range(count)]


def test_pay_many__within_the_budget__pays_all_and_tells_what_is_left(
    world: LiveWorld, connect: Connect
) -> None:
    """
    One transaction, a payment of its own for each, and what remains is after all of them.
    """
    wallet = connect(book=book_of(world))
    before = nonce_of(world, world.agent)

    batch = pay_many(
        wallet,
        ("vendor", "10.5", "order-1"),
        (somebody(1), 7),
        BatchEntry("clerk", "20", "order-3", note="thanks"),
    )

    assert batch.executed
    assert not batch.denied
    assert nonce_of(world, world.agent) == before + 1
    received = [world.recipient, somebody(1), address_of(world.clerk)]
    assert [world.usdc_of(who) for who in received] == [10_500_000, 7, 20 * USDC]
    assert [p.to for p in batch.payments] == received
    assert [p.recipient for p in batch.payments] == ["vendor", None, "clerk"]
    assert [p.reference for p in batch.payments] == ["order-1", None, "order-3"]
    assert batch.payments[2].note == "thanks"
    assert all(p.executed for p in batch.payments)
    assert len({p.receipt for p in batch.payments}) == 3
    assert {p.transaction for p in batch.payments} == {batch.transaction}
    assert (batch.total, batch.total_formatted) == (30_500_007, "30.500007 USDC")
    left = batch.remaining
    assert left is not None
    assert (left.hour, left.day, left.payments) == world.remaining(world.agent)
    assert {p.remaining for p in batch.payments} == {left}
    assert (batch.entry, batch.reason, batch.code) == (None, None, None)


def test_pay_many__of_a_hundred__is_one_transaction(world: LiveWorld, connect: Connect) -> None:
    """
    The largest batch there is; a second one has no payments left in the day's count.
    """
    batch = pay_many(connect(), *wages(100))
    again = pay_many(connect(), *wages(1))

    assert batch.executed
    assert len([e for e in world.fetch_history() if isinstance(e, Paid)]) == 100
    assert world.usdc_of(somebody(99)) == USDC
    assert batch.remaining is not None
    assert batch.remaining.payments == 0
    assert (again.denied, again.reason) == (True, Reason.PAYMENTS_COUNT)
    assert "1 payments asked, 0 left today" in again.message


def test_pay_many__of_more__is_denied_with_what_to_do(world: LiveWorld, connect: Connect) -> None:
    """
    Nothing is cut off, and nothing is split without asking.
    """
    batch = pay_many(connect(), *wages(201))

    assert (batch.denied, batch.code, batch.reason) == (True, "batch_too_large", None)
    assert "201 payments" in batch.message
    assert "3 batches" in batch.message
    assert len(batch.payments) == 201
    assert world.usdc_of(somebody(0)) == 0


@pytest.mark.parametrize(
    ("wrong", "reason", "words"),
    [
        ((somebody(5), "100.000001"), Reason.PAYMENTS_AMOUNT, "one payment is at most 100 USDC"),
        ((somebody(5), "0"), Reason.PAYMENTS_AMOUNT, "one payment is at most"),
        ((somebody(5), 2**256 - 1), Reason.PAYMENTS_AMOUNT, "one payment is at most"),
        ((ZERO_ADDRESS, "1"), Reason.PAYMENTS_RECIPIENT, "recipient not allowed"),
    ],
)
def test_pay_many__one_that_may_not__is_named_and_none_is_paid(
    world: LiveWorld, connect: Connect, wrong: Any, reason: Reason, words: str
) -> None:
    """
    The first that is to blame, by its index; nothing is signed, and the others say that it was not
    their fault.
    """
    wallet, before = connect(), nonce_of(world, world.agent)
    entries = [*wages(2), wrong, (ZERO_ADDRESS, "2000")]

    preview = wallet.preview_many("USDC", entries, category="general")
    batch = pay_many(wallet, *entries)

    assert (preview.allowed, preview.entry) == (False, 2)
    assert preview.refusal is not None
    assert preview.refusal.reason is reason
    assert (batch.denied, batch.entry, batch.reason) == (True, 2, reason)
    assert batch.message.startswith("Entry 2 of 4: Denied: ")
    assert words in batch.message
    assert [p.code for p in batch.payments] == [
        "batch_denied",
        "batch_denied",
        reason.name.lower(),
        "batch_denied",
    ]
    assert [p.reason for p in batch.payments] == [None, None, reason, None]
    assert all(p.denied for p in batch.payments)
    assert world.usdc_of(somebody(0)) == 0
    assert nonce_of(world, world.agent) == before


def test_pay_many__one_that_has_to_wait__is_named_with_what_to_do(
    world: LiveWorld, connect: Connect
) -> None:
    """
    A batch never waits: the large one goes by itself.
    """
    batch = pay_many(connect(world.other_agent), *wages(1), (somebody(5), "80"))

    assert (batch.entry, batch.reason) == (1, Reason.PAYMENTS_WAIT)
    assert "Pay it by itself with pay()" in batch.message
    assert pay_many(connect(world.other_agent), *wages(1), (somebody(5), "79.999999")).executed


@pytest.mark.parametrize(
    ("count", "amount", "reason", "words"),
    [
        (4, "75.000001", Reason.PAYMENTS_HOURLY, "300.000004 USDC asked, 300 USDC left this hour"),
        (11, "100", Reason.PAYMENTS_HOURLY, "1100 USDC asked"),
        (100, "3", None, ""),
    ],
)
def test_pay_many__sum_over_a_limit__is_nobodys_fault(
    world: LiveWorld, connect: Connect, count: int, amount: str, reason: Reason | None, words: str
) -> None:
    """
    Each alone would pass: all have the reason, and none is to blame. At the limit they pass.
    """
    batch = pay_many(connect(), *wages(count, amount))

    assert (batch.denied, batch.reason) == (reason is not None, reason)
    assert batch.entry is None
    assert words in batch.message
    assert {p.reason for p in batch.payments} == {reason}
    if reason is not None:
        assert batch.resets_at is not None
        assert world.usdc_of(somebody(0)) == 0


def test_pay_many__sum_over_the_wallets_day_or_balance__says_which(
    world: LiveWorld, connect: Connect
) -> None:
    """
    The wallet's own limits hold for the sum as well; a token's own words are not all that is told.
    """
    wallet = connect()
    world.by_treasury(world.wallet.build_call("set_wallet_limit", world.usdc.address, 150 * USDC))
    over_the_day = pay_many(wallet, *wages(2, "75.5"))
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "drill")
    world.usdc.send(world.deployer, "mint", world.wallet.address, 100 * USDC)
    over_the_balance = pay_many(wallet, *wages(2, "50.5"))
    one_over_it = pay_many(wallet, *wages(1), (somebody(5), "100"))
    all_of_it = pay_many(wallet, *wages(2, "50"))

    assert over_the_day.reason is Reason.PAYMENTS_WALLET_LIMIT
    assert "150 USDC left of the wallet's day" in over_the_day.message
    assert (over_the_balance.reason, over_the_balance.entry) == (Reason.PAYMENTS_BALANCE, None)
    assert "101 USDC asked, the wallet holds 100 USDC" in over_the_balance.message
    assert one_over_it.reason is Reason.PAYMENTS_BALANCE
    assert all_of_it.executed


def test_pay_many__stopped_or_without_a_budget__is_everybodys_reason(
    world: LiveWorld, connect: Connect
) -> None:
    """
    What concerns all of them blames none.
    """
    stranger = pay_many(connect(world.stranger), *wages(2))
    world.organization.send(world.guardian, "pause", address_of(world.agent), 0, "drill")
    stopped = pay_many(connect(), *wages(2), (ZERO_ADDRESS, "1"))

    assert (stranger.reason, stranger.entry) == (Reason.PAYMENTS_NO_BUDGET, None)
    assert (stopped.reason, stopped.entry) == (Reason.PAYMENTS_STOPPED, None)


def test_pay_many__native_currency__is_paid_and_a_recipient_that_refuses_is_named(
    world: LiveWorld, connect: Connect
) -> None:
    """
    The chain's own currency as any token; a contract that takes none is found by its index.
    """
    allow_native(world, budget(per_payment=10**17, hourly=10**18, daily=10**18))
    wallet = connect()
    two = [(somebody(1), "0.1"), (somebody(2), "0.05")]

    batch = wallet.pay_many(NATIVE, two, category="general")
    refused = wallet.pay_many(NATIVE, [*two, (world.usdc.address, "0.1")], category="general")
    too_much = wallet.pay_many(NATIVE, [(somebody(3), "0.1")] * 10, category="general")

    assert batch.executed
    assert world.chain.fetch_balance(somebody(2)) == 5 * 10**16
    assert (refused.entry, refused.reason) == (2, Reason.TRANSFERS_RECIPIENT)
    assert too_much.denied


def test_pay_many__stopped_after_it_was_simulated__is_denied_by_the_chain(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    The chain decides, for all of them at once; the answer says what it cost.
    """
    wallet = connect(rpc_url=node.url)

    def stop(_: proxy.Params, forward: proxy.Forward) -> Any:
        world.organization.send(world.guardian, "pause", address_of(world.agent), 0, "drill")
        return forward()

    with node.breaking("eth_sendRawTransaction", by=stop):
        batch = pay_many(wallet, *wages(3))

    assert (batch.denied, batch.reason, batch.entry) == (True, Reason.PAYMENTS_STOPPED, None)
    assert batch.transaction is not None
    assert "gas was spent" in batch.message
    assert {p.transaction for p in batch.payments} == {batch.transaction}
    assert world.usdc_of(somebody(0)) == 0


def test_pay_many__node_that_hides_one_log__is_not_believed(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    Each payment has to have been logged, or it cannot be said that it was made.
    """

    def without_last(_: proxy.Params, forward: proxy.Forward) -> Any:
        reply = forward()
        if reply["result"]:
            reply["result"]["logs"] = reply["result"]["logs"][:-2]
        return reply

    wallet = connect(rpc_url=node.url)
    with (
        node.breaking("eth_getTransactionReceipt", by=without_last),
        pytest.raises(BadAnswerError, match="logged nothing"),
    ):
        pay_many(wallet, *wages(2))


def test_pay_many__every_receipt__verifies_for_its_own_payment(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    A batch is as many declarations: each `ref` vouches for its payment, once, and for no other.
    """
    pay_many(connect(), *wages(3))
    watcher = Receipts(load_receipt_keys(tmp_path / "receipt.key"), UsedInMemory())
    events = [e for e in world.fetch_history() if isinstance(e, Paid)]
    chain = world.chain.chain_id

    assert [watcher.accept(PaymentTerms.of(chain, e), e.ref, e.at) for e in events] == [None] * 3
    assert watcher.check(PaymentTerms.of(chain, events[0]), events[1].ref) == "forged"
    assert watcher.accept(PaymentTerms.of(chain, events[0]), events[0].ref) == "used"


def test_pay_many__journal__has_each_before_and_after(
    world: LiveWorld, connect: Connect, node: FaultyNode, tmp_path: Path
) -> None:
    """
    All are declared before the batch is signed; where nobody knows what became of it, each says so.
    """
    pay_many(connect(), *wages(2))
    patience = Patience(1.0, 5.0, 0.2, 0.05)
    with (
        node.breaking("eth_getTransactionReceipt", by=proxy.hang_up),
        pytest.raises(NotMinedError),
    ):
        pay_many(connect(rpc_url=node.url, patience=patience), *wages(2))

    lines = [json.loads(line) for line in (tmp_path / "payments.jsonl").read_text().splitlines()]

    assert [line["step"] for line in lines] == [
        *["declared"] * 2,
        *["executed"] * 2,
        *["declared"] * 2,
        *["unknown"] * 2,
    ]
    assert [line["reference"] for line in lines[:4]] == ["wage-0", "wage-1"] * 2
    assert [line["receipt"] for line in lines[4:6]] == [line["receipt"] for line in lines[6:]]


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ([], AmountError, "at least one"),
        ([("vendor", "1"), ("vender", "1")], UnknownNameError, "Entry 1: .*vender"),
        ([("vendor", "1"), ("vendor", 1.0)], AmountError, "Entry 1: .*float"),
        ([("vendor",)], AmountError, r"Entry 0: .*\(to, amount\)"),
        (["vendor"], AmountError, "Entry 0"),
    ],
)
def test_pay_many__what_cannot_be_meant__raises_with_the_entry(
    world: LiveWorld, connect: Connect, entries: Any, error: type[Exception], words: str
) -> None:
    """
    A mistyped name or amount is an error, told with where it stands, and nothing is sent.
    """
    before = nonce_of(world, world.agent)

    with pytest.raises(error, match=words):
        connect(book=book_of(world)).pay_many("USDC", entries, category="general")

    assert nonce_of(world, world.agent) == before


def test_batch__as_json__has_amounts_as_text(world: LiveWorld, connect: Connect) -> None:
    """
    As for one payment.
    """
    told = json.loads(pay_many(connect(), *wages(2)).model_dump_json())

    assert told["total"] == "2000000"
    assert told["payments"][0]["amount"] == "1000000"
