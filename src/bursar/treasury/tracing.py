"""
One payment or one change from beginning to end, found by its id.

    View + id → what it is, what became of it, and what would happen to it now

An immediate payment has no id: its transaction or its reference names it.
"""

from collections.abc import Sequence
from typing import Any, Final

from bursar.budgets import figures
from bursar.changes import Change, decode_call, subject_of
from bursar.errors import MalformedCallError
from bursar.events import (
    AgentRotated,
    ChangeApplied,
    ChangeScheduled,
    ChangeVetoed,
    ChangeVoided,
    Event,
    Paid,
    PaymentCancelled,
    PaymentExecuted,
    PaymentQueued,
    QueueVoided,
)
from bursar.reasons import Preview
from bursar.state import WalletState
from bursar.treasury.details import Model, Told, tell
from bursar.treasury.office import Office, OfficeError, View
from bursar.treasury.status import Units
from bursar.treasury.words import Words
from bursar.types import Address

# So few digits name too much.
_FEWEST: Final = 4


class PaymentDetail(Model):
    """
    A payment. `status` is waiting, ready, executed, cancelled, voided, expired or paid (at once);
    `now` says what would happen to one that waits. `id` is None for one that was paid at once.
    """

    id: str | None
    ref: str
    status: str
    wallet: str
    agent: str
    to: str
    to_address: Address
    token: str
    decimals: int
    amount: Units
    category: str
    ready_at: int | None
    expires_at: int | None
    now: str
    told: tuple[Told, ...]


class ChangeDetail(Model):
    """
    A change. `status` is waiting, ready, expired, applied, vetoed or void; `present` is what stands
    now in its place.
    """

    id: str
    status: str
    target: str
    setter: str
    text: str
    present: str
    call: str
    scheduled_at: int
    ready_at: int
    expires_at: int
    told: tuple[Told, ...]


def build_payment(office: Office, view: View, wanted: str) -> PaymentDetail:
    """
    The payment whose id, transaction or reference begins like that. Raises OfficeError.
    """
    queued = _matching(view.events, wanted, PaymentQueued, "id")
    # The same id may wait again after it has gone: the latest is meant.
    ids = {(event.emitter, event.id): event for event in queued}
    paid = [
        *_matching(view.events, wanted, Paid, "transaction", "ref"),
        *(() if ids else _matching(view.events, wanted, PaymentExecuted, "transaction", "ref")),
    ]
    if len(ids) + len(paid) != 1:
        what = "More than one payment has" if ids or paid else "No payment has"
        raise OfficeError(
            f"{what} an id, a transaction or a reference that begins with {wanted!r}: look at "
            "`bursar pending` and `bursar history`."
        )
    words = Words(view.book)
    if ids:
        return _queued(office, view, words, next(iter(ids.values())))
    return _paid(view, words, paid[0])


def _matching(events: Sequence[Event], wanted: str, kind: type[Event], *fields: str) -> list[Any]:
    digits = wanted.lower().removeprefix("0x").rstrip("…")
    if len(digits) < _FEWEST:
        return []
    return [
        event
        for event in events
        if isinstance(event, kind)
        and any((getattr(event, name) or b"").hex().startswith(digits) for name in fields)
    ]


def _queued(office: Office, view: View, words: Words, event: PaymentQueued) -> PaymentDetail:
    told = [one for one in view.events if _is_about(one, event)]
    wallet = view.state.registry[event.emitter]
    status = _status_of(view, wallet, event, told)
    now = ""
    if status in ("waiting", "ready"):
        now = _outlook(office, view, wallet, event)
    return _payment(
        words,
        event,
        id=f"0x{event.id.hex()}",
        status=status,
        ready_at=event.ready_at,
        expires_at=event.expires_at,
        now=now,
        told=tuple(tell(one, words) for one in told),
    )


def _is_about(event: Event, queued: PaymentQueued) -> bool:
    """
    Whether an event tells of this queueing of the payment, or ends it.
    """
    if event.emitter != queued.emitter or _position(event) < _position(queued):
        return False
    if isinstance(event, QueueVoided):
        return True
    if isinstance(event, AgentRotated):
        return event.old == queued.agent
    return getattr(event, "id", None) == queued.id


def _position(event: Event) -> tuple[int, int]:
    return event.block or 0, event.log or 0


def _status_of(view: View, wallet: WalletState, event: PaymentQueued, told: Sequence[Event]) -> str:
    for one in told:
        if isinstance(one, PaymentExecuted):
            return "executed"
        if isinstance(one, PaymentCancelled):
            return "cancelled"
        if isinstance(one, QueueVoided | AgentRotated):
            return "voided"
    if view.now >= event.expires_at:
        return "expired"
    assert wallet.live_payment(event.id, view.now) is not None, "what nobody ended still waits"
    return "ready" if view.now >= event.ready_at else "waiting"


def _outlook(office: Office, view: View, wallet: WalletState, event: PaymentQueued) -> str:
    """
    What `execute` would come to, were it due now.
    """
    verdict = view.state.judge(
        wallet,
        event.agent,
        event.token,
        event.to,
        event.amount,
        event.category,
        now=view.now,
        balance=office.balance(event.token, wallet.address),
        may_queue=False,
    )
    if verdict.preview == Preview.PAY:
        return "it fits every limit now"
    return f"it would be refused now: {verdict.reason}"


def _paid(view: View, words: Words, event: Paid | PaymentExecuted) -> PaymentDetail:
    told = (tell(event, words),)
    return _payment(
        words, event, id=None, status="paid", ready_at=None, expires_at=None, now="", told=told
    )


def _payment(words: Words, event: Any, **more: Any) -> PaymentDetail:
    symbol, decimals = words.book.symbol_of(event.token)
    return PaymentDetail(
        ref=f"0x{event.ref.hex()}",
        wallet=words.name(event.emitter),
        agent=words.name(event.agent),
        to=words.name(event.to),
        to_address=event.to,
        token=symbol,
        decimals=decimals,
        amount=event.amount,
        category=words.category(event.category),
        **more,
    )


def build_change(view: View, wanted: str) -> ChangeDetail:
    """
    The change whose id begins like that; of one that was scheduled several times, the latest.
    Raises OfficeError.
    """
    scheduled = _matching(view.events, wanted, ChangeScheduled, "id")
    by_id = {event.id: event for event in scheduled}
    if len(by_id) != 1:
        what = "More than one change has" if by_id else "No change has"
        raise OfficeError(
            f"{what} an id that begins with {wanted!r}: look at `bursar history --kind "
            "ChangeScheduled`."
        )
    event: ChangeScheduled = next(iter(by_id.values()))
    words, call = Words(view.book), event.call
    told = [one for one in view.events if _follows(one, event)]
    return ChangeDetail(
        id=f"0x{event.id.hex()}",
        status=_change_status(view, event, told),
        target=words.name(event.target),
        setter=decode_call(call)[0],
        text=words.change(event.target, call),
        present=_present(view, words, event.target, call),
        call=f"0x{call.hex()}",
        scheduled_at=event.at,
        ready_at=event.ready_at,
        expires_at=event.expires_at,
        told=tuple(tell(one, words) for one in told),
    )


def _follows(event: Event, scheduled: ChangeScheduled) -> bool:
    return (
        getattr(event, "id", None) == scheduled.id
        and event.emitter == scheduled.emitter
        and _position(event) >= _position(scheduled)
    )


def _change_status(view: View, event: ChangeScheduled, told: Sequence[Event]) -> str:
    for one in told:
        if isinstance(one, ChangeApplied):
            return "applied"
        if isinstance(one, ChangeVetoed):
            return "vetoed"
        if isinstance(one, ChangeVoided):
            return "void"
    live: Change | None = view.state.live_change(event.id, view.now)
    if live is not None:
        return "ready" if view.now >= live.ready_at else "waiting"
    # Others die without an event of their own: with all, with their agent.
    return "expired" if event.id in view.state.changes else "void"


def _present(view: View, words: Words, target: Address, call: bytes) -> str:
    """
    What stands now where the change would set something.
    """
    try:
        name, values = decode_call(call)
        subject_of(target, call)
    except MalformedCallError as error:
        return str(error)
    state, wallet = view.state, view.state.registry.get(target)
    if wallet is not None:
        return _present_of_wallet(words, wallet, name, values)
    if name == "set_guardian":
        return "is a guardian" if values[0] in state.guardians else "is no guardian"
    delay = state.change_delay if name == "set_change_delay" else state.heartbeat_timeout
    return words.duration(delay)


def _present_of_wallet(words: Words, wallet: WalletState, name: str, values: Any) -> str:
    if name == "set_budget":
        budget = figures(wallet.line(*values[:3]))
        return "none" if budget.expires_at == 0 else words.budget(budget, values[1])
    if name == "set_wallet_limit":
        return words.amount(wallet.wallet_limit(values[0]), values[0])
    if name == "set_max_balance":
        return words.amount(wallet.max_balance(values[0]), values[0])
    if name == "set_recipients":
        listed = [words.name(one) for one in values[0] if one in wallet.recipients]
        return f"on the list now: {', '.join(listed) or 'none of them'}"
    delay = wallet.payment_delay if name == "set_payment_delay" else wallet.grace
    return words.duration(delay)
