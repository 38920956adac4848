"""
The organisation's switchboard: who stops what, until when, and who lifts it.
"""

from bursar.events import Paused, Unpaused
from bursar.reasons import Reason
from bursar.reference.turn import (
    PLAIN,
    Accepted,
    Decision,
    Refused,
    Turn,
    is_long,
    on_organization,
)
from bursar.types import FOREVER, LONGEST_TIMED_PAUSE, Address


def paused(turn: Turn, scope: Address, until: int, reason: str) -> Paused:
    """
    The next stop of `scope`. It never shortens one that runs.
    """
    state = turn.state
    return Paused(
        emitter=state.organization,
        at=turn.now,
        scope=scope,
        by=turn.sender,
        until=max(until, state.paused_until(scope)),
        number=state.pause_number(scope) + 1,
        reason=reason,
    )


@on_organization
def pause(turn: Turn, scope: Address, duration: int, reason: str) -> Decision:
    """
    Stop a scope for `duration` seconds; until unpaused for 0 and for what is too long.
    """
    if is_long(reason):
        return Refused(PLAIN)
    if not _may_pause(turn, scope):
        return Refused(Reason.STOPS_ACCESS)
    timed = 0 < duration <= LONGEST_TIMED_PAUSE
    return Accepted((paused(turn, scope, turn.now + duration if timed else FOREVER, reason),))


def _may_pause(turn: Turn, scope: Address) -> bool:
    """
    Whoever has a role stops anything; a wallet stops its agents, never a wallet or everything.
    """
    state = turn.state
    if state.has_role(turn.sender):
        return True
    return (
        state.is_wallet(turn.sender) and scope != state.organization and not state.is_wallet(scope)
    )


@on_organization
def unpause(turn: Turn, scope: Address, seen: int, reason: str) -> Decision:
    """
    Lift the stop that the signers looked at, not one that came since.
    """
    if is_long(reason):
        return Refused(PLAIN)
    refusal = _check_unpause(turn, scope, seen)
    if refusal is not None:
        return Refused(refusal)
    event = Unpaused(
        emitter=turn.target,
        at=turn.now,
        scope=scope,
        by=turn.sender,
        number=seen,
        reason=reason,
    )
    return Accepted((event,))


def _check_unpause(turn: Turn, scope: Address, seen: int) -> Reason | None:
    if not turn.is_treasury:
        return Reason.ROLES_TREASURY
    number = turn.state.pause_number(scope)
    if number == 0:
        return Reason.STOPS_NEVER
    if seen != number:
        return Reason.STOPS_SEEN
    wallet = turn.state.registry.get(scope)
    if wallet is not None and not wallet.sealed:
        return Reason.STOPS_NOT_SEALED
    return None


@on_organization
def clear(turn: Turn, scope: Address) -> Decision:
    """
    Bookkeeping of the chain's: nothing that a view returns depends on it.
    """
    if turn.state.is_paused(scope, turn.now):
        return Refused(Reason.STOPS_RUNNING)
    return Accepted()


@on_organization
def rotated(turn: Turn, old: Address, new: Address) -> Decision:
    """
    What a wallet reports after a rotation: a stop follows the agent. The deaths of both agents'
    changes follow from the wallet's own event, which is not part of this.
    """
    state = turn.state
    if not state.is_wallet(turn.sender):
        return Refused(Reason.REGISTRY_WALLET)
    if new == state.organization or state.is_wallet(new):
        return Refused(Reason.STOPS_ACCESS)
    until = state.paused_until(old) if state.is_paused(old, turn.now) else 0
    if until == 0:
        return Accepted()
    return Accepted((paused(turn, new, until, "rotated"),))
