"""
What a Safe logs of a transaction that used up its nonce.

    log → Execution: in which transaction, in which block, and whether its calls succeeded
"""

from typing import Final, NamedTuple

from bursar.chain.reader import RawLog
from bursar.types import Bytes32, keccak

# A Safe 1.4.1 indexes the transaction's hash in both.
_SUCCEEDED: Final = keccak(b"ExecutionSuccess(bytes32,uint256)")
_FAILED: Final = keccak(b"ExecutionFailure(bytes32,uint256)")
OUTCOMES: Final = (_SUCCEEDED, _FAILED)


class Execution(NamedTuple):
    """
    `hash` is the Safe transaction's, `transaction` that of the one that carried it.
    """

    hash: Bytes32
    transaction: Bytes32
    block: int
    succeeded: bool


def read_execution(log: RawLog) -> Execution | None:
    """
    What a log of the Safe tells; None for one of another event.
    """
    topics = [_bytes(topic) for topic in log["topics"]]
    if len(topics) < 2 or topics[0] not in OUTCOMES:
        return None
    return Execution(
        hash=Bytes32(topics[1]),
        transaction=Bytes32(_bytes(log["transactionHash"])),
        block=int(log["blockNumber"], 16),
        succeeded=topics[0] == _SUCCEEDED,
    )


def _bytes(digits: str) -> bytes:
    return bytes.fromhex(digits.removeprefix("0x"))
