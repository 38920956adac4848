"""
What a receipt vouches for, as bytes that no two payments share.

    event or request → PaymentTerms → encode
"""

from dataclasses import dataclass
from typing import Protocol, Self

from bursar.types import MAX_UINT256, Address, Bytes32, address_word


class MovesMoney(Protocol):
    """
    An event of a wallet that names a payment: `Paid`, `PaymentQueued`, `PaymentExecuted`.
    """

    @property
    def emitter(self) -> Address: ...
    @property
    def agent(self) -> Address: ...
    @property
    def token(self) -> Address: ...
    @property
    def to(self) -> Address: ...
    @property
    def amount(self) -> int: ...
    @property
    def category(self) -> Bytes32: ...


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """
    Who pays how much of what to whom, out of which budget. `amount` is in base units.
    """

    chain_id: int
    wallet: Address
    agent: Address
    token: Address
    to: Address
    amount: int
    category: Bytes32

    @classmethod
    def of(cls, chain_id: int, event: MovesMoney) -> Self:
        """
        The terms of the payment that a wallet logged on a chain.
        """
        return cls(
            chain_id=chain_id,
            wallet=event.emitter,
            agent=event.agent,
            token=event.token,
            to=event.to,
            amount=event.amount,
            category=event.category,
        )

    def encode(self) -> bytes:
        """
        Every field as 32 bytes, in this order: no two payments have the same encoding. Raises
        ValueError where a field has no such form.
        """
        if len(self.category) != 32:
            raise ValueError(f"A category has 32 bytes, this one has {len(self.category)}.")
        return b"".join(
            (
                _word(self.chain_id),
                address_word(self.wallet),
                address_word(self.agent),
                address_word(self.token),
                address_word(self.to),
                _word(self.amount),
                self.category,
            )
        )


def _word(number: int) -> bytes:
    if not 0 <= number <= MAX_UINT256:
        raise ValueError(f"{number} does not fit into 256 bits.")
    return number.to_bytes(32, "big")
