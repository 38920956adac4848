"""
T15: budgets that are a share of the balance, fixed at the first charge of the UTC day.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.wallet.support import (
    DAILY,
    PAY,
    QUEUE,
    budget_of,
    hostile_token,
    judge,
    key_of,
    left,
    logged,
    opened,
    property_settings,
    waited,
)
from tests.harness.evm import MONDAY, Reverted
from tests.harness.world import DAY, GENERAL, HOUR, NATIVE, REFUND, USDC, World, ref

FUNDS = 5_000 * USDC

# A tenth of 5,000 is 500, below `daily`.
TENTH = {"hourly": 1000 * USDC, "per_payment": 1000 * USDC, "share_bps": 1_000}


def base(world: World, balance: int, **kwargs: Any) -> Any:
    """
    The event that tells which balance the share is of.
    """
    agent, token, category = key_of(world, **kwargs)
    names = {"agent": agent, "token": token, "category": category}
    return logged(world.wallet, "ShareBaseSet", **names, balance=balance)


def test_share__first_charge_of_the_day__fixes_the_balance() -> None:
    """
    Before it, the present balance counts; from it on, the balance before it.
    """
    world = opened(**TENTH)
    assert left(world)[1] == 500 * USDC
    world.fund(1_000 * USDC)
    assert left(world)[1] == 600 * USDC

    receipt = world.pay(100 * USDC)

    assert receipt.names() == ["ShareBaseSet", "Paid", "Transfer"]
    assert receipt.events[0] == base(world, 6_000 * USDC)
    assert receipt.events[1].day_remaining == 500 * USDC
    assert world.pay(1, ref=ref(2)).names() == ["Paid", "Transfer"]


def test_share__donation_and_spending__move_nothing_within_the_day() -> None:
    """
    T15: neither a donation nor a spend of anybody moves the limit until midnight.
    """
    world = opened(TENTH | {"category": REFUND}, **TENTH)
    world.pay(100 * USDC)
    for change in (
        lambda: world.fund(50_000 * USDC),
        lambda: world.pay(300 * USDC, category=REFUND),
        lambda: world.wallet.sweep(world.token.address, "", sender=world.guardian),
        lambda: world.fund(1_000 * USDC),
    ):
        change()
        world.evm.warp(by=HOUR)
        assert left(world)[1] == 400 * USDC
    judge(world, DAILY, 400 * USDC + 1)
    judge(world, PAY, 400 * USDC)
    assert left(world)[1] == 0
    judge(world, DAILY, 1)

    world.evm.warp(MONDAY + DAY)
    assert left(world)[1] == 60 * USDC


@property_settings
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["pay", "donate", "other", "sweep", "share"]),
            st.integers(1, 600 * USDC),
            st.sampled_from([0, 1, HOUR - 1, HOUR, 5 * HOUR, DAY]),
        ),
        max_size=40,
    )
)
def test_share__whatever_happens__a_day_pays_at_most_its_share(
    steps: list[tuple[str, int, int]],
) -> None:
    """
    T15: however donations, other agents' payments, sweeps and changes of the share come in between,
    what a day pays is at most the greatest share in force times the balance before its first
    payment.
    """
    world = opened({**TENTH, "category": REFUND}, **TENTH, wallet_limit=10**15, funds=FUNDS)
    day, first, spent, share = -1, 0, 0, 1_000
    for what, amount, gap in steps:
        world.evm.warp(by=gap)
        balance = world.token.balanceOf(world.wallet.address)
        if what == "donate":
            world.fund(amount)
        elif what == "sweep":
            world.wallet.sweep(world.token.address, "", sender=world.guardian)
            world.fund(amount)
        elif what == "share":
            share = max(1, share - amount % 50)
            world.set_budget(budget_of(world)._replace(share_bps=share), sender=world.agent)
        else:
            went = _pay(world, amount, GENERAL if what == "pay" else REFUND)
            if went and what == "pay":
                if world.now // DAY != day:
                    day, first, spent = world.now // DAY, balance, 0
                spent += amount
                assert spent <= first * share // 10_000


def _pay(world: World, amount: int, category: bytes) -> bool:
    try:
        world.pay(amount, category=category)
    except Reverted:
        return False
    return True


@pytest.mark.parametrize(("bps", "most"), [(1, 500_000), (7, 3_500_000), (1_799, 899_500_000)])
def test_share__rounded_down__to_a_unit(bps: int, most: int) -> None:
    """
    From one in ten thousand up.
    """
    world = opened(per_payment=900 * USDC, hourly=900 * USDC, daily=900 * USDC, share_bps=bps)
    judge(world, DAILY, most + 1)
    judge(world, PAY, most)


def test_share__daily__is_a_ceiling() -> None:
    """
    The lower of the two holds.
    """
    world = opened(share_bps=9_000)
    assert left(world)[1] == 1000 * USDC


def test_share__nothing_there__is_nothing() -> None:
    """
    A share of an empty wallet is zero, and money that comes later in the day counts, as long as
    nothing was charged.
    """
    world = opened(**TENTH, funds=0)
    judge(world, DAILY, 1)
    world.fund(1_000 * USDC)
    assert left(world)[1] == 100 * USDC


def test_share__queueing__fixes_nothing_and_executing_does() -> None:
    """
    A payment that waits charges nothing; when it leaves, the share is of what is there then.
    """
    world = opened(**TENTH, queue_from=400 * USDC)
    judge(world, QUEUE, 400 * USDC)
    assert left(world)[1] == 500 * USDC
    world.evm.warp(by=600)
    world.fund(5_000 * USDC)
    receipt = world.wallet.execute(world.agent, *world.payment(400 * USDC), sender=world.stranger)
    assert receipt.events[0] == base(world, 10_000 * USDC)
    assert left(world)[1] == 600 * USDC


def test_share__batch__is_of_the_balance_before_it() -> None:
    """
    The batch as a whole is the first charge.
    """
    world = opened(**TENTH)
    payments = [(world.recipient, 250 * USDC, ref(1)), (world.stranger, 250 * USDC, ref(2))]
    receipt = world.wallet.pay_many(world.token.address, GENERAL, payments, sender=world.agent)
    assert receipt.events[0] == base(world, 5_000 * USDC)
    assert receipt.names().count("ShareBaseSet") == 1
    assert left(world)[1] == 0


def test_share__native_currency__is_of_what_the_wallet_holds() -> None:
    """
    Native currency is a token as any other.
    """
    world = opened(TENTH | {"token": NATIVE}, funds=5_000)
    receipt = world.pay(500, token=NATIVE)
    assert receipt.events[0] == base(world, 5_000, token=NATIVE)
    world.evm.fund(world.wallet.address, 10**18)
    judge(world, DAILY, 1, token=NATIVE)


def test_share__changed_within_the_day__is_of_the_same_balance() -> None:
    """
    Lowered, switched off and on, removed and set again: the day's balance stays what it was.
    """
    world = opened(**TENTH, change_delay=HOUR)
    figures = budget_of(world)
    world.pay(100 * USDC)
    world.fund(100_000 * USDC)
    world.set_budget(figures._replace(share_bps=500), sender=world.agent)
    assert left(world)[1] == 150 * USDC
    waited(world, world.wallet, "set_budget", *key_of(world), figures._replace(share_bps=10_000))
    assert left(world)[1] == 900 * USDC
    world.set_budget(figures, sender=world.agent)
    assert left(world)[1] == 400 * USDC
    world.set_budget(figures._replace(expires_at=0), sender=world.agent)
    waited(world, world.wallet, "set_budget", *key_of(world), figures)
    assert left(world)[1] == 400 * USDC
    assert budget_of(world).share_bps == 1_000


def test_share__more_than_can_be_held__counts_as_the_most() -> None:
    """
    A token that claims to have everything is of use up to `daily`, and no sum overflows.
    """
    world = World()
    token = hostile_token(world)
    world.set_budget(token=token.address, share_bps=1)
    world.open()
    token.mint(world.wallet.address, 2**256 - 1 - 5_000 * USDC - 1, sender=world.deployer)
    assert left(world, token=token.address)[1] == 1000 * USDC
    world.pay(100 * USDC, token=token.address)
    assert left(world, token=token.address)[1] == 900 * USDC


def test_share__token_that_does_not_answer__has_nothing() -> None:
    """
    Views do not revert, and a payment is refused: fail closed.
    """
    world = World()
    nothing = world.stranger
    world.set_budget(token=nothing, share_bps=5_000)
    world.open()
    assert left(world, token=nothing)[1] == 0
    assert world.wallet.preview(world.agent, nothing, world.recipient, 1, GENERAL) == DAILY


def test_share__rotated__goes_along() -> None:
    """
    The successor has the same balance under it.
    """
    world = opened(**TENTH)
    world.pay(100 * USDC)
    world.fund(100_000 * USDC)
    world.wallet.rotate_agent(world.agent, world.other_agent, sender=world.treasury)
    assert left(world, agent=world.other_agent)[1] == 400 * USDC
