"""
What the SDK answers: a payment and what became of it, or what would.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from bursar.reasons import Preview, Reason
from bursar.types import AddressField, Uint256

REVERTED = "reverted"
"""The code of a refusal in words that are not Bursar's, such as a token's own."""


class PaymentStatus(StrEnum):
    """
    What became of a payment. `pay` answers one of the first three; `signed` is one that somebody
    may still bring to the chain.
    """

    EXECUTED = "executed"
    QUEUED = "queued"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SIGNED = "signed"


class Answer(BaseModel):
    """
    What every answer is: a value that nobody changes, with a JSON form.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Remaining(Answer):
    """
    What is left of a budget: base units of this UTC hour and UTC day, and payments of the day. Of a
    `rolling` budget `day` is what is left of the last 24 hours. It comes back hour by hour, and at
    `day_resets_at` all of it is back at the latest, unless more is paid; payments are of the UTC
    day also then.
    """

    hour: Uint256
    day: Uint256
    payments: int
    hour_formatted: str
    day_formatted: str
    hour_resets_at: int
    day_resets_at: int
    payments_reset_at: int
    rolling: bool

    @field_serializer("hour", "day", when_used="json")
    def _as_text(self, amount: int) -> str:
        return str(amount)


class Refusal(Answer):
    """
    Why not. `code` never changes; `reason` is None for words that are not Bursar's. `resets_at` is
    when a limit that is used up is fresh again, in Unix seconds.
    """

    code: str
    reason: Reason | None
    message: str
    resets_at: int | None = None


class PaymentPreview(Answer):
    """
    What a payment would come to now. Nothing was signed.
    """

    outcome: Preview
    refusal: Refusal | None
    remaining: Remaining

    @property
    def allowed(self) -> bool:
        """
        Whether it would be paid now, or wait.
        """
        return self.refusal is None


class Payment(Answer):
    """
    A payment and what became of it. Amounts are base units (text in JSON), times Unix seconds.

    id: in the queue; None for one that never waited.
    receipt: its `ref` on chain, 32 bytes in hex; None where it was denied before it got one.
    transaction: the hash of what did it, also where that was refused on chain and cost gas.
    reference, note: as they were given; they are kept on this machine only.
    """

    status: PaymentStatus
    organization: AddressField
    wallet: AddressField
    agent: AddressField
    token: AddressField
    symbol: str
    to: AddressField
    recipient: str | None = Field(description="the name that `to` has in the address book")
    amount: Uint256
    amount_formatted: str
    category: str
    reference: str | None = None
    note: str | None = None
    message: str
    code: str | None = None
    reason: Reason | None = None
    id: str | None = None
    receipt: str | None = None
    transaction: str | None = None
    remaining: Remaining | None = None
    resets_at: int | None = None
    created_at: int | None = None
    ready_at: int | None = None
    expires_at: int | None = None

    @property
    def executed(self) -> bool:
        """
        Whether the money has left.
        """
        return self.status is PaymentStatus.EXECUTED

    @property
    def queued(self) -> bool:
        """
        Whether it waits.
        """
        return self.status is PaymentStatus.QUEUED

    @property
    def denied(self) -> bool:
        """
        Whether it was refused.
        """
        return self.status is PaymentStatus.DENIED

    @field_serializer("amount", when_used="json")
    def _as_text(self, amount: int) -> str:
        return str(amount)
