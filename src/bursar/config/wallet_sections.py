"""
The shape of the wallets in `treasury.yaml`, their budgets, and the profiles of budgets.

Figures are as they were written, because their tokens are not known yet. The texts below the
fields are what editors show.
"""

from typing import Annotated

from pydantic import Field

from bursar.config.chains import USDC_SYMBOL
from bursar.config.leaves import (
    Amount,
    AmountOrOff,
    ExpiryOrOff,
    Flag,
    Name,
    PaymentCount,
    PaymentCountOrOff,
    Seconds,
    Symbol,
    SymbolKey,
)
from bursar.config.profiles import DEFAULT_PROFILE
from bursar.config.reading import Section, listing, mapping
from bursar.types import FIRST_PAYMENT_DELAY, FIRST_PAYMENT_GRACE


class AmountRange(Section):
    """
    Default and bounds of a limit.
    """

    default: Amount | None = None
    """The figure of a budget that gives none."""
    min: Amount | None = None
    """The least that a budget may give."""
    max: Amount | None = None
    """The most that a budget may give."""


class QueueRange(Section):
    """
    Default and bounds of the amount from which payments wait.
    """

    default: AmountOrOff | None = None
    """The figure of a budget that gives none."""
    min: Amount | None = None
    """The least that a budget may give."""
    max: Amount | None = None
    """The most that a budget may give; off is more than any."""


class PaymentRange(Section):
    """
    Default and bounds of the number of payments.
    """

    default: PaymentCountOrOff | None = None
    """The figure of a budget that gives none."""
    min: PaymentCount | None = None
    """The least that a budget may give."""
    max: PaymentCount | None = None
    """The most that a budget may give."""


class ProfileSection(Section):
    """
    A kind of budget, for budgets to name.
    """

    token: Symbol = USDC_SYMBOL
    """The token that the amounts are in."""
    payment_delay: Seconds = FIRST_PAYMENT_DELAY
    """The payment delay of a wallet with this profile that gives none."""
    daily: AmountRange | None = None
    """Bounds of the daily limit."""
    hourly: AmountRange | None = None
    """Bounds of the hourly limit."""
    per_payment: AmountRange | None = None
    """Bounds of the limit per payment."""
    queue_from: QueueRange | None = None
    """Bounds of the amount from which payments wait."""
    max_payments: PaymentRange | None = None
    """Bounds of the number of payments a day."""


class WalletTokenSection(Section):
    """
    How much of a token a wallet pays out and holds, in whole tokens.
    """

    daily: AmountOrOff = Field(examples=[1000])
    """Most that all agents together spend in a UTC day; 0 disables the token."""
    max_balance: AmountOrOff = Field(examples=[5000])
    """Most that a refill may bring the balance to."""
    refill_to: Amount | None = None
    """The balance that the first refill brings, and later ones aim at."""
    alert_below: AmountOrOff | None = None
    """With less than this it is low, and people are told; without, as `alerts` have it."""


class BudgetSection(Section):
    """
    What one agent may spend of one token for one category, in whole tokens.
    """

    agent: Name = Field(examples=["refund-bot"])
    """Whose budget it is."""
    token: Symbol | None = None
    """Which token; may be left out where the wallet has one only."""
    category: Name | None = None
    """What it is for; without, it is for payments that name no category."""
    profile: Name | None = None
    """Whose defaults and bounds hold; without, the wallet's."""
    per_payment: AmountOrOff | None = None
    """Most for one payment; without, as much as an hour."""
    hourly: AmountOrOff | None = None
    """Most per UTC hour; without, as much as a day."""
    daily: Amount | None = None
    """Most per UTC day."""
    queue_from: AmountOrOff | None = None
    """A payment of at least this waits for the payment delay; 0: every payment."""
    max_payments: PaymentCountOrOff | None = None
    """Most payments per UTC day."""
    expires: ExpiryOrOff | None = None
    """When the budget ends: a date, or a full hour of UTC."""
    allowlist_only: Flag = False
    """Whether it pays only to the wallet's recipients."""


class WalletSection(Section):
    """
    A hot wallet.
    """

    profile: Name = DEFAULT_PROFILE
    """Whose defaults and bounds hold for its budgets: payments, treasury-controls, trading, or one
    of `profiles`."""
    payment_delay: Seconds | None = None
    """How long a queued payment waits: 1 minute to 7 days; without, what the profile says."""
    grace: Seconds = FIRST_PAYMENT_GRACE
    """How long it then stays executable: 1 hour to 30 days."""
    tokens: Annotated[dict[SymbolKey, WalletTokenSection], mapping("tokens")] = Field(
        examples=[{"USDC": {"daily": 1000, "max_balance": 5000}}]
    )
    """What it holds, by token."""
    recipients: Annotated[tuple[Name, ...], listing("names of recipients")] = ()
    """Who is on its list, for budgets with allowlist_only: recipients and agents."""
    budgets: Annotated[tuple[BudgetSection, ...], listing("budgets")] = ()
    """What agents may spend from it."""
