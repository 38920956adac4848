from __future__ import annotations

from collections.abc import Iterator

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from tests.integration.live import MONDAY, LiveWorld, founded


@pytest.fixture(scope="session")
def founded_world() -> Iterator[LiveWorld]:
    """
    One chain, Safe and organisation for all tests of a worker.
    """
    with Anvil(timestamp=MONDAY) as anvil:
        yield founded(LocalChain(anvil.url))


@pytest.fixture
def world(founded_world: LiveWorld) -> Iterator[LiveWorld]:
    """
    What nobody has touched yet: afterwards the chain is brought back.
    """
    mark = founded_world.chain.snapshot()
    yield founded_world
    founded_world.chain.revert(mark)
