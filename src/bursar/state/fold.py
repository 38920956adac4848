"""
Events → state: what each event changes, and nothing but events changes it.

Events of addresses that are neither the organisation nor one of its wallets are ignored: anybody
can log anything. A new wallet logs before it is registered, so the latest such stranger is kept.
"""

from collections.abc import Callable
from typing import Any, Final

from bursar import events
from bursar.events import Event
from bursar.state import fold_organization as organization
from bursar.state import fold_wallet as wallet
from bursar.state.organization import State
from bursar.state.wallet import WalletState
from bursar.types import ZERO_ADDRESS

_OF_ORGANIZATION: Final[dict[type[Event], Callable[[State, Any], None]]] = {
    events.OrganizationCreated: organization.on_created,
    events.WalletCreated: organization.on_wallet,
    events.GuardianSet: organization.on_guardian,
    events.KeeperSet: organization.on_keeper,
    events.Paused: organization.on_paused,
    events.Unpaused: organization.on_unpaused,
    events.HeartbeatSent: organization.on_heartbeat,
    events.HeartbeatTimeoutSet: organization.on_heartbeat_timeout,
    events.ChangeDelaySet: organization.on_change_delay,
    events.ChangeScheduled: organization.on_scheduled,
    events.ChangeApplied: organization.on_applied,
    events.ChangeVetoed: organization.on_vetoed,
    events.ChangesVetoed: organization.on_all_vetoed,
    events.ChangeVoided: organization.on_voided,
}
_OF_WALLET: Final[dict[type[Event], Callable[[State, WalletState, Any], None]]] = {
    events.Paid: wallet.on_paid,
    events.PaymentExecuted: wallet.on_executed,
    events.PaymentQueued: wallet.on_queued,
    events.PaymentCancelled: wallet.on_cancelled,
    events.QueueVoided: wallet.on_queue_voided,
    events.NonceVoided: wallet.on_nonce_voided,
    events.BudgetSet: wallet.on_budget,
    events.ShareBaseSet: wallet.on_share_base,
    events.WalletLimitSet: wallet.on_wallet_limit,
    events.MaxBalanceSet: wallet.on_max_balance,
    events.RecipientSet: wallet.on_recipient,
    events.PaymentDelaySet: wallet.on_payment_delay,
    events.GraceSet: wallet.on_grace,
    events.AgentRotated: wallet.on_rotated,
    events.Refilled: wallet.on_nothing,
    events.Swept: wallet.on_nothing,
    events.Sealed: wallet.on_sealed,
}
_OF_A_CONSTRUCTOR: Final = (events.PaymentDelaySet, events.GraceSet)


def apply_event(state: State, event: Event) -> None:
    """
    Change `state` by one event, in place.
    """
    of_organization = _OF_ORGANIZATION.get(type(event))
    if of_organization is not None:
        if not _is_organization(state, event):
            return
        of_organization(state, event)
    else:
        emitter = _find_wallet(state, event)
        if emitter is None:
            return
        _OF_WALLET[type(event)](state, emitter, event)
    if not isinstance(event, events.ChangeApplied):
        state.applied = None


def _is_organization(state: State, event: Event) -> bool:
    if state.organization == ZERO_ADDRESS and isinstance(event, events.OrganizationCreated):
        state.organization = event.emitter
    return event.emitter == state.organization


def _find_wallet(state: State, event: Event) -> WalletState | None:
    found = state.registry.get(event.emitter)
    if found is None and isinstance(event, _OF_A_CONSTRUCTOR):
        if state.newborn is None or state.newborn.address != event.emitter:
            state.newborn = WalletState(event.emitter)
        found = state.newborn
    return found
