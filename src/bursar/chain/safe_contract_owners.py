"""
Owners of a Safe that are contracts, such as another Safe: they say themselves what they signed.

    SafeTransaction → handed_over: the bytes that the Safe hands to such an owner
    owner + bytes + signature → isValidSignature (EIP-1271) → its magic word, or not

A Safe of version 1.4.1 hands over what is hashed, 66 bytes, and one of 1.5.0 the hash.
"""

from typing import Final

from eth_abi.abi import encode

from bursar.chain.client import Client
from bursar.chain.errors import RevertedError, RpcError
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import SafeTransaction
from bursar.types import Address, keccak

# The first version that asks with the hash.
_ASKS_WITH_HASH: Final = (1, 5)
_BY_BYTES: Final = keccak(b"isValidSignature(bytes,bytes)")[:4]
_BY_HASH: Final = keccak(b"isValidSignature(bytes32,bytes)")[:4]

# How nodes say, each in its words, that the contract ran into a wall instead of reverting.
_FAULTS: Final = ("outofgas", "opcode", "jump", "stack", "evmerror", "vmexecution")


def handed_over(version: str, transaction: SafeTransaction) -> bytes:
    """
    What a Safe of that version hands to an owner that is a contract.
    """
    return transaction.hash if _asks_with_hash(version) else transaction.signed_bytes


def is_accepted(
    client: Client, version: str, owner: Address, transaction: SafeTransaction, signature: bytes
) -> bool:
    """
    Whether `owner` answers a Safe of that version that `signature` is its own. Raises ChainError
    where the node does not answer.
    """
    kind, selector = ("bytes32", _BY_HASH) if _asks_with_hash(version) else ("bytes", _BY_BYTES)
    handed = handed_over(version, transaction)
    asked = Call(owner, selector + encode([kind, "bytes"], [handed, signature]))
    try:
        answer = client.call(asked, sender=transaction.safe)
    except RevertedError:
        return False
    except RpcError as error:
        if not _is_fault(error):
            raise
        return False
    # The function's own selector, alone in its word: what has no code answers nothing.
    return answer == selector.ljust(32, b"\0")


def _is_fault(error: RpcError) -> bool:
    """
    Whether it is the contract that failed, such as one that uses up all gas, and not the node.
    """
    said = error.message.lower().replace(" ", "")
    return any(fault in said for fault in _FAULTS)


def _asks_with_hash(version: str) -> bool:
    major, minor, *_ = version.split("+")[0].split(".")
    return (int(major), int(minor)) >= _ASKS_WITH_HASH
