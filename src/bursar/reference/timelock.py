"""
The organisation's timelock: schedule, apply, veto, and what overtakes a scheduled change.
"""

from bursar.changes import (
    ORGANIZATION_SETTERS,
    WALLET_SETTERS,
    Subject,
    change_id,
    decode_call,
    find_setter,
    subject_of,
)
from bursar.errors import MalformedCallError
from bursar.events import (
    ChangeApplied,
    ChangeDelaySet,
    ChangeScheduled,
    ChangesVetoed,
    ChangeVetoed,
    ChangeVoided,
    Event,
)
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
from bursar.types import (
    CHANGE_GRACE,
    MAX_CALL_BYTES,
    MAX_CHANGE_DELAY,
    MIN_CHANGE_DELAY,
    Address,
    Bytes32,
)


def set_directly(
    turn: Turn, logged: tuple[Event, ...], subject: Subject, changed: bool
) -> Decision:
    """
    Accept a setter that logs `logged`: a direct call that changed something also overtakes what is
    pending for its subject.
    """
    voided = void_pending(turn, subject) if changed and not turn.is_applied else ()
    return Accepted(logged + voided)


def void_pending(turn: Turn, subject: Subject) -> tuple[Event, ...]:
    """
    What tells that the live change of `subject`, if there is one, is void.
    """
    id = turn.state.pending.get(subject)
    if id is None or turn.state.live_change(id, turn.now) is None:
        return ()
    return (ChangeVoided(emitter=turn.state.organization, at=turn.now, id=id),)


@on_organization
def set_change_delay(turn: Turn, seconds: int) -> Decision:
    """
    Longer at once, shorter through the timelock.
    """
    if not (turn.is_treasury or turn.is_applied):
        return Refused(Reason.ROLES_TREASURY)
    if not MIN_CHANGE_DELAY <= seconds <= MAX_CHANGE_DELAY:
        return Refused(Reason.TIMELOCK_DELAY_BOUNDS)
    if seconds < turn.state.change_delay and not turn.is_applied:
        return Refused(Reason.TIMELOCK_SCHEDULE)
    event = ChangeDelaySet(emitter=turn.target, at=turn.now, seconds=seconds)
    subject = Subject(turn.target, "set_change_delay", ())
    return set_directly(turn, (event,), subject, seconds != turn.state.change_delay)


@on_organization
def schedule(turn: Turn, target: Address, call: bytes) -> Decision:
    """
    Let a setter's call wait, in place of what waited for the same subject.
    """
    if len(call) > MAX_CALL_BYTES:
        return Refused(PLAIN)
    reason = _check_schedule(turn, target, call)
    if reason is not None:
        return Refused(reason)
    try:
        voided = void_pending(turn, subject_of(target, call))
    except MalformedCallError:
        return Refused(Reason.TIMELOCK_MALFORMED)
    ready_at = turn.now + turn.state.change_delay
    event = ChangeScheduled(
        emitter=turn.target,
        at=turn.now,
        id=change_id(target, call),
        target=target,
        call=call,
        ready_at=ready_at,
        expires_at=ready_at + CHANGE_GRACE,
    )
    return Accepted((*voided, event), event.id)


def _check_schedule(turn: Turn, target: Address, call: bytes) -> Reason | None:
    if not turn.is_treasury:
        return Reason.ROLES_TREASURY
    if target == turn.target:
        setters = ORGANIZATION_SETTERS
    elif turn.state.is_wallet(target):
        setters = WALLET_SETTERS
    else:
        return Reason.TIMELOCK_TARGET
    return None if find_setter(call) in setters else Reason.TIMELOCK_SETTER


@on_organization
def apply(turn: Turn, target: Address, call: bytes) -> Decision:
    """
    Call the setter after its delay and within its grace. A refusal by the setter is the answer.
    """
    if len(call) > MAX_CALL_BYTES:
        return Refused(PLAIN)
    id = change_id(target, call)
    reason = _check_apply(turn, id)
    if reason is not None:
        return Refused(reason)
    try:
        setter, arguments = decode_call(call)
    except MalformedCallError:
        return Refused(PLAIN)
    decision = turn.call(target, setter, *arguments)
    if isinstance(decision, Refused):
        return decision
    event = ChangeApplied(emitter=turn.target, at=turn.now, id=id, by=turn.sender)
    return Accepted((event, *decision.events))


def _check_apply(turn: Turn, id: Bytes32) -> Reason | None:
    change = turn.state.changes.get(id)
    if change is None:
        return Reason.TIMELOCK_NO_SUCH
    if turn.now < change.ready_at:
        return Reason.TIMELOCK_NOT_DUE
    if turn.now >= change.expires_at:
        return Reason.TIMELOCK_EXPIRED
    return None


@on_organization
def veto(turn: Turn, id: Bytes32, reason: str) -> Decision:
    """
    Strike out one change. A guardian may not save a guardian.
    """
    if is_long(reason):
        return Refused(PLAIN)
    if not (turn.is_guardian or turn.is_treasury):
        return Refused(Reason.ROLES_GUARDIAN)
    change = turn.state.live_change(id, turn.now)
    if change is None:
        return Refused(Reason.TIMELOCK_NO_SUCH)
    if change.removes_guardian and not turn.is_treasury:
        return Refused(Reason.TIMELOCK_TREASURY_VETO)
    event = ChangeVetoed(emitter=turn.target, at=turn.now, id=id, by=turn.sender, reason=reason)
    return Accepted((event,))


@on_organization
def veto_all(turn: Turn, reason: str) -> Decision:
    """
    Strike out everything but the removal of guardians.
    """
    if is_long(reason):
        return Refused(PLAIN)
    if not (turn.is_guardian or turn.is_treasury):
        return Refused(Reason.ROLES_GUARDIAN)
    event = ChangesVetoed(emitter=turn.target, at=turn.now, by=turn.sender, reason=reason)
    return Accepted((event,))


@on_organization
def changed(turn: Turn, key: Bytes32, agent: Address) -> Decision:
    """
    What a wallet reports after a direct change. The deaths of the agent's other changes follow from
    the wallet's own event, which is not part of this.
    """
    if not turn.state.is_wallet(turn.sender):
        return Refused(Reason.REGISTRY_WALLET)
    subjects = (s for s in turn.state.pending if s.target == turn.sender and s.key == key)
    subject = next(subjects, None)
    return Accepted(() if subject is None else void_pending(turn, subject))
