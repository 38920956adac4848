"""
Why a payment is denied, in a code that never changes and in words that say what to do.

    preview number or revert → Refusal
"""

from datetime import UTC, datetime
from typing import NamedTuple

from bursar.agent.amounts import show_amount
from bursar.agent.names import CategoryInfo, Recipient, TokenInfo
from bursar.agent.payment import REVERTED, Refusal, Remaining
from bursar.budgets import Budget
from bursar.chain.contracts import Contract, organization_at, token_at
from bursar.chain.reverts import Revert
from bursar.reasons import MEANINGS, PREVIEWS, Preview, Reason
from bursar.types import FOREVER, NATIVE, Address

_MOST = "one payment is at most"
_BY_PREVIEW = {number: reason for reason, number in PREVIEWS.items()}


class Request(NamedTuple):
    """
    A payment as it is asked for. `amount` is in base units.
    """

    token: TokenInfo
    recipient: Recipient
    amount: int
    category: CategoryInfo
    reference: str | None
    note: str | None

    def show(self, amount: int) -> str:
        """
        An amount of its token.
        """
        return show_amount(amount, self.token.symbol, self.token.decimals)


class Refusals:
    """
    Explains what the wallet denies to one agent.
    """

    def __init__(self, wallet: Contract, agent: Address, name: str | None = None) -> None:
        self._wallet = wallet
        self._agent = agent
        self._name = name or agent

    def explain_preview(
        self, preview: Preview, request: Request, remaining: Remaining
    ) -> Refusal | None:
        """
        What a preview's number means; None where the payment would go through or wait.
        """
        if preview in (Preview.PAY, Preview.QUEUE):
            return None
        reason = _BY_PREVIEW[preview]
        if preview is Preview.WALLET:
            # One number, two causes: the token is off, or the wallet's day is used up.
            enabled = self._wallet.view("wallet_limit", request.token.address)
            reason = Reason.PAYMENTS_WALLET_LIMIT if enabled else Reason.PAYMENTS_TOKEN_NOT_ENABLED
        return self.explain(reason, request, remaining)

    def explain_revert(self, revert: Revert) -> Refusal:
        """
        What the chain said, where there is nothing to add.
        """
        code = REVERTED if revert.reason is None else code_of(revert.reason)
        return Refusal(code=code, reason=revert.reason, message=f"The chain refuses it: {revert}.")

    def explain(self, reason: Reason, request: Request, remaining: Remaining) -> Refusal:
        """
        A reason with the figures that it depends on.
        """
        if reason is Reason.PAYMENTS_DAILY and remaining.rolling:
            return _refuse_rolling(request, remaining)
        return Refusal(
            code=code_of(reason),
            reason=reason,
            message=self._words(reason, request, remaining),
            resets_at=_resets_at(reason, remaining),
        )

    def _words(self, reason: Reason, request: Request, remaining: Remaining) -> str:
        asked, show = request.show(request.amount), request.show
        token, category = request.token, request.category.name or "(none)"
        if reason is Reason.PAYMENTS_STOPPED:
            return f"Denied: stopped: {self._say_stop()}."
        if reason is Reason.PAYMENTS_NO_BUDGET:
            budget = f"{self._name} for {token.symbol} and category {category} in this wallet"
            return f"Denied: no budget of {budget}, or it has expired. Is it the right key?"
        if reason is Reason.PAYMENTS_AMOUNT:
            most = show(self._budget(request).per_payment)
            if not request.amount:
                return f"Denied: {asked} asked: a payment moves something; {_MOST} {most}."
            return f"Denied: {asked} asked; {_MOST} {most}."
        if reason is Reason.PAYMENTS_HOURLY:
            until = show_time(remaining.hour_resets_at)
            return f"Denied: {asked} asked, {show(remaining.hour)} left this hour, until {until}."
        if reason is Reason.PAYMENTS_DAILY:
            until = show_time(remaining.day_resets_at)
            return f"Denied: {asked} asked, {show(remaining.day)} left today, until {until}."
        if reason is Reason.PAYMENTS_COUNT:
            until = show_time(remaining.payments_reset_at)
            return f"Denied: no more payments today, until {until}."
        if reason is Reason.PAYMENTS_WALLET_LIMIT:
            left = show(self._wallet.view("wallet_remaining", token.address))
            until = show_time(remaining.payments_reset_at)
            return f"Denied: {asked} asked, {left} left of the wallet's day, until {until}."
        if reason is Reason.PAYMENTS_BALANCE:
            return f"Denied: {asked} asked, the wallet holds {show(self.fetch_balance(token))}."
        return f"Denied: {reason.partition(': ')[2]} ({MEANINGS[reason]})."

    def _say_stop(self) -> str:
        """
        What stops it and for how long, the widest first.
        """
        client, now = self._wallet.client, self._wallet.client.fetch_now()
        organization = organization_at(client, self._wallet.view("organization"))
        scopes = {
            "the whole organisation": organization.address,
            "this wallet": self._wallet.address,
            f"agent {self._name}": self._agent,
        }
        for what, scope in scopes.items():
            until = int(organization.view("paused_until", scope))
            if until == FOREVER:
                return f"{what} is paused until the treasury releases it"
            if until > now:
                return f"{what} is paused until {show_time(until)}"
        return "no keeper has sent a heartbeat in time; the next one ends it"

    def _budget(self, request: Request) -> Budget:
        found: Budget = self._wallet.view(
            "budget", self._agent, request.token.address, request.category.value
        )
        return found

    def fetch_balance(self, token: TokenInfo) -> int:
        """
        What the wallet holds of a token, in base units.
        """
        client = self._wallet.client
        if token.address == NATIVE:
            return client.fetch_balance(self._wallet.address)
        return int(token_at(client, token.address).view("balanceOf", self._wallet.address))


def _refuse_rolling(request: Request, remaining: Remaining) -> Refusal:
    """
    What went out comes back hour by hour, 24 to 25 hours later: there is no one time to wait for.
    """
    asked, left = request.show(request.amount), request.show(remaining.day)
    return Refusal(
        code=code_of(Reason.PAYMENTS_DAILY),
        reason=Reason.PAYMENTS_DAILY,
        message=f"Denied: {asked} asked, {left} left of the last 24 hours; it comes back hour by "
        "hour, 24 to 25 hours after it was paid, and all of it by "
        f"{show_time(remaining.day_resets_at)}.",
    )


def code_of(reason: Reason) -> str:
    """
    A reason as programs compare it, such as `payments_hourly`.
    """
    return reason.name.lower()


def show_time(at: int) -> str:
    """
    Unix seconds as people read them.
    """
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _resets_at(reason: Reason, remaining: Remaining) -> int | None:
    if reason is Reason.PAYMENTS_HOURLY:
        return remaining.hour_resets_at
    if reason is Reason.PAYMENTS_DAILY:
        return remaining.day_resets_at
    # Both are of the UTC day, whatever the budget's own day is.
    if reason in (Reason.PAYMENTS_COUNT, Reason.PAYMENTS_WALLET_LIMIT):
        return remaining.payments_reset_at
    return None
