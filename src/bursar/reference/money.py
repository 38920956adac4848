"""
Money between the treasury and a wallet, and native currency from anybody.
"""

from bursar.events import Refilled, Swept
from bursar.reasons import Reason
from bursar.reference.judging import takes_native
from bursar.reference.turn import (
    PLAIN,
    TOKEN_ALLOWANCE,
    TOKEN_BALANCE,
    Accepted,
    Decision,
    Refused,
    Turn,
    is_long,
    on_wallet,
    payable,
)
from bursar.types import NATIVE, Address, Bytes32


@payable
@on_wallet
def refill(turn: Turn, token: Address, amount: int, ref: Bytes32) -> Decision:
    """
    The treasury sends exactly `amount` in, or nothing.
    """
    reason = _check_refill(turn) or _check_value(turn, token, amount)
    if reason is not None:
        return Refused(reason)
    refusal = None if token == NATIVE else _check_transfer(turn, token, amount)
    if refusal is not None:
        return Refused(refusal)
    balance = turn.chain.balance_of(token, turn.target) + amount
    if balance > turn.wallet.max_balance(token):
        return Refused(Reason.REFILL_MAX_BALANCE)
    event = Refilled(
        emitter=turn.target, at=turn.now, token=token, amount=amount, balance=balance, ref=ref
    )
    return Accepted((event,))


def _check_refill(turn: Turn) -> Reason | None:
    state, now = turn.state, turn.now
    if not turn.is_treasury:
        return Reason.ACCESS_TREASURY
    if not turn.wallet.sealed:
        return Reason.WALLET_NOT_SEALED
    paused = state.is_paused(turn.target, now) or state.is_paused(state.organization, now)
    return Reason.REFILL_STOPPED if paused or state.is_lapsed(now) else None


def _check_value(turn: Turn, token: Address, amount: int) -> Reason | None:
    expected = amount if token == NATIVE else 0
    return None if turn.value == expected else Reason.TRANSFERS_VALUE


def _check_transfer(turn: Turn, token: Address, amount: int) -> str | None:
    treasury = turn.state.treasury
    if turn.chain.allowance(token, treasury, turn.target) < amount:
        return TOKEN_ALLOWANCE
    return TOKEN_BALANCE if turn.chain.balance_of(token, treasury) < amount else None


@on_wallet
def sweep(turn: Turn, token: Address, reason: str) -> Decision:
    """
    Everything of a token goes back to the treasury, also while stopped.
    """
    if is_long(reason):
        return Refused(PLAIN)
    if not (turn.is_guardian or turn.is_treasury):
        return Refused(Reason.ACCESS_GUARDIAN)
    amount = turn.chain.balance_of(token, turn.target)
    if amount and token == NATIVE and not takes_native(turn, turn.state.treasury):
        return Refused(Reason.TRANSFERS_RECIPIENT)
    event = Swept(
        emitter=turn.target,
        at=turn.now,
        token=token,
        by=turn.sender,
        amount=amount,
        reason=reason,
    )
    return Accepted((event,))


@payable
@on_wallet
def __default__(turn: Turn) -> Decision:  # noqa: N807 - the contract's own name
    """
    Native currency from anybody, with empty calldata only.
    """
    return Accepted()
