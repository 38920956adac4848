"""
Calls that the chain refused → entries. A stolen key that tries what it may not leaves these.

    FailedCall + Failure (what was called, and why not) → failure_entry → Entry
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bursar.audit.context import Context
from bursar.audit.entry import Action, Entry, Place, Verdict, party, place_identity
from bursar.types import Address, Bytes32


@dataclass(frozen=True, slots=True)
class FailedCall:
    """
    A mined transaction to one of our contracts that reverted: the `index`-th of its block.
    """

    at: int
    block: int
    transaction: Bytes32
    index: int
    sender: Address
    target: Address


@dataclass(frozen=True, slots=True)
class Failure:
    """
    The function that was called with its arguments, as JSON holds them, and the contract's reason.
    """

    function: str
    reason: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    token: Address | None = None
    amount: int | None = None


def failure_entry(call: FailedCall, failure: Failure, role: str, context: Context) -> Entry:
    """
    What the audit says of a call by somebody who has that role.
    """
    place = Place(block=call.block, transaction=call.transaction, log=None)
    return Entry(
        chain_id=context.chain_id,
        organization=context.organization,
        at=call.at,
        action=Action.REFUSAL,
        event=failure.function,
        identity=place_identity(place),
        wallet=call.target if call.target in context.wallets else None,
        agent=call.sender if role == "agent" else None,
        role=role,
        token=failure.token,
        amount=failure.amount,
        authorised_by=(party(role, call.sender),),
        verdict=Verdict(by="chain", outcome="denied", reason=failure.reason),
        place=place,
        details=dict(failure.arguments),
    )
