"""
The same for asyncio: every call runs in a thread, so that the loop goes on.

    AsyncAgentWallet → asyncio.to_thread → AgentWallet
"""

import asyncio
from typing import Any, Self

from bursar.agent.payment import Payment, PaymentPreview, Remaining
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
