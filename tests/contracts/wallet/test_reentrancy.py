"""
A token or a recipient that calls back while the wallet sends. The one that calls is the treasury
itself, an agent too, so that each of its calls would pass if the wallet were not busy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contracts.wallet.signing import SIGNER, arguments, sign, signable
from tests.contracts.wallet.support import (
    become_hostile,
    due,
    execute,
    hostile_token,
    left,
    observed,
    queue,
    reverts,
)
from tests.harness.evm import Contract, Reverted, actor
from tests.harness.world import GENERAL, MAX, NATIVE, REFUND, USDC, Budget, World, ref

NEW = actor("new key")


@dataclass(frozen=True)
class Scene:
    """
    The hostile treasury, the hostile token, and a payment to each that is due.
    """

    world: World
    boss: Contract
    token: Contract


@pytest.fixture
def scene() -> Scene:
    """
    The treasury has a budget like any agent, for native currency, the hostile and the good token.
    """
    world = World()
    token = hostile_token(world)
    for each in (world.token.address, NATIVE):
        world.enable(each)
    for agent in (world.treasury, world.agent, SIGNER.address):
        for each in (world.token.address, NATIVE, token.address):
            world.set_budget(agent=agent, token=each)
            world.set_budget(agent=agent, token=each, category=REFUND, queue_from=0)
    world.open()
    world.fund()
    world.evm.fund(world.wallet.address, 5_000 * USDC)
    queue(world, USDC, sender=world.treasury, category=REFUND, to=world.stranger)
    queue(world, USDC, category=REFUND, token=NATIVE, to=world.treasury)
    queue(world, USDC, category=REFUND, token=token.address)
    world.token.mint(world.treasury, 1_000 * USDC, sender=world.deployer)
    world.token.approve(world.wallet.address, 1_000 * USDC, sender=world.treasury)
    due(world)
    return Scene(world, become_hostile(world, world.treasury), token)


def signed(world: World) -> tuple[Any, ...]:
    """
    What an agent has signed.
    """
    payment = signable(world, USDC)
    return arguments(payment, sign(payment, world.wallet))


Call = tuple[str, tuple[Any, ...]]

CALLS: dict[str, Callable[[World], Call]] = {
    "pay": lambda w: ("pay", w.payment(2 * USDC)),
    "pay native": lambda w: ("pay", w.payment(2 * USDC, token=NATIVE)),
    "pay_many": lambda w: (
        "pay_many",
        (w.token.address, GENERAL, [(w.recipient, USDC, ref(1)), (w.stranger, USDC, ref(2))]),
    ),
    "pay_signed": lambda w: ("pay_signed", signed(w)),
    "void_nonce": lambda w: ("void_nonce", (5,)),
    "execute": lambda w: (
        "execute",
        (w.treasury, *w.payment(USDC, category=REFUND, to=w.stranger)),
    ),
    "cancel": lambda w: (
        "cancel",
        (w.wallet.payment_id(w.treasury, *w.payment(USDC, category=REFUND, to=w.stranger)), ""),
    ),
    "cancel_all": lambda w: ("cancel_all", ("",)),
    "set_budget": lambda w: (
        "set_budget",
        (w.agent, w.token.address, GENERAL, Budget(per_payment=1)),
    ),
    "set_wallet_limit": lambda w: ("set_wallet_limit", (w.token.address, 1)),
    "set_max_balance": lambda w: ("set_max_balance", (w.token.address, 1)),
    "set_recipients": lambda w: ("set_recipients", ([w.stranger], False)),
    "set_payment_delay": lambda w: ("set_payment_delay", (601,)),
    "set_grace": lambda w: ("set_grace", (86_399,)),
    "rotate_agent": lambda w: ("rotate_agent", (w.agent, NEW)),
    "refill": lambda w: ("refill", (w.token.address, USDC, ref(1))),
    "sweep": lambda w: ("sweep", (w.token.address, "")),
    "sweep native": lambda w: ("sweep", (NATIVE, "")),
    "preview": lambda w: ("preview", (w.agent, w.token.address, w.recipient, 1, GENERAL)),
    "budget": lambda w: ("budget", (w.agent, w.token.address, GENERAL)),
    "remaining": lambda w: ("remaining", (w.agent, w.token.address, GENERAL)),
    "payment": lambda w: ("payment", (b"\0" * 32,)),
}


def pay_native(scene: Scene) -> None:
    """
    The recipient gets native currency.
    """
    scene.world.pay(USDC, token=NATIVE, to=scene.boss.address)


def execute_native(scene: Scene) -> None:
    """
    The recipient gets native currency that has waited.
    """
    execute(scene.world, USDC, token=NATIVE, to=scene.boss.address, category=REFUND)


def sweep_native(scene: Scene) -> None:
    """
    The treasury gets all native currency.
    """
    scene.world.wallet.sweep(NATIVE, "", sender=scene.world.guardian)


def pay_token(scene: Scene) -> None:
    """
    The token is asked for a transfer.
    """
    scene.world.pay(USDC, token=scene.token.address)


def pay_many_token(scene: Scene) -> None:
    """
    The token is asked for the first of two transfers.
    """
    world = scene.world
    payments = [(world.recipient, USDC, ref(1)), (world.stranger, USDC, ref(2))]
    world.wallet.pay_many(scene.token.address, GENERAL, payments, sender=world.agent)


def pay_many_native(scene: Scene) -> None:
    """
    The recipient gets native currency as the first of two.
    """
    world = scene.world
    payments = [(scene.boss.address, USDC, ref(1)), (world.recipient, USDC, ref(2))]
    world.wallet.pay_many(NATIVE, GENERAL, payments, sender=world.agent)


def execute_token(scene: Scene) -> None:
    """
    The token is asked for a transfer that has waited.
    """
    execute(scene.world, USDC, token=scene.token.address, category=REFUND)


def sweep_token(scene: Scene) -> None:
    """
    The token is asked to bring everything home.
    """
    scene.world.wallet.sweep(scene.token.address, "", sender=scene.world.guardian)


def refill_token(scene: Scene) -> None:
    """
    The token is asked to fetch from the treasury.
    """
    world, token = scene.world, scene.token
    token.mint(world.treasury, USDC, sender=world.deployer)
    do(scene, token, "approve", world.wallet.address, USDC)
    do(scene, world.wallet, "refill", token.address, USDC, ref(1))


WAYS = [
    pay_native,
    execute_native,
    sweep_native,
    pay_many_native,
    pay_token,
    pay_many_token,
    execute_token,
    sweep_token,
    refill_token,
]


def do(scene: Scene, target: Contract, name: str, *args: Any) -> None:
    """
    The treasury makes a call.
    """
    call = target.calldata(name, *args)
    scene.boss.do(target.address, call, sender=scene.world.stranger)


def prepare(scene: Scene, way: Callable[[Scene], None], target: Contract, call: bytes) -> Contract:
    """
    Have the treasury make this call in the middle of `way`; returns who knows what became of it.
    """
    world = scene.world
    if way in (pay_native, execute_native, sweep_native, pay_many_native):
        scene.boss.react(target.address, call, sender=world.stranger)
        return scene.boss
    through = scene.boss.calldata("do", target.address, call)
    scene.token.react(scene.boss.address, through, sender=world.stranger)
    return scene.token


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_reentry__any_function_in_mid_transfer__is_refused(
    scene: Scene, way: Callable[[Scene], None], name: str
) -> None:
    """
    While money moves nothing else happens in the wallet, whoever calls, and nobody reads what is
    only half true. The transfer itself goes on, and the same call passes a moment later.
    """
    world = scene.world
    function, args = CALLS[name](world)
    witness = prepare(scene, way, world.wallet, world.wallet.calldata(function, *args))
    before = observed(world)

    way(scene)

    assert witness.outcome(0) == (False, b"")
    after = observed(world)
    assert after["queue"] == before["queue"]
    assert after["agents"] == before["agents"]
    assert after["token"] == before["token"]
    world.evm.fund(world.wallet.address, 5_000 * USDC)
    do(scene, world.wallet, function, *args)


def test_reentry__calls_above__are_all_that_the_wallet_has(scene: Scene) -> None:
    """
    Every function that changes anything is tried; `seal` is past, and an agent may always stop
    itself. Views that are not tried are answered from what is settled before money moves.
    """
    tried = {call(scene.world)[0] for call in CALLS.values()}
    changing = {name for name, f in scene.world.wallet.artifact.functions.items() if f.mutates}

    assert changing - tried == {"seal", "pause_self"}


@pytest.mark.parametrize("way", [pay_native, pay_token], ids=lambda way: way.__name__)
def test_reentry__readable_in_mid_transfer__is_what_holds_afterwards(
    scene: Scene, way: Callable[[Scene], None]
) -> None:
    """
    State is written before money moves: what can be read meanwhile has the payment in it.
    """
    world = scene.world
    token = NATIVE if way is pay_native else scene.token.address
    call = world.wallet.calldata("wallet_remaining", token)
    prepare(scene, way, world.wallet, call)
    # Straight, too, so that the answer is seen and not only that there was one.
    (scene.boss if way is pay_native else scene.token).react(
        world.wallet.address, call, sender=world.stranger
    )

    way(scene)

    witness = scene.boss if way is pay_native else scene.token
    succeeded, response = witness.outcome(1)
    assert succeeded
    assert int.from_bytes(response) == world.wallet.wallet_remaining(token) == 9_999 * USDC


@pytest.mark.parametrize("way", WAYS[:6], ids=lambda way: way.__name__)
def test_reentry__applying_a_change_in_mid_transfer__fails_and_keeps_it(
    scene: Scene, way: Callable[[Scene], None]
) -> None:
    """
    Nor does a change that is due reach the wallet through the timelock meanwhile; it stays due.
    """
    world = scene.world
    change = (world.wallet.address, world.wallet.calldata("set_payment_delay", 60))
    do(scene, world.organization, "schedule", *change)
    id = world.organization.change_id(*change)
    world.evm.warp(world.organization.ready_at(id) - 86_400)
    queue(world, USDC, category=REFUND, token=NATIVE, to=world.treasury, ref=ref(2))
    queue(world, USDC, category=REFUND, token=scene.token.address, ref=ref(2))
    world.evm.warp(by=86_400)
    witness = prepare(scene, way, world.organization, world.organization.calldata("apply", *change))

    if way is execute_native:
        execute(world, USDC, token=NATIVE, to=world.treasury, category=REFUND, ref=ref(2))
    elif way is execute_token:
        execute(world, USDC, token=scene.token.address, category=REFUND, ref=ref(2))
    else:
        way(scene)

    assert witness.outcome(0)[0] is False
    assert world.wallet.payment_delay() == 600
    world.organization.apply(*change, sender=world.stranger)
    assert world.wallet.payment_delay() == 60


def test_reentry__paying_itself_in_a_circle__drains_nothing(scene: Scene) -> None:
    """
    An agent that is paid and pays again from within gets what one payment is worth.
    """
    world, boss = scene.world, scene.boss
    again = world.wallet.calldata("pay", *world.payment(100 * USDC, token=NATIVE, to=boss.address))
    for _ in range(10):
        boss.react(world.wallet.address, again, sender=world.stranger)

    boss.do(world.wallet.address, again, sender=world.stranger)

    assert world.evm.balance(boss.address) == 100 * USDC
    assert [boss.outcome(i)[0] for i in range(10)] == [False] * 10
    assert left(world, agent=boss.address, token=NATIVE) == (200 * USDC, 900 * USDC, 99)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_reentry__agent_stopping_itself_in_mid_transfer__works(
    scene: Scene, way: Callable[[Scene], None]
) -> None:
    """
    A legal stop never reverts: an agent that finds something wrong in mid-payment stops itself.
    The payment that runs is made; there is no next.
    """
    world = scene.world
    witness = prepare(scene, way, world.wallet, world.wallet.calldata("pause_self", 0, "odd"))

    way(scene)

    assert witness.outcome(0)[0] is True
    assert world.organization.paused_until(world.treasury) == MAX
    with reverts("payments: stopped"):
        execute(world, USDC, agent=world.treasury, category=REFUND, to=world.stranger)


def test_reentry__stopping_in_mid_transfer__works(scene: Scene) -> None:
    """
    The organisation is not locked: a stop in mid-payment is a stop for all that follow.
    """
    world = scene.world
    stop = world.organization.calldata("pause", world.agent, 0, "")
    witness = prepare(scene, pay_native, world.organization, stop)

    pay_native(scene)

    assert witness.outcome(0)[0] is True
    with reverts("payments: stopped"):
        world.pay(1)


def test_reentry__sending_money_in__is_always_possible(scene: Scene) -> None:
    """
    Only empty calldata gets through in mid-payment, so that a recipient can return change.
    """
    world, boss = scene.world, scene.boss
    boss.set_change(USDC // 2, sender=world.stranger)

    pay_native(scene)

    assert world.evm.balance(boss.address) == USDC // 2
    assert left(world, token=NATIVE) == (299 * USDC, 999 * USDC, 99)
    with pytest.raises(Reverted):
        world.evm.transact(world.stranger, world.wallet.address, b"\0")
