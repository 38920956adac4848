"""
Keys of actors, and signatures under payments at a rate that a fuzzer needs: a hundred thousand a
second, because the elliptic curve's part of each is computed beforehand.

    role → Key;  SignablePayment → digest → Key.sign → 65 bytes r s v

The same few nonces of the curve sign everything, which gives the keys away: for tests alone.
"""

import functools
from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey
from eth_utils import to_checksum_address

from bursar.signed_payments import DOMAIN_NAME, DOMAIN_VERSION, SignablePayment
from bursar.types import Address
from tests.harness.abi import codec
from tests.harness.evm import Evm

# The order of secp256k1.
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

_DOMAIN_TYPE = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_PAYMENT_TYPE = keccak(
    b"Payment(address agent,address token,address to,uint256 amount,bytes32 category,bytes32 ref,"
    b"uint256 epoch,uint256 nonce,uint256 deadline)"
)
_PAYMENT = codec(
    "(bytes32,address,address,address,uint256,bytes32,bytes32,uint256,uint256,uint256)"
)
_DOMAIN = codec("(bytes32,bytes32,bytes32,uint256,address)")


@dataclass(frozen=True)
class Key:
    """
    A private key and its address.
    """

    secret: int
    address: Address

    def sign(self, digest: bytes, which: int = 0) -> bytes:
        """
        `r s v` in 65 bytes, with a low s and v 27 or 28; another `which` signs in other bytes.
        """
        r, inverse, parity = _point(which)
        s = inverse * (int.from_bytes(digest, "big") + r * self.secret) % ORDER
        if s > ORDER // 2:
            s, parity = ORDER - s, 1 - parity
        return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])


@functools.cache
def key(role: str) -> Key:
    """
    The key of an actor: the same name is always the same key.
    """
    secret = keccak(b"key of " + role.encode())
    address = PrivateKey(secret).public_key.to_canonical_address()
    return Key(int.from_bytes(secret, "big"), Address(to_checksum_address(address)))


@functools.cache
def _point(which: int) -> tuple[int, int, int]:
    """
    A point of the curve: its r, the inverse of its secret, and the parity of its y.
    """
    secret = keccak(b"nonce" + which.to_bytes(4, "big"))
    point = PrivateKey(secret).public_key.to_bytes()
    inverse = pow(int.from_bytes(secret, "big"), -1, ORDER)
    return int.from_bytes(point[:32], "big"), inverse, point[-1] & 1


def with_high_s(signature: bytes) -> bytes:
    """
    The other signature that recovers to the same key.
    """
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def payment_digest(payment: SignablePayment, *, chain_id: int, wallet: str) -> bytes:
    """
    What an agent signs (EIP-712), put together by hand.
    """
    fields = (
        payment.agent,
        payment.token,
        payment.to,
        payment.amount,
        payment.category,
        payment.ref,
        payment.epoch,
        payment.nonce,
        payment.deadline,
    )
    body = bytes(keccak(_PAYMENT.encode((_PAYMENT_TYPE, *fields))))
    return bytes(keccak(b"\x19\x01" + _domain(chain_id, wallet) + body))


@functools.lru_cache(maxsize=1_024)
def _domain(chain_id: int, wallet: str) -> bytes:
    name, version = keccak(DOMAIN_NAME.encode()), keccak(DOMAIN_VERSION.encode())
    return bytes(keccak(_DOMAIN.encode((_DOMAIN_TYPE, name, version, chain_id, wallet))))


class SigningContract:
    """
    An account whose `isValidSignature` (ERC-1271) answers, for each hash, the word that it was
    told, and reverts for any other hash. The signature itself it does not read.
    """

    # isValidSignature: the word stored at the hash, its first argument; without one, revert.
    _CODE = bytes.fromhex("60043554 80 600c57 600080fd 5b 600052 60206000f3")
    MAGIC = int.from_bytes(bytes.fromhex("1626ba7e").ljust(32, b"\0"), "big")

    def __init__(self, evm: Evm, deployer: str) -> None:
        self._evm = evm
        size = bytes([len(self._CODE)])
        creation = b"\x60" + size + b"\x60\x0c\x60\x00\x39\x60" + size + b"\x60\x00\xf3"
        self.address = Address(evm.deploy_code(creation + self._CODE, deployer))

    def answer(self, digest: bytes, word: int) -> None:
        """
        Answer `word` when asked about `digest` from now on.
        """
        slot = int.from_bytes(digest, "big")
        self._evm.revm.insert_account_storage(self.address, slot, word)
