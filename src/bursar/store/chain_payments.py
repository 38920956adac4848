"""
Payments as rows: those that left at once, and those that were queued until they end.

    Paid → row; PaymentQueued → pending row → executed, cancelled or voided
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from bursar import events
from bursar.events import Event
from bursar.payments import QueuedPayment
from bursar.store.chain_codec import address_bytes, uint_bytes
from bursar.store.chain_rows import readable
from bursar.store.chain_tables import PENDING, chain_payments
from bursar.store.chain_writer import Batch
from bursar.types import Address, Bytes32

Row = tuple[Any, ...]

PAID: Final = "paid"
EXECUTED: Final = "executed"
CANCELLED: Final = "cancelled"
VOIDED: Final = "voided"

_NOT_DONE: Final = (None,) * 6
# Where `status` stands, and how many columns come before what ended a payment.
_STATUS: Final = [column.name for column in chain_payments.columns].index("status")
_DONE: Final = [column.name for column in chain_payments.columns].index("done_block")


class Payments:
    """
    What of the payments that wait is stored, as `source`.
    """

    def __init__(self, source: int) -> None:
        self.source = source
        self.open: dict[Address, dict[Bytes32, Row]] = defaultdict(dict)
        self._writers: dict[type[Event], Callable[[Batch, Any], None]] = {
            events.PaymentQueued: self._on_queued,
            events.PaymentExecuted: self._on_executed,
            events.PaymentCancelled: self._on_cancelled,
            events.QueueVoided: self._on_voided,
        }

    def write(self, batch: Batch, some: Iterable[Event]) -> None:
        """
        Add to `batch` what these events, in their order, make of payments.
        """
        paid: list[Row] = []
        for event in some:
            if type(event) is events.Paid:
                # The columns of one that was queued stay empty.
                paid.append(self._begin(event, PAID))
            elif (write := self._writers.get(type(event))) is not None:
                write(batch, event)
        batch.insert_all(chain_payments, paid)

    def _on_queued(self, batch: Batch, event: events.PaymentQueued) -> None:
        times = (event.id, event.ready_at, event.expires_at)
        row = (*self._begin(event, PENDING), *times, *_NOT_DONE)
        self.open[event.emitter][event.id] = row
        batch.upsert(chain_payments, (event.block, event.log), row)

    def _on_executed(self, batch: Batch, event: events.PaymentExecuted) -> None:
        self._end(batch, event, event.id, EXECUTED)

    def _on_cancelled(self, batch: Batch, event: events.PaymentCancelled) -> None:
        self._end(batch, event, event.id, CANCELLED, event.by, event.reason)

    def _on_voided(self, batch: Batch, event: events.QueueVoided) -> None:
        for id in list(self.open[event.emitter]):
            self._end(batch, event, id, VOIDED, event.by, event.reason)

    def encode(self, row: Any) -> Row:
        """
        A pending row, as the database gives it, as it is written.
        """
        times = (row.id, row.ready_at, row.expires_at)
        return (
            self.source,
            row.block,
            row.log,
            row.at,
            row.transaction,
            address_bytes(row.wallet),
            address_bytes(row.agent),
            address_bytes(row.token),
            address_bytes(row.recipient),
            uint_bytes(row.amount),
            row.category,
            row.ref,
            PENDING,
            *times,
            *_NOT_DONE,
        )

    def _begin(self, event: events.Paid | events.PaymentQueued, status: str) -> Row:
        values = event.__dict__
        return (
            self.source,
            values["block"],
            values["log"],
            values["at"],
            values["transaction"],
            address_bytes(values["emitter"]),
            address_bytes(values["agent"]),
            address_bytes(values["token"]),
            address_bytes(values["to"]),
            values["amount"].to_bytes(32, "big"),
            values["category"],
            values["ref"],
            status,
        )

    def _end(
        self,
        batch: Batch,
        event: Event,
        id: Bytes32,
        status: str,
        by: Address | None = None,
        reason: str | None = None,
    ) -> None:
        row = self.open[event.emitter].pop(id, None)
        if row is None:
            return
        who = None if by is None else address_bytes(by)
        why = None if reason is None else readable(reason)
        done = (event.block, event.log, event.at, event.transaction, who, why)
        ended = (*row[:_STATUS], status, *row[_STATUS + 1 : _DONE], *done)
        batch.upsert(chain_payments, ended[1:3], ended)


def queued_payment(row: Any) -> QueuedPayment:
    """
    A pending row, as the database gives it, as the fold has it.
    """
    return QueuedPayment(
        agent=row.agent,
        token=row.token,
        to=row.recipient,
        amount=row.amount,
        category=row.category,
        ref=row.ref,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
    )
