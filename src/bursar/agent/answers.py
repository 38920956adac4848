"""
Putting together what the SDK answers.

    Request + what the chain logged, or why it refused → Payment
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from bursar.agent.amounts import show_amount
from bursar.agent.batch import BATCH_DENIED, Batch
from bursar.agent.names import Names, TokenInfo
from bursar.agent.payment import Payment, PaymentStatus, Refusal, Remaining
from bursar.agent.record import Identity, show_hex
from bursar.agent.refusals import Request, show_time
from bursar.events import Paid, PaymentQueued
from bursar.types import DAY, HOUR, MAX_UINT256, Bytes32


class Answers:
    """
    Builds the answers to one agent.
    """

    def __init__(self, identity: Identity, names: Names) -> None:
        self._identity = identity
        self._names = names

    def build_executed(
        self, request: Request, event: Paid, before: Remaining, count: int = 1
    ) -> Payment:
        """
        The money has left, with `count` payments in all. `before` is what remained when it was
        previewed: the event does not count payments.
        """
        left = (event.hour_remaining, event.day_remaining, max(before.payments - count, 0))
        return self.build(
            request,
            PaymentStatus.EXECUTED,
            message=f"Paid {request.show(request.amount)}.",
            receipt=show_hex(event.ref),
            transaction=_show_transaction(event.transaction),
            remaining=build_remaining(left, request.token, event.at, rolling=before.rolling),
            created_at=event.at,
        )

    def build_queued(self, request: Request, event: PaymentQueued, before: Remaining) -> Payment:
        """
        It waits, and has used nothing.
        """
        return self.build(
            request,
            PaymentStatus.QUEUED,
            message=tell_times(event),
            id=show_hex(event.id),
            receipt=show_hex(event.ref),
            transaction=_show_transaction(event.transaction),
            remaining=before,
            created_at=event.at,
            ready_at=event.ready_at,
            expires_at=event.expires_at,
        )

    def build_denied(
        self,
        request: Request,
        refusal: Refusal,
        remaining: Remaining | None,
        *,
        ref: Bytes32 | None = None,
        transaction: Bytes32 | None = None,
    ) -> Payment:
        """
        It was refused: before it was signed, or by the chain in `transaction`.
        """
        return self.build(
            request,
            PaymentStatus.DENIED,
            message=refusal.message,
            code=refusal.code,
            reason=refusal.reason,
            resets_at=refusal.resets_at,
            remaining=remaining,
            receipt=None if ref is None else show_hex(ref),
            transaction=_show_transaction(transaction),
        )

    def build_batch(
        self, requests: Sequence[Request], events: Sequence[Paid], before: Remaining
    ) -> Batch:
        """
        All of it has left, as the `events` of the same order say.
        """
        payments = tuple(
            self.build_executed(request, event, before, len(requests))
            for request, event in zip(requests, events, strict=True)
        )
        total = requests[0].show(sum(request.amount for request in requests))
        return _batch(
            requests,
            payments,
            status=PaymentStatus.EXECUTED,
            message=f"Paid {total} in {len(requests)} payments.",
            transaction=payments[0].transaction,
            remaining=payments[0].remaining,
        )

    def deny_batch(
        self,
        requests: Sequence[Request],
        refusal: Refusal,
        entry: int | None,
        remaining: Remaining | None,
        *,
        refs: Sequence[Bytes32] = (),
        transaction: Bytes32 | None = None,
    ) -> Batch:
        """
        None of it has left. Without an `entry` to blame, each of them has the reason.
        """
        words = refusal.message
        if entry is not None:
            words = f"Entry {entry} of {len(requests)}: {words} None of them was paid."
        refusal = refusal.model_copy(update={"message": words})
        other = refusal.model_copy(update={"code": BATCH_DENIED, "reason": None})
        payments = tuple(
            self.build_denied(
                request,
                refusal if entry in (None, index) else other,
                remaining,
                ref=ref,
                transaction=transaction,
            )
            for index, (request, ref) in enumerate(zip_longest(requests, refs))
        )
        return _batch(
            requests,
            payments,
            status=PaymentStatus.DENIED,
            message=words,
            entry=entry,
            code=refusal.code,
            reason=refusal.reason,
            transaction=_show_transaction(transaction),
            remaining=remaining,
            resets_at=refusal.resets_at,
        )

    def describe(
        self, queued: PaymentQueued, told: Mapping[str, Any], state: Mapping[str, Any]
    ) -> Payment:
        """
        A payment as the chain logged it, with what this machine was `told` of it, in a `state`.
        """
        token = self._names.describe_token(queued.token)
        known: dict[str, Any] = {
            "organization": self._identity.organization,
            "wallet": self._identity.wallet,
            "agent": queued.agent,
            "token": queued.token,
            "symbol": token.symbol,
            "to": queued.to,
            "recipient": self._names.name_recipient(queued.to).name,
            "amount": queued.amount,
            "amount_formatted": show_amount(queued.amount, token.symbol, token.decimals),
            "category": self._names.name_category(queued.category),
            "reference": told.get("reference"),
            "note": told.get("note"),
            "id": show_hex(queued.id),
            "receipt": show_hex(queued.ref),
            "transaction": _show_transaction(queued.transaction),
            "created_at": queued.at,
            "ready_at": queued.ready_at,
            "expires_at": queued.expires_at,
        }
        return Payment(**(known | dict(state)))

    def build(self, request: Request, status: PaymentStatus, **more: Any) -> Payment:
        """
        A payment as it was asked for, in a status, with what `more` is known of it.
        """
        return Payment(
            status=status,
            organization=self._identity.organization,
            wallet=self._identity.wallet,
            agent=self._identity.agent,
            token=request.token.address,
            symbol=request.token.symbol,
            to=request.recipient.address,
            recipient=request.recipient.name,
            amount=request.amount,
            amount_formatted=request.show(request.amount),
            category=request.category.name,
            reference=request.reference,
            note=request.note,
            **more,
        )


def _batch(requests: Sequence[Request], payments: tuple[Payment, ...], **more: Any) -> Batch:
    total = min(sum(request.amount for request in requests), MAX_UINT256)
    formatted = requests[0].show(total)
    return Batch(payments=payments, total=total, total_formatted=formatted, **more)


def build_remaining(
    left: tuple[int, int, int], token: TokenInfo, now: int, *, rolling: bool
) -> Remaining:
    """
    What the wallet's `remaining` answers at `now`, for people.
    """
    hour, day, payments = left
    hour_ends, day_ends = (now // HOUR + 1) * HOUR, (now // DAY + 1) * DAY
    return Remaining(
        hour=hour,
        day=day,
        payments=payments,
        hour_formatted=show_amount(hour, token.symbol, token.decimals),
        day_formatted=show_amount(day, token.symbol, token.decimals),
        hour_resets_at=hour_ends,
        # A wallet does not tell its hours: the running one may be among them, and is the last back.
        day_resets_at=hour_ends + DAY if rolling else day_ends,
        payments_reset_at=day_ends,
        rolling=rolling,
    )


def tell_times(queued: PaymentQueued) -> str:
    """
    From when and until when a payment can be executed.
    """
    return (
        f"Waits until {show_time(queued.ready_at)}, then it can be executed until "
        f"{show_time(queued.expires_at)}."
    )


def _show_transaction(transaction: Bytes32 | None) -> str | None:
    return None if transaction is None else show_hex(transaction)
