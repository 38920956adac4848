from collections.abc import Callable

import pytest

from tests.contracts.wallet.support import (
    COUNT,
    DAILY,
    GRACE,
    HOURLY,
    NO_BUDGET,
    NOT_ENABLED,
    PAYMENT_DELAY,
    QUEUE,
    REASONS,
    RECIPIENT,
    ROLES,
    STOPPED,
    TOKEN_SHORT,
    WALLET,
    ZERO,
    due,
    execute,
    judge,
    key_of,
    left,
    logged,
    moved,
    observed,
    opened,
    queue,
    reverts,
    waited,
)
from tests.harness.evm import MONDAY, actor
from tests.harness.world import DAY, GENERAL, HOUR, MAX, REFUND, USDC, Budget, World, ref


def test_execute__due__moves_the_money_and_charges_now(waiting: World) -> None:
    """
    A due payment is made by anyone, to the recipient that it names, and charged when it is made.
    It is logged under its id before money moves, and is gone.
    """
    id = queue(waiting, 60 * USDC, ref=ref(9))
    due(waiting)

    receipt = execute(waiting, 60 * USDC, ref=ref(9))

    assert receipt.events == [
        logged(
            waiting.wallet,
            "PaymentExecuted",
            agent=waiting.agent,
            token=waiting.token.address,
            to=waiting.recipient,
            id=id,
            amount=60 * USDC,
            category=GENERAL,
            ref=ref(9),
            hour_remaining=240 * USDC,
            day_remaining=940 * USDC,
        ),
        moved(waiting.token, waiting.wallet.address, waiting.recipient, 60 * USDC),
    ]
    assert waiting.token.balanceOf(waiting.recipient) == 60 * USDC
    assert left(waiting) == (240 * USDC, 940 * USDC, 99)
    assert waiting.wallet.wallet_remaining(waiting.token.address) == 9_940 * USDC
    assert waiting.wallet.payment(id) == (ZERO, 0, 0)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (0, "queue: not due yet"),
        (PAYMENT_DELAY - 1, "queue: not due yet"),
        (PAYMENT_DELAY, ""),
        (PAYMENT_DELAY + GRACE - 1, ""),
        (PAYMENT_DELAY + GRACE, "queue: expired"),
        (100 * DAY, "queue: expired"),
    ],
)
def test_execute__around_its_times__passes_inside_them(
    waiting: World, second: int, reason: str
) -> None:
    """
    A payment is made from its first due second to the last of its grace, and at no other time.
    """
    queue(waiting, 60 * USDC)
    waiting.evm.warp(by=second)

    if not reason:
        execute(waiting, 60 * USDC)
        return
    before = observed(waiting)
    with reverts(reason):
        execute(waiting, 60 * USDC)
    assert observed(waiting) == before


@pytest.mark.parametrize("role", ROLES)
def test_execute__by_anyone__makes_it(waiting: World, role: str) -> None:
    """
    Anyone may make a due payment; it changes nothing about it.
    """
    queue(waiting, 60 * USDC)
    due(waiting)

    receipt = execute(waiting, 60 * USDC, sender=actor(role))

    assert receipt.only("PaymentExecuted").agent == waiting.agent
    assert waiting.token.balanceOf(waiting.recipient) == 60 * USDC


def test_execute__twice__is_refused(waiting: World) -> None:
    """
    A payment is made at most once per queueing.
    """
    queue(waiting, 60 * USDC)
    due(waiting)
    execute(waiting, 60 * USDC)

    for later in (0, 1, HOUR, GRACE):
        waiting.evm.warp(by=later)
        with reverts("queue: no such payment"):
            execute(waiting, 60 * USDC)
    assert waiting.token.balanceOf(waiting.recipient) == 60 * USDC


@pytest.mark.parametrize(
    "other",
    [
        lambda w: {"agent": w.other_agent},
        lambda w: {"token": w.new_token().address},
        lambda w: {"to": w.stranger},
        lambda w: {"amount": 60 * USDC + 1},
        lambda w: {"category": REFUND},
        lambda w: {"ref": ref(2)},
    ],
    ids=["agent", "token", "recipient", "amount", "category", "ref"],
)
def test_execute__one_argument_different__is_no_such_payment(
    other: Callable[[World], dict[str, object]],
) -> None:
    """
    A waiting payment is what was queued, to the last argument.
    """
    world = opened({"category": REFUND}, {"agent": actor("other agent")}, queue_from=0)
    queue(world, 60 * USDC)
    due(world)
    differs = {"amount": 60 * USDC} | other(world)

    with reverts("queue: no such payment"):
        execute(world, differs.pop("amount"), **differs)

    execute(world, 60 * USDC)


def test_execute__cancelled__is_no_such_payment(waiting: World) -> None:
    """
    A payment that was cancelled never leaves, not even when it is due.
    """
    id = queue(waiting, 60 * USDC)
    waiting.wallet.cancel(id, "no", sender=waiting.agent)
    due(waiting)

    with reverts("queue: no such payment"):
        execute(waiting, 60 * USDC)


def test_execute__voided_with_the_epoch__is_no_such_payment(waiting: World) -> None:
    """
    A new epoch voids everything that waits, and no later one brings it back.
    """
    queue(waiting, 60 * USDC)
    due(waiting)

    for _ in range(3):
        waiting.wallet.cancel_all("no", sender=waiting.keeper)
        with reverts("queue: no such payment"):
            execute(waiting, 60 * USDC)


def stop_agent(world: World) -> None:
    """
    The agent is stopped.
    """
    world.organization.pause(world.agent, 0, "", sender=world.guardian)


def stop_wallet(world: World) -> None:
    """
    The wallet is stopped.
    """
    world.organization.pause(world.wallet.address, 0, "", sender=world.guardian)


def stop_organization(world: World) -> None:
    """
    Everything is stopped.
    """
    world.organization.pause(world.organization.address, 0, "", sender=world.keeper)


def agent_stops_itself(world: World) -> None:
    """
    The agent has stopped itself.
    """
    world.wallet.pause_self(0, "", sender=world.agent)


def stop_watching(world: World) -> None:
    """
    The heartbeat has lapsed by the time the payment is due.
    """
    world.organization.set_heartbeat_timeout(PAYMENT_DELAY, sender=world.treasury)
    world.evm.warp(by=PAYMENT_DELAY + 1)


def remove(world: World) -> None:
    """
    The budget is removed.
    """
    world.set_budget(expires_at=0)


def rotate(world: World) -> None:
    """
    The agent's key is replaced.
    """
    world.wallet.rotate_agent(world.agent, world.other_agent, sender=world.treasury)


def lower_per_payment(world: World) -> None:
    """
    No single payment may be that large any more.
    """
    world.set_budget(per_payment=60 * USDC - 1, queue_from=50 * USDC)


def lower_hourly(world: World) -> None:
    """
    The hour's limit and so that of a payment are lowered.
    """
    world.set_budget(per_payment=60 * USDC, hourly=60 * USDC, queue_from=50 * USDC)
    world.pay(1)


def lower_daily(world: World) -> None:
    """
    The day's limit is lowered, and a little of it spent in an earlier hour.
    """
    world.pay(1)
    world.set_budget(per_payment=60 * USDC, hourly=60 * USDC, daily=60 * USDC, queue_from=50 * USDC)
    world.evm.warp(by=HOUR)


def lower_count(world: World) -> None:
    """
    One payment a day, and it has been made.
    """
    world.pay(1)
    world.set_budget(max_payments=1, queue_from=50 * USDC)


def lower_wallet_limit(world: World) -> None:
    """
    The whole wallet may pay less.
    """
    world.wallet.set_wallet_limit(world.token.address, 60 * USDC - 1, sender=world.treasury)


def disable_token(world: World) -> None:
    """
    The wallet pays this token no more.
    """
    world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)


def ask_for_the_list(world: World) -> None:
    """
    The budget pays only recipients on the list now, and this one is not.
    """
    world.set_budget(allowlist_only=True, queue_from=50 * USDC)


def sweep(world: World) -> None:
    """
    The money went home.
    """
    world.wallet.sweep(world.token.address, "", sender=world.guardian)


def nothing(world: World) -> None:
    """
    The neighbour that passes.
    """


MEANWHILE = {
    nothing: "",
    stop_agent: REASONS[STOPPED],
    stop_wallet: REASONS[STOPPED],
    stop_organization: REASONS[STOPPED],
    agent_stops_itself: REASONS[STOPPED],
    stop_watching: REASONS[STOPPED],
    remove: REASONS[NO_BUDGET],
    rotate: REASONS[NO_BUDGET],
    lower_per_payment: "payments: amount out of bounds",
    lower_hourly: REASONS[HOURLY],
    lower_daily: REASONS[DAILY],
    lower_count: REASONS[COUNT],
    lower_wallet_limit: REASONS[WALLET],
    disable_token: NOT_ENABLED,
    ask_for_the_list: REASONS[RECIPIENT],
    sweep: TOKEN_SHORT,
}


@pytest.mark.parametrize("change", MEANWHILE, ids=lambda change: change.__name__)
def test_execute__changed_in_between__is_held_to_what_is_now(
    waiting: World, change: Callable[[World], None]
) -> None:
    """
    Every stop and limit is checked when the payment is made, and a refused one stays in the queue.
    """
    id = queue(waiting, 60 * USDC)
    change(waiting)
    waiting.evm.warp(max(waiting.now, MONDAY + PAYMENT_DELAY))

    if not MEANWHILE[change]:
        execute(waiting, 60 * USDC)
        return
    before, shown = observed(waiting), waiting.wallet.payment(id)
    with reverts(MEANWHILE[change]):
        execute(waiting, 60 * USDC)
    assert (observed(waiting), waiting.wallet.payment(id)) == (before, shown)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"per_payment": 60 * USDC}, ""),
        ({"per_payment": 60 * USDC, "hourly": 60 * USDC}, ""),
        ({"per_payment": 60 * USDC, "hourly": 60 * USDC, "daily": 60 * USDC}, ""),
        ({"max_payments": 1}, ""),
        (
            {"per_payment": 60 * USDC, "hourly": 60 * USDC, "daily": 60 * USDC, "max_payments": 1},
            "",
        ),
        ({"queue_from": 0}, ""),
        ({"expires_at": MONDAY + HOUR}, ""),
        ({"expires_at": MONDAY}, "payments: no budget"),
    ],
)
def test_execute__budget_lowered_to_just_enough__makes_it(
    waiting: World, figures: dict[str, int], reason: str
) -> None:
    """
    The nearest neighbours of the refusals: limits that were lowered exactly to the payment.
    """
    queue(waiting, 60 * USDC)
    waiting.set_budget(**({"queue_from": 50 * USDC} | figures))
    due(waiting)

    if reason:
        with reverts(reason):
            execute(waiting, 60 * USDC)
    else:
        execute(waiting, 60 * USDC)


def test_execute__wallet_limit_lowered_to_just_enough__makes_it(waiting: World) -> None:
    """
    The wallet's limit is asked for exactly what leaves.
    """
    queue(waiting, 60 * USDC)
    waiting.wallet.set_wallet_limit(waiting.token.address, 60 * USDC, sender=waiting.treasury)
    due(waiting)

    execute(waiting, 60 * USDC)

    assert waiting.wallet.wallet_remaining(waiting.token.address) == 0


def test_execute__budget_expired_in_between__is_refused() -> None:
    """
    A payment that becomes due after its budget's end is not made.
    """
    world = opened(queue_from=0, expires_at=MONDAY + 2 * HOUR)
    queue(world, 60 * USDC)
    queue(world, 50 * USDC)
    world.evm.warp(MONDAY + 2 * HOUR - 1)
    execute(world, 50 * USDC)
    world.evm.warp(by=1)

    with reverts("payments: no budget"):
        execute(world, 60 * USDC)


def test_execute__recipient_taken_off_the_list__is_refused() -> None:
    """
    The list is asked when the payment is made.
    """
    world = World()
    world.enable()
    world.set_budget(allowlist_only=True, queue_from=0)
    world.wallet.set_recipients([world.recipient, world.stranger], True, sender=world.treasury)
    world.open()
    world.fund()
    queue(world, 60 * USDC)
    queue(world, 60 * USDC, to=world.stranger)
    world.wallet.set_recipients([world.recipient], False, sender=world.treasury)
    due(world)

    with reverts(REASONS[RECIPIENT]):
        execute(world, 60 * USDC)
    execute(world, 60 * USDC, to=world.stranger)


@pytest.mark.parametrize("field", ["hourly", "daily", "max_payments", "wallet"])
def test_execute__limits_used_up_in_between__waits_for_the_next_window(field: str) -> None:
    """
    A payment that does not fit into the running window is refused and can be made in the next,
    as long as its grace lasts.
    """
    figures = {
        "hourly": {"hourly": 100 * USDC},
        "daily": {"hourly": 100 * USDC, "daily": 100 * USDC},
        "max_payments": {"max_payments": 1},
        "wallet": {},
    }[field]
    limit = 100 * USDC if field == "wallet" else 10_000 * USDC
    reason = {"hourly": HOURLY, "daily": DAILY, "max_payments": COUNT, "wallet": WALLET}[field]
    world = opened(queue_from=60 * USDC, wallet_limit=limit, **figures)
    queue(world, 60 * USDC)
    world.pay(59 * USDC)
    due(world)
    if field == "daily":
        world.evm.warp(by=HOUR)

    with reverts(REASONS[reason]):
        execute(world, 60 * USDC)

    world.evm.warp(MONDAY + (HOUR if field == "hourly" else DAY))
    execute(world, 60 * USDC)


def test_execute__several_due_at_once__are_made_as_far_as_limits_go() -> None:
    """
    More may wait than fits; what is made first counts against what comes after.
    """
    world = opened(queue_from=0)
    for n in range(5):
        queue(world, 100 * USDC, ref=ref(n))
    due(world)

    for n in range(3):
        execute(world, 100 * USDC, ref=ref(n))
        assert left(world) == ((2 - n) * 100 * USDC, (9 - n) * 100 * USDC, 99 - n)
    with reverts(REASONS[HOURLY]):
        execute(world, 100 * USDC, ref=ref(3))


def test_execute__at_or_above_queue_from__does_not_wait_again() -> None:
    """
    A payment that has waited is made, whatever `queue_from` says by then.
    """
    world = opened(queue_from=50 * USDC)
    queue(world, 60 * USDC)
    world.set_budget(queue_from=0, sender=world.guardian)
    due(world)

    assert execute(world, 60 * USDC).names() == ["PaymentExecuted", "Transfer"]


def test_execute__after_the_stop_has_ended__makes_it(waiting: World) -> None:
    """
    A stop holds a payment back; it does not void it.
    """
    queue(waiting, 60 * USDC)
    waiting.organization.pause(waiting.agent, HOUR, "", sender=waiting.guardian)
    waiting.evm.warp(by=HOUR - 1)
    with reverts(REASONS[STOPPED]):
        execute(waiting, 60 * USDC)

    waiting.evm.warp(by=1)

    execute(waiting, 60 * USDC)


def test_execute__rotated_agent__its_payment_stays_void_for_ever(waiting: World) -> None:
    """
    A retired agent's payments are never made, neither in its own name nor in its successor's.
    """
    queue(waiting, 60 * USDC)
    waiting.wallet.rotate_agent(waiting.agent, waiting.other_agent, sender=waiting.treasury)
    due(waiting)

    with reverts("payments: no budget"):
        execute(waiting, 60 * USDC)
    with reverts("queue: no such payment"):
        execute(waiting, 60 * USDC, agent=waiting.other_agent)
    judge(waiting, QUEUE, 60 * USDC, sender=waiting.other_agent)


def test_execute__times_are_asked_before_anything_else(waiting: World) -> None:
    """
    First whether it waits, then whether it is due, then whether it has expired, then stops.
    """
    queue(waiting, 60 * USDC)
    stop_wallet(waiting)

    with reverts("queue: no such payment"):
        execute(waiting, 61 * USDC)
    with reverts("queue: not due yet"):
        execute(waiting, 60 * USDC)
    due(waiting)
    with reverts(REASONS[STOPPED]):
        execute(waiting, 60 * USDC)
    waiting.evm.warp(by=GRACE)
    with reverts("queue: expired"):
        execute(waiting, 60 * USDC)


def test_execute__budget_removed_and_set_again__makes_it() -> None:
    """
    A payment belongs to agent, token and category; a budget that is there again serves it.
    """
    world = opened(queue_from=0, change_delay=HOUR)
    queue(world, 60 * USDC)
    world.set_budget(expires_at=0)
    waited(world, world.wallet, "set_budget", *key_of(world), Budget(queue_from=MAX))

    execute(world, 60 * USDC)
