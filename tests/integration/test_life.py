"""
An organisation's whole life on a real node, under a real Safe: every call of the treasury is a
transaction that two of its three owners signed.
"""

from __future__ import annotations

import pytest

from bursar.chain.errors import RevertedError
from bursar.changes import encode_call
from bursar.devnet import USDC, address_of
from bursar.events import (
    AgentRotated,
    BudgetSet,
    ChangeApplied,
    ChangeScheduled,
    Paid,
    Paused,
    PaymentCancelled,
    PaymentExecuted,
    PaymentQueued,
    Refilled,
    Sealed,
    Swept,
    Unpaused,
)
from bursar.reasons import Preview, Reason
from bursar.types import DAY, HOUR, NATIVE
from tests.integration.live import GENERAL, MONDAY, LiveWorld, budget, ref


def test_life__from_creation_to_the_last_sweep__keeps_every_promise(world: LiveWorld) -> None:
    """
    Create, set up, open, fill, pay, queue, execute, cancel, raise, rotate, sweep: in this order,
    with the chain's own word for each step.
    """
    token, agent = world.usdc.address, address_of(world.chain.new_account("new hire"))
    hire = world.chain.new_account("new hire")
    master = world.usdc_of(world.safe.address)

    # 1. A wallet is born stopped.
    wallet = world.create_wallet("defi")
    assert wallet.view("name") == "defi"
    assert world.organization.view("paused_until", wallet.address) > 0

    # 2. Setting up needs no waiting, and nothing is spent meanwhile.
    world.by_treasury(
        wallet.build_call("set_wallet_limit", token, 1_000 * USDC),
        wallet.build_call("set_max_balance", token, 500 * USDC),
        wallet.build_call("set_payment_delay", 30 * 60),
        wallet.build_call("set_budget", agent, token, GENERAL, budget(queue_from=50 * USDC)),
        wallet.build_call("set_budget", agent, token, GENERAL, budget(queue_from=60 * USDC)),
    )
    with pytest.raises(RevertedError) as refused:
        world.by_treasury(*world.build_refill(wallet, 500 * USDC, ref(1)))
    assert refused.value.revert.reason is Reason.WALLET_NOT_SEALED

    # 3. Sealed and released, in one transaction of the Safe.
    opened = world.by_treasury(*world.build_opening(wallet))
    assert world.logged(opened, Sealed).emitter == wallet.address
    assert world.logged(opened, Unpaused).by == world.safe.address

    # 4. Refilled with exactly what was approved: nothing stays approved.
    refilled = world.by_treasury(*world.build_refill(wallet, 500 * USDC, ref(2)))
    assert world.logged(refilled, Refilled).balance == 500 * USDC
    assert world.usdc.view("allowance", world.safe.address, wallet.address) == 0
    assert world.usdc_of(world.safe.address) == master - 500 * USDC

    # 5. A payment below the queue goes out at once.
    paid = wallet.send(hire, "pay", *world.payment(59 * USDC))
    assert world.logged(paid, Paid).hour_remaining == 241 * USDC
    assert world.usdc_of(world.recipient) == 59 * USDC

    # 6. Two large ones wait: one is cancelled by a guardian, one executed by a keeper.
    doubtful = world.logged(
        wallet.send(hire, "pay", *world.payment(60 * USDC, ref=ref(3))), PaymentQueued
    )
    sound = world.logged(
        wallet.send(hire, "pay", *world.payment(100 * USDC, ref=ref(4))), PaymentQueued
    )
    assert sound.ready_at == sound.at + 30 * 60
    cancelled = wallet.send(world.guardian, "cancel", doubtful.id, "who is that?")
    assert world.logged(cancelled, PaymentCancelled).reason == "who is that?"
    queued = (agent, *world.payment(100 * USDC, ref=ref(4)))
    with pytest.raises(RevertedError) as refused:
        wallet.send(world.keeper, "execute", *queued)
    assert refused.value.revert.reason is Reason.QUEUE_NOT_DUE
    world.chain.warp(to=sound.ready_at)
    executed = wallet.send(world.keeper, "execute", *queued)
    assert world.logged(executed, PaymentExecuted).id == sound.id
    assert world.usdc_of(world.recipient) == 159 * USDC
    with pytest.raises(RevertedError) as refused:
        wallet.send(world.keeper, "execute", *queued)
    assert refused.value.revert.reason is Reason.QUEUE_NO_SUCH_PAYMENT

    # 7. A raise waits out the change delay, and then anybody applies it.
    raised = encode_call("set_budget", agent, token, GENERAL, budget(per_payment=200 * USDC))
    with pytest.raises(RevertedError) as refused:
        world.by_treasury(wallet.build_call("set_budget", agent, token, GENERAL, budget()))
    assert refused.value.revert.reason is Reason.TIMELOCK_SCHEDULE
    scheduled = world.logged(
        world.by_treasury(world.organization.build_call("schedule", wallet.address, raised)),
        ChangeScheduled,
    )
    with pytest.raises(RevertedError) as refused:
        world.organization.send(world.stranger, "apply", wallet.address, raised)
    assert refused.value.revert.reason is Reason.TIMELOCK_NOT_DUE
    world.chain.warp(to=scheduled.ready_at)
    applied = world.organization.send(world.stranger, "apply", wallet.address, raised)
    assert world.logged(applied, ChangeApplied).id == scheduled.id
    assert world.logged(applied, BudgetSet).budget.per_payment == 200 * USDC
    wallet.send(hire, "pay", *world.payment(200 * USDC))

    # 8. A key is replaced: the budget moves with what was spent of it.
    successor = world.chain.new_account("successor")
    key = (token, GENERAL)
    left = wallet.view("remaining", agent, *key)
    rotated = world.by_treasury(wallet.build_call("rotate_agent", agent, address_of(successor)))
    assert world.logged(rotated, AgentRotated).new == address_of(successor)
    assert wallet.view("remaining", address_of(successor), *key) == left
    with pytest.raises(RevertedError) as refused:
        wallet.send(hire, "pay", *world.payment(1))
    assert refused.value.revert.reason is Reason.PAYMENTS_NO_BUDGET
    wallet.send(successor, "pay", *world.payment(1))

    # 9. Everything comes home.
    rest = world.usdc_of(wallet.address)
    before = world.usdc_of(world.safe.address)
    swept = wallet.send(world.guardian, "sweep", token, "retired")
    assert world.logged(swept, Swept).amount == rest
    assert world.usdc_of(world.safe.address) == before + rest
    assert world.usdc_of(wallet.address) == 0


def test_stop__of_an_agent__the_others_go_on_until_the_safe_releases_it(world: LiveWorld) -> None:
    """
    The narrowest stop: it holds at once, for that agent alone, until the Safe lifts what it saw.
    """
    scope = address_of(world.agent)
    stop = world.logged(
        world.organization.send(world.keeper, "pause", scope, 0, "odd recipients"), Paused
    )

    with pytest.raises(RevertedError) as refused:
        world.pay(1)
    assert refused.value.revert.reason is Reason.PAYMENTS_STOPPED
    world.pay(1, key=world.other_agent)
    world.pay(1, key=world.clerk, wallet=world.second_wallet)

    release(world, scope, stop.number)
    world.pay(1)


def test_stop__of_a_wallet__the_other_wallet_goes_on(world: LiveWorld) -> None:
    """
    All agents of a wallet stop with it; money still goes home to the treasury.
    """
    stop = world.logged(
        world.organization.send(world.guardian, "pause", world.wallet.address, 0, "breach"), Paused
    )

    for key in (world.agent, world.other_agent):
        with pytest.raises(RevertedError) as refused:
            world.pay(1, key=key)
        assert refused.value.revert.reason is Reason.PAYMENTS_STOPPED
    world.pay(1, key=world.clerk, wallet=world.second_wallet)
    with pytest.raises(RevertedError) as refused:
        world.by_treasury(*world.build_refill(world.wallet, 1, ref(1)))
    assert refused.value.revert.reason is Reason.REFILL_STOPPED

    release(world, world.wallet.address, stop.number)
    world.pay(1)


def test_stop__of_the_organisation__stops_all_and_leaves_the_master_to_people(
    world: LiveWorld,
) -> None:
    """
    Everything stops with one call; the Safe can still move its own money.
    """
    scope = world.organization.address
    stop = world.logged(
        world.organization.send(world.keeper, "pause", scope, 0, "all hands"), Paused
    )

    for key, wallet in ((world.agent, world.wallet), (world.clerk, world.second_wallet)):
        with pytest.raises(RevertedError) as refused:
            world.pay(1, key=key, wallet=wallet)
        assert refused.value.revert.reason is Reason.PAYMENTS_STOPPED
    world.by_treasury(world.usdc.build_call("transfer", address_of(world.owners[0]), 1))

    release(world, scope, stop.number)
    world.pay(1)
    world.pay(1, key=world.clerk, wallet=world.second_wallet)


def release(world: LiveWorld, scope: str, number: int) -> None:
    """
    By the Safe, which has to name the stop: an older number, and one owner alone, are refused.
    """
    with pytest.raises(RevertedError) as refused:
        world.organization.send(world.owners[0], "unpause", scope, number, "mine")
    assert refused.value.revert.reason is Reason.ROLES_TREASURY
    with pytest.raises(RevertedError) as refused:
        world.by_treasury(world.organization.build_call("unpause", scope, number - 1, "go on"))
    assert refused.value.revert.reason in (Reason.STOPS_SEEN, Reason.STOPS_NEVER)
    world.by_treasury(world.organization.build_call("unpause", scope, number, "looked at"))


def test_stop__another_one_while_the_owners_sign__is_not_lifted(world: LiveWorld) -> None:
    """
    Signatures are for the stop that the owners looked at, not for one that came since.
    """
    scope = address_of(world.agent)
    world.organization.send(world.keeper, "pause", scope, 0, "odd recipients")
    seen = world.organization.view("pause_number", scope)
    world.organization.send(world.guardian, "pause", scope, 0, "and its host is breached")

    with pytest.raises(RevertedError) as refused:
        world.by_treasury(world.organization.build_call("unpause", scope, seen, "false alarm"))

    assert refused.value.revert.reason is Reason.STOPS_SEEN
    assert world.wallet.view("preview", scope, *world.payment(1)[:4]) == Preview.STOPPED


def test_limits__at_the_hour_and_one_above__hold_in_mined_transactions(world: LiveWorld) -> None:
    """
    What is left of the hour passes to the last base unit, one more reverts, and the next hour pays.
    """
    for _ in range(3):
        world.pay(100 * USDC)

    with pytest.raises(RevertedError) as refused:
        world.pay(1, gas=300_000)
    assert refused.value.revert.reason is Reason.PAYMENTS_HOURLY
    assert refused.value.transaction is not None

    world.chain.warp(to=MONDAY + HOUR)
    world.pay(100 * USDC)
    assert world.usdc_of(world.recipient) == 400 * USDC


def test_native_currency__refilled_paid_and_swept__goes_through_the_safe(world: LiveWorld) -> None:
    """
    Ether is a token like any other, and a Safe takes it back.
    """
    ether = 10**18
    world.organization.send(
        world.stranger, "apply", *schedule(world, "set_wallet_limit", NATIVE, ether)
    )
    world.organization.send(
        world.stranger, "apply", *schedule(world, "set_max_balance", NATIVE, ether)
    )
    figures = budget(per_payment=ether // 10, hourly=ether // 10, daily=ether // 10)
    world.organization.send(
        world.stranger,
        "apply",
        *schedule(world, "set_budget", address_of(world.agent), NATIVE, GENERAL, figures),
    )
    safe = world.chain.fetch_balance(world.safe.address)

    world.by_treasury(world.wallet.build_call("refill", NATIVE, ether, ref(1), value=ether))
    world.pay(ether // 10, token=NATIVE)
    world.wallet.send(world.guardian, "sweep", NATIVE, "enough")

    assert world.chain.fetch_balance(world.recipient) == ether // 10
    assert world.chain.fetch_balance(world.wallet.address) == 0
    assert world.chain.fetch_balance(world.safe.address) == safe - ether // 10


def schedule(world: LiveWorld, setter: str, *arguments: object) -> tuple[str, bytes]:
    """
    Schedule a change of the wallet and wait until it may be applied; what to apply.
    """
    call = encode_call(setter, *arguments)
    world.by_treasury(world.organization.build_call("schedule", world.wallet.address, call))
    world.chain.warp(by=2 * DAY)
    return world.wallet.address, call
