"""
What an operator may set. The defaults fit Ethereum and its rollups.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from bursar.chain.sending import Patience

# For the sender of a keeper with a journal. A cycle does not wait longer than a block of Ethereum
# takes; what is not mined then is gone on with in the next. Two epochs make it final.
KEEPER_PATIENCE: Final = Patience(timeout=15.0, replace_after=20.0, final_after=64)


class KeeperSettings(BaseModel):
    """
    Seconds, and the number of transactions that the key has to be able to pay for.

    least_transactions: with less the operator is told. least_stops: with less it sends no
    heartbeat. max_head_age: a head that is older against the clock may be anybody's past, so
    nothing is sent, and one as far in its future proves the clock wrong; None for local chains
    whose time is their own.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    max_head_age: int | None = Field(default=120, gt=0)
    funds_every: int = Field(default=60, ge=0)
    least_transactions: int = Field(default=100, ge=0)
    least_stops: int = Field(default=10, ge=0)
