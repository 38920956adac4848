"""
What a transaction comes to, in words and figures. Interfaces print it, nothing here formats.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from bursar.types import Address

Wei = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]
"""Numbers of JSON lose digits beyond 2^53, so a string."""

Calldata = Annotated[
    bytes, PlainSerializer(lambda data: f"0x{data.hex()}", return_type=str, when_used="json")
]


class Effect(StrEnum):
    """
    The worst that a call does. Only what tightens, or does nothing, may be one owner's alone.
    """

    NOTHING = "nothing"
    TIGHTENS = "tightens"
    CHANGES = "changes"
    LOOSENS = "loosens"
    MOVES = "moves money"
    OWNS = "changes the Safe itself"
    UNKNOWN = "unknown"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="hex")


class Figure(_Model):
    """
    One figure that a call changes: what the chain has now, and what it has afterwards.
    """

    label: str
    before: str
    after: str


class CallWords(_Model):
    """
    One call. `function` is the raw one, with its arguments; empty where it cannot be read. `when`
    says from when on it holds.
    """

    sentence: str
    effect: Effect
    when: str = ""
    figures: tuple[Figure, ...] = ()
    warnings: tuple[str, ...] = ()
    function: str = ""
    to: Address
    value: Wei = 0
    data: Calldata = b""


class Explanation(_Model):
    """
    A whole transaction: its calls in their order, what to beware of, and whose address is whose.
    """

    calls: tuple[CallWords, ...]
    warnings: tuple[str, ...] = ()
    names: dict[str, Address] = {}

    @property
    def only_tightens(self) -> bool:
        """
        Whether nothing in it could hurt if one owner alone decided it.
        """
        harmless = {Effect.NOTHING, Effect.TIGHTENS}
        return bool(self.calls) and all(call.effect in harmless for call in self.calls)

    @property
    def is_known(self) -> bool:
        """
        Whether every call could be read.
        """
        return all(call.effect is not Effect.UNKNOWN for call in self.calls)
