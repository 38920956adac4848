"""
The EIP-712 hashes of a Safe's transaction, computed here from the standard alone.

    chain, Safe → domain hash ┐
    transaction → message hash ┴→ keccak(0x1901 ‖ domain ‖ message), which the owners sign

A hardware wallet shows the domain hash and the message hash; a Safe client shows the last one.
Where an owner is a Safe itself, its own owners sign a SafeMessage instead.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from bursar.types import Address, Bytes32, address_word, keccak

_DOMAIN_TYPE: Final = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
_MESSAGE_TYPE: Final = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
    b"uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)
_TEXT_TYPE: Final = keccak(b"SafeMessage(bytes message)")
_PREFIX: Final = b"\x19\x01"


def domain_hash(chain_id: int, safe: Address) -> Bytes32:
    """
    What binds a signature to one Safe on one chain.
    """
    return keccak(_DOMAIN_TYPE + _word(chain_id) + address_word(safe))


def message_hash(
    to: Address,
    value: int,
    data: bytes,
    operation: int,
    safe_tx_gas: int,
    base_gas: int,
    gas_price: int,
    gas_token: Address,
    refund_receiver: Address,
    nonce: int,
) -> Bytes32:
    """
    What the transaction says, whichever Safe it is of.
    """
    words = (
        *(_MESSAGE_TYPE, address_word(to), _word(value), keccak(data), _word(operation)),
        *(_word(safe_tx_gas), _word(base_gas), _word(gas_price)),
        *(address_word(gas_token), address_word(refund_receiver), _word(nonce)),
    )
    return keccak(b"".join(words))


def signed_hash(domain: Bytes32, message: Bytes32) -> Bytes32:
    """
    What the owners sign, made of the two.
    """
    return keccak(signed_bytes(domain, message))


def signed_bytes(domain: Bytes32, message: Bytes32) -> bytes:
    """
    What is hashed for that: 66 bytes.
    """
    return _PREFIX + domain + message


class Signable(Protocol):
    """
    What a key or a device signs: a transaction of a Safe, or a message of one.
    """

    @property
    def domain_hash(self) -> Bytes32:
        """
        Of which Safe on which chain.
        """
        ...

    @property
    def message_hash(self) -> Bytes32:
        """
        What it says.
        """
        ...

    @property
    def hash(self) -> Bytes32:
        """
        What is signed, made of the two.
        """
        ...


@dataclass(frozen=True, slots=True)
class SafeText:
    """
    What the owners of a Safe sign to make it agree to some bytes: a SafeMessage.
    """

    chain_id: int
    safe: Address
    text: bytes

    @property
    def domain_hash(self) -> Bytes32:
        """
        Of which Safe on which chain.
        """
        return domain_hash(self.chain_id, self.safe)

    @property
    def message_hash(self) -> Bytes32:
        """
        What it says.
        """
        return keccak(_TEXT_TYPE + keccak(self.text))

    @property
    def hash(self) -> Bytes32:
        """
        What is signed.
        """
        return signed_hash(self.domain_hash, self.message_hash)


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
