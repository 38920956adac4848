"""
The same for asyncio: every call runs in a thread, so that the loop goes on.

    AsyncAgentWallet → asyncio.to_thread → AgentWallet; AsyncRelayer → … → Relayer
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Self

from bursar.agent.batch import Batch, BatchPreview
from bursar.agent.payment import Payment, PaymentPreview, Remaining
from bursar.agent.relayer import Relayer
from bursar.agent.signed import SignedPayment, Voided
from bursar.agent.signing import USUAL_VALIDITY
from bursar.agent.wallet import AgentWallet


class AsyncAgentWallet:
    """
    An `AgentWallet` for asyncio. A task that is cancelled stops waiting; a payment that was under
    way still happens.
    """

    def __init__(self, wallet: AgentWallet) -> None:
        self.sync = wallet

    @classmethod
    async def connect(cls, **options: Any) -> Self:
        """
        As `AgentWallet.connect`.
        """
        return cls(await asyncio.to_thread(lambda: AgentWallet.connect(**options)))

    async def pay(
        self,
        token: str,
        to: str,
        amount: str | int,
        *,
        category: str = "",
        reference: str | None = None,
        note: str | None = None,
    ) -> Payment:
        """
        As `AgentWallet.pay`.
        """
        return await asyncio.to_thread(
            self.sync.pay, token, to, amount, category=category, reference=reference, note=note
        )

    async def preview(
        self, token: str, to: str, amount: str | int, *, category: str = ""
    ) -> PaymentPreview:
        """
        As `AgentWallet.preview`.
        """
        return await asyncio.to_thread(self.sync.preview, token, to, amount, category=category)

    async def remaining(self, token: str, category: str = "") -> Remaining:
        """
        As `AgentWallet.remaining`.
        """
        return await asyncio.to_thread(self.sync.remaining, token, category)

    async def pay_many(self, token: str, payments: Iterable[Any], *, category: str = "") -> Batch:
        """
        As `AgentWallet.pay_many`.
        """
        return await asyncio.to_thread(self.sync.pay_many, token, payments, category=category)

    async def preview_many(
        self, token: str, payments: Iterable[Any], *, category: str = ""
    ) -> BatchPreview:
        """
        As `AgentWallet.preview_many`.
        """
        return await asyncio.to_thread(self.sync.preview_many, token, payments, category=category)

    async def sign_payment(
        self,
        token: str,
        to: str,
        amount: str | int,
        *,
        category: str = "",
        reference: str | None = None,
        note: str | None = None,
        valid_for: int = USUAL_VALIDITY,
        nonce: int | None = None,
    ) -> SignedPayment | Payment:
        """
        As `AgentWallet.sign_payment`.
        """
        return await asyncio.to_thread(
            self.sync.sign_payment,
            token,
            to,
            amount,
            category=category,
            reference=reference,
            note=note,
            valid_for=valid_for,
            nonce=nonce,
        )

    async def outcome(self, signed: SignedPayment) -> Payment:
        """
        As `AgentWallet.outcome`.
        """
        return await asyncio.to_thread(self.sync.outcome, signed)

    async def void(self, signed: int | SignedPayment) -> Voided:
        """
        As `AgentWallet.void`.
        """
        return await asyncio.to_thread(self.sync.void, signed)

    async def pending(self) -> tuple[Payment, ...]:
        """
        As `AgentWallet.pending`.
        """
        return await asyncio.to_thread(self.sync.pending)

    async def payment(self, id: str | bytes) -> Payment:
        """
        As `AgentWallet.payment`.
        """
        return await asyncio.to_thread(self.sync.payment, id)

    async def cancel(self, id: str | bytes, reason: str = "") -> Payment:
        """
        As `AgentWallet.cancel`.
        """
        return await asyncio.to_thread(self.sync.cancel, id, reason)

    async def execute(self, id: str | bytes) -> Payment:
        """
        As `AgentWallet.execute`.
        """
        return await asyncio.to_thread(self.sync.execute, id)


class AsyncRelayer:
    """
    A `Relayer` for asyncio.
    """

    def __init__(self, relayer: Relayer) -> None:
        self.sync = relayer

    @classmethod
    async def connect(cls, **options: Any) -> Self:
        """
        As `Relayer.connect`.
        """
        return cls(await asyncio.to_thread(lambda: Relayer.connect(**options)))

    async def relay(self, signed: SignedPayment) -> Payment:
        """
        As `Relayer.relay`.
        """
        return await asyncio.to_thread(self.sync.relay, signed)

    async def check(self, signed: SignedPayment) -> Payment | None:
        """
        As `Relayer.check`.
        """
        return await asyncio.to_thread(self.sync.check, signed)
