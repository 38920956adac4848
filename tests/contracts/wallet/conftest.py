import pytest

from tests.contracts.wallet.support import opened
from tests.harness.evm import actor
from tests.harness.world import NATIVE, REFUND, USDC, World


@pytest.fixture
def waiting() -> World:
    """
    The agent can pay, and its payments of 50 and more wait.
    """
    return opened(queue_from=50 * USDC)


@pytest.fixture
def shared() -> World:
    """
    Two agents can pay from one wallet, and the first from a second budget too.
    """
    return opened({"agent": actor("other agent")}, {"category": REFUND})


@pytest.fixture
def native() -> World:
    """
    The agent can pay in the token and in native currency; in the latter, 50 and more waits.
    """
    return opened({"token": NATIVE, "queue_from": 50 * USDC})
