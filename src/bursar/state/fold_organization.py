"""
What each event of the organisation changes.
"""

from bursar.changes import Change, Subject, removes_guardian, subject_of
from bursar.errors import BrokenHistoryError
from bursar.events import (
    ChangeApplied,
    ChangeDelaySet,
    ChangeScheduled,
    ChangesVetoed,
    ChangeVetoed,
    ChangeVoided,
    GuardianSet,
    HeartbeatSent,
    HeartbeatTimeoutSet,
    KeeperSet,
    OrganizationCreated,
    Paused,
    Unpaused,
    WalletCreated,
)
from bursar.state.deaths import drop_agent, drop_change, drop_subject, drop_vetoable
from bursar.state.organization import State, Stop
from bursar.state.wallet import WalletState
from bursar.types import Address


def on_created(state: State, event: OrganizationCreated) -> None:
    """
    The clock of the heartbeat starts with the organisation.
    """
    state.treasury = event.treasury
    state.change_delay = event.change_delay
    state.last_heartbeat = event.at


def on_wallet(state: State, event: WalletCreated) -> None:
    """
    The wallet's constructor has logged before.
    """
    newborn, state.newborn = state.newborn, None
    if newborn is None or newborn.address != event.wallet:
        newborn = WalletState(event.wallet)
    newborn.name = event.name
    state.registry[event.wallet] = newborn


def on_guardian(state: State, event: GuardianSet) -> None:
    """
    A change of a guardian overtakes what is pending for him.
    """
    if (event.who in state.guardians) != event.on:
        drop_subject(state, Subject(state.organization, "set_guardian", (event.who,)))
    _put(state.guardians, event.who, event.on)


def on_keeper(state: State, event: KeeperSet) -> None:
    """
    Keepers are set at once: nothing can be pending.
    """
    _put(state.keepers, event.who, event.on)


def _put(members: set[Address], who: Address, on: bool) -> None:
    if on:
        members.add(who)
    else:
        members.discard(who)


def on_paused(state: State, event: Paused) -> None:
    """
    From running to stopped kills the changes of the agent whose scope it is; a repeated stop does
    not, or a stolen keeper could block changes for ever.
    """
    if not state.is_paused(event.scope, event.at):
        drop_agent(state, event.scope)
    state.stops[event.scope] = Stop(event.until, event.number)


def on_unpaused(state: State, event: Unpaused) -> None:
    """
    The number stays: it counts stops, not running ones.
    """
    state.stops[event.scope] = Stop(0, event.number)


def on_heartbeat(state: State, event: HeartbeatSent) -> None:
    """
    Ends a lapse.
    """
    state.last_heartbeat = event.at


def on_heartbeat_timeout(state: State, event: HeartbeatTimeoutSet) -> None:
    """
    By itself no heartbeat: a direct call logs that apart.
    """
    if event.seconds != state.heartbeat_timeout:
        drop_subject(state, Subject(state.organization, "set_heartbeat_timeout", ()))
    state.heartbeat_timeout = event.seconds


def on_change_delay(state: State, event: ChangeDelaySet) -> None:
    """
    Changes that are scheduled already keep their time.
    """
    if event.seconds != state.change_delay:
        drop_subject(state, Subject(state.organization, "set_change_delay", ()))
    state.change_delay = event.seconds


def on_scheduled(state: State, event: ChangeScheduled) -> None:
    """
    One change is pending per subject: a new one replaces it, even one that has expired.
    """
    subject = subject_of(event.target, event.call)
    drop_subject(state, subject)
    state.pending[subject] = event.id
    state.changes[event.id] = Change(
        id=event.id,
        subject=subject,
        call=event.call,
        ready_at=event.ready_at,
        expires_at=event.expires_at,
        removes_guardian=removes_guardian(event.call),
    )


def on_applied(state: State, event: ChangeApplied) -> None:
    """
    Remembered for one event: the setter's, which is then no direct change.
    """
    change = state.changes.get(event.id)
    if change is None:
        raise BrokenHistoryError(f"change 0x{event.id.hex()} was applied but never scheduled")
    drop_change(state, event.id)
    state.applied = change.subject


def on_vetoed(state: State, event: ChangeVetoed) -> None:
    """
    One change is gone.
    """
    drop_change(state, event.id)


def on_all_vetoed(state: State, event: ChangesVetoed) -> None:
    """
    The removal of a bad guardian survives that guardian.
    """
    drop_vetoable(state)


def on_voided(state: State, event: ChangeVoided) -> None:
    """
    Often gone already, with the event that voided it.
    """
    drop_change(state, event.id)
