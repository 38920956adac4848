"""
The agent's own record: declared before it is signed, kept when it is known what became of it.

    Request → declare → (chain) → keep | keep_failure → payments.jsonl
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from bursar.agent.payment import Payment
from bursar.agent.refusals import Request
from bursar.chain.errors import ChainError, NotMinedError
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


class Record:
    """
    What one agent keeps of its payments on this machine.
    """

    def __init__(self, identity: Identity, journal: PaymentJournal) -> None:
        self._identity = identity
        self._journal = journal

    def find(self, ref: Bytes32) -> Mapping[str, Any]:
        """
        What is known of a payment by its receipt. Raises JournalError.
        """
        return self._journal.find(show_hex(ref))

    def declare(self, request: Request, ref: Bytes32) -> None:
        """
        Written before anything is signed: a receipt on chain always leads to a reference. Raises
        JournalError.
        """
        self._journal.append(
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
            }
        )

    def keep(self, payment: Payment) -> Payment:
        """
        Keep an answer. What is done is done: a journal that fails now takes nothing back.
        """
        told = payment.model_dump(mode="json", exclude_none=True)
        self._append({"step": payment.status, "chain_id": self._identity.chain_id, **told})
        return payment

    def keep_failure(self, ref: Bytes32, error: ChainError) -> None:
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
        )

    def _append(self, record: dict[str, Any]) -> None:
        try:
            self._journal.append({"role": _ROLE, **record})
        except JournalError as error:
            _log.warning("Not in the journal: %s: %s", record, error)


def show_hex(data: bytes) -> str:
    """
    Bytes as people and programs pass them on.
    """
    return f"0x{data.hex()}"
