"""
What must stand on the chain, byte for byte: the shipped code with its immutables.

Vyper appends the values of immutables to the runtime code, in the order of declaration.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from bursar.chain.contracts import wallet_type
from bursar.types import BLUEPRINT_PREFIX, Address, address_word


@cache
def _artifact(name: str) -> Any:
    return json.loads((files("bursar.chain") / "artifacts" / f"{name}.json").read_text())


def organization_code(treasury: Address) -> bytes:
    """
    The code of an organisation of `treasury`.
    """
    return _runtime("Organization", address_word(treasury))


def wallet_code(organization: Address, treasury: Address, name: str) -> bytes:
    """
    The code of a wallet. `name` as in `WalletCreated`, at most 32 bytes.
    """
    encoded = name.encode()
    word = len(encoded).to_bytes(32, "big") + encoded.ljust(32, b"\0")
    return _runtime("HotWallet", address_word(organization) + address_word(treasury) + word)


def blueprint_code() -> bytes:
    """
    The code of the blueprint that wallets are created from: it cannot be called (ERC-5202).
    """
    return BLUEPRINT_PREFIX + wallet_type().creation_code


def _runtime(name: str, immutables: bytes) -> bytes:
    artifact = _artifact(name)
    assert len(immutables) == artifact["immutablesLength"], f"{name} has other immutables"
    return bytes.fromhex(artifact["deployedBytecode"].removeprefix("0x")) + immutables
