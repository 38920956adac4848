"""
Why following cannot go on, on top of what any call to a node may raise.

    ChainError
    ├── NoAnswerError
    │   ├── RateLimitedError     the node wants to be left alone for a while
    │   ├── LaggingNodeError     it is behind what has been seen, or in the middle of a reorg
    │   └── IncompleteError      what it shows does not add up to its headers
    ├── TooMuchError             it refuses a range for its size: ask for less
    └── HaltedError              nobody but people can say which chain is right
        ├── DeepReorgError       a block that was final is gone
        ├── DisagreementError    two nodes have different blocks at a final height
        └── WrongStoreError      the store is of another organisation or chain

The first three are cured by another node or by time, `TooMuchError` by a smaller question. After a
HaltedError nothing is read any more: it says what was found and what to do.
"""

from bursar.chain.errors import ChainError, NoAnswerError, RpcError


class RateLimitedError(NoAnswerError):
    """
    The node answered 429, or an error that means the same. `retry_after` is in seconds.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LaggingNodeError(NoAnswerError):
    """
    The node does not have what others, or it itself, had before.
    """


class IncompleteError(NoAnswerError):
    """
    A node that has a block and keeps back, or has not got round to, what was logged in it.
    """


class TooMuchError(RpcError):
    """
    A range of blocks, or an answer, that is larger than the node wants to give.
    """


class HaltedError(ChainError):
    """
    Following has stopped, and starting again does not help before somebody has decided.
    """


class DeepReorgError(HaltedError):
    """
    The chain was reorganised below what counts as final.
    """


class DisagreementError(HaltedError):
    """
    Two nodes say different things about the past.
    """


class WrongStoreError(HaltedError):
    """
    What is stored was not read from this chain, or is not about this organisation.
    """
