"""
Who authorised an event.

    event + Context → parties
"""

from bursar.audit.context import Context
from bursar.audit.entry import Party, party
from bursar.changes import Subject, decode_call, subject_of
from bursar.errors import MalformedCallError
from bursar.events import (
    BudgetSet,
    ChangeApplied,
    ChangeDelaySet,
    Event,
    GraceSet,
    GuardianSet,
    HeartbeatTimeoutSet,
    MaxBalanceSet,
    OrganizationCreated,
    Paid,
    Paused,
    PaymentDelaySet,
    PaymentExecuted,
    RecipientSet,
    ShareBaseSet,
    WalletLimitSet,
)
from bursar.types import EMPTY, Address

UNKNOWN = (party("unknown"),)


def authorised_by(event: Event, context: Context) -> tuple[Party, ...]:
    """
    Who let `event` happen: the agent of a payment, the owners who signed for the treasury (of a
    change that waited: its scheduling), whoever the event names, or whoever sent the transaction.
    """
    if isinstance(event, Paid | PaymentExecuted):
        return (party("agent", event.agent),)
    if isinstance(event, ShareBaseSet):
        return (party("rule"),)
    if any(isinstance(one, OrganizationCreated) for one in context.carrier.events):
        return (party("deployer", context.carrier.sender),)
    applied = find_applied(event, context)
    if applied is not None:
        return context.schedulers.get(applied.id, UNKNOWN)
    named: Address | None = getattr(event, "by", None)
    if named is not None:
        return _named(event, named, context)
    return _direct(event, context)


def find_applied(event: Event, context: Context) -> ChangeApplied | None:
    """
    The change that waited and that brought `event` about; None where it was a direct call. What a
    setter logs right after its `ChangeApplied` is the applied change, and every other a direct one.
    """
    if isinstance(event, ChangeApplied):
        return event
    left, applied = 0, None
    for other in context.carrier.events:
        if isinstance(other, ChangeApplied):
            left, applied = _count(other, context), other
        elif left and applied is not None and _is_of(other, applied, context):
            left -= 1
            if other == event:
                return applied
        else:
            left = 0
        if other == event:
            return None
    return None


def _count(applied: ChangeApplied, context: Context) -> int:
    """
    How many events the setter of that change logs: one, or one for each recipient.
    """
    scheduled = context.scheduled.get(applied.id)
    if scheduled is None:
        return 0
    try:
        setter, arguments = decode_call(scheduled.call)
    except MalformedCallError:
        return 0
    return len(arguments[0]) if setter == "set_recipients" else 1


def _is_of(event: Event, applied: ChangeApplied, context: Context) -> bool:
    scheduled = context.scheduled[applied.id]
    return _subject(event) == subject_of(scheduled.target, scheduled.call)


def _subject(event: Event) -> Subject | None:
    """
    What a setter's event is about.
    """
    keys: tuple[Address | bytes, ...]
    match event:
        case BudgetSet():
            name, keys = "set_budget", (event.agent, event.token, event.category)
        case WalletLimitSet():
            name, keys = "set_wallet_limit", (event.token,)
        case MaxBalanceSet():
            name, keys = "set_max_balance", (event.token,)
        case GuardianSet():
            name, keys = "set_guardian", (event.who,)
        case RecipientSet():
            name, keys = "set_recipients", ()
        case PaymentDelaySet():
            name, keys = "set_payment_delay", ()
        case GraceSet():
            name, keys = "set_grace", ()
        case HeartbeatTimeoutSet():
            name, keys = "set_heartbeat_timeout", ()
        case ChangeDelaySet():
            name, keys = "set_change_delay", ()
        case _:
            return None
    return Subject(event.emitter, name, keys)


def _named(event: Event, who: Address, context: Context) -> tuple[Party, ...]:
    """
    By whom the event says.
    """
    if who == context.treasury:
        return _owners(event, context)
    if isinstance(event, Paused) and who in context.wallets:
        return (party("agent", event.scope),)  # a wallet stops its agent on the agent's own word
    if who in context.guardians:
        return (party("guardian", who),)
    if who in context.keepers:
        return (party("keeper", who),)
    queued = context.queued.get(getattr(event, "id", EMPTY))
    if queued is not None and queued.agent == who:
        return (party("agent", who),)
    return (party("unknown", who),)


def _direct(event: Event, context: Context) -> tuple[Party, ...]:
    """
    An event that does not say by whom: by the treasury, unless it is a budget that a guardian or
    the agent has tightened.
    """
    carrier = context.carrier
    if carrier.signings:
        return _owners(event, context)
    sender = carrier.sender
    if isinstance(event, BudgetSet) and sender is not None:
        if sender == event.agent:
            return (party("agent", sender),)
        if sender in context.guardians:
            return (party("guardian", sender),)
    return (party("unknown", sender),)


def _owners(event: Event, context: Context) -> tuple[Party, ...]:
    """
    The owners who signed the Safe's transaction that called the event's contract, or the
    organisation, which a wallet's first events come through.
    """
    signings = context.carrier.signings
    if not signings:
        return UNKNOWN
    calling = [one for one in signings if event.emitter in one.targets]
    calling = calling or [one for one in signings if context.organization in one.targets]
    # Of several that fit, none can be told from another: all who signed any are named.
    chosen = calling or (list(signings) if len(signings) == 1 else [])
    owners = {owner: None for one in chosen for owner in one.owners}
    return tuple(party("owner", owner) for owner in owners) or UNKNOWN
