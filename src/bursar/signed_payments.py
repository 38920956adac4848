"""
What an agent signs so that somebody else may bring its payment to the chain (EIP-712).

    SignablePayment + chain id + wallet → typed data → (a signer, elsewhere) signature

Nothing here is cryptographic: whoever signs or checks hashes the typed data with a library.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from bursar.types import Address, Bytes32

DOMAIN_NAME: Final = "Bursar HotWallet"
DOMAIN_VERSION: Final = "1"
PRIMARY_TYPE: Final = "Payment"

_DOMAIN_TYPE: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
# The order is part of the type's hash.
_PAYMENT_TYPE: Final = (
    ("agent", "address"),
    ("token", "address"),
    ("to", "address"),
    ("amount", "uint256"),
    ("category", "bytes32"),
    ("ref", "bytes32"),
    ("epoch", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)


@dataclass(frozen=True, slots=True)
class SignablePayment:
    """
    A payment as its agent signs it: `amount` in base units, `deadline` in Unix seconds.

    It holds in the wallet's `epoch` only, until and at `deadline`, at most MAX_SIGNED_AHEAD
    seconds ahead when it is paid, and once: `nonce` is used up by it, or was voided before.
    """

    agent: Address
    token: Address
    to: Address
    amount: int
    category: Bytes32
    ref: Bytes32
    epoch: int
    nonce: int
    deadline: int


def build_typed_data(payment: SignablePayment, *, chain_id: int, wallet: Address) -> dict[str, Any]:
    """
    The EIP-712 typed data of `payment` from `wallet` on chain `chain_id`, whole: types, primary
    type, domain and message. Integers are `int`, 32-byte values `bytes`, addresses checksummed.
    """
    return {
        "types": {"EIP712Domain": _fields(_DOMAIN_TYPE), PRIMARY_TYPE: _fields(_PAYMENT_TYPE)},
        "primaryType": PRIMARY_TYPE,
        "domain": {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": wallet,
        },
        "message": asdict(payment),
    }


def _fields(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in pairs]
