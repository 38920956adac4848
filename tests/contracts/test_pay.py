import pytest

from tests.harness.evm import Reverted
from tests.harness.world import USDC, World


def test_pay__within_limits__moves_the_money_and_says_what_is_left(world: World) -> None:
    """
    A payment inside every limit is made at once and leaves the windows shorter by its amount.
    """
    receipt = world.pay(40 * USDC)

    paid = receipt.only("Paid")
    assert receipt.result == b"\0" * 32
    assert world.token.balanceOf(world.recipient) == 40 * USDC
    assert (paid.hour_remaining, paid.day_remaining) == (260 * USDC, 960 * USDC)


def test_pay__one_over_the_limit_per_payment__reverts(world: World) -> None:
    with pytest.raises(Reverted, match="payments: amount out of bounds"):
        world.pay(100 * USDC + 1)

    world.pay(100 * USDC)
