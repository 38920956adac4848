"""
What can go wrong between here and a chain.

    BursarError
    └── ChainError
        ├── NoAnswerError         the node cannot be reached, or a transaction is not mined in time
        ├── RpcError              the node answered with an error
        ├── RevertedError         a contract refused; carries its decoded reason
        └── UnreadableLogError    a log with one of our events' topics that is not shaped as one
"""

from bursar.chain.reverts import Revert
from bursar.errors import BursarError
from bursar.types import Bytes32


class ChainError(BursarError):
    """
    The root of everything that an adapter to a chain raises on purpose.
    """


class NoAnswerError(ChainError):
    """
    Nobody answered: whether a transaction that was under way is mined is not known.
    """


class RpcError(ChainError):
    """
    The node answered with an error: its code, its own words and its data.
    """

    def __init__(self, method: str, code: int, message: str, data: bytes | None) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data


class RevertedError(ChainError):
    """
    A contract refused. `transaction` is None where it was refused before it was sent, which costs
    no gas.
    """

    def __init__(self, revert: Revert, transaction: Bytes32 | None = None) -> None:
        mined = f" (transaction 0x{transaction.hex()})" if transaction else ""
        super().__init__(f"Reverted: {revert}{mined}")
        self.revert = revert
        self.transaction = transaction


class UnreadableLogError(ChainError):
    """
    Anybody may log anything: take it seriously only from a contract of ours.
    """
