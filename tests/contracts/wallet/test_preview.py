from collections.abc import Callable

import pytest

from tests.contracts.wallet.support import (
    AMOUNT,
    BALANCE,
    COUNT,
    DAILY,
    HOURLY,
    NO_BUDGET,
    NOT_ENABLED,
    PAY,
    QUEUE,
    RECIPIENT,
    SHORT,
    STOPPED,
    TOKEN_SHORT,
    WALLET,
    ZERO,
    judge,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import actor
from tests.harness.world import DAY, GENERAL, HOUR, MAX, NATIVE, REFUND, USDC, World


def stopped_by(scope: Callable[[World], str]) -> World:
    """
    The agent could pay if nobody had stopped it.
    """
    world = opened()
    world.organization.pause(scope(world), 0, "", sender=world.guardian)
    return world


def lapsed() -> World:
    """
    The agent could pay if the keeper had sent a heartbeat in time.
    """
    world = opened()
    world.organization.set_heartbeat_timeout(HOUR, sender=world.treasury)
    world.evm.warp(by=HOUR + 1)
    return world


def unsealed() -> World:
    """
    The agent could pay if setting up were over.
    """
    world = World()
    world.enable()
    world.set_budget()
    world.fund()
    return world


def spent(**figures: int) -> World:
    """
    The agent has paid 100 under these limits.
    """
    world = opened(**figures)
    world.pay(100 * USDC)
    return world


def disabled(world: World) -> World:
    """
    The same world with the token switched off.
    """
    world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)
    return world


SITUATIONS = {
    "an ordinary payment": (PAY, "", opened),
    "one that has to wait": (QUEUE, "", lambda: opened(queue_from=1)),
    "organisation stopped": (STOPPED, "", lambda: stopped_by(lambda w: w.organization.address)),
    "wallet stopped": (STOPPED, "", lambda: stopped_by(lambda w: w.wallet.address)),
    "agent stopped": (STOPPED, "", lambda: stopped_by(lambda w: w.agent)),
    "other agent stopped": (PAY, "", lambda: stopped_by(lambda w: w.other_agent)),
    "heartbeat lapsed": (STOPPED, "", lapsed),
    "not sealed": (STOPPED, "", unsealed),
    "no budget": (NO_BUDGET, "", lambda: opened(expires_at=opened().now)),
    "too large": (AMOUNT, "", lambda: opened(per_payment=100 * USDC - 1)),
    "not on the list": (RECIPIENT, "", lambda: opened(allowlist_only=True)),
    "over the hour": (HOURLY, "", lambda: spent(hourly=200 * USDC - 1)),
    "over the day": (DAILY, "", lambda: spent(hourly=200 * USDC - 1, daily=200 * USDC - 1)),
    "too many": (COUNT, "", lambda: spent(max_payments=1)),
    "token disabled": (WALLET, NOT_ENABLED, lambda: disabled(opened())),
    "token disabled, would wait": (WALLET, NOT_ENABLED, lambda: disabled(opened(queue_from=1))),
    "over the wallet": (WALLET, "", lambda: opened(wallet_limit=100 * USDC - 1)),
    "poor": (BALANCE, TOKEN_SHORT, lambda: opened(funds=100 * USDC - 1)),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_preview__in_each_situation__is_what_pay_does(situation: str) -> None:
    """
    `preview` answers with the number of what `pay` then does or refuses.
    """
    verdict, reason, build = SITUATIONS[situation]
    world = build()
    if situation == "over the day":
        world.evm.warp(by=HOUR)

    judge(world, verdict, 100 * USDC, reason=reason)


def test_preview__native_currency_short__says_balance() -> None:
    """
    Number 10 of native currency comes with a reason of the wallet's own.
    """
    world = opened({"token": NATIVE}, funds=70 * USDC)

    judge(world, PAY, 70 * USDC, token=NATIVE)
    judge(world, BALANCE, 1, reason=SHORT, token=NATIVE)


def test_preview__a_duplicate__is_the_one_thing_it_cannot_see(waiting: World) -> None:
    """
    While an identical payment waits, `preview` still says that this one would wait.
    """
    queue(waiting, 60 * USDC)
    token, to, amount, category, _ = waiting.payment(60 * USDC)

    assert waiting.wallet.preview(waiting.agent, token, to, amount, category) == QUEUE
    with reverts("queue: already waiting"):
        waiting.pay(60 * USDC)


def test_preview__balance__is_not_looked_at_for_what_waits() -> None:
    """
    A payment that waits needs its money when it is executed, not before.
    """
    world = opened(queue_from=1, funds=0)

    judge(world, QUEUE, 100 * USDC)


def test_preview__asked_by_anyone__answers_about_the_named_agent(world: World) -> None:
    """
    Who asks does not matter; whose budget it is does.
    """
    arguments = (world.token.address, world.recipient, 1, GENERAL)

    for who in (world.stranger, world.agent, world.treasury):
        assert world.wallet.preview(world.agent, *arguments, sender=who) == PAY
        assert world.wallet.preview(world.stranger, *arguments, sender=who) == NO_BUDGET


def test_preview__asked__changes_nothing(world: World) -> None:
    """
    Looking uses nothing up.
    """
    before = observed(world)

    for _ in range(3):
        token, to, amount, category, _ = world.payment(100 * USDC)
        world.wallet.call("preview", world.agent, token, to, amount, category, sender=world.agent)

    assert observed(world) == before


@pytest.mark.parametrize("amount", [0, 1, 2**128, MAX])
@pytest.mark.parametrize("who", [ZERO, NATIVE, actor("agent"), "0x" + "ff" * 20])
def test_preview__extreme_input__never_reverts(who: str, amount: int) -> None:
    """
    Whatever is asked is answered with one of the numbers.
    """
    world = opened(queue_from=0)
    world.evm.warp(by=300 * DAY - 1)

    for category in (GENERAL, REFUND, b"\xff" * 32):
        for token in (world.token.address, NATIVE, ZERO, world.wallet.address):
            for to in (ZERO, world.recipient, world.wallet.address):
                assert world.wallet.preview(who, token, to, amount, category) <= BALANCE


@pytest.mark.parametrize("code", [b"", b"\0", bytes.fromhex("5f5ffd"), bytes.fromhex("fe")])
def test_preview__token_that_answers_no_more__says_balance(code: bytes) -> None:
    """
    A token that lost its code, answers nothing, reverts or burns all gas has a balance of nothing;
    looking does not revert.
    """
    world = opened()
    world.evm.set_code(world.token.address, code)

    token, to, amount, category, _ = world.payment(USDC)
    assert world.wallet.preview(world.agent, token, to, amount, category) == BALANCE
