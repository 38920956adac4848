"""
The SDK against a real node, a real Safe's organisation, and nodes that fail: what an agent gets to
hear for everything that can become of a payment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bursar.agent import (
    AgentWallet,
    AmountError,
    AsyncAgentWallet,
    NotAWalletError,
    Payment,
    PaymentStatus,
    SettingsError,
    UnknownNameError,
    UnknownPaymentError,
)
from bursar.agent.refusals import show_time
from bursar.book import BookError, TokenEntry
from bursar.chain.errors import (
    BadAnswerError,
    NoAnswerError,
    NoGasMoneyError,
    NotMinedError,
    WrongChainError,
)
from bursar.chain.sending import Patience
from bursar.devnet import USDC, address_of
from bursar.events import Paid
from bursar.reasons import Preview, Reason
from bursar.receipts import PaymentTerms, ReceiptKeyError, Receipts, UsedInMemory
from bursar.store.key_file import load_receipt_key
from bursar.types import DAY, HOUR, NATIVE, ZERO_ADDRESS, checksummed
from tests.integration import proxy
from tests.integration.agents import QUICK, Connect, book_of, loosen, nonce_of, options, pay
from tests.integration.live import GENERAL, MONDAY, LiveWorld, budget
from tests.integration.proxy import FaultyNode

ROOT = Path(__file__).parents[2]


# Paying


def test_pay__within_the_budget__is_executed_and_tells_what_is_left(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Q6: money moves at once, with the hash, the amount in both forms and what remains.
    """
    payment = pay(connect(), world, "10.50", reference="order-123", note="thanks")

    assert payment.status is PaymentStatus.EXECUTED
    assert payment.executed
    assert not payment.queued
    assert not payment.denied
    assert world.usdc_of(world.recipient) == 10_500_000
    assert (payment.amount, payment.amount_formatted) == (10_500_000, "10.5 USDC")
    assert (payment.reference, payment.note) == ("order-123", "thanks")
    assert (payment.reason, payment.code, payment.id) == (None, None, None)
    left = payment.remaining
    assert left is not None
    assert (left.hour, left.day, left.payments) == world.remaining(world.agent)
    assert (left.hour_formatted, left.day_formatted) == ("289.5 USDC", "989.5 USDC")
    assert (left.hour_resets_at, left.day_resets_at) == (MONDAY + HOUR, MONDAY - 10 * HOUR + DAY)
    (event,) = [e for e in world.fetch_history() if isinstance(e, Paid)]
    assert f"0x{(event.transaction or b'').hex()}" == payment.transaction
    assert f"0x{event.ref.hex()}" == payment.receipt
    assert event.category == GENERAL


def test_pay__base_units__are_taken_as_they_are(world: LiveWorld, connect: Connect) -> None:
    """
    An int is never scaled.
    """
    assert pay(connect(), world, 7).executed
    assert world.usdc_of(world.recipient) == 7


def test_pay__large__is_queued_and_tells_when_it_is_due(world: LiveWorld, connect: Connect) -> None:
    """
    Q7: nothing moves, and the answer says until when to cancel and until when to execute.
    """
    payment = pay(connect(world.other_agent), world, "80")

    assert payment.status is PaymentStatus.QUEUED
    assert payment.id is not None
    agent, ready_at, expires_at = world.wallet.view("payment", bytes.fromhex(payment.id[2:]))
    assert agent == address_of(world.other_agent)
    assert (payment.ready_at, payment.expires_at) == (ready_at, expires_at)
    assert ready_at - (payment.created_at or 0) == 600
    assert world.usdc_of(world.recipient) == 0
    assert "2026-01-05 10:1" in payment.message


def stop(world: LiveWorld) -> None:
    """
    The guardian stops the agent.
    """
    world.organization.send(world.guardian, "pause", address_of(world.agent), 0, "drill")


def use_up_the_hour(world: LiveWorld) -> None:
    """
    300 USDC are gone.
    """
    for number in range(3):
        world.pay(100 * USDC, ref=bytes([number]) * 32)


def use_up_the_day(world: LiveWorld) -> None:
    """
    1,000 USDC are gone, in the fourth hour.
    """
    for _ in range(3):
        use_up_the_hour(world)
        world.chain.warp(by=HOUR)
    world.pay(100 * USDC)


def allow_one_payment(world: LiveWorld) -> None:
    """
    One payment a day, which is made.
    """
    figures = budget(max_payments=1)
    world.wallet.send(
        world.guardian, "set_budget", world.agent.address, world.usdc.address, GENERAL, figures
    )
    world.pay(1)


def limit_the_wallet(world: LiveWorld) -> None:
    """
    5 USDC a day for all agents together.
    """
    world.by_treasury(world.wallet.build_call("set_wallet_limit", world.usdc.address, 5 * USDC))


def disable_the_token(world: LiveWorld) -> None:
    """
    The wallet no longer pays it.
    """
    world.by_treasury(world.wallet.build_call("set_wallet_limit", world.usdc.address, 0))


def sweep(world: LiveWorld) -> None:
    """
    All money goes back to the treasury.
    """
    world.wallet.send(world.guardian, "sweep", world.usdc.address, "drill")


def nothing(world: LiveWorld) -> None:
    """
    As it is.
    """


@pytest.mark.parametrize(
    ("number", "prepare", "amount", "reason", "words"),
    [
        (Preview.STOPPED, stop, "10", Reason.PAYMENTS_STOPPED, "stopped"),
        (Preview.AMOUNT, nothing, "100.000001", Reason.PAYMENTS_AMOUNT, "at most 100 USDC"),
        (Preview.AMOUNT, nothing, "0", Reason.PAYMENTS_AMOUNT, "at most 100 USDC"),
        (Preview.AMOUNT, nothing, 2**256 - 1, Reason.PAYMENTS_AMOUNT, "at most 100 USDC"),
        (Preview.HOURLY, use_up_the_hour, 1, Reason.PAYMENTS_HOURLY, "0 USDC left this hour"),
        (Preview.DAILY, use_up_the_day, "1", Reason.PAYMENTS_DAILY, "0 USDC left today"),
        (Preview.COUNT, allow_one_payment, 1, Reason.PAYMENTS_COUNT, "no more payments today"),
        (Preview.WALLET, limit_the_wallet, "6", Reason.PAYMENTS_WALLET_LIMIT, "5 USDC left"),
        (
            Preview.WALLET,
            disable_the_token,
            "6",
            Reason.PAYMENTS_TOKEN_NOT_ENABLED,
            "not enabled",
        ),
        (Preview.BALANCE, sweep, "6", Reason.PAYMENTS_BALANCE, "the wallet holds 0 USDC"),
    ],
)
def test_pay__denied__costs_nothing_and_says_why(
    world: LiveWorld,
    connect: Connect,
    number: Preview,
    prepare: Callable[[LiveWorld], None],
    amount: str | int,
    reason: Reason,
    words: str,
) -> None:
    """
    T9, Q4: every refusal that the preview knows is a value with a stable reason; nothing is signed.
    """
    prepare(world)
    wallet = connect()
    before = nonce_of(world, world.agent), world.chain.fetch_balance(address_of(world.agent))
    received = world.usdc_of(world.recipient)

    preview = wallet.preview("USDC", world.recipient, amount, category="general")
    payment = pay(wallet, world, amount)

    assert preview.outcome is number
    assert not preview.allowed
    assert payment.status is PaymentStatus.DENIED
    assert (payment.reason, payment.code) == (reason, reason.name.lower())
    assert words in payment.message
    assert payment.transaction is None
    after = nonce_of(world, world.agent), world.chain.fetch_balance(address_of(world.agent))
    assert after == before
    assert world.usdc_of(world.recipient) == received
    assert payment.resets_at == expected_reset(world, number)


def test_pay__rolling_budget_used_up__says_that_it_comes_back_hour_by_hour(
    world: LiveWorld, connect: Connect
) -> None:
    """
    No midnight gives anything back, so none is named; only when all of it is back, at the latest.
    """
    figures = budget(hourly=1_000 * USDC, per_payment=1_000 * USDC, rolling=True)
    agent, token = address_of(world.agent), world.usdc.address
    loosen(world, world.wallet.build_call("set_budget", agent, token, GENERAL, figures))
    wallet = connect()

    paid = pay(wallet, world, "999")
    world.chain.warp(by=HOUR)
    denied = pay(wallet, world, "2")

    assert paid.executed
    assert (denied.reason, denied.resets_at) == (Reason.PAYMENTS_DAILY, None)
    assert paid.remaining
    assert denied.remaining
    hour = world.chain.fetch_now() // HOUR * HOUR
    # Paid in the hour before this one: its last second's day ends with this hour of tomorrow.
    assert paid.remaining.day_resets_at == hour + DAY
    assert denied.remaining.day_resets_at == hour + HOUR + DAY
    assert denied.remaining.payments_reset_at == (hour // DAY + 1) * DAY
    assert paid.remaining.rolling
    assert denied.remaining.rolling
    # A finished hour counts up to 1/512 of the limit too much.
    assert "2 USDC asked, 0.7" in denied.message
    assert "left of the last 24 hours" in denied.message
    assert f"all of it by {show_time(hour + HOUR + DAY)}" in denied.message

    # A day later the payment is an hour from being back; at the full hour that was named it is.
    world.chain.warp(to=paid.remaining.day_resets_at - 1)
    assert wallet.remaining("USDC", "general").day < 1_000 * USDC
    world.chain.warp(to=paid.remaining.day_resets_at)
    assert wallet.remaining("USDC", "general").day == 1_000 * USDC


def expected_reset(world: LiveWorld, number: Preview) -> int | None:
    """
    The next full hour, the next midnight, or never.
    """
    now = world.chain.fetch_now()
    if number is Preview.HOURLY:
        return (now // HOUR + 1) * HOUR
    if number in (Preview.DAILY, Preview.COUNT) or (
        number is Preview.WALLET and world.wallet.view("wallet_limit", world.usdc.address)
    ):
        return (now // DAY + 1) * DAY
    return None


@pytest.mark.parametrize("to", ["wallet", "zero"])
def test_pay__to_whom_it_may_not__is_denied(world: LiveWorld, connect: Connect, to: str) -> None:
    """
    The wallet itself and nobody are no recipients.
    """
    recipient = world.wallet.address if to == "wallet" else ZERO_ADDRESS

    payment = pay(connect(), world, "1", to=recipient)

    assert payment.reason is Reason.PAYMENTS_RECIPIENT


def test_pay__with_a_key_that_has_no_budget__is_denied(world: LiveWorld, connect: Connect) -> None:
    """
    A wrong key is a refusal, not a crash; and it asks whether it is the right one.
    """
    payment = pay(connect(world.stranger), world, "1")

    assert payment.reason is Reason.PAYMENTS_NO_BUDGET
    assert "right key" in payment.message
    assert world.stranger.address in payment.message


def test_preview__payable_and_queueable__tells_both(world: LiveWorld, connect: Connect) -> None:
    """
    Numbers 0 and 1: allowed, with what remains, and nothing changed.
    """
    now = connect().preview("USDC", world.recipient, "80", category="general")
    later = connect(world.other_agent).preview("USDC", world.recipient, "80", category="general")

    assert (now.outcome, later.outcome) == (Preview.PAY, Preview.QUEUE)
    assert now.allowed
    assert later.allowed
    assert now.remaining.hour == 300 * USDC
    assert world.usdc_of(world.recipient) == 0


# Between the preview and the block


def test_pay__stopped_after_the_estimate__is_denied_and_says_what_it_cost(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    The chain decides: its reason is told, with the transaction that was paid for.
    """
    wallet = connect(rpc_url=node.url)

    with node.breaking("eth_sendRawTransaction", by=first(lambda: stop(world))):
        payment = pay(wallet, world, "10", reference="order-1")

    assert payment.status is PaymentStatus.DENIED
    assert payment.reason is Reason.PAYMENTS_STOPPED
    assert payment.transaction is not None
    assert "gas was spent" in payment.message
    assert world.usdc_of(world.recipient) == 0


def test_pay__stopped_after_the_preview__is_denied_unsigned(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    The estimate looks a second time, for nothing.
    """
    wallet = connect(rpc_url=node.url)

    with node.breaking("eth_estimateGas", by=first(lambda: stop(world))):
        payment = pay(wallet, world, "10")

    assert payment.reason is Reason.PAYMENTS_STOPPED
    assert payment.transaction is None
    assert "No gas was spent" in payment.message


def test_pay__money_gone_before_the_block__names_the_balance_and_not_the_tokens_words(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    A token reverts in words of its own; behind them the preview knows the reason.
    """
    wallet = connect(rpc_url=node.url)

    with node.breaking("eth_sendRawTransaction", by=first(lambda: sweep(world))):
        payment = pay(wallet, world, "10")

    assert payment.reason is Reason.PAYMENTS_BALANCE
    assert payment.transaction is not None


def first(act: Callable[[], None]) -> proxy.Rule:
    """
    Let something happen before the real node gets the question.
    """

    def rule(_: proxy.Params, forward: proxy.Forward) -> Any:
        act()
        return forward()

    return rule


def test_pay__from_many_threads__never_exceeds_the_limit(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Q3: six times 50 fit into an hour of 300, whatever the order, and no nonce is used twice.
    """
    wallet = connect()

    with ThreadPoolExecutor(5) as pool:
        payments = list(pool.map(lambda n: pay(wallet, world, "50", reference=str(n)), range(10)))

    executed = [payment for payment in payments if payment.executed]
    denied = [payment for payment in payments if payment.denied]
    assert (len(executed), len(denied)) == (6, 4)
    assert world.usdc_of(world.recipient) == 300 * USDC
    assert {payment.reason for payment in denied} == {Reason.PAYMENTS_HOURLY}
    assert len({payment.transaction for payment in executed}) == 6
    assert len({payment.receipt for payment in executed}) == 6


# Queued payments


def test_pending__own_payments__are_listed_with_what_only_the_agent_knows(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Q10: from the chain, with reference and note from this machine; gone once cancelled or executed.
    """
    wallet = connect(world.other_agent)
    one = pay(wallet, world, "80", reference="order-1", note="first")
    two = pay(wallet, world, "90", reference="order-2")
    world.pay(50 * USDC)

    waiting = wallet.pending()

    assert [payment.id for payment in waiting] == [one.id, two.id]
    assert [payment.reference for payment in waiting] == ["order-1", "order-2"]
    assert waiting[0].note == "first"
    assert waiting[0].category == "general"
    assert waiting[0].amount_formatted == "80 USDC"
    assert waiting[0].created_at == one.created_at
    assert connect().pending() == ()


def test_cancel__while_it_waits__is_cancelled_for_good(world: LiveWorld, connect: Connect) -> None:
    """
    Q9: the sender cancels; afterwards it cannot be executed, nor cancelled again.
    """
    wallet = connect(world.other_agent)
    queued = pay(wallet, world, "80", reference="order-1")
    assert queued.id is not None

    cancelled = wallet.cancel(queued.id, "changed my mind")
    again = wallet.cancel(queued.id)

    assert cancelled.status is PaymentStatus.CANCELLED
    assert (cancelled.id, cancelled.reference) == (queued.id, "order-1")
    assert again.status is PaymentStatus.DENIED
    assert again.reason is Reason.QUEUE_NO_SUCH_PAYMENT
    assert "changed my mind" in again.message
    assert wallet.payment(queued.id).status is PaymentStatus.CANCELLED
    assert wallet.pending() == ()


def test_cancel__somebody_elses__is_denied(world: LiveWorld, connect: Connect) -> None:
    """
    Q9: only the sender, as far as agents go.
    """
    queued = pay(connect(world.other_agent), world, "80")
    assert queued.id is not None

    answer = connect().cancel(queued.id)

    assert (answer.status, answer.reason) == (PaymentStatus.DENIED, Reason.ACCESS)


@pytest.mark.parametrize("id", ["0x" + "00" * 32, b"\1" * 32, "0x12", "order-1", "", 7])
def test_payment__unknown_id__raises(connect: Connect, id: Any) -> None:
    """
    Q9: what was never queued cannot be answered for.
    """
    with pytest.raises(UnknownPaymentError):
        connect().cancel(id)


def test_execute__around_its_time__is_denied_then_done(world: LiveWorld, connect: Connect) -> None:
    """
    Q13: not before it is due; then it is paid, once.
    """
    wallet = connect(world.other_agent)
    queued = pay(wallet, world, "80", reference="order-1")
    assert queued.id is not None
    assert queued.ready_at is not None

    early = wallet.execute(queued.id)
    world.chain.warp(to=queued.ready_at)
    done = wallet.execute(queued.id)
    again = wallet.execute(queued.id)

    assert (early.status, early.reason) == (PaymentStatus.DENIED, Reason.QUEUE_NOT_DUE)
    assert (done.status, done.reference) == (PaymentStatus.EXECUTED, "order-1")
    assert again.reason is Reason.QUEUE_NO_SUCH_PAYMENT
    assert "Executed at" in again.message
    assert wallet.payment(queued.id).status is PaymentStatus.EXECUTED
    assert wallet.payment(queued.id).transaction == done.transaction
    assert world.usdc_of(world.recipient) == 80 * USDC


def test_execute__limit_lowered_since__is_denied_and_stays(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Q14, Q17: what no longer fits is refused; it still waits until somebody cancels it.
    """
    wallet = connect(world.other_agent)
    queued = pay(wallet, world, "80")
    assert queued.id is not None
    assert queued.ready_at is not None
    figures = budget(queue_from=80 * USDC, per_payment=79 * USDC)
    agent, token = world.other_agent.address, world.usdc.address
    world.wallet.send(world.guardian, "set_budget", agent, token, GENERAL, figures)
    world.chain.warp(to=queued.ready_at)

    answer = wallet.execute(queued.id)

    assert (answer.status, answer.reason) == (PaymentStatus.DENIED, Reason.PAYMENTS_AMOUNT)
    assert wallet.payment(queued.id).queued


def test_payment__queued_again_after_a_cancel__is_what_became_of_the_latest(
    world: LiveWorld, connect: Connect
) -> None:
    """
    The same arguments have the same id: what ended the first wait did not end the second.
    """
    wallet = connect(world.other_agent)
    world.pay(80 * USDC, key=world.other_agent)
    (first_one,) = wallet.pending()
    assert first_one.id is not None
    wallet.cancel(first_one.id)
    world.chain.warp(by=60)
    world.pay(80 * USDC, key=world.other_agent)
    (again,) = wallet.pending()
    assert again.ready_at is not None
    world.chain.warp(to=again.ready_at)
    wallet.execute(first_one.id)

    found = wallet.payment(first_one.id)

    assert again.id == first_one.id
    assert found.status is PaymentStatus.EXECUTED
    assert found.ready_at == again.ready_at


def test_payment__expired_or_void__says_so(world: LiveWorld, connect: Connect) -> None:
    """
    The states that no log of its own tells.
    """
    wallet = connect(world.other_agent)
    void, late = pay(wallet, world, "80"), None
    world.wallet.send(world.keeper, "cancel_all", "drill")
    late = pay(wallet, world, "80")
    assert void.id is not None
    assert late.id is not None
    assert late.expires_at is not None

    assert wallet.payment(void.id).status is PaymentStatus.CANCELLED
    assert "whole queue" in wallet.payment(void.id).message
    world.chain.warp(to=late.expires_at)
    assert wallet.payment(late.id).status is PaymentStatus.EXPIRED


def test_pending__node_that_limits_ranges__is_asked_in_pieces(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    Public nodes refuse long ranges of logs.
    """
    wallet = connect(world.other_agent, rpc_url=node.url)
    queued = pay(wallet, world, "80")
    world.chain.rpc.request("anvil_mine", hex(600))

    def limited(params: proxy.Params, forward: proxy.Forward) -> Any:
        span = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16)
        return forward() if span < 400 else {"error": {"code": -32005, "message": "range"}}

    with node.breaking("eth_getLogs", by=limited):
        assert [payment.id for payment in wallet.pending()] == [queued.id]


# Names


def test_pay__to_another_agent_by_name__arrives_there(world: LiveWorld, connect: Connect) -> None:
    """
    Q21: the book knows agents and recipients; the answer tells both the name and the address.
    """
    wallet = connect(wallet="trading", book=book_of(world))

    payment = pay(wallet, world, "10", to="clerk", note="for the gig")
    also = pay(wallet, world, "10", to="vendor")

    assert (payment.to, payment.recipient) == (address_of(world.clerk), "clerk")
    assert world.usdc_of(address_of(world.clerk)) == 10 * USDC
    assert (also.to, also.recipient) == (world.recipient, "vendor")


def test_pay__category_of_the_book_without_a_budget__is_denied(
    world: LiveWorld, connect: Connect
) -> None:
    """
    A name that exists and a budget that does not is a refusal.
    """
    wallet = connect(book=book_of(world))

    payment = wallet.pay("USDC", world.recipient, "1", category="payroll")

    assert payment.reason is Reason.PAYMENTS_NO_BUDGET
    assert payment.category == "payroll"


@pytest.mark.parametrize("with_book", [True, False])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"token": "USCD"}, "USDC"),
        ({"category": "genral"}, "general"),
        ({"category": "x" * 33}, "at most 32"),
        ({"category": "caf\N{LATIN SMALL LETTER E WITH ACUTE}"}, "ASCII"),
        ({"to": "clark"}, "clark"),
        ({"to": "0x52908400098527886E0F7030069857D2E4169eE7"}, "checksum"),
        ({"to": "0x1234"}, "no address"),
        ({"to": None}, "an address or a name"),
        ({"token": ZERO_ADDRESS}, ""),
    ],
)
def test_pay__names_that_nobody_has__raise_with_what_was_meant(
    world: LiveWorld, connect: Connect, with_book: bool, wrong: dict[str, Any], words: str
) -> None:
    """
    A mistyped name is an error with the closest that there is, and nothing is sent.
    """
    wallet = connect(book=book_of(world) if with_book else None)
    asked: dict[str, Any] = {"token": "USDC", "to": world.recipient, "category": "general"}
    before = nonce_of(world, world.agent)

    with pytest.raises(UnknownNameError) as refused:
        wallet.pay(amount="1", **(asked | wrong))

    assert words in str(refused.value)
    assert nonce_of(world, world.agent) == before


def test_pay__book_with_wrong_decimals__raises(world: LiveWorld, connect: Connect) -> None:
    """
    18 instead of 6 would pay a million million times too much, so the contract is asked.
    """
    wrong = {"USDC": TokenEntry(address=world.usdc.address, decimals=18)}

    with pytest.raises(UnknownNameError, match=r"18 decimals.* 6"):
        pay(connect(book=book_of(world, tokens=wrong)), world, "1")


def test_pay__native_currency_without_a_budget__is_denied(
    world: LiveWorld, connect: Connect
) -> None:
    """
    The chain's own currency is a token like others.
    """
    payment = connect().pay(NATIVE, world.recipient, "0.5", category="general")

    assert payment.amount == 5 * 10**17
    assert payment.reason is Reason.PAYMENTS_NO_BUDGET


@pytest.mark.parametrize(
    "amount",
    [
        1.0,
        float("nan"),
        True,
        None,
        b"1",
        -1,
        2**256,
        "-1",
        "+1",
        "1e3",
        "0x10",
        "1,000",
        "1.0000001",
        "",
        " 1",
        "1.",
        ".5",
        "NaN",
        "Infinity",
        "9" * 100,
        "\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_pay__amount_that_cannot_be_meant__raises_and_sends_nothing(
    world: LiveWorld, connect: Connect, amount: Any
) -> None:
    """
    Never a float, never a sign, never rounded.
    """
    before = nonce_of(world, world.agent)

    with pytest.raises(AmountError) as refused:
        pay(connect(), world, amount)

    assert isinstance(refused.value, ValueError)
    assert nonce_of(world, world.agent) == before


# Receipts and the journal


def test_pay__anybody_with_the_receipt_key__sees_that_it_was_declared(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    From the event alone, and a payment with the same key outside the SDK stands out.
    """
    pay(connect(), world, "10")
    world.pay(10 * USDC)
    watcher = Receipts(load_receipt_key(tmp_path / "receipt.key", create=False), UsedInMemory())

    told = [
        watcher.accept(
            PaymentTerms(
                world.chain.chain_id, e.emitter, e.agent, e.token, e.to, e.amount, e.category
            ),
            e.ref,
        )
        for e in world.fetch_history()
        if isinstance(e, Paid)
    ]

    assert told == [None, "forged"]


def test_journal__declares_before_and_records_after(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    T12, T35: who, for whom, what and what became of it, refusals too; nobody else can read it.
    """
    wallet = connect()
    paid = pay(wallet, world, "10", reference="order-1", note="secret note")
    pay(wallet, world, "101", reference="order-2")
    path = tmp_path / "payments.jsonl"

    lines = [json.loads(line) for line in path.read_text().splitlines()]

    assert [line["step"] for line in lines] == ["declared", "executed", "denied"]
    assert [line["reference"] for line in lines] == ["order-1", "order-1", "order-2"]
    assert lines[0]["receipt"] == lines[1]["receipt"] == paid.receipt
    for line in lines:
        assert line["role"] == "agent"
        assert line["agent"] == address_of(world.agent)
        assert line["organization"] == world.organization.address
        assert line["wallet"] == world.wallet.address
    assert lines[1]["amount"] == "10000000"
    assert path.stat().st_mode & 0o777 == 0o600
    mined = world.chain.rpc.request("eth_getTransactionByHash", paid.transaction)
    assert b"secret note".hex() not in mined["input"]
    assert b"order-1".hex() not in mined["input"]


def test_journal__cannot_be_written__nothing_is_sent(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    A payment that nobody could explain later is not made.
    """
    wallet = connect()
    (tmp_path / "payments.jsonl").mkdir()
    before = nonce_of(world, world.agent)

    with pytest.raises(Exception, match=r"payments.jsonl cannot be used"):
        pay(wallet, world, "1")

    assert nonce_of(world, world.agent) == before


# Connecting


def test_connect__not_a_wallet__says_what_is_there(world: LiveWorld, connect: Connect) -> None:
    """
    The usual mistakes: nobody's address, a token's, the Safe's, the organisation's.
    """
    with pytest.raises(NotAWalletError, match="no contract at"):
        connect(wallet=world.recipient)
    for address in (world.usdc.address, world.safe.address, world.organization.address):
        with pytest.raises(NotAWalletError, match="no Bursar wallet"):
            connect(wallet=address)
    with pytest.raises(NotAWalletError, match="checksum"):
        connect(wallet="0x52908400098527886E0F7030069857D2E4169eE7")
    with pytest.raises(NotAWalletError, match="no address book"):
        connect(wallet="trading")
    with pytest.raises(NotAWalletError, match="did you mean trading"):
        connect(wallet="tradin", book=book_of(world))


def test_connect__wallet_that_its_organisation_does_not_know__is_refused(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Anybody can deploy something that looks like a wallet.
    """
    copy = world.wallet.client.fetch_code(world.wallet.address)
    fake = checksummed("0x" + "00" * 17 + "facade")
    world.chain.rpc.request("anvil_setCode", fake, f"0x{copy.hex()}")

    with pytest.raises(NotAWalletError, match="does not know it"):
        connect(wallet=fake)


def test_connect__book_of_another_organisation__is_refused(
    world: LiveWorld, connect: Connect
) -> None:
    """
    Names of one organisation mean nothing in another.
    """
    with pytest.raises(NotAWalletError, match="address book is of"):
        connect(book=book_of(world, organization=world.recipient))


def test_connect__wrong_chain__names_both(world: LiveWorld, connect: Connect) -> None:
    """
    Expected by argument or by the book.
    """
    with pytest.raises(WrongChainError, match=r"31337.*8453"):
        connect(chain_id=8453)
    with pytest.raises(WrongChainError, match=r"31337.*8453"):
        connect(book=book_of(world, chain_id=8453))


def test_connect__key_that_is_none__is_not_shown(connect: Connect) -> None:
    """
    A mistyped key is still nearly a key.
    """
    with pytest.raises(SettingsError) as refused:
        connect(key="0xabcdef" * 8)

    assert "abcdef" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_connect__signing_key_as_receipt_key__is_refused(
    world: LiveWorld, connect: Connect, tmp_path: Path
) -> None:
    """
    One stolen file must not be both.
    """
    path = tmp_path / "both.key"
    path.write_text(bytes(world.agent.key).hex())
    path.chmod(0o600)

    with pytest.raises(ReceiptKeyError, match="a file of its own"):
        connect(receipt_key_file=path)


def test_connect__from_the_environment__is_the_same(
    world: LiveWorld, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What a devnet's file sets is enough; what is missing is named.
    """
    with pytest.raises(SettingsError, match="BURSAR_AGENT_KEY is not set"):
        AgentWallet.connect()
    for name, value in environment(world, tmp_path).items():
        monkeypatch.setenv(name, value)

    wallet = AgentWallet.connect(patience=QUICK)

    assert wallet.agent == address_of(world.agent)
    assert pay(wallet, world, "1", to="clerk").executed
    monkeypatch.setenv("BURSAR_CHAIN_ID", "mainnet")
    with pytest.raises(SettingsError, match="in digits"):
        AgentWallet.connect()
    monkeypatch.setenv("BURSAR_CHAIN_ID", "1")
    with pytest.raises(WrongChainError):
        AgentWallet.connect()
    monkeypatch.setenv("BURSAR_BOOK", str(tmp_path / "none.json"))
    with pytest.raises(BookError, match=r"none\.json"):
        AgentWallet.connect()


def environment(world: LiveWorld, folder: Path) -> dict[str, str]:
    """
    As a devnet writes it.
    """
    book = folder / "book.json"
    book.write_text(book_of(world).to_json())
    return {
        "BURSAR_RPC_URL": world.chain.rpc.url,
        "BURSAR_WALLET": "trading",
        "BURSAR_AGENT_KEY": "0x" + bytes(world.agent.key).hex(),
        "BURSAR_CHAIN_ID": str(world.chain.chain_id),
        "BURSAR_BOOK": str(book),
        "BURSAR_RECEIPT_KEY_FILE": str(folder / "receipt.key"),
    }


# Nodes that fail


def test_connect__nobody_there__raises_with_the_host(connect: Connect) -> None:
    """
    A dead node is an exception that names it.
    """
    with pytest.raises(NoAnswerError, match=r"127\.0\.0\.1:9 .*Check that the node runs"):
        connect(rpc_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    "lie",
    [
        proxy.raw(b"<html>"),
        proxy.raw(b"{}"),
        proxy.answer("0x"),
        proxy.answer("0x1234"),
        proxy.answer(None),
        proxy.answer("0x" + "ff" * 32),
    ],
)
def test_pay__node_that_lies_in_views__raises_and_sends_nothing(
    world: LiveWorld, connect: Connect, node: FaultyNode, lie: proxy.Rule
) -> None:
    """
    What cannot be believed is an error, never a payment.
    """
    wallet = connect(rpc_url=node.url)
    assert wallet.preview("USDC", world.recipient, "1", category="general").allowed

    with node.breaking("eth_call", by=lie), pytest.raises((BadAnswerError, UnknownNameError)):
        pay(wallet, world, "1")

    assert not node.sent


def test_pay__slow_node__raises_and_sends_nothing(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    Slower than allowed is no answer.
    """
    wallet = connect(rpc_url=node.url, timeout=1.0)

    with node.breaking("eth_call", by=proxy.late(2.5)), pytest.raises(NoAnswerError):
        pay(wallet, world, "1")

    assert not node.sent


def test_pay__node_that_invents_a_success__is_not_believed(
    world: LiveWorld, connect: Connect, node: FaultyNode
) -> None:
    """
    A receipt without the wallet's own event is no payment.
    """

    def without_logs(_: proxy.Params, forward: proxy.Forward) -> Any:
        reply = forward()
        if reply["result"]:
            reply["result"]["logs"] = []
        return reply

    wallet = connect(rpc_url=node.url)
    with (
        node.breaking("eth_getTransactionReceipt", by=without_logs),
        pytest.raises(BadAnswerError, match="logged nothing"),
    ):
        pay(wallet, world, "1")


def test_pay__not_known_whether_it_was_mined__raises_and_is_on_record(
    world: LiveWorld, connect: Connect, node: FaultyNode, tmp_path: Path
) -> None:
    """
    Neither executed nor denied: the journal has the hash to look for.
    """
    wallet = connect(rpc_url=node.url, patience=Patience(1.0, 5.0, 0.2, 0.05))

    with (
        node.breaking("eth_getTransactionReceipt", by=proxy.hang_up),
        pytest.raises(NotMinedError, match="look before"),
    ):
        pay(wallet, world, "1", reference="order-1")

    last = json.loads((tmp_path / "payments.jsonl").read_text().splitlines()[-1])
    assert last["step"] == "unknown"
    receipt = world.chain.rpc.request("eth_getTransactionReceipt", last["transactions"][0])
    assert receipt["status"] == "0x1"


def test_pay__key_without_gas_money__raises_and_says_so(world: LiveWorld, connect: Connect) -> None:
    """
    Agents pay gas from their own account: how much is missing is told, and nothing is signed.
    """
    world.chain.fund(address_of(world.agent), 1)

    with pytest.raises(NoGasMoneyError, match=r"has 1 wei and needs"):
        pay(connect(), world, "1")

    world.chain.fund(address_of(world.agent), 10**18)
    assert pay(connect(), world, "1").executed


# The rest


def test_async_wallet__pays_several_at_once(world: LiveWorld, tmp_path: Path) -> None:
    """
    The same answers, without holding the loop.
    """

    async def run() -> list[Payment]:
        wallet = await AsyncAgentWallet.connect(**options(world, tmp_path, world.other_agent))
        jobs = [
            wallet.pay("USDC", world.recipient, amount, category="general")
            for amount in ("10", "20", "80", "101")
        ]
        answers = list(await asyncio.gather(*jobs))
        (waiting,) = await wallet.pending()
        assert (await wallet.payment(waiting.id or "")).queued
        assert (await wallet.execute(waiting.id or "")).denied
        await wallet.cancel(waiting.id or "")
        assert (await wallet.remaining("USDC", "general")).hour == 270 * USDC
        preview = await wallet.preview("USDC", world.recipient, "1", category="general")
        assert preview.allowed
        return answers

    answers = asyncio.run(run())

    assert [answer.status for answer in answers] == ["executed", "executed", "queued", "denied"]


def test_payment__as_json__has_amounts_as_text(world: LiveWorld, connect: Connect) -> None:
    """
    256 bits do not survive a JavaScript number.
    """
    told = json.loads(pay(connect(), world, "10").model_dump_json())

    assert told["amount"] == "10000000"
    assert told["remaining"]["day"] == "990000000"
    assert told["status"] == "executed"
