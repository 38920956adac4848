"""
Tokens as they are found in the wild. A payment either moves money and is charged, or nothing at
all has happened.
"""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi import encode

from tests.contracts.wallet.support import (
    BALANCE,
    NOT_ENABLED,
    PAY,
    WALLET,
    due,
    execute,
    hostile_token,
    judge,
    left,
    observed,
    queue,
    reverts,
)
from tests.harness.evm import Contract
from tests.harness.world import GENERAL, REFUND, USDC, World, ref

YES = encode(["bool"], [True])
NO = encode(["bool"], [False])
REFUSED = "transfers: token refused"


@pytest.fixture
def world(fresh: World) -> World:
    """
    The agent can pay in a token that does what it is told, at once and after waiting.
    """
    fresh.token = hostile_token(fresh)
    fresh.set_budget(category=REFUND, queue_from=0)
    fresh.token.mint(fresh.treasury, 1_000 * USDC, sender=fresh.deployer)
    fresh.token.approve(fresh.wallet.address, 1_000 * USDC, sender=fresh.treasury)
    fresh.open()
    return fresh


def pay(world: World) -> Any:
    """
    At once.
    """
    return world.pay(100 * USDC)


def make(world: World) -> Any:
    """
    A payment that has waited.
    """
    return execute(world, 100 * USDC, category=REFUND)


def sweep(world: World) -> Any:
    """
    All home.
    """
    return world.wallet.sweep(world.token.address, "", sender=world.guardian)


def refill(world: World) -> Any:
    """
    From the treasury.
    """
    return world.wallet.refill(world.token.address, 100 * USDC, ref(1), sender=world.treasury)


WAYS = [pay, make, sweep, refill]

# What a token may answer to a transfer, and the reason of the refusal; None: it is believed.
ANSWERS = {
    "true": (YES, None),
    "nothing": (b"", None),
    "true and more": (YES + b"\xff" * 96, None),
    "a thousand bytes, true first": (YES + b"\xff" * 992, None),
    "false": (NO, REFUSED),
    "false and more": (NO + YES, REFUSED),
    "two": (encode(["uint256"], [2]), ""),
    "its address": (b"\0" * 12 + b"\xab" * 20, ""),
    "all ones": (b"\xff" * 32, ""),
    "true, left-aligned": (b"\1" + b"\0" * 31, ""),
    "one byte": (b"\1", ""),
    "thirty-one bytes": (YES[:31], ""),
    "thirty-one bytes of ones": (b"\1" * 31, ""),
    "a thousand bytes of ones": (b"\xff" * 1_024, ""),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_token__whatever_it_answers__is_paid_whole_or_not_at_all(
    world: World, way: Callable[[World], Any], answer: str
) -> None:
    """
    A token that answers true or nothing is believed. With false, or anything that is neither, the
    call reverts and neither counters nor queue have changed; when the token behaves, it goes on.
    """
    data, refusal = ANSWERS[answer]
    id = queue(world, 100 * USDC, category=REFUND)
    due(world)
    shown, before = world.wallet.payment(id), observed(world)
    world.token.set_answer(data, sender=world.deployer)

    if refusal is not None:
        with reverts(refusal):
            way(world)
        assert (observed(world), world.wallet.payment(id)) == (before, shown)
        world.token.set_answer(YES, sender=world.deployer)
    way(world)

    assert observed(world)["token"] != before["token"]


def out_of_words(token: Contract, world: World) -> None:
    """
    It reverts with its own reason.
    """
    token.set_refusal("USDX: account is frozen", sender=world.deployer)


def without_words(token: Contract, world: World) -> None:
    """
    It reverts without a reason.
    """
    token.set_mute(True, sender=world.deployer)


def burning(token: Contract, world: World) -> None:
    """
    It burns all the gas that it gets.
    """
    token.set_burns(True, sender=world.deployer)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [(out_of_words, "USDX: account is frozen"), (without_words, ""), (burning, "")],
    ids=["with a reason", "without a reason", "burning all gas"],
)
def test_token__that_reverts__changes_nothing_and_is_quoted(
    world: World,
    way: Callable[[World], Any],
    fault: Callable[[Contract, World], None],
    reason: str,
) -> None:
    """
    A token's own refusal reaches the caller in its own words, and nothing has happened.
    """
    id = queue(world, 100 * USDC, category=REFUND)
    due(world)
    shown, before = world.wallet.payment(id), observed(world)
    fault(world.token, world)

    with reverts(reason):
        way(world)

    assert (observed(world), world.wallet.payment(id)) == (before, shown)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_token__that_lost_its_code__moves_nothing(
    world: World, way: Callable[[World], Any]
) -> None:
    """
    An address without code is no token: nothing is believed to have been paid.
    """
    id = queue(world, 100 * USDC, category=REFUND)
    due(world)
    key = (world.agent, world.token.address, REFUND)
    before = (world.wallet.remaining(*key), world.wallet.wallet_remaining(world.token.address))
    shown = world.wallet.payment(id)
    world.evm.set_code(world.token.address, b"")

    with reverts(""):
        way(world)

    after = (world.wallet.remaining(*key), world.wallet.wallet_remaining(world.token.address))
    assert (after, world.wallet.payment(id)) == (before, shown)


def test_token__that_never_had_code__is_not_enabled(fresh: World) -> None:
    """
    A budget alone makes no token of an address.
    """
    fresh.set_budget(token=fresh.stranger)
    fresh.set_budget(token=fresh.stranger, category=REFUND, queue_from=0)
    fresh.open()

    for category in (b"general".ljust(32, b"\0"), REFUND):
        judge(fresh, WALLET, 1, reason=NOT_ENABLED, token=fresh.stranger, category=category)


def test_token__that_answers_nothing_to_anything__is_believed_but_not_swept(world: World) -> None:
    """
    What has code and stays silent passes for a token that was paid; of a balance it must speak.
    """
    world.evm.set_code(world.token.address, b"\0")
    hour = left(world)[0]

    assert world.pay(100 * USDC).names() == ["Paid"]
    assert left(world)[0] == hour - 100 * USDC
    with reverts(""):
        sweep(world)


@pytest.mark.parametrize(("fee_bps", "arrives"), [(1, 99_990_000), (100, 99 * USDC), (10_000, 0)])
def test_token__that_takes_a_fee__is_charged_in_full(
    world: World, fee_bps: int, arrives: int
) -> None:
    """
    A budget is charged what leaves the wallet, whatever arrives.
    """
    world.token.set_fee(fee_bps, sender=world.deployer)

    receipt = pay(world)

    assert receipt.only("Paid").amount == 100 * USDC
    assert world.token.balanceOf(world.wallet.address) == 4_900 * USDC
    assert world.token.balanceOf(world.recipient) == arrives
    assert left(world) == (200 * USDC, 900 * USDC, 99)
    assert world.wallet.wallet_remaining(world.token.address) == 9_900 * USDC


def test_token__that_takes_a_fee__is_swept_whole(world: World) -> None:
    """
    A sweep sends all there is and logs that.
    """
    world.token.set_fee(100, sender=world.deployer)
    before = world.token.balanceOf(world.treasury)

    assert sweep(world).only("Swept").amount == 5_000 * USDC
    assert world.token.balanceOf(world.wallet.address) == 0
    assert world.token.balanceOf(world.treasury) == before + 4_950 * USDC


def test_token__that_moves_nothing_and_says_yes__is_charged(world: World) -> None:
    """
    A token that lies costs the budget what it claims; nothing else can be known of it.
    """
    world.token.set_moves(False, sender=world.deployer)

    pay(world)

    assert left(world) == (200 * USDC, 900 * USDC, 99)


def test_token__hostile__costs_no_other_token(world: World) -> None:
    """
    Whatever a token does, the budgets of others are as they were.
    """
    good = world.new_token()
    good.mint(world.wallet.address, USDC, sender=world.deployer)
    steal = good.calldata("transferFrom", world.wallet.address, world.stranger, USDC)
    world.token.react(good.address, steal, sender=world.deployer)

    pay(world)

    assert world.token.outcome(0)[0] is False
    assert good.balanceOf(world.wallet.address) == USDC
    assert good.allowance(world.wallet.address, world.token.address) == 0


@pytest.mark.parametrize("decimals", [0, 2, 6, 8, 18, 24])
def test_token__of_any_decimals__is_counted_in_base_units(fresh: World, decimals: int) -> None:
    """
    The wallet never asks for decimals: an amount is base units.
    """
    token, one = fresh.new_token(decimals), 10**decimals
    fresh.wallet.set_wallet_limit(token.address, 1_000 * one, sender=fresh.treasury)
    fresh.set_budget(
        token=token.address, per_payment=100 * one, hourly=300 * one, daily=1_000 * one
    )
    fresh.open()
    token.mint(fresh.wallet.address, 1_000 * one, sender=fresh.deployer)

    fresh.pay(100 * one, token=token.address)

    assert token.balanceOf(fresh.recipient) == 100 * one
    assert left(fresh, token=token.address) == (200 * one, 900 * one, 99)


# Tokens whose balances change by themselves


def test_token__that_shrinks_after_a_refill__is_paid_up_to_what_is_left(world: World) -> None:
    """
    A rebase between refill and payment: what no longer fits is refused, by the preview and by the
    payment, and uses up nothing; what fits is paid.
    """
    world.wallet.refill(world.token.address, 1_000 * USDC, ref(9), sender=world.treasury)
    before = left(world)
    world.token.burn(world.wallet.address, 5_950 * USDC, sender=world.deployer)

    token, to, amount, category, _ = world.payment(50 * USDC + 1)
    assert world.wallet.preview(world.agent, token, to, amount, category) == BALANCE
    with reverts(""):
        world.pay(amount)
    assert left(world) == before
    judge(world, PAY, 50 * USDC)

    assert world.token.balanceOf(world.wallet.address) == 0


def test_token__that_shrinks_while_a_payment_waits__keeps_it_waiting(world: World) -> None:
    """
    The payment is refused when it is due and can be made once there is money again.
    """
    queue(world, 100 * USDC, category=REFUND)
    due(world)
    world.token.burn(world.wallet.address, 4_901 * USDC, sender=world.deployer)

    with reverts(""):
        make(world)
    world.token.mint(world.wallet.address, USDC, sender=world.deployer)
    make(world)

    assert world.token.balanceOf(world.recipient) == 100 * USDC


def test_token__that_grows__takes_no_refill_above_its_maximum_and_pays_on(world: World) -> None:
    """
    Growth raises nothing that anybody may spend: budgets are in base units, and the maximum balance
    binds refills only.
    """
    world.wallet.set_max_balance(world.token.address, 6_000 * USDC, sender=world.treasury)
    world.token.mint(world.wallet.address, 5_000 * USDC, sender=world.deployer)
    before = left(world)

    with reverts("refill: above max_balance"):
        world.wallet.refill(world.token.address, 1, ref(9), sender=world.treasury)
    assert left(world) == before
    judge(world, PAY, 100 * USDC)
    world.wallet.sweep(world.token.address, "grown", sender=world.guardian)

    assert world.token.balanceOf(world.wallet.address) == 0


def test_token__that_takes_a_fee__a_batch_is_charged_in_full(world: World) -> None:
    """
    Each recipient gets less by the fee; the budget is charged what left the wallet.
    """
    world.token.set_fee(100, sender=world.deployer)
    batch = [(world.recipient, 10 * USDC, ref(n)) for n in range(3)]

    world.wallet.pay_many(world.token.address, GENERAL, batch, sender=world.agent)

    assert world.token.balanceOf(world.recipient) == 29_700_000
    assert left(world) == (270 * USDC, 970 * USDC, 97)
