"""
Native currency wherever a token works, and recipients that do not just take it.
"""

from collections.abc import Callable

import pytest

from tests.contracts.wallet.support import (
    BALANCE,
    HOURLY,
    PAY,
    QUEUE,
    ROLES,
    SHORT,
    become_hostile,
    due,
    execute,
    hostile_recipient,
    judge,
    left,
    logged,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import Contract, Reverted, actor
from tests.harness.world import DAY, GENERAL, HOUR, NATIVE, REFUND, USDC, World, ref

REFUSED = "transfers: recipient refused"

# Returns, and reverts with, a million bytes.
RETURN_BOMB = bytes.fromhex("620f42405ff3")
REVERT_BOMB = bytes.fromhex("620f42405ffd")
REFUSAL = bytes.fromhex("5f5ffd")


def test_pay__native__moves_it_and_says_what_is_left(native: World) -> None:
    """
    Native currency is paid, charged and logged like any token, under its own address.
    """
    receipt = native.pay(40 * USDC, token=NATIVE, ref=ref(7))

    assert receipt.events == [
        logged(
            native.wallet,
            "Paid",
            agent=native.agent,
            token=NATIVE,
            to=native.recipient,
            amount=40 * USDC,
            category=GENERAL,
            ref=ref(7),
            hour_remaining=260 * USDC,
            day_remaining=960 * USDC,
        )
    ]
    assert native.evm.balance(native.recipient) == 40 * USDC
    assert native.evm.balance(native.wallet.address) == 4_960 * USDC
    assert left(native, token=NATIVE) == (260 * USDC, 960 * USDC, 99)
    assert native.wallet.wallet_remaining(NATIVE) == 9_960 * USDC


def test_execute__native__moves_it_when_due(native: World) -> None:
    """
    Native currency waits and is paid like any token.
    """
    id = queue(native, 60 * USDC, token=NATIVE, ref=ref(7))
    assert native.evm.balance(native.recipient) == 0
    due(native)

    receipt = execute(native, 60 * USDC, token=NATIVE, ref=ref(7))

    assert receipt.events == [
        logged(
            native.wallet,
            "PaymentExecuted",
            agent=native.agent,
            token=NATIVE,
            to=native.recipient,
            id=id,
            amount=60 * USDC,
            category=GENERAL,
            ref=ref(7),
            hour_remaining=240 * USDC,
            day_remaining=940 * USDC,
        )
    ]
    assert native.evm.balance(native.recipient) == 60 * USDC


@pytest.mark.parametrize(("amount", "verdict"), [(69, PAY), (70, PAY), (71, BALANCE)])
def test_pay__native_around_the_balance__passes_up_to_it(amount: int, verdict: int) -> None:
    """
    The wallet refuses for itself what it has not got, in its own words.
    """
    world = opened({"token": NATIVE}, funds=70)

    judge(world, verdict, amount, reason=SHORT, token=NATIVE)


def test_execute__native_short__is_refused_and_waits_on(native: World) -> None:
    """
    A payment that the balance does not cover stays in the queue until it does.
    """
    queue(native, 60 * USDC, token=NATIVE)
    due(native)
    native.evm.fund(native.wallet.address, 60 * USDC - 1)
    before = observed(native)
    with reverts(SHORT):
        execute(native, 60 * USDC, token=NATIVE)
    assert observed(native) == before

    native.evm.fund(native.wallet.address, 60 * USDC)
    execute(native, 60 * USDC, token=NATIVE)


def test_pay__native_over_the_limits__is_refused_like_any_token(native: World) -> None:
    """
    Windows of native currency are its own and hold.
    """
    for _ in range(7):
        native.pay(40 * USDC, token=NATIVE)
    judge(native, HOURLY, 20 * USDC + 1, token=NATIVE)
    judge(native, PAY, 20 * USDC, token=NATIVE)
    judge(native, PAY, 100 * USDC)


def refuses(world: World, account: Contract) -> None:
    """
    It reverts with a reason of its own.
    """
    account.set_refuses(True, sender=world.stranger)


def burns(world: World, account: Contract) -> None:
    """
    It burns all the gas that it gets.
    """
    account.set_burns(True, sender=world.stranger)


def reverts_with_a_bomb(world: World, account: Contract) -> None:
    """
    It reverts with a million bytes.
    """
    world.evm.set_code(account.address, REVERT_BOMB)


def sends_back_too_much(world: World, account: Contract) -> None:
    """
    It tries to return more than it has.
    """
    account.set_change(10**30, sender=world.stranger)


@pytest.mark.parametrize(
    "fault", [refuses, burns, reverts_with_a_bomb, sends_back_too_much], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("waits", [False, True])
def test_recipient__that_does_not_take_it__changes_nothing(
    native: World, fault: Callable[[World, Contract], None], waits: bool
) -> None:
    """
    A payment whose recipient fails, however, is refused in the wallet's own words, and neither
    counters nor queue have changed.
    """
    account = hostile_recipient(native)
    amount = 60 * USDC if waits else 40 * USDC
    payment = {"token": NATIVE, "to": account.address}
    id = queue(native, 60 * USDC, **payment)
    due(native)
    fault(native, account)
    shown, before = native.wallet.payment(id), observed(native)

    with reverts(REFUSED):
        if waits:
            execute(native, amount, **payment)
        else:
            native.pay(amount, **payment)

    assert (observed(native), native.wallet.payment(id)) == (before, shown)
    assert native.evm.balance(account.address) == 0


def test_recipient__that_returns_a_million_bytes__is_paid(native: World) -> None:
    """
    What a recipient returns is not read, so that it cannot cost the payment its gas.
    """
    native.evm.set_code(native.recipient, RETURN_BOMB)

    receipt = native.pay(40 * USDC, token=NATIVE)

    assert native.evm.balance(native.recipient) == 40 * USDC
    assert receipt.gas_used < 3_000_000


@pytest.mark.parametrize("change", [1, 15 * USDC, 40 * USDC])
def test_recipient__that_sends_change_back__is_charged_in_full(native: World, change: int) -> None:
    """
    A recipient may return change in mid-payment. The money is there again; the budget is not.
    """
    account = hostile_recipient(native)
    account.set_change(change, sender=native.stranger)

    receipt = native.pay(40 * USDC, token=NATIVE, to=account.address)

    assert receipt.only("Paid").amount == 40 * USDC
    assert native.evm.balance(account.address) == 40 * USDC - change
    assert native.evm.balance(native.wallet.address) == 4_960 * USDC + change
    assert left(native, token=NATIVE) == (260 * USDC, 960 * USDC, 99)
    assert native.wallet.wallet_remaining(NATIVE) == 9_960 * USDC


def test_recipient__with_code_that_just_takes_it__is_paid(native: World) -> None:
    """
    A contract gets all the gas that there is, not a stipend.
    """
    account = hostile_recipient(native)

    native.pay(40 * USDC, token=NATIVE, to=account.address)

    assert native.evm.balance(account.address) == 40 * USDC


def test_sweep__treasury_that_refuses__changes_nothing(native: World) -> None:
    """
    Native currency that the treasury does not take stays where it is.
    """
    native.evm.set_code(native.treasury, REFUSAL)
    before = observed(native)

    with reverts(REFUSED):
        native.wallet.sweep(NATIVE, "", sender=native.guardian)

    assert observed(native) == before
    native.wallet.sweep(native.token.address, "", sender=native.guardian)


def test_sweep__treasury_with_code__gets_it(native: World) -> None:
    """
    A treasury is a contract; it is sent everything with all the gas that there is.
    """
    boss = become_hostile(native, native.treasury)

    native.wallet.sweep(NATIVE, "", sender=native.guardian)

    assert native.evm.balance(boss.address) == 5_000 * USDC


@pytest.mark.parametrize("role", ROLES)
def test_default__money_from_anyone__is_taken(fresh: World, role: str) -> None:
    """
    Anyone can send native currency, to an unsealed and stopped wallet too. Nothing is logged.
    """
    sender = actor(role)
    fresh.evm.fund(sender, 7)

    fresh.evm.transact(sender, fresh.wallet.address, b"", value=7)
    assert fresh.evm.events() == []
    fresh.evm.transact(sender, fresh.wallet.address, b"")

    assert fresh.evm.balance(fresh.wallet.address) == 7


@pytest.mark.parametrize("value", [0, 5])
@pytest.mark.parametrize("data", [b"\0", b"\0\0\0", b"\0\0\0\0", b"\xde\xad\xbe\xef", b"\1" * 100])
def test_default__with_calldata__is_refused(native: World, data: bytes, value: int) -> None:
    """
    Calldata that names no function is a mistake, and must not seem to succeed.
    """
    native.evm.fund(native.stranger, 5)

    with reverts("wallet: unknown call"):
        native.evm.transact(native.stranger, native.wallet.address, data, value=value)

    assert native.evm.balance(native.stranger) == 5


def test_functions__that_are_not_payable__refuse_value(native: World) -> None:
    """
    Only a refill, and money without calldata, bring native currency in.
    """
    wallet = native.wallet
    for who in (native.agent, native.treasury):
        native.evm.fund(who, 1_000)
    calls = [
        (native.agent, "pay", native.payment(40 * USDC)),
        (native.agent, "pause_self", (1, "")),
        (native.treasury, "cancel_all", ("",)),
        (native.treasury, "set_wallet_limit", (NATIVE, 1)),
        (native.treasury, "set_max_balance", (NATIVE, 1)),
        (native.treasury, "set_payment_delay", (DAY,)),
        (native.treasury, "set_grace", (HOUR,)),
        (native.treasury, "set_recipients", ([], False)),
        (native.treasury, "sweep", (native.token.address, "")),
    ]
    for who, name, args in calls:
        with pytest.raises(Reverted):
            wallet.call(name, *args, sender=who, value=1)
    for who, name, args in calls:
        wallet.call(name, *args, sender=who)


def test_native__disabled__is_not_paid_though_it_is_there(native: World) -> None:
    """
    Native currency is enabled like any token.
    """
    native.wallet.set_wallet_limit(NATIVE, 0, sender=native.treasury)

    with reverts("payments: token is not enabled"):
        native.pay(1, token=NATIVE)


def test_native__budget_waits_all__takes_no_part_of_a_tokens_queue(native: World) -> None:
    """
    The same amount to the same recipient in token and native currency are two payments.
    """
    native.set_budget(token=native.token.address, queue_from=0)
    judge(native, QUEUE, 60 * USDC)
    judge(native, QUEUE, 60 * USDC, token=NATIVE)
    due(native)

    execute(native, 60 * USDC, token=NATIVE)

    assert native.evm.balance(native.recipient) == 60 * USDC
    assert native.token.balanceOf(native.recipient) == 0
    with reverts("queue: no such payment"):
        execute(native, 60 * USDC, token=NATIVE, category=REFUND)
