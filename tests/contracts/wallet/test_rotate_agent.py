from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.contracts.wallet.support import (
    NO_BUDGET,
    NOTHING,
    PAY,
    PAYROLL,
    QUEUE,
    STOPPED,
    ZERO,
    budget_of,
    due,
    execute,
    judge,
    key_of,
    left,
    logged,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import MONDAY, actor
from tests.harness.world import GENERAL, HOUR, MAX, NATIVE, REFUND, USDC, Budget, World

NO_SUCH_AGENT = "agents: no such agent"
NOT_NEW = "agents: not a new agent"

NEW = actor("new key")
GONE = Budget(0, 0, 0, 0, 0, 0, 0, False, False)


@pytest.fixture
def several() -> World:
    """
    An agent with three budgets of which a part is spent, one of them removed; next to another.
    """
    world = opened(
        {"category": REFUND, "per_payment": 10 * USDC, "queue_from": 0},
        {"token": NATIVE},
        {"agent": actor("other agent")},
        queue_from=50 * USDC,
    )
    world.pay(40 * USDC)
    world.evm.warp(by=HOUR)
    world.pay(30 * USDC)
    world.pay(20 * USDC, token=NATIVE)
    world.set_budget(category=REFUND, expires_at=0)
    return world


def test_rotate_agent__budgets_and_counters__move_to_the_new_key(several: World) -> None:
    """
    Every budget of the old key becomes the new one's, with its figures and all that was spent;
    nothing is raised. The old key has nothing left.
    """
    keys = [(several.token.address, GENERAL), (several.token.address, REFUND), (NATIVE, GENERAL)]
    view, old = several.wallet.view, several.agent
    before = [(view("budget", old, *key), view("remaining", old, *key)) for key in keys]
    others = left(several, agent=several.other_agent)

    receipt = several.wallet.rotate_agent(old, NEW, sender=several.treasury)

    assert receipt.events == [logged(several.wallet, "AgentRotated", old=old, new=NEW)]
    assert [(view("budget", NEW, *key), view("remaining", NEW, *key)) for key in keys] == before
    for key in keys:
        assert view("budget", old, *key) == GONE
        assert view("remaining", old, *key) == (0, 0, 0)
    assert left(several, agent=NEW) == (270 * USDC, 930 * USDC, 98)
    assert left(several, agent=several.other_agent) == others


def test_rotate_agent__lists__keep_the_old_key_and_append_the_new(several: World) -> None:
    """
    Whoever reads the list of agents sees all there ever were; the old one has no budgets.
    """
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    wallet = several.wallet
    assert wallet.agent_count() == 3
    assert [wallet.agents(i) for i in range(4)] == [
        several.agent,
        several.other_agent,
        NEW,
        ZERO,
    ]
    assert (wallet.budget_count(several.agent), wallet.budget_count(NEW)) == (0, 3)
    assert [wallet.budget_keys(several.agent, i) for i in range(3)] == [(ZERO, NOTHING)] * 3
    assert [wallet.budget_keys(NEW, i) for i in range(4)] == [
        (several.token.address, GENERAL),
        (several.token.address, REFUND),
        (NATIVE, GENERAL),
        (ZERO, NOTHING),
    ]


def test_rotate_agent__old_key__pays_nothing_and_the_new_one_the_rest(several: World) -> None:
    """
    From that moment the new key spends what was left, and the old one nothing.
    """
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    judge(several, NO_BUDGET, 1)
    judge(several, NO_BUDGET, 1, token=NATIVE)
    judge(several, PAY, 20 * USDC, sender=NEW, token=NATIVE)
    judge(several, QUEUE, 50 * USDC, sender=NEW)
    judge(several, PAY, 49 * USDC, sender=NEW)
    judge(several, NO_BUDGET, 1, sender=NEW, category=REFUND)


def test_rotate_agent__sixteen_budgets__all_move(fresh: World) -> None:
    """
    The largest number of budgets moves in one call, and leaves no place on the new key's list.
    """
    fresh.enable()
    for i in range(16):
        fresh.set_budget(category=bytes([i]) * 32, daily=(1_000 + i) * USDC)

    fresh.wallet.rotate_agent(fresh.agent, NEW, sender=fresh.treasury)

    for i in range(16):
        assert fresh.wallet.budget_keys(NEW, i) == (fresh.token.address, bytes([i]) * 32)
        moved = budget_of(fresh, agent=NEW, category=bytes([i]) * 32)
        assert moved == Budget(daily=(1_000 + i) * USDC)
    with reverts("agents: too many budgets"):
        fresh.set_budget(agent=NEW, category=GENERAL)
    assert budget_of(fresh, category=bytes([3]) * 32) == GONE


def test_rotate_agent__new_key__can_be_given_more(several: World) -> None:
    """
    The new key's list goes on where the old one's ended.
    """
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)
    key = (NEW, several.token.address, PAYROLL)
    several.schedule(several.wallet, "set_budget", *key, Budget())
    several.evm.warp(by=48 * HOUR)
    several.apply(several.wallet, "set_budget", *key, Budget())

    assert several.wallet.budget_count(NEW) == 4
    assert several.wallet.budget_keys(NEW, 3) == (several.token.address, PAYROLL)
    assert several.wallet.agent_count() == 3
    judge(several, PAY, 1, sender=NEW, category=PAYROLL)


def test_rotate_agent__what_waited__is_void(several: World) -> None:
    """
    What the old key has queued is neither made nor cancelled any more, under no name.
    """
    id = queue(several, 60 * USDC)
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert several.wallet.payment(id) == (ZERO, 0, 0)
    due(several)
    with reverts("payments: no budget"):
        execute(several, 60 * USDC)
    with reverts("queue: no such payment"):
        execute(several, 60 * USDC, agent=NEW)
    with reverts("queue: no such payment"):
        several.wallet.cancel(id, "", sender=several.agent)
    with reverts("queue: no such payment"):
        several.wallet.cancel(id, "", sender=several.guardian)
    assert several.wallet.epoch() == 0


def test_rotate_agent__others_that_wait__go_on(several: World) -> None:
    """
    Only the old key's payments are void.
    """
    several.set_budget(agent=several.other_agent, queue_from=0)
    queue(several, 60 * USDC, sender=several.other_agent)

    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    due(several)
    execute(several, 60 * USDC, agent=several.other_agent)


def test_rotate_agent__stopped_key__the_new_one_is_stopped_as_long(several: World) -> None:
    """
    A stop of the old key covers the new one, and stays on the old one.
    """
    several.organization.pause(several.agent, HOUR, "stolen", sender=several.keeper)
    until = several.now + HOUR

    receipt = several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert receipt.events == [
        logged(several.wallet, "AgentRotated", old=several.agent, new=NEW),
        logged(
            several.organization,
            "Paused",
            scope=NEW,
            by=several.wallet.address,
            until=until,
            number=1,
            reason="rotated",
        ),
    ]
    assert several.organization.paused_until(several.agent) == until
    several.evm.warp(until - 1)
    judge(several, STOPPED, 1, sender=NEW)
    several.evm.warp(until)
    judge(several, PAY, 1, sender=NEW)
    judge(several, NO_BUDGET, 1)


def test_rotate_agent__stopped_until_unpaused__so_is_the_new_key(several: World) -> None:
    """
    A stop without an end moves without an end; the treasury lifts it by its own number.
    """
    several.organization.pause(several.agent, 0, "stolen", sender=several.keeper)
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert several.organization.paused_until(NEW) == MAX
    judge(several, STOPPED, 1, sender=NEW)
    several.organization.unpause(NEW, 1, "new key is safe", sender=several.treasury)
    judge(several, PAY, 1, sender=NEW)


def test_rotate_agent__new_key_stopped_longer__stays_so(several: World) -> None:
    """
    Rotation never shortens a stop.
    """
    several.organization.pause(several.agent, HOUR, "", sender=several.keeper)
    several.organization.pause(NEW, 2 * HOUR, "", sender=several.keeper)

    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert several.organization.paused_until(NEW) == MONDAY + 3 * HOUR


def test_rotate_agent__a_stop_that_has_ended__does_not_move(several: World) -> None:
    """
    Only a running stop covers the successor.
    """
    several.organization.pause(several.agent, HOUR, "", sender=several.keeper)
    several.evm.warp(by=HOUR)

    receipt = several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert receipt.names() == ["AgentRotated"]
    judge(several, PAY, 1, sender=NEW)


def test_rotate_agent__while_all_is_stopped_or_unsealed__works(fresh: World) -> None:
    """
    A stolen key can be replaced in any state of the wallet.
    """
    fresh.set_budget()
    fresh.organization.pause(fresh.organization.address, 0, "", sender=fresh.keeper)

    fresh.wallet.rotate_agent(fresh.agent, NEW, sender=fresh.treasury)

    assert budget_of(fresh, agent=NEW) == Budget()


@pytest.mark.parametrize(
    "new",
    [
        lambda w: ZERO,
        lambda w: w.agent,
        lambda w: w.other_agent,
        lambda w: w.guardian,
        lambda w: w.keeper,
        lambda w: w.treasury,
        lambda w: w.wallet.address,
        lambda w: w.new_wallet("trading").address,
        lambda w: w.organization.address,
    ],
    ids=[
        "zero",
        "old itself",
        "another agent",
        "guardian",
        "keeper",
        "treasury",
        "this wallet",
        "another wallet",
        "organisation",
    ],
)
def test_rotate_agent__new_key_that_is_none__is_refused(
    several: World, new: Callable[[World], str]
) -> None:
    """
    The new key has no history in this wallet and no other power anywhere.
    """
    address, before = new(several), observed(several)

    with reverts(NOT_NEW):
        several.wallet.rotate_agent(several.agent, address, sender=several.treasury)

    assert observed(several) == before
    several.wallet.rotate_agent(several.agent, several.stranger, sender=several.treasury)


def test_rotate_agent__to_a_retired_key__is_refused(several: World) -> None:
    """
    Retired is retired for ever, as a successor too.
    """
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    for old in (NEW, several.other_agent):
        with reverts(NOT_NEW):
            several.wallet.rotate_agent(old, several.agent, sender=several.treasury)


def test_rotate_agent__to_one_whose_budgets_are_all_gone__is_refused(several: World) -> None:
    """
    Who ever had a budget here has a history here.
    """
    several.set_budget(agent=several.other_agent, expires_at=0)

    with reverts(NOT_NEW):
        several.wallet.rotate_agent(several.agent, several.other_agent, sender=several.treasury)


def test_rotate_agent__to_an_agent_of_another_wallet__works(several: World) -> None:
    """
    History counts wallet by wallet.
    """
    other = several.new_wallet("trading")
    several.set_budget(agent=NEW, wallet=other)

    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert other.agent_count() == 1


@pytest.mark.parametrize(
    "old",
    [
        lambda w: ZERO,
        lambda w: w.stranger,
        lambda w: NEW,
        lambda w: w.treasury,
        lambda w: w.guardian,
    ],
)
def test_rotate_agent__old_key_that_is_no_agent__is_refused(
    several: World, old: Callable[[World], str]
) -> None:
    """
    Only who is on the list can be rotated, whatever the new key is.
    """
    for new in (NEW, ZERO, several.agent):
        with reverts(NO_SUCH_AGENT):
            several.wallet.rotate_agent(old(several), new, sender=several.treasury)


def test_rotate_agent__retired_key__is_not_rotated_again(several: World) -> None:
    """
    A retired key has nothing to hand on.
    """
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    with reverts(NO_SUCH_AGENT):
        several.wallet.rotate_agent(several.agent, several.stranger, sender=several.treasury)


def test_rotate_agent__again_and_again__budgets_follow(several: World) -> None:
    """
    The new key can be rotated in turn; counters follow along the whole chain.
    """
    spent = left(several)
    chain = [several.agent, NEW, actor("third key"), actor("fourth key")]
    for old, new in pairwise(chain):
        several.wallet.rotate_agent(old, new, sender=several.treasury)

    assert left(several, agent=chain[-1]) == spent
    for old in chain[:-1]:
        assert several.wallet.budget_count(old) == 0
        judge(several, NO_BUDGET, 1, sender=old)
    assert several.wallet.agent_count() == 5


@pytest.mark.parametrize("role", ["guardian", "keeper", "agent", "other agent", "stranger"])
def test_rotate_agent__by_anybody_else__is_refused(several: World, role: str) -> None:
    """
    Only the treasury replaces a key, and nobody hands on their own.
    """
    for old, new in ((several.agent, NEW), (actor(role), NEW), (ZERO, ZERO)):
        with reverts("access: not the treasury"):
            several.wallet.rotate_agent(old, new, sender=actor(role))


def test_rotate_agent__through_the_timelock__cannot_be_scheduled(several: World) -> None:
    """
    Rotation is at once or not at all.
    """
    with reverts("timelock: not a timelocked setter"):
        several.schedule(several.wallet, "rotate_agent", several.agent, NEW)


def test_rotate_agent__in_one_wallet__leaves_the_agent_in_others(several: World) -> None:
    """
    An agent of several wallets is rotated in each.
    """
    other = several.new_wallet("trading")
    several.set_budget(wallet=other)

    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    assert Budget(*other.budget(*key_of(several))) == Budget()
    other.rotate_agent(several.agent, NEW, sender=several.treasury)
    assert Budget(*other.budget(*key_of(several, agent=NEW))) == Budget()


def test_rotate_agent__what_was_scheduled_for_either__is_void(several: World) -> None:
    """
    A change that concerns the old or the new key dies with the rotation; others live.
    """
    wallet, token = several.wallet, several.token.address
    scheduled = [
        several.schedule(wallet, "set_budget", agent, token, PAYROLL, Budget())
        for agent in (several.agent, NEW, several.other_agent)
    ]

    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    alive = [several.organization.ready_at(id) != 0 for id in scheduled]
    assert alive == [False, False, True]


def test_rotate_agent__retired_key_with_a_role__keeps_only_that(several: World) -> None:
    """
    A retired key is retired as an agent, whatever else it is.
    """
    several.organization.set_guardian(several.agent, True, sender=several.treasury)
    several.wallet.rotate_agent(several.agent, NEW, sender=several.treasury)

    several.wallet.cancel_all("", sender=several.agent)
    with reverts("agents: retired"):
        several.set_budget(agent=several.agent, sender=several.agent, expires_at=0)


def test_rotate_agent__coarse_units_and_none_that_waits__move_as_they_are() -> None:
    """
    The whole word moves: unit, flags and "none waits" with it.
    """
    world = opened(
        wallet_limit=2**111,
        funds=2**111,
        per_payment=10**15,
        hourly=10**15,
        daily=10**15,
        max_payments=7,
    )
    world.pay(3)
    world.set_budget(
        Budget(10**15, 10**15, 10**15, MAX, 7, allowlist_only=True), sender=world.guardian
    )
    before = (budget_of(world), left(world))

    world.wallet.rotate_agent(world.agent, NEW, sender=world.treasury)

    assert (budget_of(world, agent=NEW), left(world, agent=NEW)) == before
