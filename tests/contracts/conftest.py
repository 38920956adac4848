import pytest

from tests.harness.world import World, ready_world


@pytest.fixture
def fresh() -> World:
    """
    An organisation and an unsealed wallet.
    """
    return World()


@pytest.fixture
def world() -> World:
    """
    The agent can pay.
    """
    return ready_world()
