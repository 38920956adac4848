"""
What every event has: who logged it, when, and where in the chain.
"""

from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from bursar.types import (
    MAX_CALL_BYTES,
    AddressField,
    Bytes32Field,
    Uint256,
)

CallField = Annotated[bytes, Field(max_length=MAX_CALL_BYTES)]


_POSITION: Final = frozenset({"block", "transaction", "log"})


class Event(BaseModel):
    """
    A log of one of the contracts. `at` is the timestamp of its block.

    The position (`block` number, `transaction` hash, `log` index in the block) is None for an event
    that is only foretold. Subclasses add the arguments in the contract's order and name the indexed
    ones. Strings are whatever a caller passed, so a decoder must not choke on broken UTF-8.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )
    indexed: ClassVar[tuple[str, ...]] = ()

    emitter: AddressField
    at: Uint256
    block: int | None = None
    transaction: Bytes32Field | None = None
    log: int | None = None

    @classmethod
    def argument_names(cls) -> list[str]:
        """
        The event's own arguments, in the contract's order.
        """
        return [name for name in cls.model_fields if name not in Event.model_fields]

    def content(self) -> dict[str, Any]:
        """
        The event without its position: equal for what was foretold and what was logged.
        """
        own = {name: value for name, value in self.__dict__.items() if name not in _POSITION}
        return {"event": type(self).__name__, **own}
