"""
What people do when something is wrong: stop one agent, one wallet or everything; bring the money
home; start again with a new wallet.
"""

import pytest

from tests.contracts.wallet.support import (
    NO_BUDGET,
    PAY,
    QUEUE,
    STOPPED,
    due,
    execute,
    judge,
    opened,
    queue,
    reverts,
)
from tests.harness.evm import Contract, actor
from tests.harness.world import DAY, HOUR, NATIVE, USDC, World, ref


@pytest.fixture
def two() -> tuple[World, Contract]:
    """
    Two wallets, in both of which both agents can pay.
    """
    world = opened({"agent": actor("other agent")})
    other = world.new_wallet("trading")
    world.enable(wallet=other)
    for agent in (world.agent, world.other_agent):
        world.set_budget(agent=agent, wallet=other)
    world.open(other)
    world.fund(wallet=other)
    return world, other


def paying(world: World, other: Contract) -> list[bool]:
    """
    Who can pay: the agent here and there, the other agent here and there.
    """
    verdicts = [
        wallet.preview(agent, *world.payment(1)[:4])
        for agent in (world.agent, world.other_agent)
        for wallet in (world.wallet, other)
    ]
    assert set(verdicts) <= {PAY, STOPPED}
    return [verdict == PAY for verdict in verdicts]


@pytest.mark.parametrize("role", ["guardian", "keeper", "treasury"])
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("agent", [False, False, True, True]),
        ("wallet", [False, True, False, True]),
        ("organization", [False, False, False, False]),
    ],
)
def test_stop__of_each_scope__stops_that_and_nothing_else(
    two: tuple[World, Contract], scope: str, expected: list[bool], role: str
) -> None:
    """
    A stop of an agent holds it in every wallet, one of a wallet all of its agents, one of the
    organisation everything; the rest goes on. Unpausing gives all of it back.
    """
    world, other = two
    target = getattr(world, scope)
    address = target if isinstance(target, str) else target.address
    assert paying(world, other) == [True] * 4

    world.organization.pause(address, 0, "check this", sender=actor(role))

    assert paying(world, other) == expected
    for agent, wallet, pays in zip(
        [world.agent] * 2 + [world.other_agent] * 2,
        [world.wallet, other] * 2,
        expected,
        strict=True,
    ):
        judge(world, PAY if pays else STOPPED, 1, sender=agent, wallet=wallet)

    number = world.organization.pause_number(address)
    world.organization.unpause(address, number, "all is well", sender=world.treasury)
    assert paying(world, other) == [True] * 4


def test_stops__several_at_once__all_have_to_end(two: tuple[World, Contract]) -> None:
    """
    A payment passes when its agent, its wallet and the organisation all run.
    """
    world, _ = two
    scopes = [world.agent, world.wallet.address, world.organization.address]
    for scope in scopes:
        world.organization.pause(scope, 0, "", sender=world.guardian)

    for scope in scopes:
        judge(world, STOPPED, 1)
        number = world.organization.pause_number(scope)
        world.organization.unpause(scope, number, "", sender=world.treasury)
    judge(world, PAY, 1)


@pytest.mark.parametrize("scope", ["agent", "wallet", "organization"])
def test_stop__with_an_end__holds_to_its_last_second(
    two: tuple[World, Contract], scope: str
) -> None:
    """
    A timed stop ends by itself, in the second that it names.
    """
    world, _ = two
    target = getattr(world, scope)
    address = target if isinstance(target, str) else target.address
    world.organization.pause(address, HOUR, "", sender=world.keeper)

    world.evm.warp(by=HOUR - 1)
    judge(world, STOPPED, 1)
    world.evm.warp(by=1)
    judge(world, PAY, 1)


def test_heartbeat__lapsed__stops_every_wallet_until_the_next(two: tuple[World, Contract]) -> None:
    """
    When nobody watches, nothing leaves; the next heartbeat lets it go on.
    """
    world, other = two
    world.organization.set_heartbeat_timeout(HOUR, sender=world.treasury)

    world.evm.warp(by=HOUR)
    assert paying(world, other) == [True] * 4
    world.evm.warp(by=1)
    assert paying(world, other) == [False] * 4

    world.organization.heartbeat(sender=world.keeper)
    assert paying(world, other) == [True] * 4


def test_everything_stopped__treasury__still_moves_its_own_money(
    two: tuple[World, Contract],
) -> None:
    """
    A stop of the organisation is none of its multisig: people go on using their own money.
    """
    world, other = two
    world.organization.pause(world.organization.address, 0, "", sender=world.guardian)

    for wallet in (world.wallet, other):
        wallet.sweep(world.token.address, "bring it home", sender=world.treasury)
    world.token.transfer(world.recipient, 9_000 * USDC, sender=world.treasury)

    assert world.token.balanceOf(world.treasury) == 1_000 * USDC


def test_compromised_wallet__stopped_swept_and_replaced__loses_nothing_more() -> None:
    """
    The rehearsal: a wallet is taken over by thieves who hold its agents' keys. It is stopped, its
    queue voided, its money brought home, and a new wallet goes on with new keys.
    """
    # 1. An ordinary morning: two agents, two moneys, one payment waiting.
    world = opened(
        {"token": NATIVE}, {"agent": actor("other agent"), "queue_from": 0}, funds=5_000 * USDC
    )
    old = world.wallet
    queue(world, 100 * USDC, sender=world.other_agent)

    # 2. The thieves take what they can until somebody notices.
    for n in range(3):
        world.pay(100 * USDC, ref=ref(n), to=world.stranger)
        queue(world, 100 * USDC, ref=ref(n), to=world.stranger, sender=world.other_agent)

    # 3. The keeper stops the wallet: nothing leaves from here on, due or not.
    world.organization.pause(old.address, 0, "unknown recipient", sender=world.keeper)
    due(world)
    with reverts("payments: stopped"):
        world.pay(1)
    with reverts("payments: stopped"):
        execute(world, 100 * USDC, ref=ref(0), to=world.stranger, agent=world.other_agent)

    # 4. A guardian voids the queue and brings the money home.
    old.cancel_all("compromised", sender=world.guardian)
    for token in (world.token.address, NATIVE):
        old.sweep(token, "compromised", sender=world.guardian)
    assert world.token.balanceOf(world.treasury) == 4_700 * USDC
    assert world.evm.balance(world.treasury) == 5_000 * USDC
    assert world.token.balanceOf(old.address) == world.evm.balance(old.address) == 0

    # 5. The treasury retires the old keys and takes their budgets away.
    keys = {world.agent: actor("new key"), world.other_agent: actor("other new key")}
    for before, after in keys.items():
        old.rotate_agent(before, after, sender=world.treasury)
        world.set_budget(agent=after, wallet=old, expires_at=0)
    old.set_wallet_limit(world.token.address, 0, sender=world.treasury)

    # 6. It sets up a new wallet for new keys, seals it and fills it.
    new = world.new_wallet("operations 2")
    for token in (world.token.address, NATIVE):
        world.enable(token, wallet=new)
        for agent in keys.values():
            world.set_budget(agent=agent, token=token, wallet=new, queue_from=50 * USDC)
    world.open(new)
    world.token.approve(new.address, 2_000 * USDC, sender=world.treasury)
    new.refill(world.token.address, 2_000 * USDC, ref(1), sender=world.treasury)
    new.refill(NATIVE, 2_000 * USDC, ref(2), sender=world.treasury, value=2_000 * USDC)

    # 7. Business goes on there, and only there.
    for agent in keys.values():
        judge(world, PAY, 49 * USDC, sender=agent, wallet=new)
        judge(world, PAY, 49 * USDC, sender=agent, wallet=new, token=NATIVE)
        judge(world, QUEUE, 50 * USDC, sender=agent, wallet=new)
    for agent in keys:
        judge(world, NO_BUDGET, 1, sender=agent, wallet=new)
        judge(world, STOPPED, 1, sender=agent, wallet=old)
    assert world.organization.wallet_count() == 2
    assert world.token.balanceOf(world.stranger) == 300 * USDC

    # 8. Even if somebody opened the old wallet again, there is nothing in it to take.
    number = world.organization.pause_number(old.address)
    world.organization.unpause(old.address, number, "by mistake", sender=world.treasury)
    world.fund(USDC, wallet=old)
    for agent in [*keys, *keys.values()]:
        judge(world, NO_BUDGET, 1, sender=agent, wallet=old)
    with reverts("queue: no such payment"):
        world.evm.warp(by=DAY)
        execute(world, 100 * USDC, sender=world.stranger, agent=world.other_agent, wallet=old)
