"""
Events → entries. Pure: the same event and context always make the same entries.

    Paid, PaymentExecuted → agent_spend   Refilled → refill   Swept → sweep
    Paused, Unpaused, QueueVoided → kill_switch   PaymentCancelled → refusal
    what sets or schedules something → policy_change   Incoming → deposit

A heartbeat, a used nonce and a queued payment move nothing and change no rule: no entry.
"""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from bursar.audit.authorising import authorised_by, find_applied
from bursar.audit.context import Context
from bursar.audit.entry import Action, Entry, Party, Place, Verdict, party, place_identity
from bursar.budgets import Budget
from bursar.events import (
    AgentRotated,
    Event,
    NonceVoided,
    Paid,
    Paused,
    PaymentCancelled,
    PaymentExecuted,
    PaymentQueued,
    QueueVoided,
    Refilled,
    ShareBaseSet,
    Swept,
    Unpaused,
    WalletCreated,
)
from bursar.events.organization import HeartbeatSent
from bursar.types import ALL_BPS, MAX_UINT256, Address, Bytes32

_SILENT: Final = (HeartbeatSent, NonceVoided, PaymentQueued)
_ACTIONS: Final[dict[type[Event], Action]] = {
    Paid: Action.AGENT_SPEND,
    PaymentExecuted: Action.AGENT_SPEND,
    Refilled: Action.REFILL,
    Swept: Action.SWEEP,
    Paused: Action.KILL_SWITCH,
    Unpaused: Action.KILL_SWITCH,
    QueueVoided: Action.KILL_SWITCH,
    PaymentCancelled: Action.REFUSAL,
}
_SPENDS: Final = (Paid, PaymentExecuted)
_BY_CHAIN: Final = Verdict(
    by="chain",
    outcome="allowed",
    message="Within what the contract enforces; no decision of policy is on record.",
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """
    Tokens that somebody sent to a wallet, outside of a refill. `amount` is base units.
    """

    at: int
    block: int
    transaction: Bytes32
    log: int
    token: Address
    sender: Address
    wallet: Address
    amount: int


def entries_for(event: Event, context: Context) -> tuple[Entry, ...]:
    """
    What the audit says of an event that was logged. Raises ValueError for one that is foretold.
    """
    if isinstance(event, _SILENT):
        return ()
    place = _place(event)
    before, after = _balances(event, context)
    parties = authorised_by(event, context)
    entry = Entry(
        chain_id=context.chain_id,
        organization=context.organization,
        at=event.at,
        action=_ACTIONS.get(type(event), Action.POLICY_CHANGE),
        event=type(event).__name__,
        identity=place_identity(place),
        wallet=_wallet(event, context),
        agent=_agent(event, context),
        role=parties[0].role,
        token=_argument(event, context, "token"),
        amount=_argument(event, context, "amount"),
        balance_before=before,
        balance_after=after,
        authorised_by=parties,
        verdict=_verdict(event, context, parties),
        place=place,
        details=_details(event, context),
    )
    return (entry,)


def deposit_entry(incoming: Incoming, context: Context) -> Entry:
    """
    What the audit says of money that came in. Nobody has to authorise it: the party is its sender.
    """
    place = Place(block=incoming.block, transaction=incoming.transaction, log=incoming.log)
    before = context.balance
    return Entry(
        chain_id=context.chain_id,
        organization=context.organization,
        at=incoming.at,
        action=Action.DEPOSIT,
        event="Transfer",
        identity=place_identity(place),
        wallet=incoming.wallet,
        role="sender",
        token=incoming.token,
        amount=incoming.amount,
        balance_before=before,
        # A token may say that more came than there can be.
        balance_after=None if before is None else min(before + incoming.amount, MAX_UINT256),
        authorised_by=(party("sender", incoming.sender),),
        place=place,
    )


def _place(event: Event) -> Place:
    if event.block is None or event.transaction is None or event.log is None:
        raise ValueError(f"A {type(event).__name__} that is only foretold is not audited.")
    return Place(block=event.block, transaction=event.transaction, log=event.log)


def _wallet(event: Event, context: Context) -> Address | None:
    if isinstance(event, WalletCreated):
        return event.wallet
    scope: Address | None = getattr(event, "scope", None) or getattr(event, "target", None)
    named = scope if scope in context.wallets else None
    return event.emitter if event.emitter != context.organization else named


def _agent(event: Event, context: Context) -> Address | None:
    if isinstance(event, AgentRotated):
        return event.old
    if isinstance(event, Paused | Unpaused):
        is_agent = event.scope != context.organization and event.scope not in context.wallets
        return event.scope if is_agent else None
    agent: Address | None = _argument(event, context, "agent")
    return agent


def _argument(event: Event, context: Context, name: str) -> Any:
    """
    An argument of the event; of a cancelled payment, that of the queued one.
    """
    if isinstance(event, PaymentCancelled):
        return getattr(context.queued.get(event.id), name, None)
    return getattr(event, name, None)


def _balances(event: Event, context: Context) -> tuple[int | None, int | None]:
    """
    What the wallet had of the token before and after. A refill and a sweep say it themselves.
    """
    match event:
        case Refilled():
            return max(event.balance - event.amount, 0), event.balance
        case Swept():
            return event.amount, 0
        case Paid() | PaymentExecuted() if context.balance is not None:
            return context.balance, max(context.balance - event.amount, 0)
        case _:
            return None, None


def _verdict(event: Event, context: Context, parties: tuple[Party, ...]) -> Verdict | None:
    if isinstance(event, _SPENDS):
        return context.verdict or _BY_CHAIN
    if isinstance(event, PaymentCancelled):
        return Verdict(by=parties[0].role, outcome="denied", reason=event.reason)
    if parties[0].role == "owner":
        waited = find_applied(event, context) is not None
        message = "Signed when it was scheduled, and has waited." if waited else "Signed."
        return Verdict(by="people", outcome="allowed", message=message)
    return None


def _details(event: Event, context: Context) -> dict[str, Any]:
    """
    The event's own arguments; who brought a change about that others had signed; and, for a share,
    the limit that it gives until midnight.
    """
    told = {name: _plain(getattr(event, name)) for name in event.argument_names()}
    sender = context.carrier.sender
    if sender is not None and not isinstance(event, _SPENDS):
        told["sent_by"] = str(sender)
    applied = find_applied(event, context)
    if applied is not None:
        told["change"] = f"0x{applied.id.hex()}"
    if isinstance(event, ShareBaseSet) and context.budget is not None:
        told["effective_daily"] = str(_effective(event, context.budget))
    return told


def _effective(event: ShareBaseSet, budget: Budget) -> int:
    """
    The day's limit that the share gives, in base units, before the contract rounds it down to the
    budget's unit.
    """
    return min(budget.daily, event.balance * budget.share_bps // ALL_BPS)


def _plain(value: Any) -> Any:
    """
    A value as JSON holds it without loss.
    """
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)
