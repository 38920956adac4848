"""
Whose signature it is: those who sign for an agent, and what the wallet would take for its word.

    typed data → Signer → bytes;  SignedPayment → is_signed
"""

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.agent.errors import SigningError
from bursar.agent.signed import SignedPayment, digest_of, signable_message
from bursar.chain.errors import BadAnswerError, RevertedError
from bursar.chain.reader import Call, Reader
from bursar.types import MAX_SIGNATURE_BYTES, Address, checksummed

SignTypedData: TypeAlias = Callable[[dict[str, Any]], bytes]
"""EIP-712 typed data → signature: of a key elsewhere, or whatever a smart account accepts."""

_IS_VALID_SIGNATURE: Final = bytes.fromhex("1626ba7e")
_VALID: Final = _IS_VALID_SIGNATURE.ljust(32, b"\0")


class Signer(Protocol):
    """
    Signs for one agent.
    """

    @property
    def address(self) -> Address:
        """
        The agent.
        """
        ...

    def sign(self, typed_data: dict[str, Any], /) -> bytes:
        """
        The signature of EIP-712 typed data.
        """
        ...


class KeySigner:
    """
    A private key in this process.
    """

    def __init__(self, key: LocalAccount) -> None:
        self.address = checksummed(key.address)
        self._key = key

    def sign(self, typed_data: dict[str, Any], /) -> bytes:
        """
        65 bytes: r, s, v.
        """
        return bytes(self._key.sign_message(signable_message(typed_data)).signature)


class CallbackSigner:
    """
    Somebody else signs for the agent: a key server, or the owners of a smart account (ERC-1271).
    """

    def __init__(self, address: Address, sign: SignTypedData) -> None:
        self.address = address
        self._sign = sign

    def sign(self, typed_data: dict[str, Any], /) -> bytes:
        """
        What the callback answers. Raises SigningError where that can be no signature.
        """
        signature: Any = self._sign(typed_data)
        if not isinstance(signature, bytes) or len(signature) > MAX_SIGNATURE_BYTES:
            raise SigningError(
                f"The signer answered {type(signature).__name__}, where a signature is bytes, at "
                f"most {MAX_SIGNATURE_BYTES} of them."
            )
        return bytes(signature)


def is_signed(reader: Reader, signed: SignedPayment) -> bool:
    """
    Whether the wallet would take the signature for the agent's: its key's, or, where the agent is a
    contract, what that accepts.
    """
    digest = digest_of(signed.typed_data)
    if recover(digest, signed) == signed.agent:
        return True
    call = Call(signed.agent, _IS_VALID_SIGNATURE + _encode(digest, signed.signature))
    try:
        return reader.call(call, sender=signed.wallet) == _VALID
    except (RevertedError, BadAnswerError):
        return False


def recover(digest: bytes, signed: SignedPayment) -> Address | None:
    """
    Whose key signed, as the chain recovers it: 65 bytes, the last of them 27 or 28.
    """
    if len(signed.signature) != 65 or signed.signature[64] not in (27, 28):
        return None
    try:
        message = signable_message(signed.typed_data)
        return checksummed(Account.recover_message(message, signature=signed.signature))
    except Exception:  # noqa: BLE001  # r or s are no numbers of the curve; its errors are of many kinds
        return None


def _encode(digest: bytes, signature: bytes) -> bytes:
    """
    The arguments (bytes32, bytes).
    """
    padded = signature.ljust(-(-len(signature) // 32) * 32, b"\0")
    return b"".join((digest, (64).to_bytes(32), len(signature).to_bytes(32), padded))
