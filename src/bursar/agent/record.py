"""
The agent's own record: declared before it is signed, kept when it is known what became of it.

    Request → declare → (chain) → keep | keep_failure → payments.jsonl
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from bursar.agent.payment import Payment
from bursar.agent.refusals import Request
from bursar.chain.errors import ChainError, NotMinedError
from bursar.errors import BursarError
from bursar.store.payment_journal import JournalError, PaymentJournal
from bursar.types import Address, Bytes32

_log = logging.getLogger(__name__)

_ROLE: Final = "agent"


class Identity(NamedTuple):
    """
    Who pays, out of what, where.
    """

    chain_id: int
    organization: Address
    wallet: Address
    agent: Address


class DenialRecorder(Protocol):
    """
    Whoever has to know what was denied; `bursar.agent.denials.StoredDenials` is one.
    """

    def record_denied(self, payment: Payment, chain_id: int, /) -> None:
        """
        A payment that was denied. What it raises is logged: denied is denied.
        """
        ...


class Record:
    """
    What one agent keeps of its payments on this machine. `recorder` hears what is denied.
    """

    def __init__(
        self,
        identity: Identity,
        journal: PaymentJournal,
        recorder: DenialRecorder | None = None,
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._recorder = recorder

    def find(self, ref: Bytes32) -> Mapping[str, Any]:
        """
        What is known of a payment by its receipt. Raises JournalError.
        """
        return self._journal.find(show_hex(ref))

    def declare(self, payments: Iterable[tuple[Request, Bytes32]], **more: Any) -> None:
        """
        Written before anything is signed: a receipt on chain always leads to a reference. All of
        them or none. Raises JournalError.
        """
        self._journal.append_all(
            {
                "step": "declared",
                "role": _ROLE,
                **self._identity._asdict(),
                "token": request.token.address,
                "to": request.recipient.address,
                "amount": str(request.amount),
                "category": request.category.name,
                "receipt": show_hex(ref),
                "reference": request.reference,
                "note": request.note,
                **more,
            }
            for request, ref in payments
        )

    def keep(self, payment: Payment) -> Payment:
        """
        Keep an answer. What is done is done: a journal that fails now takes nothing back.
        """
        self.keep_all([payment])
        return payment

    def keep_all(self, payments: Iterable[Payment]) -> None:
        """
        Keep several answers at once; as `keep`.
        """
        payments = list(payments)
        for payment in payments:
            self._tell_denied(payment)
        self._append(
            {
                "step": payment.status,
                "chain_id": self._identity.chain_id,
                **payment.model_dump(mode="json", exclude_none=True),
            }
            for payment in payments
        )

    def keep_failure(self, refs: Iterable[Bytes32], error: ChainError) -> None:
        """
        Keep what went wrong, and where it is not known what became of it, the hashes to look for.
        """
        hashes = error.transactions if isinstance(error, NotMinedError) else ()
        self._append(
            {
                "step": "unknown" if hashes else "failed",
                "receipt": show_hex(ref),
                "error": str(error),
                "transactions": list(map(show_hex, hashes)),
            }
            for ref in refs
        )

    def _tell_denied(self, payment: Payment) -> None:
        if self._recorder is None or not payment.denied:
            return
        try:
            self._recorder.record_denied(payment, self._identity.chain_id)
        except BursarError as error:
            _log.warning("A denial was not recorded: %s", error)

    def _append(self, records: Iterable[dict[str, Any]]) -> None:
        lines = [{"role": _ROLE, **record} for record in records]
        try:
            self._journal.append_all(lines)
        except JournalError as error:
            _log.warning("Not in the journal: %s: %s", lines, error)


def show_hex(data: bytes) -> str:
    """
    Bytes as people and programs pass them on.
    """
    return f"0x{data.hex()}"
