"""
A Safe transaction with what people know about it: why, by whom, who has signed, what became of it.
"""

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bursar.chain.safe_transaction import SafeTransaction, Signature
from bursar.chain.strict_json import StrictJsonError, read_json
from bursar.treasury.safe.errors import DraftError
from bursar.types import Address, AddressField, Bytes32, Bytes32Field

PURPOSE_LENGTH = 500
AUTHOR_LENGTH = 80
# A draft with the largest batch that a block takes has less than half of it.
LARGEST_FILE = 4 << 20
# The year 9999 ends later; a calendar has no more.
_LAST_MOMENT = 250_000_000_000


class DraftStatus(StrEnum):
    """
    What became of a draft. Only an open one takes signatures.
    """

    OPEN = "open"
    EXECUTED = "executed"
    DEAD = "dead"


class Author(BaseModel):
    """
    Who drafted it: a name, and an address where the book or the Safe knows one. Nobody has proved
    it. `said_by` is the file or service that says so, empty for a draft of this machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=AUTHOR_LENGTH)
    address: AddressField | None = None
    said_by: str = Field(default="", max_length=200)


class Draft(BaseModel):
    """
    A Safe transaction on its way. Frozen: what changes it returns another one.

    block: the chain's height when it was made, and `block_hash` that block's. told: what became of
    it, in a sentence. executed_in: the transaction that carried it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )

    format: int = Field(default=1, ge=1, le=1)
    transaction: SafeTransaction
    purpose: str = Field(min_length=1, max_length=PURPOSE_LENGTH)
    author: Author
    created_at: int = Field(ge=0, le=_LAST_MOMENT)
    block: int = Field(ge=0)
    block_hash: str = ""
    rejects: bool = False
    signatures: tuple[Signature, ...] = ()
    status: DraftStatus = DraftStatus.OPEN
    told: str = ""
    executed_in: Bytes32Field | None = None

    @property
    def hash(self) -> Bytes32:
        """
        The Safe transaction's hash, which is the draft's name.
        """
        return self.transaction.hash

    @property
    def id(self) -> str:
        """
        The hash as people write it.
        """
        return f"0x{self.hash.hex()}"

    @property
    def nonce(self) -> int:
        """
        The Safe's nonce that it uses up.
        """
        return self.transaction.nonce

    @property
    def only_rejects(self) -> bool:
        """
        Whether it is there to use up a nonce, and does nothing else, whatever its file says.
        """
        return self.rejects and self.transaction.does_nothing

    @property
    def is_open(self) -> bool:
        """
        Whether it may still be signed and executed.
        """
        return self.status is DraftStatus.OPEN

    @property
    def signers(self) -> tuple[Address, ...]:
        """
        The owners who have signed.
        """
        return tuple(signature.owner for signature in self.signatures)

    def with_signature(self, signature: Signature) -> Self:
        """
        The draft with one owner's signature, in place of an earlier one of the same owner.
        """
        others = [one for one in self.signatures if one.owner != signature.owner]
        ordered = sorted((*others, signature), key=lambda one: int(one.owner, 16))
        return self.model_copy(update={"signatures": tuple(ordered)})

    def dead(self, told: str) -> Self:
        """
        The draft with its signatures cleared: they are good for nothing any more.
        """
        return self.model_copy(update={"status": DraftStatus.DEAD, "told": told, "signatures": ()})

    def executed(self, transaction: Bytes32, told: str) -> Self:
        """
        The draft after it was executed. It keeps its signatures: they tell who approved.
        """
        return self.model_copy(
            update={"status": DraftStatus.EXECUTED, "told": told, "executed_in": transaction}
        )

    def reopened(self) -> Self:
        """
        The draft as one that waits again, with the signatures that it still has.
        """
        return self.model_copy(update={"status": DraftStatus.OPEN, "told": "", "executed_in": None})

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """
        A draft as it was written. Raises DraftError.
        """
        try:
            read_json(text)
            return cls.model_validate_json(text)
        except ValidationError as error:
            first: Any = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise DraftError(f"{where} is no draft: {place!r}: {first['msg']}.") from error
        except StrictJsonError as error:
            raise DraftError(f"{where} is no draft: {error}.") from error

    def to_json(self) -> str:
        """
        As it is written to a file.
        """
        return self.model_dump_json(indent=2) + "\n"
