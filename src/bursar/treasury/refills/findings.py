"""
Anomalies in words, and what could not be judged. Pure.
"""

from collections.abc import Iterable, Iterator

from bursar.alerts.usual import FEWEST_DAYS
from bursar.state import State
from bursar.treasury.anomalies import (
    NOTICES,
    Account,
    Anomaly,
    Period,
    Rule,
    has_enough_days,
)
from bursar.treasury.refills.evidence import Finding
from bursar.treasury.words import Words, show_day, show_moment


def build_findings(anomalies: Iterable[Anomaly], words: Words) -> tuple[Finding, ...]:
    """
    One for each anomaly, with its figures.
    """
    return tuple(
        Finding(
            rule=one.rule,
            alarm=one.rule not in NOTICES,
            at=one.at,
            wallet=words.name(one.wallet),
            agent=words.name(one.agent),
            text=_say(one, words),
        )
        for one in anomalies
    )


def _say(one: Anomaly, words: Words) -> str:
    agent, amount = words.name(one.agent), words.amount(one.amount, one.token)
    bound, day = words.amount(one.bound, one.token), show_day(one.at)
    times = f"{one.payments} payment{'s' if one.payments > 1 else ''}"
    match one.rule:
        case Rule.DAY:
            return f"{agent} spent {amount} on {day}; up to {bound} would be usual"
        case Rule.RECIPIENT:
            who = words.name(one.to) if one.to is not None else "several"
            return (
                f"{agent} paid {amount} in {times} to {who}, who never got anything from this "
                f"wallet before {show_moment(one.at)}"
            )
        case Rule.CLUSTER:
            return f"{agent} made {times} just below {bound}, from where they wait, on {day}"
        case Rule.NIGHT:
            return (
                f"{agent}, who rarely pays at night, made {times} of {amount} from "
                f"{show_moment(one.at)} on"
            )
        case Rule.UTILISATION:
            return f"{agent} used more than 80 % of a daily limit on {day}: {amount}"
        case Rule.UNDECLARED:
            return (
                f"{agent}: {times} of {amount} since {show_moment(one.at)} without a valid "
                "receipt: its key is used outside Bursar"
            )


def find_unjudged(
    state: State,
    accounts: dict[Account, int],
    period: Period,
    words: Words,
    *,
    receipts: bool,
) -> Iterator[str]:
    """
    What the rules could not look at, and why. `accounts` has when each agent got its first budget.
    """
    young = [
        f"{words.name(agent)} in {words.name(wallet)}"
        for (wallet, agent, _), since in accounts.items()
        if not has_enough_days(since, period) and state.registry[wallet].is_agent(agent)
    ]
    if young:
        names = ", ".join(dict.fromkeys(young))
        yield f"unusual days of {names}: known for fewer than {FEWEST_DAYS + 1} days"
    if not receipts:
        yield "undeclared spends: no receipt key was given (BURSAR_RECEIPT_KEY_FILE)"
