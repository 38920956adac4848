"""
What can go wrong between here and a chain.

    BursarError
    └── ChainError
        ├── NoAnswerError             the node cannot be reached, or is too slow
        │   ├── BadAnswerError        it answers what makes no sense
        │   └── NotMinedError         a transaction was sent and is not mined in time
        │       └── DroppedError      … and the node no longer knows it
        ├── NodeUrlError              no node can be at such a URL
        ├── RpcError                  the node answered with an error
        ├── RevertedError             a contract refused; carries its decoded reason
        ├── UnreadableLogError        a log with one of our events' topics, not shaped as one
        └── SendError                 a transaction that did not, and will not, happen
            ├── WrongChainError       the node is of another chain: nothing was signed
            ├── CostTooHighError      fees or gas are above the ceilings: nothing was signed
            ├── NoGasMoneyError       the account cannot pay for the gas
            ├── NonceError            somebody else sends from this key's account
            ├── ReplacedError         another transaction with this nonce was mined instead
            ├── BurnedError           its nonce was burned, because it was not wanted any more
            └── ExpiredError          its time is over, and its nonce burned
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


class NodeUrlError(ChainError):
    """
    No node can be at such a URL.
    """


class BadAnswerError(NoAnswerError):
    """
    An answer that cannot be used, which is as good as none: no JSON, no result, not of its type.
    """


class NotMinedError(NoAnswerError):
    """
    A transaction was sent and is not mined in time. It may still be: look for `transactions` (it
    and its replacements, of which at most one is ever mined) before doing it again.
    """

    def __init__(self, message: str, nonce: int, transactions: tuple[Bytes32, ...]) -> None:
        super().__init__(message)
        self.nonce = nonce
        self.transactions = transactions


class DroppedError(NotMinedError):
    """
    The node no longer knows the transaction, although it was sent again. Other nodes may.
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


class SendError(ChainError):
    """
    A transaction that did not happen and will not: it is safe to try again.
    """


class WrongChainError(SendError):
    """
    The node answers for another chain. Nothing was signed.
    """

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(
            f"The node is of chain {found}, not of chain {expected}. Check the RPC URL; nothing "
            "was signed."
        )
        self.expected = expected
        self.found = found


class CostTooHighError(SendError):
    """
    What the chain asks for is above what was set as the ceiling. Nothing was signed.
    """


class NoGasMoneyError(SendError):
    """
    The account cannot pay for the gas. Agents need a little of the chain's own currency.
    """


class NonceError(SendError):
    """
    The account's next nonce is taken by something that was not sent from here. A key has one
    writer.
    """


class ReplacedError(SendError):
    """
    Another transaction with the same nonce was mined, so this one never will be.
    """

    def __init__(self, message: str, nonce: int) -> None:
        super().__init__(message)
        self.nonce = nonce


class BurnedError(SendError):
    """
    Its nonce was used up by a transaction that does nothing, because it was not wanted any more.
    """


class ExpiredError(SendError):
    """
    What had to happen before a certain time did not, and its nonce is burned: it never will.
    """
