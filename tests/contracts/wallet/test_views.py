import pytest

from tests.contracts.wallet.support import (
    NOTHING,
    PAYROLL,
    ZERO,
    left,
    observed,
    opened,
    reverts,
)
from tests.harness.evm import MONDAY, Reverted, compiled
from tests.harness.world import DAY, GENERAL, HOUR, MAX, NATIVE, REFUND, USDC, Budget, World


def test_views__new_wallet__say_who_it_is_and_whose(fresh: World) -> None:
    """
    A wallet knows its name, its organisation and its treasury, and starts unsealed in epoch 0.
    """
    wallet = fresh.wallet

    assert wallet.name() == "operations"
    assert wallet.version() == "1"
    assert wallet.organization() == fresh.organization.address
    assert wallet.treasury() == fresh.treasury
    assert (wallet.sealed(), wallet.epoch()) == (False, 0)


@pytest.mark.parametrize("name", ["", "x", "operations", "x" * 32, "Spesenkonto Zürich №1"])
def test_name__of_any_text_that_fits__reads_back(fresh: World, name: str) -> None:
    """
    A name has up to 32 bytes, whatever they spell.
    """
    assert fresh.new_wallet(name).name() == name


def test_name__too_long__is_refused(fresh: World) -> None:
    """
    A name of 33 bytes creates no wallet.
    """
    count = fresh.organization.wallet_count()

    with pytest.raises(Reverted):
        fresh.new_wallet("x" * 33)

    assert fresh.organization.wallet_count() == count


def test_domain__of_a_wallet__is_its_own(fresh: World) -> None:
    """
    ERC-5267: name, version, live chain id and this very contract; no salt, no extensions.
    """
    other = fresh.new_wallet("trading")

    for wallet in (fresh.wallet, other):
        fields, name, version, chain, contract, salt, extensions = wallet.eip712Domain()
        assert (fields, name, version) == (b"\x0f", "Bursar HotWallet", "1")
        assert chain == 1
        assert contract == wallet.address
        assert (salt, tuple(extensions)) == (NOTHING, ())


def test_views__nothing_set__are_zeros(fresh: World) -> None:
    """
    What was never set is zero, and zero is what it means.
    """
    wallet, token = fresh.wallet, fresh.token.address
    key = (fresh.agent, token, GENERAL)

    assert wallet.budget(*key) == (0,) * 7 + (False, False)
    assert wallet.remaining(*key) == (0, 0, 0)
    assert wallet.wallet_limit(token) == wallet.wallet_remaining(token) == 0
    assert wallet.max_balance(token) == 0
    assert wallet.is_recipient(fresh.recipient) is False
    assert (wallet.agent_count(), wallet.budget_count(fresh.agent)) == (0, 0)
    assert wallet.payment(NOTHING) == (ZERO, 0, 0)


@pytest.mark.parametrize("i", [1, 2, 16, 2**128, MAX])
def test_lists__out_of_range__are_zeros(world: World, i: int) -> None:
    """
    Past the end of a list there are zeros, never a revert.
    """
    assert world.wallet.agents(i) == ZERO
    assert world.wallet.budget_keys(world.agent, i) == (ZERO, NOTHING)
    assert world.wallet.budget_keys(world.stranger, 0) == (ZERO, NOTHING)
    assert world.wallet.budget_count(world.stranger) == 0


@pytest.mark.parametrize("hours", [0, 1, 23, 24, 24 * 299, 24 * 300, 24 * 400, 2**20, 2**24])
def test_views__at_any_time__answer(hours: int) -> None:
    """
    No view reverts because of the clock, in this century or the next.
    """
    world = opened()
    world.pay(100 * USDC)
    world.evm.warp(by=hours * HOUR)

    state = observed(world)

    hour, day, payments = left(world)
    assert state["token"] == 4_900 * USDC
    assert hour <= 300 * USDC
    assert day <= 1_000 * USDC
    assert payments <= 100
    assert world.wallet.wallet_remaining(world.token.address) == (
        9_900 * USDC if hours < 24 else 10_000 * USDC
    )


def test_views__while_stopped__answer_as_before(world: World) -> None:
    """
    What is left of a budget is what is left of it, stopped or not.
    """
    before = observed(world)

    world.organization.pause(world.organization.address, 0, "", sender=world.guardian)

    assert observed(world) == before
    assert left(world) == (300 * USDC, 1_000 * USDC, 100)


def test_remaining__of_the_windows_that_run__needs_no_payment_to_roll() -> None:
    """
    What is left follows the clock, not the last payment.
    """
    world = opened()
    world.pay(100 * USDC)
    world.evm.warp(MONDAY + HOUR - 1)
    assert left(world) == (200 * USDC, 900 * USDC, 99)
    world.evm.warp(MONDAY + HOUR)
    assert left(world) == (300 * USDC, 900 * USDC, 99)
    world.evm.warp(MONDAY + DAY - 1)
    assert left(world) == (300 * USDC, 900 * USDC, 99)
    world.evm.warp(MONDAY + DAY)
    assert left(world) == (300 * USDC, 1_000 * USDC, 100)


def test_remaining__lowered_below_what_was_spent__is_zero_field_by_field() -> None:
    """
    Each figure floors at 0 on its own.
    """
    world = opened()
    for _ in range(3):
        world.pay(100 * USDC)

    for figures, expected in (
        ({"daily": 300 * USDC}, (0, 0, 97)),
        ({"daily": 300 * USDC, "max_payments": 3}, (0, 0, 0)),
        ({"daily": 300 * USDC, "max_payments": 2}, (0, 0, 0)),
        ({"hourly": 299 * USDC, "daily": 299 * USDC, "max_payments": 2}, (0, 0, 0)),
    ):
        world.set_budget(**figures)
        assert left(world) == expected
    world.evm.warp(MONDAY + HOUR)
    assert left(world) == (299 * USDC, 0, 0)


def test_remaining__dead_budget__is_zeros_and_its_figures_show() -> None:
    """
    An expired budget has nothing left; what it was can still be read.
    """
    world = opened(expires_at=MONDAY + HOUR)
    world.evm.warp(MONDAY + HOUR)

    assert left(world) == (0, 0, 0)
    assert Budget(*world.wallet.budget(world.agent, world.token.address, GENERAL)) == Budget(
        expires_at=MONDAY + HOUR
    )


def test_lists__of_agents_and_budgets__keep_what_is_dead(world: World) -> None:
    """
    Whoever reads the lists sees all there is to stop: removed and expired budgets stay on them.
    """
    world.set_budget(expires_at=0)

    assert world.wallet.agent_count() == 1
    assert world.wallet.agents(0) == world.agent
    assert world.wallet.budget_count(world.agent) == 1
    assert world.wallet.budget_keys(world.agent, 0) == (world.token.address, GENERAL)


def test_views__one_wallet_of_several__tell_of_themselves_only(world: World) -> None:
    """
    Nothing of one wallet can be read in another.
    """
    other = world.new_wallet("trading")

    assert other.agent_count() == 0
    assert other.wallet_limit(world.token.address) == 0
    assert other.sealed() is False
    assert world.wallet.sealed() is True


def test_wallet__made_by_anybody__obeys_who_made_it(fresh: World) -> None:
    """
    A wallet's deployer is its organisation; an account that is none cannot make one.
    """
    with pytest.raises(Reverted):
        fresh.evm.deploy(compiled("HotWallet.vy"), "mine", sender=fresh.stranger)


def test_epoch__and_ids__change_together(world: World) -> None:
    """
    In a new epoch every payment has another id.
    """
    ids = set()
    for epoch in range(4):
        assert world.wallet.epoch() == epoch
        ids.add(world.wallet.payment_id(world.agent, *world.payment(USDC)))
        world.wallet.cancel_all("", sender=world.keeper)

    assert len(ids) == 4


def test_views__names_next_to_each_other__are_not_mixed_up() -> None:
    """
    Agent, token and category name a budget together: swapping or splitting them differently names
    another.
    """
    world = opened({"category": REFUND}, {"token": NATIVE, "category": PAYROLL, "max_payments": 7})

    assert left(world, category=PAYROLL) == (0, 0, 0)
    assert left(world, token=NATIVE) == (0, 0, 0)
    assert left(world, token=NATIVE, category=PAYROLL)[2] == 7
    assert left(world, agent=world.token.address, token=world.agent) == (0, 0, 0)
    with reverts("payments: no budget"):
        world.pay(1, category=PAYROLL)
