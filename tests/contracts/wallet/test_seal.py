import pytest

from tests.contracts.wallet.support import PAY, REASONS, STOPPED, judge, logged, observed, reverts
from tests.harness.evm import actor
from tests.harness.world import USDC, World


def test_seal__by_the_treasury__ends_setting_up(fresh: World) -> None:
    """
    Sealing is logged and changes nothing but that.
    """
    before = observed(fresh)

    receipt = fresh.wallet.seal(sender=fresh.treasury)

    assert receipt.events == [logged(fresh.wallet, "Sealed")]
    assert observed(fresh) == before | {"sealed": True}


def test_seal__twice__is_refused(fresh: World) -> None:
    """
    There is one sealing and no way back.
    """
    fresh.wallet.seal(sender=fresh.treasury)

    with reverts("wallet: already sealed"):
        fresh.wallet.seal(sender=fresh.treasury)
    with reverts("access: not the treasury"):
        fresh.wallet.seal(sender=fresh.guardian)


@pytest.mark.parametrize("role", ["guardian", "keeper", "agent", "stranger", "deployer"])
def test_seal__by_anybody_else__is_refused(fresh: World, role: str) -> None:
    """
    Only the treasury says that a wallet is ready.
    """
    with reverts("access: not the treasury"):
        fresh.wallet.seal(sender=actor(role))

    assert fresh.wallet.sealed() is False


def test_unsealed__new_wallet__is_stopped_and_stays_so(fresh: World) -> None:
    """
    An unsealed wallet pays nothing, and not even the treasury can lift its first stop.
    """
    fresh.enable()
    fresh.set_budget()
    fresh.fund()
    judge(fresh, STOPPED, 1)

    with reverts("stops: wallet is not sealed"):
        fresh.organization.unpause(fresh.wallet.address, 1, "", sender=fresh.treasury)
    judge(fresh, STOPPED, 1)

    fresh.open()
    judge(fresh, PAY, 1)


def test_sealed__still_stopped__pays_nothing(fresh: World) -> None:
    """
    Sealing alone does not open a wallet.
    """
    fresh.enable()
    fresh.set_budget()
    fresh.fund()

    fresh.wallet.seal(sender=fresh.treasury)

    with reverts(REASONS[STOPPED]):
        fresh.pay(1)


def test_seal__one_wallet__leaves_the_others_open(fresh: World) -> None:
    """
    Each wallet is sealed on its own.
    """
    other = fresh.new_wallet("trading")

    fresh.wallet.seal(sender=fresh.treasury)

    assert other.sealed() is False
    fresh.enable(wallet=other)
    with reverts("timelock: must be scheduled"):
        fresh.enable()


def test_sealed__everything_that_loosens__waits(world: World) -> None:
    """
    From then on each setter refuses the treasury's direct call that loosens, and takes one that
    does not.
    """
    wallet, treasury, token = world.wallet, world.treasury, world.token.address
    must_wait = "timelock: must be scheduled"
    for loosening, tightening in (
        (("set_wallet_limit", token, 10_001 * USDC), ("set_wallet_limit", token, 9_999 * USDC)),
        (("set_max_balance", token, 100_001 * USDC), ("set_max_balance", token, 1)),
        (("set_recipients", [world.recipient], True), ("set_recipients", [world.recipient], False)),
        (("set_payment_delay", 599), ("set_payment_delay", 601)),
        (("set_grace", 86_401), ("set_grace", 86_399)),
    ):
        with reverts(must_wait):
            wallet.call(*loosening, sender=treasury)
        wallet.call(*tightening, sender=treasury)
    with reverts(must_wait):
        world.set_budget(daily=1_001 * USDC)
    world.set_budget(daily=999 * USDC)
