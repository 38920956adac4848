import pytest

from tests.contracts.wallet.support import (
    COUNT,
    DAILY,
    HOURLY,
    NO_BUDGET,
    PAY,
    WALLET,
    judge,
    key_of,
    left,
    opened,
    waited,
)
from tests.harness.evm import MONDAY
from tests.harness.world import DAY, GENERAL, HOUR, NATIVE, REFUND, USDC, Budget, World


@pytest.mark.parametrize(("second", "verdict"), [(HOUR - 1, HOURLY), (HOUR, PAY), (HOUR + 1, PAY)])
def test_hour__used_up__is_fresh_on_the_full_hour(second: int, verdict: int) -> None:
    """
    An hour's limit holds to its last second and is whole again in the first of the next.
    """
    world = opened(per_payment=300 * USDC)
    world.evm.warp(by=1)
    world.pay(300 * USDC)

    world.evm.warp(MONDAY + second)

    judge(world, verdict, 1)


@pytest.mark.parametrize(("second", "verdict"), [(DAY - 1, DAILY), (DAY, PAY), (DAY + 1, PAY)])
def test_day__used_up__is_fresh_at_midnight_utc(second: int, verdict: int) -> None:
    """
    A day's limit holds to its last second and is whole again at 00:00 UTC.
    """
    world = opened(per_payment=300 * USDC, daily=300 * USDC)
    world.evm.warp(by=1)
    world.pay(300 * USDC)

    world.evm.warp(MONDAY + second)

    judge(world, verdict, 1)


@pytest.mark.parametrize(("second", "verdict"), [(DAY - 1, COUNT), (DAY, PAY)])
def test_count__used_up__is_fresh_at_midnight_utc_and_not_by_the_hour(
    second: int, verdict: int
) -> None:
    """
    Payments are counted by the UTC day; a new hour gives none back.
    """
    world = opened(max_payments=2)
    world.pay(1)
    world.evm.warp(by=HOUR)
    world.pay(1)
    judge(world, COUNT, 1)

    world.evm.warp(MONDAY + second)

    judge(world, verdict, 1)


@pytest.mark.parametrize(("second", "verdict"), [(DAY - 1, WALLET), (DAY, PAY)])
def test_wallets_day__used_up__is_fresh_at_midnight_utc(second: int, verdict: int) -> None:
    """
    The wallet's own limit is one of the UTC day too.
    """
    world = opened(wallet_limit=100 * USDC)
    world.pay(100 * USDC)
    assert world.wallet.wallet_remaining(world.token.address) == 0

    world.evm.warp(MONDAY + second)

    judge(world, verdict, 1)
    spent = 1 if verdict == PAY else 100 * USDC
    assert world.wallet.wallet_remaining(world.token.address) == 100 * USDC - spent


def test_day__over_all_of_its_hours__adds_up() -> None:
    """
    What was spent in the hours before counts until midnight, however the hours were used.
    """
    world = opened()
    for hour, amount in ((0, 100), (1, 0), (5, 90), (23, 80)):
        world.evm.warp(MONDAY + hour * HOUR)
        if amount:
            world.pay(amount * USDC)
            world.pay(10 * USDC)

    assert left(world) == (210 * USDC, 700 * USDC, 94)
    paid = world.pay(20 * USDC).only("Paid")
    assert (paid.hour_remaining, paid.day_remaining) == (190 * USDC, 680 * USDC)
    world.evm.warp(MONDAY + DAY)
    assert left(world) == (300 * USDC, 1000 * USDC, 100)


def test_hour__of_the_same_number_on_another_day__is_another_hour() -> None:
    """
    Nine o'clock on Tuesday has nothing to do with nine o'clock on Monday.
    """
    world = opened(per_payment=300 * USDC)
    world.evm.warp(MONDAY + 9 * HOUR)
    world.pay(300 * USDC)

    world.evm.warp(by=DAY)

    judge(world, PAY, 300 * USDC)
    judge(world, HOURLY, 1)


def test_day__after_long_silence__is_one_days_worth() -> None:
    """
    Unused days are not saved up.
    """
    world = opened(per_payment=300 * USDC, hourly=300 * USDC, daily=300 * USDC)
    world.evm.warp(by=100 * DAY)

    judge(world, PAY, 300 * USDC)
    world.evm.warp(by=HOUR)
    judge(world, DAILY, 1)


def test_day__reset_at_midnight__happens_once() -> None:
    """
    Nobody has to reset anything, and nothing done at midnight resets it a second time.
    """
    world = opened(per_payment=300 * USDC, daily=300 * USDC)
    world.pay(300 * USDC)
    world.evm.warp(MONDAY + DAY)
    world.pay(200 * USDC)
    for _ in range(3):
        world.set_budget(per_payment=300 * USDC, daily=300 * USDC)
        world.wallet.set_wallet_limit(world.token.address, 10_000 * USDC, sender=world.treasury)
        world.organization.clear(world.agent, sender=world.stranger)
        assert left(world) == (100 * USDC, 100 * USDC, 99)

    assert world.wallet.wallet_remaining(world.token.address) == 9_800 * USDC


@pytest.mark.parametrize(("second", "verdict"), [(-1, PAY), (0, NO_BUDGET), (1, NO_BUDGET)])
def test_expiry__on_its_full_hour__the_budget_is_dead(second: int, verdict: int) -> None:
    """
    A budget lives until the second before `expires_at`. Dead, it has nothing left but still shows.
    """
    world = opened(expires_at=MONDAY + 5 * HOUR)
    world.evm.warp(MONDAY + 5 * HOUR + second)

    judge(world, verdict, 1)

    assert (left(world) != (0, 0, 0)) == (verdict == PAY)
    shown = world.wallet.budget(world.agent, world.token.address, GENERAL)
    assert Budget(*shown).expires_at == MONDAY + 5 * HOUR


def test_budgets__of_two_categories__are_used_up_apart(shared: World) -> None:
    """
    A category has limits and counters of its own.
    """
    for _ in range(3):
        shared.pay(100 * USDC, category=REFUND)

    judge(shared, HOURLY, 1, category=REFUND)
    assert left(shared) == (300 * USDC, 1000 * USDC, 100)
    judge(shared, PAY, 100 * USDC)
    assert left(shared, category=REFUND) == (0, 700 * USDC, 97)


def test_budgets__of_two_agents__are_used_up_apart(shared: World) -> None:
    """
    One agent that has used up its budget takes nothing from another's.
    """
    for _ in range(3):
        shared.pay(100 * USDC)

    judge(shared, HOURLY, 1)
    judge(shared, PAY, 100 * USDC, sender=shared.other_agent)
    assert left(shared) == (0, 700 * USDC, 97)
    assert left(shared, agent=shared.other_agent) == (200 * USDC, 900 * USDC, 99)


def test_budgets__of_two_tokens__are_used_up_apart(native: World) -> None:
    """
    Budgets and wallet limits are kept token by token.
    """
    native.pay(40 * USDC)
    native.pay(30 * USDC, token=NATIVE)

    assert left(native) == (260 * USDC, 960 * USDC, 99)
    assert left(native, token=NATIVE) == (270 * USDC, 970 * USDC, 99)
    assert native.wallet.wallet_remaining(native.token.address) == 9_960 * USDC
    assert native.wallet.wallet_remaining(NATIVE) == 9_970 * USDC


def test_budgets__of_two_wallets__are_used_up_apart(world: World) -> None:
    """
    The same agent's budgets in two wallets know nothing of each other.
    """
    other = world.new_wallet("trading")
    world.enable(wallet=other)
    world.set_budget(wallet=other)
    world.open(other)
    world.fund(wallet=other)
    for _ in range(3):
        world.pay(100 * USDC)

    assert left(world, wallet=other) == (300 * USDC, 1000 * USDC, 100)
    assert other.wallet_remaining(world.token.address) == 10_000 * USDC
    judge(world, PAY, 100 * USDC, wallet=other)
    judge(world, HOURLY, 1)
    assert world.token.balanceOf(other.address) == 4_900 * USDC


def test_budgets__of_two_agents__share_the_wallets_day() -> None:
    """
    Together the agents of a wallet pay at most the wallet's limit.
    """
    world = opened({"category": REFUND}, wallet_limit=150 * USDC)
    world.pay(100 * USDC)

    judge(world, WALLET, 50 * USDC + 1, category=REFUND)
    judge(world, PAY, 50 * USDC, category=REFUND)
    judge(world, WALLET, 1)


def test_lowered_and_raised__inside_a_day__forgets_nothing() -> None:
    """
    A limit that is lowered below what was spent leaves nothing, and raised again it leaves what
    it would have left without the detour.
    """
    world = opened(change_delay=HOUR)
    for _ in range(2):
        world.pay(100 * USDC)

    world.set_budget(per_payment=50 * USDC, hourly=50 * USDC, daily=50 * USDC, max_payments=1)
    assert left(world) == (0, 0, 0)
    judge(world, HOURLY, 1)
    waited(world, world.wallet, "set_budget", *key_of(world), Budget())

    assert left(world) == (300 * USDC, 800 * USDC, 98)


def test_raised__inside_an_hour__forgets_nothing() -> None:
    """
    Nor does a change of figures touch what was spent in the running hour.
    """
    world = opened(change_delay=HOUR)
    change = (*key_of(world), Budget(daily=1_070 * USDC))
    world.schedule(world.wallet, "set_budget", *change)
    world.evm.warp(by=HOUR)
    world.pay(100 * USDC)
    world.evm.warp(by=60)

    world.apply(world.wallet, "set_budget", *change)

    assert left(world) == (200 * USDC, 970 * USDC, 99)


def test_wallets_limit__lowered_and_raised__forgets_nothing() -> None:
    """
    The wallet's day, too, keeps what was spent whatever its limit is meanwhile.
    """
    world = opened(change_delay=HOUR)
    token = world.token.address
    world.pay(100 * USDC)

    world.wallet.set_wallet_limit(token, 60 * USDC, sender=world.treasury)
    assert world.wallet.wallet_remaining(token) == 0
    judge(world, WALLET, 1)
    world.wallet.set_wallet_limit(token, 0, sender=world.treasury)
    waited(world, world.wallet, "set_wallet_limit", token, 150 * USDC)

    assert world.wallet.wallet_remaining(token) == 50 * USDC
    judge(world, WALLET, 50 * USDC + 1)
    judge(world, PAY, 50 * USDC)


def test_removed_and_set_again__inside_a_day__forgets_nothing() -> None:
    """
    A removed budget keeps its counters, so that removing is no way to a fresh window.
    """
    world = opened(change_delay=HOUR)
    world.pay(100 * USDC)

    world.set_budget(expires_at=0)
    judge(world, NO_BUDGET, 1)
    waited(world, world.wallet, "set_budget", *key_of(world), Budget())

    assert left(world) == (300 * USDC, 900 * USDC, 99)
