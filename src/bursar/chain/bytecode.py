"""
What must stand on the chain, byte for byte: the shipped code with its immutables.

Vyper appends the values of immutables to the runtime code, in the order of declaration.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from bursar.chain.contracts import wallet_type
from bursar.signed_payments import DOMAIN_NAME, DOMAIN_VERSION
from bursar.types import BLUEPRINT_PREFIX, Address, address_word, keccak

_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@cache
def _artifact(name: str) -> Any:
    return json.loads((files("bursar.chain") / "artifacts" / f"{name}.json").read_text())


def organization_code(treasury: Address) -> bytes:
    """
    The code of an organisation of `treasury`.
    """
    return _runtime("Organization", address_word(treasury))


def wallet_code(
    organization: Address, treasury: Address, name: str, *, wallet: Address, chain_id: int
) -> bytes:
    """
    The code of a wallet that was created at `wallet` on the chain `chain_id`, which are in the
    domain that its agents sign for. `name` as in `WalletCreated`, at most 32 bytes.
    """
    encoded = name.encode()
    return _runtime(
        "HotWallet",
        address_word(organization)
        + address_word(treasury)
        + chain_id.to_bytes(32, "big")
        + _signing_domain(wallet, chain_id)
        + len(encoded).to_bytes(32, "big")
        + encoded.ljust(32, b"\0"),
    )


def _signing_domain(wallet: Address, chain_id: int) -> bytes:
    """
    The EIP-712 domain separator, as the wallet's constructor computes it.
    """
    hashes = [keccak(text.encode()) for text in (_DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION)]
    return keccak(b"".join(hashes) + chain_id.to_bytes(32, "big") + address_word(wallet))


def blueprint_code() -> bytes:
    """
    The code of the blueprint that wallets are created from: it cannot be called (ERC-5202).
    """
    return BLUEPRINT_PREFIX + wallet_type().creation_code


def _runtime(name: str, immutables: bytes) -> bytes:
    artifact = _artifact(name)
    assert len(immutables) == artifact["immutablesLength"], f"{name} has other immutables"
    return bytes.fromhex(artifact["deployedBytecode"].removeprefix("0x")) + immutables
