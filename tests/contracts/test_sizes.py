import json
from pathlib import Path

import pytest

from tests.harness.evm import Evm, actor, compiled
from tests.harness.world import World

ARTIFACTS = Path(__file__).parents[2] / "src" / "bursar" / "chain" / "artifacts"

# EIP-170: what a chain accepts as a contract's code. A blueprint is code, too.
CODE_LIMIT = 24_576

# Everything is in it: what is left is for mending.
ROOM = 900


def test_blueprint__deployed__fits_with_room_for_mending() -> None:
    """
    The wallet's blueprint, preamble and creation code included, leaves room below the limit.
    """
    evm = Evm()
    blueprint = evm.deploy_code(compiled("HotWallet.vy").blueprint, actor("deployer"))

    size = evm.code_size(blueprint)

    assert size == 3 + len(compiled("HotWallet.vy").initcode)
    assert size <= CODE_LIMIT - ROOM


@pytest.mark.parametrize("name", ["Organization", "HotWallet"])
def test_contracts__deployed__fit_below_the_limit(name: str) -> None:
    """
    What stands on the chain after creation is what EIP-170 allows.
    """
    world = World()
    contract = world.organization if name == "Organization" else world.wallet

    assert 0 < world.evm.code_size(contract.address) <= CODE_LIMIT


def test_blueprint__shipped__is_the_one_that_fits() -> None:
    """
    The package ships that very code.
    """
    shipped = json.loads((ARTIFACTS / "HotWallet.json").read_text())["blueprintBytecode"]

    assert compiled("HotWallet.vy").initcode.hex() in shipped
