"""
Before and after: what a setter changes, figure by figure, from the chain's state.
"""

from collections.abc import Iterator
from typing import Any

from bursar.budgets import Budget
from bursar.state import State
from bursar.treasury.safe.words.model import Figure
from bursar.treasury.words import Words, show_moment
from bursar.types import ALL_BPS, EXPIRY_HOURS_END, HOUR, MAX_UINT256, Address

# A figure that is nowhere else written: the last full hour that the contract holds.
_AMOUNTS = {
    "per_payment": "most for one payment",
    "hourly": "most an hour",
    "daily": "most a day",
}


def budget_figures(words: Words, token: Address, before: Budget, after: Budget) -> list[Figure]:
    """
    Every figure of a budget that changes.
    """
    pairs = zip(_budget(words, token, before), _budget(words, token, after), strict=True)
    return [Figure(label=label, before=a, after=b) for (label, a), (_, b) in pairs if a != b]


def _budget(words: Words, token: Address, budget: Budget) -> Iterator[tuple[str, str]]:
    alive = budget.expires_at != 0
    for name, label in _AMOUNTS.items():
        yield label, words.amount(getattr(budget, name), token) if alive else "none"
    waits = budget.queue_from
    none_waits = "none wait" if waits == MAX_UINT256 else f"from {words.amount(waits, token)}"
    yield "payments that wait", none_waits if alive else "none"
    yield "most payments a day", f"{budget.max_payments:,}" if alive else "none"
    yield "ends", _ends(budget.expires_at) if alive else "none"
    share = f"{budget.share_bps / 100:g} % of the balance"
    yield "share of the balance a day", share if alive and budget.share_bps < ALL_BPS else "off"
    yield "over any 24 hours", "yes" if budget.rolling else "no"
    yield "only to listed recipients", "yes" if budget.allowlist_only else "no"


def setter_figures(
    words: Words, before: State, after: State, target: Address, name: str, values: tuple[Any, ...]
) -> list[Figure]:
    """
    What a timelocked setter changes: its subject in the state before and after.
    """
    pairs = zip(
        _read(words, before, target, name, values),
        _read(words, after, target, name, values),
        strict=True,
    )
    return [Figure(label=label, before=a, after=b) for (label, a), (_, b) in pairs if a != b]


def _read(
    words: Words, state: State, target: Address, name: str, values: tuple[Any, ...]
) -> list[tuple[str, str]]:
    if name == "set_guardian":
        return [(f"guardian {words.name(values[0])}", _yes(values[0] in state.guardians))]
    if name == "set_keeper":
        return [(f"keeper {words.name(values[0])}", _yes(values[0] in state.keepers))]
    if name == "set_change_delay":
        return [("change delay", words.duration(state.change_delay))]
    if name == "set_heartbeat_timeout":
        return [("heartbeat timeout", words.duration(state.heartbeat_timeout))]
    wallet = state.registry.get(target)
    if wallet is None:
        return []
    if name == "set_budget":
        return list(_budget(words, values[1], wallet.budget(*values[:3])))
    if name == "set_wallet_limit":
        limit = wallet.wallet_limit(values[0])
        return [("most of all agents a day", words.amount(limit, values[0]))]
    if name == "set_max_balance":
        most = wallet.max_balance(values[0])
        return [("balance that refills may reach", words.amount(most, values[0]))]
    if name == "set_recipients":
        return [
            (f"recipient {words.name(who)}", _yes(who in wallet.recipients)) for who in values[0]
        ]
    if name == "set_payment_delay":
        return [("payment delay", words.duration(wallet.payment_delay))]
    return [("payment grace", words.duration(wallet.grace))]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _ends(at: int) -> str:
    # The last hour that the contract holds is how `off` is written there.
    return "never" if at >= (EXPIRY_HOURS_END - 1) * HOUR else f"{show_moment(at)} UTC"
