"""
The treasury's own money: it approves exactly a refill, and no call by anybody else takes it.
"""

import pytest

from tests.contracts.wallet.attacker import LOOT, Attacker
from tests.contracts.wallet.support import become_hostile, hostile_token, opened, queue, reverts
from tests.harness.evm import actor
from tests.harness.world import GENERAL, MAX, NATIVE, REFUND, USDC, World, ref

OUTSIDERS = ["guardian", "keeper", "agent", "other agent", "stranger", "deployer", "recipient"]


@pytest.fixture
def rich() -> World:
    """
    A treasury with a million of each money that has approved the wallet without limit: worse than
    the real thing, which approves the amount of one refill.
    """
    world = opened(
        {"agent": actor("other agent")},
        {"token": NATIVE, "queue_from": 0},
        {"category": REFUND, "queue_from": 0},
    )
    world.token.mint(world.treasury, 10**12, sender=world.deployer)
    world.evm.fund(world.treasury, 10**12)
    world.token.approve(world.wallet.address, MAX, sender=world.treasury)
    queue(world, USDC, category=REFUND)
    queue(world, USDC, token=NATIVE)
    world.schedule(world.wallet, "set_payment_delay", 60)
    return world


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize("contract", ["wallet", "organization"])
def test_treasury__every_function_by_everybody_else__leaves_its_money(
    rich: World, contract: str, role: str
) -> None:
    """
    Each function of both contracts, many times with any arguments, also with money sent along: no
    call lowers what the treasury has, nor uses its approval.
    """
    attacker = Attacker(rich, actor(role), seed=len(role))
    target = getattr(rich, contract)
    rich.evm.fund(attacker.key, 10**9)

    for function in target.artifact.functions.values():
        for attempt in range(25):
            attacker.call(target, function, value=attempt % 3 if attempt % 5 == 0 else 0)
        rich.evm.warp(by=7_200)

    assert rich.token.balanceOf(rich.treasury) >= 10**12
    assert rich.evm.balance(rich.treasury) >= 10**12
    assert rich.token.allowance(rich.treasury, rich.wallet.address) == MAX
    assert rich.token.balanceOf(LOOT) <= 1_000 * USDC


@pytest.mark.parametrize("role", OUTSIDERS)
def test_treasury__the_very_refill_that_it_approved__is_nobody_elses(
    rich: World, role: str
) -> None:
    """
    Even the exact call that the treasury is about to make moves nothing when others make it.
    """
    rich.evm.fund(actor(role), USDC)

    for token, value in ((rich.token.address, 0), (NATIVE, USDC)):
        with reverts("access: not the treasury"):
            rich.wallet.refill(token, USDC, ref(1), sender=actor(role), value=value)

    assert rich.token.balanceOf(rich.treasury) == 10**12
    rich.wallet.refill(rich.token.address, USDC, ref(1), sender=rich.treasury)
    assert rich.token.balanceOf(rich.treasury) == 10**12 - USDC


def test_treasury__hostile_token_in_mid_payment__gets_nothing_of_it(fresh: World) -> None:
    """
    A token that is called by the wallet cannot use the wallet's approval by calling others.
    """
    hostile = hostile_token(fresh)
    fresh.enable()
    fresh.open()
    fresh.token.mint(fresh.treasury, 10**12, sender=fresh.deployer)
    fresh.token.approve(fresh.wallet.address, MAX, sender=fresh.treasury)
    attempts = [
        (fresh.wallet, "refill", (fresh.token.address, USDC, ref(1))),
        (fresh.wallet, "sweep", (fresh.token.address, "")),
        (fresh.token, "transferFrom", (fresh.treasury, LOOT, USDC)),
        (fresh.token, "transferFrom", (fresh.treasury, fresh.wallet.address, USDC)),
        (fresh.organization, "changed", (b"\0" * 32, fresh.agent)),
        (fresh.organization, "rotated", (fresh.agent, fresh.stranger)),
    ]
    for target, name, args in attempts:
        hostile.react(target.address, target.calldata(name, *args), sender=fresh.stranger)

    fresh.pay(USDC, token=hostile.address)

    assert [hostile.outcome(i)[0] for i in range(len(attempts))] == [False] * len(attempts)
    assert fresh.token.balanceOf(fresh.treasury) == 10**12


def test_treasury__native_it_has__is_not_reached_by_a_sweep_or_a_change(rich: World) -> None:
    """
    Money flows to the treasury in a sweep and nothing flows back, even into its own code.
    """
    boss = become_hostile(rich, rich.treasury)
    rich.evm.fund(boss.address, 10**12)
    before = rich.evm.balance(rich.wallet.address)

    rich.wallet.sweep(NATIVE, "", sender=rich.guardian)

    assert rich.evm.balance(boss.address) == 10**12 + before


def test_treasury__as_a_token_or_agent__gives_nothing_away(rich: World) -> None:
    """
    The treasury's address in any other place of a call is just an address.
    """
    rich.pay(USDC, to=rich.treasury)
    with reverts("payments: no budget"):
        rich.pay(1, token=rich.treasury)
    with reverts("payments: no budget"):
        rich.pay(1, sender=rich.treasury)
    with reverts("queue: no such payment"):
        rich.wallet.execute(rich.treasury, *rich.payment(1), sender=rich.stranger)

    assert rich.token.balanceOf(rich.treasury) == 10**12 + USDC
    assert rich.wallet.budget_count(rich.treasury) == 0
    assert rich.wallet.remaining(rich.treasury, rich.token.address, GENERAL) == (0, 0, 0)
