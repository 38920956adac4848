"""
An agent's key in a thief's hands, used raw. What it can take is what was left of its windows, and
each further window's until somebody stops it; nothing it does takes more.
"""

import pytest

from tests.contracts.wallet.attacker import LOOT, Attacker
from tests.contracts.wallet.support import (
    left,
    observed,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import MONDAY, actor
from tests.harness.world import DAY, GENERAL, HOUR, NATIVE, REFUND, USDC, Budget, World

FUNDS = 50_000 * USDC
OTHER = {"agent": actor("other agent")}

# What a thief who wants money does not do: stop itself, or cut its own budgets.
UNWISE = ("pause_self", "set_budget")


def office(**figures: int) -> World:
    """
    A wallet at half past ten: the agent has three budgets, of which it used 450 of the day and
    150 of the hour in one. Another agent and the treasury have money too.
    """
    world = opened(
        {"category": REFUND, "per_payment": 10 * USDC, "hourly": 20 * USDC, "daily": 50 * USDC},
        {"token": NATIVE, "queue_from": 50 * USDC},
        OTHER,
        funds=FUNDS,
        **figures,
    )
    world.evm.warp(MONDAY + 9 * HOUR)
    for _ in range(3):
        world.pay(100 * USDC)
    world.evm.warp(MONDAY + 10 * HOUR)
    world.pay(100 * USDC)
    world.evm.warp(by=HOUR // 2)
    world.pay(50 * USDC)
    world.token.mint(world.treasury, 10**12, sender=world.deployer)
    world.evm.fund(world.treasury, 10**12)
    return world


def loot(world: World, token: str | None = None) -> int:
    """
    What left the wallet since half past ten, whoever the thief sent it to.
    """
    if token == NATIVE:
        return FUNDS - world.evm.balance(world.wallet.address)
    return FUNDS - 450 * USDC - int(world.token.balanceOf(world.wallet.address))


def untouched(world: World) -> dict[str, object]:
    """
    Everything that is none of the thief's: whatever it does, this stays.
    """
    state = observed(world)
    keys = [key for key in state["budgets"] if key[0] != world.agent]
    return {
        "others": {key: state["budgets"][key] for key in keys},
        "limits": {token: limit for token, (limit, _) in state["limits"].items()},
        "agents": state["agents"],
        "most": state["most"],
        "queue": state["queue"],
        "roles": [world.organization.roles(who) for who in (world.agent, LOOT, world.guardian)],
        "organization": (
            world.organization.wallet_count(),
            world.organization.change_delay(),
            world.organization.heartbeat_timeout(),
            world.organization.pause_number(world.wallet.address),
        ),
        "recipient": world.wallet.is_recipient(LOOT),
    }


def test_stolen_key__greedy_for_three_days__takes_exactly_the_windows() -> None:
    """
    With nobody reacting, a thief who calls everything and pays whenever anything passes has at
    the end what was left of the first day and each further day's whole limit, budget by budget.
    """
    world = office()
    assert left(world) == (150 * USDC, 550 * USDC, 95)
    thief, kept = Attacker(world, world.agent, seed=1), untouched(world)
    key = world.token.address

    by_hour = []
    while world.now < MONDAY + 4 * DAY:
        before = loot(world)
        for _ in range(5):
            thief.anything(leave_out=UNWISE)
        thief.drain(key, GENERAL, 100 * USDC)
        thief.drain(key, REFUND, 10 * USDC)
        thief.drain(NATIVE, GENERAL, 49 * USDC)
        by_hour.append((loot(world) - before) // USDC)
        world.evm.warp(by=HOUR)

    # Half past ten and the hours after it, then midnight: of both budgets for the token.
    assert by_hour[:3] == [150 + 20, 300 + 20, 100 + 10]
    assert not any(by_hour[3:14])
    assert by_hour[14:19] == [300 + 20, 300 + 20, 300 + 10, 100, 0]
    assert loot(world) == (550 + 3 * 1_000) * USDC + (50 + 3 * 50) * USDC
    assert loot(world, NATIVE) == 4 * 1_000 * USDC
    assert untouched(world) == kept


def test_stolen_key__stopped_after_two_hours__takes_nothing_more() -> None:
    """
    From the moment that the agent is stopped nothing passes, whatever is tried and however long;
    what was lost is what those two hours let through.
    """
    world = office()
    thief, kept = Attacker(world, world.agent, seed=2), untouched(world)
    for _ in range(2):
        thief.drain(world.token.address, GENERAL, 100 * USDC)
        thief.drain(NATIVE, GENERAL, 49 * USDC)
        world.evm.warp(by=HOUR)
    lost = (loot(world), loot(world, NATIVE))
    assert lost == (450 * USDC, 600 * USDC)

    world.organization.pause(world.agent, 0, "stolen key", sender=world.keeper)
    for _ in range(400):
        thief.anything()
        world.evm.warp(by=thief.random.randrange(HOUR))
    for token, category in ((world.token.address, GENERAL), (NATIVE, GENERAL)):
        assert thief.drain(token, category, 100 * USDC) == 0

    assert (loot(world), loot(world, NATIVE)) == lost
    assert untouched(world) == kept


@pytest.mark.parametrize("scope", ["wallet", "organization"])
def test_stolen_key__wallet_or_all_stopped__takes_nothing(scope: str) -> None:
    """
    A stop of the wallet or of everything holds the thief as well.
    """
    world = office()
    world.organization.pause(getattr(world, scope).address, 0, "", sender=world.guardian)
    thief, kept = Attacker(world, world.agent, seed=3), untouched(world)

    for _ in range(200):
        thief.anything()
        world.evm.warp(by=thief.random.randrange(HOUR))
    thief.drain(world.token.address, GENERAL, 100 * USDC)

    assert (loot(world), loot(world, NATIVE)) == (0, 0)
    assert untouched(world) == kept


@pytest.mark.parametrize("seed", range(4))
def test_stolen_key__random_calls_for_days__never_take_more_than_the_windows(seed: int) -> None:
    """
    Hundreds of calls of any function with any arguments, at any time: in no hour and on no day
    does more leave than the limits say, and nothing that is not the thief's moves.
    """
    world = office()
    thief, kept = Attacker(world, world.agent, seed), untouched(world)
    hours: dict[int, int] = {world.now // HOUR: 150 * USDC}
    days: dict[int, int] = {world.now // DAY: 450 * USDC}
    start = world.token.balanceOf(world.wallet.address)

    for _ in range(500):
        before = world.token.balanceOf(world.wallet.address)
        thief.anything(leave_out=("pause_self",))
        out = before - world.token.balanceOf(world.wallet.address)
        hours[world.now // HOUR] = hours.get(world.now // HOUR, 0) + out
        days[world.now // DAY] = days.get(world.now // DAY, 0) + out
        world.evm.warp(by=thief.random.choice([0, 0, 60, 601, HOUR]))

    assert thief.passed > 100
    assert max(hours.values()) <= (300 + 20) * USDC
    assert max(days.values()) <= (1_000 + 50) * USDC
    assert world.token.balanceOf(world.wallet.address) <= start
    assert untouched(world) == kept


def test_stolen_key__large_payments__wait_and_are_cancelled() -> None:
    """
    From `queue_from` on a thief has to wait, in sight of everybody, and a keeper takes it all back.
    """
    world = office()
    world.set_budget(queue_from=20 * USDC, sender=world.guardian)
    thief = Attacker(world, world.agent, seed=4)
    wallet, payments = world.wallet, []
    for n in range(20):
        payment = world.payment((20 + n) * USDC, to=LOOT)
        assert thief.send(wallet.address, wallet.calldata("pay", *payment))
        payments.append(payment)
    assert loot(world) == 0
    small = thief.drain(world.token.address, GENERAL, 20 * USDC - 1)
    assert small == 150 * USDC

    world.evm.warp(by=599)
    for payment in payments:
        execute = wallet.calldata("execute", world.agent, *payment)
        assert not thief.send(wallet.address, execute)
    world.wallet.cancel_all("stolen key", sender=world.keeper)

    world.evm.warp(by=2 * HOUR)
    for payment in payments:
        execute = wallet.calldata("execute", world.agent, *payment)
        assert not thief.send(wallet.address, execute)
    assert loot(world) == small


def test_stolen_key__large_payments_that_nobody_cancels__come_out_of_the_same_windows() -> None:
    """
    Waiting makes nothing more: what is made late is charged late, against the same limits.
    """
    world = office()
    world.set_budget(queue_from=20 * USDC, sender=world.guardian)
    thief = Attacker(world, world.agent, seed=5)
    wallet = world.wallet
    payments = [world.payment((80 + n) * USDC, to=LOOT) for n in range(20)]
    for payment in payments:
        thief.send(wallet.address, wallet.calldata("pay", *payment))

    while world.now < MONDAY + DAY + 10 * HOUR:
        for payment in payments:
            thief.send(wallet.address, wallet.calldata("execute", world.agent, *payment))
        thief.drain(world.token.address, GENERAL, 20 * USDC - 1)
        world.evm.warp(by=HOUR // 2)

    assert loot(world) == (550 + 1_000) * USDC


def test_stolen_key__small_balance_or_small_wallet_limit__bound_it_too() -> None:
    """
    A thief takes no more than the wallet's own day lets out, nor than there is.
    """
    world = office()
    world.wallet.set_wallet_limit(world.token.address, 700 * USDC, sender=world.treasury)
    thief = Attacker(world, world.agent, seed=6)
    for _ in range(4):
        thief.drain(world.token.address, GENERAL, 100 * USDC)
        world.evm.warp(by=HOUR)
    assert loot(world) == (700 - 450) * USDC

    world.wallet.sweep(world.token.address, "most of it", sender=world.guardian)
    world.fund(123 * USDC)
    world.evm.warp(MONDAY + DAY)
    assert thief.drain(world.token.address, GENERAL, 100 * USDC) == 123 * USDC


def test_stolen_key__number_of_payments__bounds_it_too() -> None:
    """
    Crumbs are counted: when the payments of the day are used up nothing passes, however small.
    """
    world = office(max_payments=9)
    thief = Attacker(world, world.agent, seed=7)
    wallet = world.wallet
    one = wallet.calldata("pay", *world.payment(1, to=LOOT))

    passed = sum(thief.send(wallet.address, one) for _ in range(50))

    assert (passed, loot(world)) == (4, 4)


def test_stolen_key__allowlist_only__pays_nobody_new() -> None:
    """
    With a budget that asks for the list, a thief can pay those on it and not itself.
    """
    world = World()
    world.enable()
    world.set_budget(allowlist_only=True)
    world.wallet.set_recipients([world.recipient], True, sender=world.treasury)
    world.open()
    world.fund()
    thief = Attacker(world, world.agent, seed=8)

    for _ in range(200):
        thief.anything()
    thief.drain(world.token.address, GENERAL, 100 * USDC)

    assert world.token.balanceOf(world.wallet.address) == 5_000 * USDC


def test_stolen_key__rotated__is_worth_nothing() -> None:
    """
    After a rotation the stolen key takes nothing, and its successor goes on with what is left.
    """
    world = office()
    thief = Attacker(world, world.agent, seed=9)
    thief.drain(world.token.address, GENERAL, 100 * USDC)
    queue(world, 60 * USDC, token=NATIVE, to=LOOT)
    successor = actor("new key")
    world.wallet.rotate_agent(world.agent, successor, sender=world.treasury)
    before = (loot(world), loot(world, NATIVE))

    for _ in range(200):
        thief.anything()
        world.evm.warp(by=601)

    assert (loot(world), loot(world, NATIVE)) == before == (150 * USDC, 0)
    world.pay(100 * USDC, sender=successor)


@pytest.mark.parametrize("role", ["guardian", "keeper", "stranger"])
def test_other_stolen_keys__random_calls__move_no_money_but_home(role: str) -> None:
    """
    A guardian's, a keeper's or anybody's key moves nothing to anyone but the treasury, and raises
    nothing. What it can do is stop, cancel, cut and sweep home.
    """
    world = office()
    thief = Attacker(world, actor(role), seed=10)
    keys = [(world.agent, world.token.address, GENERAL), (world.agent, NATIVE, GENERAL)]
    figures = [Budget(*world.wallet.budget(*key)) for key in keys]

    for _ in range(500):
        thief.anything()
        world.evm.warp(by=thief.random.choice([0, 1, 601]))

    home = world.token.balanceOf(world.treasury), world.evm.balance(world.treasury)
    assert (10**12 + loot(world), 10**12 + loot(world, NATIVE)) == home
    assert home == (10**12, 10**12) or role == "guardian"
    for key, before in zip(keys, figures, strict=True):
        after = Budget(*world.wallet.budget(*key))
        assert after.per_payment <= before.per_payment
        assert after.hourly <= before.hourly
        assert after.daily <= before.daily
        assert after.max_payments <= before.max_payments
        assert after.expires_at <= before.expires_at
        assert after.queue_from <= before.queue_from or after.per_payment < before.queue_from


def test_stolen_key__last_second_of_an_hour_and_first_of_the_next__two_hours_worth() -> None:
    """
    What is known and accepted: across a boundary a thief takes two windows in two seconds, and no
    more than that.
    """
    world = office()
    thief = Attacker(world, world.agent, seed=11)
    world.evm.warp(MONDAY + 12 * HOUR - 1)
    first = thief.drain(world.token.address, GENERAL, 100 * USDC)
    world.evm.warp(by=1)
    second = thief.drain(world.token.address, GENERAL, 100 * USDC)

    assert (first, second) == (300 * USDC, 250 * USDC)
    with reverts("payments: over the daily limit"):
        world.pay(1)
