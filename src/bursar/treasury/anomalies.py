"""
What is unusual about what was spent: rules with figures that are written down. Pure.

    spends + limits + period → find_anomalies → Anomaly …

Rule                    | finds
------------------------|-------------------------------------------------------------------------
day_above_usual         | an agent's UTC day of a token above the median of its other days (28 at
                        | most, 4 at least) by more than 5 spreads. The spread is the largest of
                        | 1.4826 MAD, a tenth of the median and a twentieth of the daily limit.
new_recipient           | somebody whom the wallet first paid in the period and who is not on its
                        | list got at least a quarter of the agent's daily limit, from an agent
                        | that had been paying others for two days.
clustered_below_queue   | three payments or more in a UTC day within the last tenth below
                        | `queue_from`, where they would have waited.
night_activity          | three payments or more in a night (22:00 to 06:00 UTC) by an agent that
                        | had made ten or more before, at most one in twenty of them at night.
budget_utilisation      | more than 80 % of a budget's daily limit in a UTC day. Only a notice.
undeclared_spend        | a payment without a receipt that the receipt keys vouch for.

Figures are integers in base units: medians are the upper of two, divisions round down.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from bursar.alerts.usual import FEWEST_DAYS, MOST_DAYS, usual_bound
from bursar.treasury.spends import Spend
from bursar.types import DAY, HOUR, MAX_UINT256, Address

# A stranger's first invoice is rarely a quarter of what an agent may spend in a day.
NEW_RECIPIENT_PART: Final = 4
KNOWN_FOR: Final = 2 * DAY
# Twice may be chance.
CLUSTER: Final = 3
CLUSTER_FROM_PERCENT: Final = 90
NIGHT_BEGINS: Final = 22 * HOUR
NIGHT_ENDS: Final = 6 * HOUR
NIGHT_PAYMENTS: Final = 3
NIGHT_KNOWN: Final = 10
NIGHT_SHARE: Final = 20
UTILISATION_PERCENT: Final = 80

Account: TypeAlias = tuple[Address, Address, Address]
"""Wallet, agent and token."""


class Rule(StrEnum):
    """
    The rules' stable ids.
    """

    DAY = "day_above_usual"
    RECIPIENT = "new_recipient"
    CLUSTER = "clustered_below_queue"
    NIGHT = "night_activity"
    UTILISATION = "budget_utilisation"
    UNDECLARED = "undeclared_spend"


NOTICES: Final = frozenset({Rule.UTILISATION})
"""What deserves a look and is no alarm."""


class Period(NamedTuple):
    """
    From `first` until before `end`, Unix seconds. `first` is a midnight of UTC.
    """

    first: int
    end: int

    def __contains__(self, at: object) -> bool:
        return isinstance(at, int) and self.first <= at < self.end

    def days(self) -> range:
        """
        The numbers of its UTC days, the last of which may not be over.
        """
        return range(self.first // DAY, (self.end - 1) // DAY + 1)


class Anomaly(NamedTuple):
    """
    What a rule found. `amount` is what was spent, `bound` what the rule allows (both base units),
    `payments` how many they were, `at` when it began, `to` the one recipient if it is about one.
    """

    rule: Rule
    wallet: Address
    agent: Address
    token: Address
    at: int
    amount: int
    bound: int
    payments: int
    to: Address | None = None


class Surroundings(NamedTuple):
    """
    What the spends alone do not tell. `limits` are the present daily limits of all of an agent's
    budgets of a token, `since` when it got its first; `listed` tells whether a wallet's list has a
    recipient, `declared` whether a receipt is good, None where nobody can tell.
    """

    limits: Mapping[Account, int]
    since: Mapping[Account, int]
    listed: Callable[[Address, Address], bool]
    declared: Callable[[Spend], bool] | None = None


def find_anomalies(spends: Sequence[Spend], around: Surroundings, period: Period) -> list[Anomaly]:
    """
    Everything unusual in the period, by time. `spends` is the whole history.
    """
    accounts: dict[Account, list[Spend]] = defaultdict(list)
    for spend in spends:
        if spend.at < period.end:
            accounts[spend.wallet, spend.agent, spend.token].append(spend)
    first_paid = _first_paid(spends)
    found: list[Anomaly] = []
    for account, own in accounts.items():
        limit = around.limits.get(account, 0)
        since = around.since.get(account, own[0].at)
        found += check_days(account, own, limit, since, period)
        found += _check_recipients(own, limit, first_paid, around.listed, period)
        found += _check_clusters(own, period)
        found += _check_nights(own, period)
        found += _check_utilisation(own, period)
        found += _check_declared(own, around.declared, period)
    return sorted(found, key=lambda one: (one.at, one.rule, one.wallet, one.agent))


def has_enough_days(since: int, period: Period) -> bool:
    """
    Whether an agent is known for long enough that its days can be compared.
    """
    return (period.end - 1) // DAY - since // DAY > FEWEST_DAYS


def check_days(
    account: Account, own: Sequence[Spend], limit: int, since: int, period: Period
) -> list[Anomaly]:
    """
    Days of the period on which the agent spent far more than on its other days.
    """
    days = list(period.days())
    oldest = max(since // DAY, days[-1] - MOST_DAYS)
    by_day: dict[int, list[Spend]] = defaultdict(list)
    for spend in own:
        by_day[spend.at // DAY].append(spend)
    sums = {day: _sum(by_day.get(day, ())) for day in range(oldest, days[-1] + 1)}
    found = []
    for day in days:
        # A day that is not over is judged, but says nothing about how much a day usually is.
        others = [amount for other, amount in sums.items() if other not in (day, days[-1])]
        if day not in sums or len(others) < FEWEST_DAYS:
            continue
        bound = usual_bound(others, limit)
        if sums[day] > bound:
            found.append(_of(Rule.DAY, by_day[day], bound))
    return found


def _first_paid(spends: Iterable[Spend]) -> dict[tuple[Address, Address], int]:
    first: dict[tuple[Address, Address], int] = {}
    for spend in spends:
        first.setdefault((spend.wallet, spend.to), spend.at)
    return first


def _check_recipients(
    own: Sequence[Spend],
    limit: int,
    first_paid: Mapping[tuple[Address, Address], int],
    listed: Callable[[Address, Address], bool],
    period: Period,
) -> list[Anomaly]:
    by_recipient: dict[Address, list[Spend]] = defaultdict(list)
    for spend in own:
        if spend.at in period:
            by_recipient[spend.to].append(spend)
    bound = limit // NEW_RECIPIENT_PART
    return [
        _of(Rule.RECIPIENT, paid, bound)._replace(to=to)
        for to, paid in by_recipient.items()
        if (first := first_paid[paid[0].wallet, to]) in period
        and first - own[0].at >= KNOWN_FOR
        and _sum(paid) >= bound
        and not listed(paid[0].wallet, to)
    ]


def _check_clusters(own: Sequence[Spend], period: Period) -> list[Anomaly]:
    by_day: dict[int, list[Spend]] = defaultdict(list)
    for spend in own:
        below = CLUSTER_FROM_PERCENT * spend.queue_from <= 100 * spend.amount
        if spend.at in period and not spend.waited and spend.queue_from != MAX_UINT256 and below:
            by_day[spend.at // DAY].append(spend)
    return [
        _of(Rule.CLUSTER, paid, min(one.queue_from for one in paid))
        for paid in by_day.values()
        if len(paid) >= CLUSTER
    ]


def is_night(at: int) -> bool:
    """
    From 22:00 to 06:00 UTC.
    """
    return at % DAY >= NIGHT_BEGINS or at % DAY < NIGHT_ENDS


def _check_nights(own: Sequence[Spend], period: Period) -> list[Anomaly]:
    """
    A night counts with the day on which it ends.
    """
    nights: dict[int, list[Spend]] = defaultdict(list)
    for spend in own:
        if spend.at in period and is_night(spend.at):
            nights[(spend.at + DAY - NIGHT_BEGINS) // DAY].append(spend)
    found = []
    for paid in nights.values():
        before = [one for one in own if paid[0].at - MOST_DAYS * DAY <= one.at < paid[0].at]
        rare = sum(is_night(one.at) for one in before) * NIGHT_SHARE <= len(before)
        if len(paid) >= NIGHT_PAYMENTS and len(before) >= NIGHT_KNOWN and rare:
            found.append(_of(Rule.NIGHT, paid, 0))
    return found


def _check_utilisation(own: Sequence[Spend], period: Period) -> list[Anomaly]:
    by_budget: dict[tuple[int, bytes], list[Spend]] = defaultdict(list)
    for spend in own:
        if spend.at in period:
            by_budget[spend.at // DAY, spend.category].append(spend)
    found = []
    for paid in by_budget.values():
        bound = max(one.daily for one in paid) * UTILISATION_PERCENT // 100
        if _sum(paid) > bound:
            found.append(_of(Rule.UTILISATION, paid, bound))
    return found


def _check_declared(
    own: Sequence[Spend], declared: Callable[[Spend], bool] | None, period: Period
) -> list[Anomaly]:
    """
    One for all of an agent's: where the SDK is not used at all, every payment would be one.
    """
    if declared is None:
        return []
    without = [one for one in own if one.at in period and not declared(one)]
    return [_of(Rule.UNDECLARED, without, 0)] if without else []


def _of(rule: Rule, paid: Sequence[Spend], bound: int) -> Anomaly:
    first = paid[0]
    recipients = {one.to for one in paid}
    return Anomaly(
        rule=rule,
        wallet=first.wallet,
        agent=first.agent,
        token=first.token,
        at=first.at,
        amount=_sum(paid),
        bound=bound,
        payments=len(paid),
        to=first.to if len(recipients) == 1 else None,
    )


def _sum(paid: Iterable[Spend]) -> int:
    return sum(one.amount for one in paid)
