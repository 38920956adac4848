"""
What a key is to do, and how far it has come: the words that sender and journal share.

    CLAIMED → UNDER WAY ⇄ MINED → ENDED        (⇄: a block may go again)

An intent has one nonce for as long as it lives, and so at most one of its transactions is ever
mined. What is no longer wanted is not forgotten: its nonce is *burned* by a transfer of nothing to
the key's own account.
"""

from dataclasses import dataclass
from enum import StrEnum

from bursar.chain.fees import Fees
from bursar.chain.reader import Call
from bursar.types import Address, Bytes32


class Status(StrEnum):
    """
    How far an intent is.
    """

    CLAIMED = "claimed"  # nothing is signed
    UNDER_WAY = "under way"  # signed: it may be mined at any time
    MINED = "mined"  # in a block that may still go
    ENDED = "ended"  # nothing will change any more


class Outcome(StrEnum):
    """
    What became of an intent.
    """

    SUCCEEDED = "succeeded"
    REVERTED = "reverted"
    BURNED = "burned"
    REPLACED = "replaced"  # by a transaction that was not sent from here
    GIVEN_BACK = "given back"  # nothing was ever signed


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """
    What can be broadcast by anyone from now on. `burns`: it does nothing but use the nonce up.
    """

    chain_id: int
    sender: Address
    nonce: int
    call: Call
    gas: int
    fees: Fees
    raw: bytes
    hash: Bytes32
    burns: bool = False


@dataclass(frozen=True, slots=True)
class Mined:
    """
    Where a transaction was mined.
    """

    transaction: Bytes32
    block: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Intent:
    """
    One attempt at what `key` names, as a journal has it. A new attempt follows only one that has
    ended without doing it.

    expires_at: the chain's time in Unix seconds at which its nonce is burned; None for never.
    unwanted: whether its nonce is to be burned.
    """

    id: int
    key: str
    attempt: int
    call: Call
    expires_at: int | None
    status: Status
    unwanted: bool = False
    nonce: int | None = None
    outcome: Outcome | None = None
    mined: Mined | None = None
    signed: tuple[SignedTransaction, ...] = ()

    def blocks_another(self, *, repeatable: bool) -> bool:
        """
        Whether there must be no further attempt: it may still do what it is for, or has. What was
        mined without doing it may do it after a reorganisation, which is harmless where it is
        `repeatable`.
        """
        if self.status in (Status.CLAIMED, Status.UNDER_WAY):
            return True
        if self.status is Status.MINED and not repeatable:
            return True
        return self.outcome is Outcome.SUCCEEDED
