"""
`set_wallet_limit` and `set_max_balance`: what leaves a wallet a day, and what may lie in it.
"""

import pytest

from tests.contracts.wallet.support import (
    MAX_WALLET_LIMIT,
    NOT_ENABLED,
    PAY,
    WALLET,
    ZERO,
    judge,
    logged,
    opened,
    reverts,
    waited,
)
from tests.harness.evm import actor
from tests.harness.world import DAY, HOUR, MAX, NATIVE, USDC, World

MUST_WAIT = "timelock: must be scheduled"
NOT_THE_TREASURY = "access: not the treasury"


@pytest.mark.parametrize(
    ("daily", "refusal"),
    [
        (0, ""),
        (1, ""),
        (10_000 * USDC - 1, ""),
        (10_000 * USDC, ""),
        (10_000 * USDC + 1, MUST_WAIT),
        (MAX_WALLET_LIMIT, MUST_WAIT),
        (MAX_WALLET_LIMIT + 1, "limits: too large"),
        (MAX, "limits: too large"),
    ],
)
def test_set_wallet_limit__once_sealed__goes_down_at_once_and_up_through_the_timelock(
    world: World, daily: int, refusal: str
) -> None:
    """
    Lower or equal is set at once, higher waits; what cannot be held is refused before that.
    """
    token = world.token.address
    if not refusal:
        receipt = world.wallet.set_wallet_limit(token, daily, sender=world.treasury)
        assert receipt.events == [logged(world.wallet, "WalletLimitSet", token=token, daily=daily)]
        assert world.wallet.wallet_limit(token) == daily
        return

    with reverts(refusal):
        world.wallet.set_wallet_limit(token, daily, sender=world.treasury)
    assert world.wallet.wallet_limit(token) == 10_000 * USDC
    if refusal == MUST_WAIT:
        receipt = waited(world, world.wallet, "set_wallet_limit", token, daily)
        assert receipt.names() == ["ChangeApplied", "WalletLimitSet"]
        assert world.wallet.wallet_limit(token) == daily
    else:
        with reverts(refusal):
            waited(world, world.wallet, "set_wallet_limit", token, daily)


@pytest.mark.parametrize("daily", [0, 1, MAX_WALLET_LIMIT])
def test_set_wallet_limit__before_sealing__goes_either_way(fresh: World, daily: int) -> None:
    """
    While it is being set up, the treasury sets a wallet's limits as it likes.
    """
    token = fresh.token.address
    for limit in (5, daily, 7, daily):
        fresh.wallet.set_wallet_limit(token, limit, sender=fresh.treasury)

    assert fresh.wallet.wallet_limit(token) == fresh.wallet.wallet_remaining(token) == daily
    with reverts("limits: too large"):
        fresh.wallet.set_wallet_limit(token, MAX_WALLET_LIMIT + 1, sender=fresh.treasury)


def test_set_wallet_limit__what_is_no_token__cannot_be_enabled(fresh: World) -> None:
    """
    Enabling refuses an address without code, the wallet, its organisation and its treasury, also
    where that has code. Disabling is never refused.
    """
    own = (fresh.wallet.address, fresh.organization.address, fresh.treasury)
    for who in (ZERO, fresh.stranger, *own):
        with reverts("limits: cannot be a token"):
            fresh.wallet.set_wallet_limit(who, 1, sender=fresh.treasury)
        fresh.wallet.set_wallet_limit(who, 0, sender=fresh.treasury)

    for token in (fresh.token.address, NATIVE):
        fresh.wallet.set_wallet_limit(token, 1, sender=fresh.treasury)


def test_set_wallet_limit__treasury_with_code__cannot_be_enabled(fresh: World) -> None:
    """
    The treasury is a contract; called as a token it would be called by its own wallet.
    """
    change = ("set_wallet_limit", fresh.treasury, 1)
    id = fresh.schedule(fresh.wallet, *change)
    fresh.evm.warp(fresh.organization.ready_at(id))
    fresh.evm.set_code(fresh.treasury, b"\0")

    with reverts("limits: cannot be a token"):
        fresh.apply(fresh.wallet, *change)


def test_set_wallet_limit__size_token_and_timelock__are_asked_in_that_order(world: World) -> None:
    """
    First the caller, then the size, then the token, then whether it loosens.
    """
    with reverts(NOT_THE_TREASURY):
        world.wallet.set_wallet_limit(ZERO, MAX, sender=world.guardian)
    with reverts("limits: too large"):
        world.wallet.set_wallet_limit(ZERO, MAX, sender=world.treasury)
    with reverts("limits: cannot be a token"):
        world.wallet.set_wallet_limit(ZERO, MAX_WALLET_LIMIT, sender=world.treasury)
    with reverts(MUST_WAIT):
        world.wallet.set_wallet_limit(NATIVE, 1, sender=world.treasury)


def test_set_wallet_limit__token_that_lost_its_code__can_still_be_cut(world: World) -> None:
    """
    Whether it can be a token is asked when it is enabled: an emergency cut of one that is no token
    any more never fails, and enabling it again does.
    """
    token = world.token.address
    world.evm.set_code(token, b"")

    for daily in (10_000 * USDC, 1, 0):
        world.wallet.set_wallet_limit(token, daily, sender=world.treasury)
    with reverts("limits: cannot be a token"):
        world.wallet.set_wallet_limit(token, 1, sender=world.treasury)


def test_set_wallet_limit__disabled_and_enabled__keeps_what_was_spent() -> None:
    """
    Disabling a token and enabling it again is no way to a fresh day.
    """
    world = opened(change_delay=HOUR)
    token = world.token.address
    world.pay(100 * USDC)
    world.wallet.set_wallet_limit(token, 0, sender=world.treasury)
    assert (world.wallet.wallet_limit(token), world.wallet.wallet_remaining(token)) == (0, 0)
    judge(world, WALLET, 1, reason=NOT_ENABLED)

    waited(world, world.wallet, "set_wallet_limit", token, 130 * USDC)

    assert world.wallet.wallet_remaining(token) == 30 * USDC
    judge(world, PAY, 30 * USDC)
    judge(world, WALLET, 1)
    world.evm.warp(by=DAY)
    assert world.wallet.wallet_remaining(token) == 130 * USDC


def test_set_wallet_limit__below_what_was_spent__leaves_nothing(world: World) -> None:
    """
    A limit may go below what was spent; views then say 0 and nothing reverts.
    """
    token = world.token.address
    world.pay(100 * USDC)

    world.wallet.set_wallet_limit(token, 100 * USDC, sender=world.treasury)
    assert world.wallet.wallet_remaining(token) == 0
    world.wallet.set_wallet_limit(token, 1, sender=world.treasury)
    assert world.wallet.wallet_remaining(token) == 0

    world.evm.warp(by=DAY)
    judge(world, PAY, 1)
    assert world.wallet.wallet_remaining(token) == 0


def test_set_wallet_limit__set_again_on_a_later_day__starts_that_day_fresh() -> None:
    """
    Setting a limit does not carry yesterday's spending into today.
    """
    world = opened()
    token = world.token.address
    world.pay(100 * USDC)
    world.evm.warp(by=DAY)

    world.wallet.set_wallet_limit(token, 150 * USDC, sender=world.treasury)

    assert world.wallet.wallet_remaining(token) == 150 * USDC


def test_set_wallet_limit__of_one_token_and_wallet__is_nobody_elses(world: World) -> None:
    """
    Limits are kept by wallet and by token.
    """
    other = world.new_wallet("trading")
    world.enable(wallet=other)

    world.wallet.set_wallet_limit(world.token.address, 5, sender=world.treasury)

    assert other.wallet_limit(world.token.address) == 10_000 * USDC
    assert world.wallet.wallet_limit(NATIVE) == 0


def test_set_wallet_limit__changed_directly__voids_what_was_scheduled_for_this_token() -> None:
    """
    A direct change voids the pending change of the same token, of this setter and no other; a
    call that changes nothing voids nothing.
    """
    world = opened({"token": NATIVE})
    token = world.token.address
    mine = world.schedule(world.wallet, "set_wallet_limit", token, 20_000 * USDC)
    other_token = world.schedule(world.wallet, "set_wallet_limit", NATIVE, 20_000 * USDC)
    other_setter = world.schedule(world.wallet, "set_max_balance", token, 200_000 * USDC)

    same = world.wallet.set_wallet_limit(token, 10_000 * USDC, sender=world.treasury)
    assert same.names() == ["WalletLimitSet"]
    assert world.organization.ready_at(mine) != 0
    lower = world.wallet.set_wallet_limit(token, 9_999 * USDC, sender=world.treasury)

    assert lower.events == [
        logged(world.wallet, "WalletLimitSet", token=token, daily=9_999 * USDC),
        logged(world.organization, "ChangeVoided", id=mine),
    ]
    assert world.organization.ready_at(mine) == 0
    assert world.organization.ready_at(other_token) != 0
    assert world.organization.ready_at(other_setter) != 0


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (0, ""),
        (100_000 * USDC - 1, ""),
        (100_000 * USDC, ""),
        (100_000 * USDC + 1, MUST_WAIT),
        (MAX, MUST_WAIT),
    ],
)
def test_set_max_balance__once_sealed__goes_down_at_once_and_up_through_the_timelock(
    world: World, amount: int, refusal: str
) -> None:
    """
    Lower or equal is set at once, higher waits. No amount is too large.
    """
    token = world.token.address
    if refusal:
        with reverts(refusal):
            world.wallet.set_max_balance(token, amount, sender=world.treasury)
        assert world.wallet.max_balance(token) == 100_000 * USDC
        receipt = waited(world, world.wallet, "set_max_balance", token, amount)
        assert receipt.names() == ["ChangeApplied", "MaxBalanceSet"]
    else:
        receipt = world.wallet.set_max_balance(token, amount, sender=world.treasury)
        assert receipt.events == [logged(world.wallet, "MaxBalanceSet", token=token, amount=amount)]

    assert world.wallet.max_balance(token) == amount


@pytest.mark.parametrize("amount", [0, 1, MAX])
def test_set_max_balance__before_sealing__goes_either_way(fresh: World, amount: int) -> None:
    """
    While it is being set up, the treasury sets it as it likes.
    """
    for most in (5, amount, 7, amount):
        fresh.wallet.set_max_balance(fresh.token.address, most, sender=fresh.treasury)

    assert fresh.wallet.max_balance(fresh.token.address) == amount
    assert fresh.wallet.max_balance(NATIVE) == 0


def test_set_max_balance__changed_directly__voids_what_was_scheduled_for_this_token() -> None:
    """
    A direct change voids the pending change of the same token, of this setter and no other.
    """
    world = opened({"token": NATIVE})
    token = world.token.address
    mine = world.schedule(world.wallet, "set_max_balance", token, 200_000 * USDC)
    other_token = world.schedule(world.wallet, "set_max_balance", NATIVE, 200_000 * USDC)
    other_setter = world.schedule(world.wallet, "set_wallet_limit", token, 20_000 * USDC)

    same = world.wallet.set_max_balance(token, 100_000 * USDC, sender=world.treasury)
    assert same.names() == ["MaxBalanceSet"]
    lower = world.wallet.set_max_balance(token, 0, sender=world.treasury)

    assert lower.events == [
        logged(world.wallet, "MaxBalanceSet", token=token, amount=0),
        logged(world.organization, "ChangeVoided", id=mine),
    ]
    assert world.organization.ready_at(other_token) != 0
    assert world.organization.ready_at(other_setter) != 0


def test_set_max_balance__below_the_balance__stops_no_payment(world: World) -> None:
    """
    The most that may lie in a wallet binds refills, not what is there or arrives otherwise.
    """
    world.wallet.set_max_balance(world.token.address, 0, sender=world.treasury)

    judge(world, PAY, 100 * USDC)
    world.fund(USDC)


@pytest.mark.parametrize("role", ["guardian", "keeper", "agent", "stranger"])
@pytest.mark.parametrize("setter", ["set_wallet_limit", "set_max_balance"])
def test_limits__set_by_anybody_else__are_refused(world: World, setter: str, role: str) -> None:
    """
    Not even tighter: these are the treasury's.
    """
    for amount in (0, 1, MAX):
        with reverts(NOT_THE_TREASURY):
            world.wallet.call(setter, world.token.address, amount, sender=actor(role))
