"""
Batches: all or none, charged as one, each counted.
"""

from typing import Any

import pytest

from tests.contracts.wallet.support import (
    MAX_WALLET_LIMIT,
    NEVER,
    NOT_ENABLED,
    SHORT,
    TOKEN_SHORT,
    ZERO,
    hostile_recipient,
    hostile_token,
    key_of,
    left,
    logged,
    moved,
    observed,
    opened,
    reverts,
)
from tests.harness.evm import Receipt, actor
from tests.harness.world import DAY, GENERAL, HOUR, MAX, NATIVE, USDC, World, ref


def batch(world: World, *amounts: int, to: str | None = None) -> list[tuple[str, int, bytes]]:
    """
    A payment of each amount, to recipients of their own unless all are for one.
    """
    return [(to or actor(f"recipient {i}"), amount, ref(i + 1)) for i, amount in enumerate(amounts)]


def pay_many(world: World, payments: list[Any], **kwargs: Any) -> Receipt:
    """
    By the agent, in the token, unless said otherwise.
    """
    token = kwargs.get("token", world.token.address)
    sender = kwargs.get("sender", world.agent)
    return world.wallet.call(
        "pay_many", token, kwargs.get("category", GENERAL), payments, sender=sender
    )


def refused(world: World, payments: list[Any], reason: str, **kwargs: Any) -> None:
    """
    The batch is refused for this reason, and nothing has changed.
    """
    before = observed(world)
    with reverts(reason):
        pay_many(world, payments, **kwargs)
    assert observed(world) == before


def test_pay_many__three__are_paid_logged_and_charged_together() -> None:
    """
    Each recipient has its money; every event tells what is left after the whole batch.
    """
    world = opened()
    payments = batch(world, 10 * USDC, 20 * USDC, 30 * USDC)

    receipt = pay_many(world, payments)

    assert left(world) == (240 * USDC, 940 * USDC, 97)
    assert world.wallet.wallet_remaining(world.token.address) == 9_940 * USDC
    expected = []
    for to, amount, reference in payments:
        expected += [
            logged(
                world.wallet,
                "Paid",
                agent=world.agent,
                token=world.token.address,
                to=to,
                amount=amount,
                category=GENERAL,
                ref=reference,
                hour_remaining=240 * USDC,
                day_remaining=940 * USDC,
            ),
            moved(world.token, world.wallet.address, to, amount),
        ]
        assert world.token.balanceOf(to) == amount
    assert receipt.events == expected
    assert receipt.result is None


def test_pay_many__one_or_none__is_as_pay_would_or_nothing() -> None:
    """
    A batch of one is a payment. An empty one is no payment: zero is zero.
    """
    world = opened()
    pay_many(world, batch(world, 1))
    assert left(world) == (300 * USDC - 1, 1000 * USDC - 1, 99)

    refused(world, [], "payments: amount out of bounds")
    refused(world, [], "payments: no budget", sender=world.stranger)


def test_pay_many__a_hundred__and_not_one_more() -> None:
    """
    A hundred fit; more is malformed calldata.
    """
    world = opened(max_payments=200)
    pay_many(world, batch(world, *[USDC] * 100))
    assert left(world) == (200 * USDC, 900 * USDC, 100)

    refused(world, batch(world, *[1] * 101), "")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"amount": 0}, "payments: amount out of bounds"),
        ({"amount": 100 * USDC + 1}, "payments: amount out of bounds"),
        ({"amount": MAX}, "payments: amount out of bounds"),
        ({"to": ZERO}, "payments: recipient not allowed"),
        ({"to": "wallet"}, "payments: recipient not allowed"),
        ({"amount": 50 * USDC}, "payments: one has to wait"),
    ],
)
def test_pay_many__one_that_may_not_be__refuses_all(
    place: int, wrong: dict[str, Any], reason: str
) -> None:
    """
    Wherever it stands in the batch.
    """
    world = opened(queue_from=50 * USDC)
    payments = batch(world, USDC, USDC, USDC)
    to, amount, reference = payments[place]
    to = {"wallet": world.wallet.address}.get(wrong.get("to", ""), wrong.get("to", to))
    payments[place] = (to, wrong.get("amount", amount), reference)

    refused(world, payments, reason)

    payments[place] = (actor("somebody"), 50 * USDC - 1, reference)
    pay_many(world, payments)


def test_pay_many__several_things_wrong__names_the_first_payments() -> None:
    """
    Payments are looked at in their order, and within each in the order of `pay`; the budget's
    windows come last.
    """
    world = opened(queue_from=50 * USDC)
    amount = (actor("a"), 0, ref(1))
    recipient = (ZERO, 60 * USDC, ref(2))
    waits = (actor("b"), 60 * USDC, ref(3))
    refused(world, [waits, amount, recipient], "payments: one has to wait")
    refused(world, [recipient, waits, amount], "payments: recipient not allowed")
    refused(world, [amount, recipient, waits], "payments: amount out of bounds")
    refused(world, [*batch(world, *[49 * USDC] * 7), amount], "payments: amount out of bounds")
    world.organization.pause(world.agent, 0, "", sender=world.guardian)
    refused(world, [amount], "payments: stopped")


def test_pay_many__sum_at_the_limit_of_the_hour__passes_and_one_more_does_not() -> None:
    """
    The sum is what is charged, whatever each of them is.
    """
    world = opened()
    refused(world, batch(world, *[100 * USDC] * 3, 1), "payments: over the hourly limit")
    pay_many(world, batch(world, *[100 * USDC] * 3))
    assert left(world) == (0, 700 * USDC, 97)


def test_pay_many__sum_at_the_limit_of_the_day__passes_and_one_more_does_not() -> None:
    """
    Likewise for the day, after what was spent before.
    """
    world = opened(hourly=1000 * USDC)
    world.pay(100 * USDC)
    refused(world, batch(world, *[100 * USDC] * 9, 1), "payments: over the hourly limit")
    world.evm.warp(by=HOUR)
    refused(world, batch(world, *[100 * USDC] * 9, 1), "payments: over the daily limit")
    pay_many(world, batch(world, *[100 * USDC] * 9))
    assert left(world)[1] == 0


@pytest.mark.parametrize("most", [3, 16_383])
def test_pay_many__count__each_one_counts(most: int) -> None:
    """
    As many as the day's count leaves, and not one more, also where the count is as large as it can
    be.
    """
    world = opened(max_payments=most)
    if most == 3:
        world.pay(1)
        refused(world, batch(world, 1, 1, 1), "payments: too many today")
        pay_many(world, batch(world, 1, 1))
    else:
        for _ in range(163):
            pay_many(world, batch(world, *[1] * 100, to=world.recipient))
        assert left(world)[2] == 83
        refused(world, batch(world, *[1] * 84), "payments: too many today")
        refused(world, batch(world, *[1] * 100), "payments: too many today")
        pay_many(world, batch(world, *[1] * 83, to=world.recipient))
        assert world.wallet.budget(*key_of(world))[0] == 100 * USDC
    assert left(world)[2] == 0
    refused(world, batch(world, 1), "payments: too many today")


def test_pay_many__wallet_limit__holds_for_the_sum() -> None:
    """
    The wallet's day is charged with the sum.
    """
    world = opened(wallet_limit=50 * USDC)
    refused(world, batch(world, 25 * USDC, 25 * USDC + 1), "payments: over the wallet limit")
    pay_many(world, batch(world, 25 * USDC, 25 * USDC))
    assert world.wallet.wallet_remaining(world.token.address) == 0


def test_pay_many__token_that_is_not_enabled__refuses() -> None:
    """
    A budget alone is not enough.
    """
    world = opened()
    world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)
    refused(world, batch(world, 1, 1), NOT_ENABLED)


def test_pay_many__last_one_not_covered__pays_none() -> None:
    """
    All or none, in a token and in native currency.
    """
    world = opened({"token": NATIVE}, funds=100 * USDC)
    refused(world, batch(world, 50 * USDC, 50 * USDC, 1), TOKEN_SHORT)
    refused(world, batch(world, 50 * USDC, 50 * USDC, 1), SHORT, token=NATIVE)
    pay_many(world, batch(world, 50 * USDC, 50 * USDC))
    pay_many(world, batch(world, 50 * USDC, 50 * USDC), token=NATIVE)
    assert world.evm.balance(world.wallet.address) == 0


def test_pay_many__recipient_or_token_that_refuses__pays_none() -> None:
    """
    One that cannot be paid takes the batch back.
    """
    world = World()
    token = hostile_token(world)
    world.enable(NATIVE)
    world.set_budget(token=NATIVE)
    world.open()
    world.evm.fund(world.wallet.address, 100 * USDC)
    nasty = hostile_recipient(world)
    nasty.set_refuses(True, sender=world.stranger)
    payments = [*batch(world, 1), (nasty.address, 1, ref(9))]
    refused(world, payments, "transfers: recipient refused", token=NATIVE)
    nasty.set_refuses(False, sender=world.stranger)
    pay_many(world, payments, token=NATIVE)
    pay_many(world, batch(world, 1, 2), token=token.address)


def test_pay_many__allowlist__asks_for_every_recipient() -> None:
    """
    One that is not on the list refuses all.
    """
    world = World()
    world.enable()
    world.set_budget(allowlist_only=True)
    payments = batch(world, 1, 1)
    world.wallet.set_recipients([payments[0][0]], True, sender=world.treasury)
    world.open()
    world.fund()
    refused(world, payments, "payments: recipient not allowed")
    pay_many(world, payments[:1] * 2)


def test_pay_many__same_recipient_and_reference__are_payments_of_their_own() -> None:
    """
    `ref` is no idempotency key.
    """
    world = opened()
    pay_many(world, [(world.recipient, USDC, ref(1))] * 3)
    assert world.token.balanceOf(world.recipient) == 3 * USDC
    assert left(world)[2] == 97


def test_pay_many__rounding__is_up_and_once_for_the_batch() -> None:
    """
    In a unit of a hundred base units three payments of 50 take two units, not three.
    """
    daily = (NEVER - 1) * 100
    figures = {"per_payment": 100 * 100, "hourly": daily, "daily": daily}
    world = opened(wallet_limit=MAX_WALLET_LIMIT, **figures)
    pay_many(world, batch(world, 50, 50, 50))
    assert left(world) == (daily - 200, daily - 200, 97)
    assert world.wallet.wallet_remaining(world.token.address) == MAX_WALLET_LIMIT - 150


def test_pay_many__new_hour_and_day__start_afresh() -> None:
    """
    A batch rolls the counters as a payment does.
    """
    world = opened()
    pay_many(world, batch(world, *[100 * USDC] * 3))
    world.evm.warp(by=HOUR)
    pay_many(world, batch(world, *[100 * USDC] * 3))
    assert left(world) == (0, 400 * USDC, 94)
    world.evm.warp(by=DAY)
    pay_many(world, batch(world, 1))
    assert left(world) == (300 * USDC - 1, 1000 * USDC - 1, 99)


def test_pay_many__expired_or_someone_elses_budget__is_refused() -> None:
    """
    A batch is its caller's.
    """
    world = opened(expires_at=1_767_571_200 + 2 * HOUR)
    refused(world, batch(world, 1), "payments: no budget", sender=world.other_agent)
    refused(world, batch(world, 1), "payments: no budget", category=b"x" * 32)
    world.evm.warp(by=2 * HOUR)
    refused(world, batch(world, 1), "payments: no budget")
