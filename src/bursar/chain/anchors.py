"""
The audit's head in a transaction: a keeper sends nothing to itself, and says how far the audit was.

    organisation, sequence, hash → write_anchor → calldata → read_anchor

    8 bytes   "bursar" and 0x0001, so that no other calldata is taken for it
    20 bytes  the organisation, since one key may keep several
    8 bytes   the number of the audit's last entry
    32 bytes  that entry's hash
"""

from typing import Any, Final, NamedTuple

from bursar.chain.errors import BadAnswerError
from bursar.chain.reader import Call
from bursar.types import Address, Bytes32, checksummed

MAGIC: Final = b"bursar\x00\x01"
_ADDRESS: Final = slice(8, 28)
_SEQUENCE: Final = slice(28, 36)
_HASH: Final = slice(36, 68)
LENGTH: Final = 68


class Anchor(NamedTuple):
    """
    What `keeper` said with nonce `nonce`, in a transaction of block `block`: the audit of
    `organization` had `sequence` entries, and the last one's hash was `hash`.
    """

    organization: Address
    sequence: int
    hash: Bytes32
    keeper: Address
    nonce: int
    block: int
    transaction: Bytes32


def build_anchor(keeper: Address, organization: Address, sequence: int, hash: Bytes32) -> Call:
    """
    The call that says so.
    """
    body = bytes.fromhex(organization[2:]) + sequence.to_bytes(8, "big") + hash
    return Call(keeper, MAGIC + body)


def read_anchor(sent: Any) -> Anchor | None:
    """
    What a transaction, as a node gives it, says; None where it says nothing of the kind. Raises
    BadAnswerError where it is no transaction.
    """
    try:
        data = bytes.fromhex(sent["input"][2:])
        is_own = (sent["to"] or "").lower() == sent["from"].lower()
        if not is_own or len(data) != LENGTH or not data.startswith(MAGIC):
            return None
        return Anchor(
            organization=checksummed(f"0x{data[_ADDRESS].hex()}"),
            sequence=int.from_bytes(data[_SEQUENCE], "big"),
            hash=Bytes32(data[_HASH]),
            keeper=checksummed(sent["from"]),
            nonce=int(sent["nonce"], 16),
            block=int(sent["blockNumber"], 16),
            transaction=Bytes32(bytes.fromhex(sent["hash"][2:])),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(f"The node answers a transaction that is none: {error!r}.") from error
