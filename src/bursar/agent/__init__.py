"""
What an agent imports to spend money within its limits.

    from bursar.agent import AgentWallet

    wallet = AgentWallet.connect()
    payment = wallet.pay("USDC", to, "10.00", category="refund", reference="order-123")

A refusal is a `Payment` with status `denied`; what fails raises a `BursarError`.
"""

from bursar.agent.aio import AsyncAgentWallet
from bursar.agent.errors import (
    AgentError,
    AmountError,
    NotAWalletError,
    SettingsError,
    UnknownNameError,
    UnknownPaymentError,
)
from bursar.agent.payment import Payment, PaymentPreview, PaymentStatus, Remaining
from bursar.agent.wallet import AgentWallet

__all__ = [
    "AgentError",
    "AgentWallet",
    "AmountError",
    "AsyncAgentWallet",
    "NotAWalletError",
    "Payment",
    "PaymentPreview",
    "PaymentStatus",
    "Remaining",
    "SettingsError",
    "UnknownNameError",
    "UnknownPaymentError",
]
