"""
Payments that were denied, on their way into the audit of whoever runs the treasury.

    Payment (denied) → StoredDenials → Decision → a spool file, or a store that takes it directly

An agent needs none of this: it is given to `AgentWallet.connect(recorder=…)`, and brings the
store's libraries with it.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from bursar.agent.payment import Payment
from bursar.store.decisions import Decision, Outcome
from bursar.store.refusal_spool import CONTRACT

_ROLE: Final = "agent"
_LONGEST_REASON: Final = 64


class Target(Protocol):
    """
    Where decisions go: `bursar.store.refusal_spool` has `RefusalSpool` and `StoreRefusals`.
    """

    def add(self, decision: Decision, /) -> None:
        """
        Returns once it is on the disk. Raises BursarError.
        """
        ...


class StoredDenials:
    """
    Implements `bursar.agent.record.DenialRecorder`. `clock` is Unix seconds.
    """

    def __init__(self, target: Target, *, clock: Callable[[], float] = time.time) -> None:
        self._target = target
        self._clock = clock

    def record_denied(self, payment: Payment, chain_id: int) -> None:
        """
        Returns once it is on the disk. Raises BursarError.
        """
        self._target.add(
            Decision(
                at=int(self._clock()),
                chain_id=chain_id,
                organization=payment.organization,
                wallet=payment.wallet,
                agent=payment.agent,
                role=_ROLE,
                action="payment" if payment.id is None else "queued payment",
                outcome=Outcome.DENIED,
                reason=str(payment.reason or payment.code or "")[:_LONGEST_REASON],
                message=payment.message,
                policy_version=CONTRACT,
                token=payment.token,
                amount=payment.amount,
                ref=None,
                inputs=_build_inputs(payment),
            )
        )


def _build_inputs(payment: Payment) -> dict[str, Any]:
    """
    What was asked for, and where it was denied on the chain. Not the agent's own reference and
    note, which stay on its machine.
    """
    told = {"to": payment.to, "category": payment.category, "code": payment.code}
    more = {"transaction": payment.transaction, "receipt": payment.receipt, "id": payment.id}
    return {name: value for name, value in (told | more).items() if value is not None}
