"""
The contracts as an executable specification, for tests to run beside the contracts.

    Call + State → decide → events → state.apply_event → State

Nothing here is cryptographic: whether an agent signed something is for the `Chain` to say.
"""

from bursar.reference import (
    agents,
    money,
    organization,
    paying,
    queueing,
    setters,
    signing,
    stops,
    timelock,
)
from bursar.reference.ledger import Ledger
from bursar.reference.organization import create_organization, wallet_address
from bursar.reference.turn import (
    DEFAULT,
    PLAIN,
    TOKEN_ALLOWANCE,
    TOKEN_BALANCE,
    Accepted,
    Call,
    Chain,
    Decision,
    Refused,
    Turn,
    functions,
    handle,
)
from bursar.reference.views import VIEWS, view
from bursar.state import State

__all__ = [
    "DEFAULT",
    "PLAIN",
    "TOKEN_ALLOWANCE",
    "TOKEN_BALANCE",
    "VIEWS",
    "Accepted",
    "Call",
    "Chain",
    "Decision",
    "Ledger",
    "Refused",
    "create_organization",
    "decide",
    "functions",
    "view",
    "wallet_address",
]

# Importing them is what makes their handlers known.
_PARTS = (agents, money, organization, paying, queueing, setters, signing, stops, timelock)


def decide(state: State, call: Call, *, now: int, chain: Chain) -> Decision:
    """
    What the contracts do with `call` in a block of timestamp `now`. Changes nothing.

    Raises UnknownCallError for a target or a function that the reference does not have.
    """
    turn = Turn(state, chain, now, call.sender, call.target, call.value)
    return handle(turn, call.function, call.arguments)
