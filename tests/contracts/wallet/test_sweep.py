import pytest

from tests.contracts.wallet.support import logged, moved, observed, opened, reverts
from tests.harness.evm import actor
from tests.harness.world import NATIVE, USDC, World


@pytest.mark.parametrize("role", ["guardian", "treasury"])
def test_sweep__token__goes_home_whole(world: World, role: str) -> None:
    """
    A guardian or the treasury sends all of a token to the treasury, and it is logged who and why.
    """
    receipt = world.wallet.sweep(world.token.address, "stolen key", sender=actor(role))

    assert receipt.events == [
        logged(
            world.wallet,
            "Swept",
            token=world.token.address,
            by=actor(role),
            amount=5_000 * USDC,
            reason="stolen key",
        ),
        moved(world.token, world.wallet.address, world.treasury, 5_000 * USDC),
    ]
    assert world.token.balanceOf(world.wallet.address) == 0
    assert world.token.balanceOf(world.treasury) == 5_000 * USDC


@pytest.mark.parametrize("role", ["guardian", "treasury"])
def test_sweep__native__goes_home_whole(native: World, role: str) -> None:
    """
    Native currency is swept under its own address.
    """
    receipt = native.wallet.sweep(NATIVE, "stolen key", sender=actor(role))

    assert receipt.events == [
        logged(
            native.wallet,
            "Swept",
            token=NATIVE,
            by=actor(role),
            amount=5_000 * USDC,
            reason="stolen key",
        )
    ]
    assert native.evm.balance(native.wallet.address) == 0
    assert native.evm.balance(native.treasury) == 5_000 * USDC


@pytest.mark.parametrize("role", ["keeper", "agent", "other agent", "stranger"])
def test_sweep__by_anybody_else__is_refused(native: World, role: str) -> None:
    """
    Keepers stop and cancel; they move nothing, not even home.
    """
    for token in (native.token.address, NATIVE):
        with reverts("access: not guardian or treasury"):
            native.wallet.sweep(token, "", sender=actor(role))

    assert native.token.balanceOf(native.wallet.address) == 5_000 * USDC


@pytest.mark.parametrize("scope", ["agent", "wallet", "organization"])
def test_sweep__while_stopped__works(world: World, scope: str) -> None:
    """
    Money can be brought home while anything is stopped.
    """
    target = getattr(world, scope)
    address = target if isinstance(target, str) else target.address
    world.organization.pause(address, 0, "", sender=world.guardian)

    world.wallet.sweep(world.token.address, "", sender=world.guardian)

    assert world.token.balanceOf(world.treasury) == 5_000 * USDC


def test_sweep__heartbeat_lapsed_and_token_disabled__works(world: World) -> None:
    """
    Nor does it need anybody to watch, or the token to be enabled.
    """
    world.organization.set_heartbeat_timeout(600, sender=world.treasury)
    world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)
    world.evm.warp(by=601)

    world.wallet.sweep(world.token.address, "", sender=world.guardian)

    assert world.token.balanceOf(world.treasury) == 5_000 * USDC


def test_sweep__not_sealed__works(fresh: World) -> None:
    """
    Money that arrived while the wallet is being set up is not locked in.
    """
    fresh.fund(USDC)

    fresh.wallet.sweep(fresh.token.address, "", sender=fresh.treasury)

    assert fresh.token.balanceOf(fresh.treasury) == USDC


def test_sweep__nothing_there__is_logged_as_zero(world: World) -> None:
    """
    An empty balance is logged as 0 and moves nothing: the token is not even called.
    """
    world.wallet.sweep(world.token.address, "", sender=world.guardian)

    for token in (world.token.address, world.new_token().address):
        receipt = world.wallet.sweep(token, "again", sender=world.guardian)
        assert receipt.events == [
            logged(world.wallet, "Swept", token=token, by=world.guardian, amount=0, reason="again")
        ]
    empty = world.new_wallet("empty")
    assert empty.sweep(NATIVE, "", sender=world.guardian).only("Swept").amount == 0


def test_sweep__any_token__comes_home(world: World) -> None:
    """
    Also what somebody sent by mistake and nobody ever enabled.
    """
    stray = world.new_token(18)
    stray.mint(world.wallet.address, 10**20, sender=world.deployer)

    world.wallet.sweep(stray.address, "", sender=world.guardian)

    assert stray.balanceOf(world.treasury) == 10**20


def test_sweep__charges_no_window() -> None:
    """
    Bringing money home uses up neither budgets nor the wallet's day.
    """
    world = opened()
    before = observed(world)

    world.wallet.sweep(world.token.address, "", sender=world.guardian)

    assert observed(world) == before | {"token": 0}


def test_sweep__by_a_guardian_that_was_removed__is_refused(world: World) -> None:
    """
    Who is a guardian is asked of the organisation, now.
    """
    call = ("set_guardian", world.guardian, False)
    id = world.schedule(world.organization, *call)
    world.wallet.sweep(world.token.address, "", sender=world.guardian)
    world.evm.warp(world.organization.ready_at(id))
    world.apply(world.organization, *call)

    with reverts("access: not guardian or treasury"):
        world.wallet.sweep(world.token.address, "", sender=world.guardian)
