"""
What the SDK answers to several payments at once.
"""

from typing import Final, NamedTuple

from pydantic import Field, field_serializer

from bursar.agent.payment import Answer, Payment, PaymentStatus, Refusal, Remaining
from bursar.reasons import Reason
from bursar.types import Uint256

BATCH_TOO_LARGE: Final = "batch_too_large"
"""The code of a refusal: more payments than a batch may have."""

BATCH_DENIED: Final = "batch_denied"
"""The code of each payment that was not made only because of another entry of its batch."""


class BatchEntry(NamedTuple):
    """
    One payment of a batch: to whom, how much (as for `pay`), and what stays on this machine.
    """

    to: str
    amount: str | int
    reference: str | None = None
    note: str | None = None


class BatchPreview(Answer):
    """
    What a batch would come to now. `entry` is the index of the one to blame, from 0; None where it
    is their sum, or concerns all of them. `total` is in base units.
    """

    refusal: Refusal | None
    entry: int | None
    total: Uint256
    total_formatted: str
    remaining: Remaining

    @property
    def allowed(self) -> bool:
        """
        Whether all of them would be paid now.
        """
        return self.refusal is None

    @field_serializer("total", when_used="json")
    def _as_text(self, amount: int) -> str:
        return str(amount)


class Batch(Answer):
    """
    Payments that happened together, or not at all: `executed` or `denied`.

    payments: in the order in which they were given. Of a denied batch none was made; the one to
    blame has the reason, the others the code `batch_denied`.
    entry: the index of the one to blame, from 0; None where it is their sum, or concerns all.
    total: of all of them, in base units. remaining: after the whole batch.
    transaction: also of one that was refused on chain and cost gas.
    """

    status: PaymentStatus
    payments: tuple[Payment, ...]
    total: Uint256
    total_formatted: str
    message: str
    entry: int | None = Field(default=None, description="which one was to blame, from 0")
    code: str | None = None
    reason: Reason | None = None
    transaction: str | None = None
    remaining: Remaining | None = None
    resets_at: int | None = None

    @property
    def executed(self) -> bool:
        """
        Whether the money has left: all of it.
        """
        return self.status is PaymentStatus.EXECUTED

    @property
    def denied(self) -> bool:
        """
        Whether it was refused: none of it has left.
        """
        return self.status is PaymentStatus.DENIED

    @field_serializer("total", when_used="json")
    def _as_text(self, amount: int) -> str:
        return str(amount)
