import pytest

from tests.contracts.wallet.support import (
    PAY,
    REASONS,
    STOPPED,
    judge,
    logged,
    opened,
    reverts,
)
from tests.harness.evm import MONDAY, Reverted, actor
from tests.harness.world import DAY, HOUR, MAX, USDC, World

NOT_AN_AGENT = "access: not an agent"
YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("duration", "until"),
    [
        (1, MONDAY + 1),
        (HOUR, MONDAY + HOUR),
        (YEAR, MONDAY + YEAR),
        (0, MAX),
        (YEAR + 1, MAX),
        (MAX, MAX),
    ],
)
def test_pause_self__by_an_agent__stops_it(world: World, duration: int, until: int) -> None:
    """
    An agent stops itself, for as long as it says or until the treasury looks. It is logged as the
    wallet's doing.
    """
    receipt = world.wallet.pause_self(duration, "odd prices", sender=world.agent)

    assert receipt.events == [
        logged(
            world.organization,
            "Paused",
            scope=world.agent,
            by=world.wallet.address,
            until=until,
            number=1,
            reason="odd prices",
        )
    ]
    judge(world, STOPPED, 1)
    assert world.organization.paused_until(world.agent) == until


def test_pause_self__timed__ends_by_itself(world: World) -> None:
    """
    A timed stop holds to its last second.
    """
    world.wallet.pause_self(HOUR, "", sender=world.agent)

    world.evm.warp(by=HOUR - 1)
    judge(world, STOPPED, 1)
    world.evm.warp(by=1)
    judge(world, PAY, 1)


def test_pause_self__stops_the_agent_everywhere_and_nobody_else(world: World) -> None:
    """
    The stop covers the agent in every wallet, and no other agent in any.
    """
    other = world.new_wallet("trading")
    world.enable(wallet=other)
    world.set_budget(wallet=other)
    world.set_budget(wallet=other, agent=world.other_agent)
    world.open(other)
    world.fund(wallet=other)

    world.wallet.pause_self(0, "", sender=world.agent)

    judge(world, STOPPED, 1)
    judge(world, STOPPED, 1, wallet=other)
    judge(world, PAY, 1, wallet=other, sender=world.other_agent)


def test_pause_self__longer_stop_running__is_not_shortened(world: World) -> None:
    """
    An agent cannot stop itself out of a longer stop; every call counts.
    """
    world.organization.pause(world.agent, DAY, "", sender=world.guardian)

    receipt = world.wallet.pause_self(1, "", sender=world.agent)

    paused = receipt.only("Paused")
    assert (paused.until, paused.number) == (MONDAY + DAY, 2)
    with reverts("stops: not the stop that was seen"):
        world.organization.unpause(world.agent, 1, "", sender=world.treasury)
    world.evm.warp(by=DAY - 1)
    with reverts(REASONS[STOPPED]):
        world.pay(1)


def test_pause_self__cannot_be_undone_by_the_agent(world: World) -> None:
    """
    Only the treasury ends it.
    """
    world.wallet.pause_self(0, "", sender=world.agent)

    for who in (world.agent, world.guardian, world.keeper):
        with pytest.raises(Reverted):
            world.organization.unpause(world.agent, 1, "", sender=who)
    world.organization.unpause(world.agent, 1, "", sender=world.treasury)
    judge(world, PAY, 1)


@pytest.mark.parametrize("role", ["treasury", "guardian", "keeper", "other agent", "stranger"])
def test_pause_self__who_is_no_agent_here__is_refused(world: World, role: str) -> None:
    """
    Only who was ever given a budget in this wallet may have it speak for them.
    """
    with reverts(NOT_AN_AGENT):
        world.wallet.pause_self(0, "", sender=actor(role))

    assert world.organization.pause_number(actor(role)) == 0


def test_pause_self__agent_of_another_wallet__is_refused_in_this_one(world: World) -> None:
    """
    Each wallet speaks for its own agents.
    """
    other = world.new_wallet("trading")
    world.set_budget(wallet=other, agent=world.other_agent)

    with reverts(NOT_AN_AGENT):
        world.wallet.pause_self(0, "", sender=world.other_agent)

    other.pause_self(0, "", sender=world.other_agent)


def test_pause_self__retired_agent__is_refused(world: World) -> None:
    """
    A retired key says nothing any more; its successor may.
    """
    world.wallet.rotate_agent(world.agent, world.other_agent, sender=world.treasury)

    with reverts(NOT_AN_AGENT):
        world.wallet.pause_self(0, "", sender=world.agent)
    world.wallet.pause_self(0, "", sender=world.other_agent)


@pytest.mark.parametrize("state", ["unsealed", "stopped", "budget removed", "expired"])
def test_pause_self__in_any_state__works(state: str) -> None:
    """
    No legal stop can be made to revert.
    """
    world = World()
    world.set_budget(expires_at=MONDAY + HOUR)
    if state == "stopped":
        world.organization.pause(world.organization.address, 0, "", sender=world.keeper)
        world.organization.pause(world.agent, 0, "", sender=world.keeper)
    if state == "budget removed":
        world.set_budget(expires_at=0)
    if state == "expired":
        world.evm.warp(by=HOUR)

    receipt = world.wallet.pause_self(0, "", sender=world.agent)

    assert receipt.only("Paused").scope == world.agent


def test_pause_self__voids_what_was_scheduled_for_the_agent() -> None:
    """
    Like any stop of an agent: what was scheduled before must not undo it.
    """
    world = opened()
    change = world.schedule(
        world.wallet,
        "set_payment_delay",
        60,
    )
    raised = (500 * USDC, 500 * USDC, 5_000 * USDC, MAX, 1, MONDAY + 9 * DAY, 10_000, False, False)
    budget = world.schedule(
        world.wallet, "set_budget", world.agent, world.token.address, b"\1" * 32, raised
    )

    world.wallet.pause_self(1, "", sender=world.agent)

    assert world.organization.ready_at(budget) == 0
    assert world.organization.ready_at(change) != 0
