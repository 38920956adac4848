"""
What each agent did in the period: per budget its days, sums, recipients and busiest hour. Pure.

    spends + state + period → build_activity → Activity …
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from bursar.budgets import figures
from bursar.state import State
from bursar.treasury.anomalies import Account, Period
from bursar.treasury.refills.evidence import Activity
from bursar.treasury.spends import Key, Spend
from bursar.treasury.words import Words
from bursar.types import DAY, HOUR


def build_activity(
    spends: Iterable[Spend], state: State, words: Words, period: Period
) -> tuple[Activity, ...]:
    """
    One for each budget that is alive or was used; those who paid nothing are told as well.
    """
    paid: dict[Key, list[Spend]] = {key: [] for key in _living(state, period.end)}
    for spend in spends:
        if spend.at in period:
            key = spend.wallet, spend.agent, spend.token, spend.category
            paid.setdefault(key, []).append(spend)
    return tuple(_activity(key, own, state, words, period) for key, own in paid.items())


def _living(state: State, now: int) -> Iterable[Key]:
    for wallet in state.registry.values():
        for agent, lines in wallet.lines.items():
            for (token, category), line in lines.items():
                if line.is_alive(now) and wallet.is_agent(agent):
                    yield wallet.address, agent, token, category


def _activity(
    key: Key, own: Sequence[Spend], state: State, words: Words, period: Period
) -> Activity:
    wallet, agent, token, category = key
    symbol, decimals = words.book.symbol_of(token)
    days, hours = _sums(own, DAY), _sums(own, HOUR)
    busiest = max(hours, key=lambda hour: (hours[hour], -hour), default=None)
    return Activity(
        wallet=words.name(wallet),
        agent=words.name(agent),
        address=agent,
        token=symbol,
        decimals=decimals,
        category=words.category(category),
        daily_limit=figures(state.registry[wallet].line(agent, token, category)).daily,
        days=tuple(days.get(day, 0) for day in period.days()),
        total=sum(days.values()),
        payments=len(own),
        largest=max((one.amount for one in own), default=0),
        recipients=len({one.to for one in own}),
        busiest_hour=None if busiest is None else busiest * HOUR,
        busiest_hour_total=0 if busiest is None else hours[busiest],
    )


def _sums(own: Iterable[Spend], seconds: int) -> dict[int, int]:
    sums: dict[int, int] = defaultdict(int)
    for spend in own:
        sums[spend.at // seconds] += spend.amount
    return sums


def daily_limits(state: State, now: int) -> dict[Account, int]:
    """
    What each agent may spend of a token in a day, over all of its categories, in base units.
    """
    limits: dict[Account, int] = defaultdict(int)
    for wallet, agent, token, category in _living(state, now):
        line = state.registry[wallet].line(agent, token, category)
        limits[wallet, agent, token] += figures(line).daily
    return limits
