"""
Payments that wait: how they get into the queue, and what a queue keeps of them.
"""

from collections.abc import Callable

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.wallet.support import (
    GRACE,
    NOT_ENABLED,
    NOTHING,
    PAYMENT_DELAY,
    QUEUE,
    WALLET,
    ZERO,
    due,
    execute,
    judge,
    left,
    logged,
    observed,
    opened,
    queue,
    reverts,
    waited,
)
from tests.harness.evm import MONDAY
from tests.harness.world import DAY, GENERAL, HOUR, NATIVE, REFUND, USDC, Budget, World, ref

NOBODY = (ZERO, 0, 0)


def test_queue__large_payment__waits_and_uses_nothing(waiting: World) -> None:
    """
    A payment of at least `queue_from` is logged with its terms and charged nothing: money and
    windows stay what they are.
    """
    before = observed(waiting)

    receipt = waiting.pay(60 * USDC, ref=ref(9))

    id = waiting.wallet.payment_id(waiting.agent, *waiting.payment(60 * USDC, ref=ref(9)))
    assert receipt.result == id
    assert receipt.events == [
        logged(
            waiting.wallet,
            "PaymentQueued",
            id=id,
            agent=waiting.agent,
            token=waiting.token.address,
            to=waiting.recipient,
            amount=60 * USDC,
            category=GENERAL,
            ref=ref(9),
            ready_at=MONDAY + PAYMENT_DELAY,
            expires_at=MONDAY + PAYMENT_DELAY + GRACE,
        )
    ]
    assert waiting.wallet.payment(id) == (
        waiting.agent,
        MONDAY + PAYMENT_DELAY,
        MONDAY + PAYMENT_DELAY + GRACE,
    )
    assert observed(waiting) == before
    assert waiting.token.balanceOf(waiting.recipient) == 0


@pytest.mark.parametrize(
    "other",
    [
        lambda w: {"amount": 60 * USDC + 1},
        lambda w: {"to": w.stranger},
        lambda w: {"category": REFUND},
        lambda w: {"ref": ref(2)},
        lambda w: {"sender": w.other_agent},
    ],
    ids=["amount", "recipient", "category", "ref", "agent"],
)
def test_queue__identical_payment_waiting__is_refused_and_any_other_is_not(
    other: Callable[[World], dict[str, object]],
) -> None:
    """
    A second identical payment while one waits is refused; one that differs in anything waits too.
    """
    world = opened(
        {"category": REFUND, "queue_from": 0},
        {"agent": World().other_agent, "queue_from": 0},
        queue_from=50 * USDC,
    )
    first = queue(world, 60 * USDC)

    with reverts("queue: already waiting"):
        world.pay(60 * USDC)

    differs = {"amount": 60 * USDC} | other(world)
    second = queue(world, differs.pop("amount"), **differs)
    assert second != first
    due(world)
    assert {world.wallet.payment(id)[1] for id in (first, second)} == {MONDAY + PAYMENT_DELAY}


def test_queue__of_another_token__is_another_payment() -> None:
    """
    The token is part of what a payment is.
    """
    world = opened({"token": NATIVE, "queue_from": 0}, queue_from=0)

    assert queue(world, USDC) != queue(world, USDC, token=NATIVE)


@pytest.mark.parametrize("second", [0, PAYMENT_DELAY, PAYMENT_DELAY + GRACE - 1])
def test_queue__identical_while_the_first_lives__is_refused(waiting: World, second: int) -> None:
    """
    A payment waits from its queueing to the last second of its grace, due or not.
    """
    id = queue(waiting, 60 * USDC)
    waiting.evm.warp(by=second)

    with reverts("queue: already waiting"):
        waiting.pay(60 * USDC)
    assert waiting.wallet.payment(id)[1] == MONDAY + PAYMENT_DELAY


def end_by_execution(world: World, id: bytes) -> None:
    """
    The payment is made.
    """
    due(world)
    execute(world, 60 * USDC)


def end_by_expiry(world: World, id: bytes) -> None:
    """
    Nobody made the payment in time.
    """
    world.evm.warp(by=PAYMENT_DELAY + GRACE)


def end_by_cancel(world: World, id: bytes) -> None:
    """
    The payment is cancelled.
    """
    world.wallet.cancel(id, "no", sender=world.guardian)


def end_by_new_epoch(world: World, id: bytes) -> None:
    """
    Everything that waits is cancelled.
    """
    world.wallet.cancel_all("no", sender=world.guardian)


@pytest.mark.parametrize("end", [end_by_execution, end_by_expiry, end_by_cancel, end_by_new_epoch])
def test_queue__the_same_payment_again_after_the_first_is_gone__waits_anew(
    waiting: World, end: Callable[[World, bytes], None]
) -> None:
    """
    Executed, expired, cancelled or voided, the same arguments may be queued again; the second
    waits its own time and is made once.
    """
    id = queue(waiting, 60 * USDC)
    end(waiting, id)
    paid = waiting.token.balanceOf(waiting.recipient)

    again = queue(waiting, 60 * USDC)

    assert (again == id) == (end is not end_by_new_epoch)
    assert waiting.wallet.payment(again) == (
        waiting.agent,
        waiting.now + PAYMENT_DELAY,
        waiting.now + PAYMENT_DELAY + GRACE,
    )
    with reverts("queue: not due yet"):
        execute(waiting, 60 * USDC)
    due(waiting)
    execute(waiting, 60 * USDC)
    with reverts("queue: no such payment"):
        execute(waiting, 60 * USDC)
    assert waiting.token.balanceOf(waiting.recipient) == paid + 60 * USDC


def test_queue__token_disabled__takes_nothing_in(waiting: World) -> None:
    """
    Queueing, too, needs an enabled token; a wallet's limit below the amount does not matter yet.
    """
    waiting.wallet.set_wallet_limit(waiting.token.address, 1, sender=waiting.treasury)
    judge(waiting, QUEUE, 60 * USDC)

    waiting.wallet.set_wallet_limit(waiting.token.address, 0, sender=waiting.treasury)
    judge(waiting, WALLET, 60 * USDC + 1, reason=NOT_ENABLED)


def test_queue__windows_used_up__still_takes_payments_in() -> None:
    """
    Limits and balance are asked when the payment is made, not when it starts to wait.
    """
    world = opened(hourly=100 * USDC, daily=100 * USDC, max_payments=2, queue_from=60 * USDC)
    world.pay(50 * USDC)
    world.pay(50 * USDC)
    assert left(world) == (0, 0, 0)
    world.wallet.sweep(world.token.address, "empty", sender=world.guardian)

    judge(world, QUEUE, 60 * USDC)


def test_queue__any_number__may_wait(waiting: World) -> None:
    """
    Nothing of a budget is used by waiting, so that more may wait than could ever be paid.
    """
    ids = {queue(waiting, 100 * USDC, ref=ref(n)) for n in range(150)}

    assert len(ids) == 150
    assert left(waiting) == (300 * USDC, 1000 * USDC, 100)


@pytest.mark.parametrize("faster", [True, False])
def test_queue__delay_and_grace_changed__those_waiting_keep_theirs(faster: bool) -> None:
    """
    A payment keeps the delay and the grace under which it was queued, the next has the new ones.
    """
    world = opened(queue_from=50 * USDC, change_delay=HOUR)
    before, after = (
        ((7 * DAY, HOUR), (60, 30 * DAY)) if faster else ((DAY, 2 * DAY), (7 * DAY, HOUR))
    )
    waited(world, world.wallet, "set_payment_delay", before[0])
    waited(world, world.wallet, "set_grace", before[1])
    queued_at = world.now
    old = queue(world, 60 * USDC)

    waited(world, world.wallet, "set_payment_delay", after[0])
    waited(world, world.wallet, "set_grace", after[1])
    new = queue(world, 70 * USDC)

    assert world.wallet.payment(old)[1:] == (queued_at + before[0], queued_at + sum(before))
    assert world.wallet.payment(new)[1:] == (world.now + after[0], world.now + sum(after))
    world.evm.warp(queued_at + before[0] - 1)
    with reverts("queue: not due yet"):
        execute(world, 60 * USDC)
    world.evm.warp(queued_at + sum(before) - 1)
    execute(world, 60 * USDC)


def test_queue__longest_delay_and_grace__are_kept_to_the_second() -> None:
    """
    The largest values there are fit into what is stored of a payment.
    """
    world = World()
    world.wallet.set_payment_delay(7 * DAY, sender=world.treasury)
    world.wallet.set_grace(30 * DAY, sender=world.treasury)
    world.enable()
    world.set_budget(queue_from=0)
    world.open()
    world.fund()

    id = queue(world, USDC)

    assert world.wallet.payment(id)[1:] == (MONDAY + 7 * DAY, MONDAY + 37 * DAY)
    world.evm.warp(by=37 * DAY - 1)
    assert world.wallet.payment(id)[0] == world.agent
    execute(world, USDC)


@pytest.mark.parametrize(
    ("second", "shows"),
    [
        (0, True),
        (PAYMENT_DELAY + GRACE - 1, True),
        (PAYMENT_DELAY + GRACE, False),
        (400 * DAY, False),
    ],
)
def test_payment__while_it_can_still_be_made__is_shown(
    waiting: World, second: int, shows: bool
) -> None:
    """
    A payment is shown until its last second, and is zeros from `expires_at` on.
    """
    id = queue(waiting, 60 * USDC)
    waiting.evm.warp(by=second)

    shown = waiting.wallet.payment(id)

    assert shown == (
        (waiting.agent, MONDAY + PAYMENT_DELAY, MONDAY + PAYMENT_DELAY + GRACE) if shows else NOBODY
    )


@pytest.mark.parametrize("end", [end_by_execution, end_by_expiry, end_by_cancel, end_by_new_epoch])
def test_payment__gone__is_zeros(waiting: World, end: Callable[[World, bytes], None]) -> None:
    """
    Made, expired, cancelled or voided, a payment is shown as zeros.
    """
    id = queue(waiting, 60 * USDC)

    end(waiting, id)

    assert waiting.wallet.payment(id) == NOBODY


def test_payment__never_queued__is_zeros(waiting: World) -> None:
    """
    An id that means nothing is zeros, whatever it is.
    """
    id = waiting.wallet.payment_id(waiting.agent, *waiting.payment(1))

    for unknown in (id, NOTHING, b"\xff" * 32):
        assert waiting.wallet.payment(unknown) == NOBODY


def test_payment__agent_rotated__is_zeros(waiting: World) -> None:
    """
    What a retired agent had queued is void and is shown so.
    """
    id = queue(waiting, 60 * USDC)

    waiting.wallet.rotate_agent(waiting.agent, waiting.other_agent, sender=waiting.treasury)

    assert waiting.wallet.payment(id) == NOBODY


def test_payment__waiting_for_all_that__is_still_shown(waiting: World) -> None:
    """
    A stop, a lowered or removed budget and a disabled token make a payment fail when it is tried;
    they do not take it out of the queue.
    """
    id = queue(waiting, 60 * USDC)
    shown = waiting.wallet.payment(id)

    waiting.organization.pause(waiting.organization.address, 0, "", sender=waiting.guardian)
    waiting.set_budget(expires_at=0)
    waiting.wallet.set_wallet_limit(waiting.token.address, 0, sender=waiting.treasury)

    assert waiting.wallet.payment(id) == shown


def test_payment_id__of_its_arguments__is_their_hash(waiting: World) -> None:
    """
    The id commits to the epoch and to every argument; anyone can compute it.
    """

    waiting.wallet.cancel_all("", sender=waiting.keeper)
    arguments = (waiting.agent, *waiting.payment(60 * USDC))
    types = ("uint256", "address", "address", "address", "uint256", "bytes32", "bytes32")

    id = waiting.wallet.payment_id(*arguments)

    assert id == keccak(encode(types, (1, *arguments)))
    assert id == queue(waiting, 60 * USDC)


def test_queue__of_two_wallets__know_nothing_of_each_other(waiting: World) -> None:
    """
    The same payment may wait in two wallets; cancelling or voiding one leaves the other.
    """
    other = waiting.new_wallet("trading")
    waiting.enable(wallet=other)
    waiting.set_budget(wallet=other, queue_from=0)
    waiting.open(other)
    here, there = queue(waiting, 60 * USDC), queue(waiting, 60 * USDC, wallet=other)
    assert here == there

    waiting.wallet.cancel_all("", sender=waiting.guardian)

    assert waiting.wallet.payment(here) == NOBODY
    assert other.payment(there)[0] == waiting.agent
    assert other.epoch() == 0


def test_queue__raised_before_it_is_due__waits_on() -> None:
    """
    Raising `queue_from` afterwards does not free what waits already.
    """
    world = opened(queue_from=50 * USDC, change_delay=HOUR)
    waited(world, world.wallet, "set_payment_delay", DAY)
    figures = Budget(queue_from=90 * USDC)
    key = (world.agent, world.token.address, GENERAL)
    world.schedule(world.wallet, "set_budget", *key, figures)
    queue(world, 60 * USDC)
    world.evm.warp(by=HOUR)
    world.apply(world.wallet, "set_budget", *key, figures)

    with reverts("queue: not due yet"):
        execute(world, 60 * USDC)
    with reverts("queue: no such payment"):
        execute(world, 60 * USDC, ref=ref(2))
