"""
What an agent imports to spend money within its limits.

    from bursar.agent import AgentWallet

    wallet = AgentWallet.connect()
    payment = wallet.pay("USDC", to, "10.00", category="refund", reference="order-123")

A refusal is a `Payment` with status `denied`; what fails raises a `BursarError`.
"""

from bursar.agent.aio import AsyncAgentWallet, AsyncRelayer
from bursar.agent.batch import Batch, BatchEntry, BatchPreview
from bursar.agent.errors import (
    AgentError,
    AmountError,
    NotAWalletError,
    SettingsError,
    SignedPaymentError,
    SigningError,
    UnknownNameError,
    UnknownPaymentError,
)
from bursar.agent.payment import Payment, PaymentPreview, PaymentStatus, Remaining
from bursar.agent.relayer import Relayer
from bursar.agent.signed import SignedPayment, Voided
from bursar.agent.wallet import AgentWallet

__all__ = [
    "AgentError",
    "AgentWallet",
    "AmountError",
    "AsyncAgentWallet",
    "AsyncRelayer",
    "Batch",
    "BatchEntry",
    "BatchPreview",
    "NotAWalletError",
    "Payment",
    "PaymentPreview",
    "PaymentStatus",
    "Relayer",
    "Remaining",
    "SettingsError",
    "SignedPayment",
    "SignedPaymentError",
    "SigningError",
    "UnknownNameError",
    "UnknownPaymentError",
    "Voided",
]
