"""
A status of fifty wallets that people can still read.
"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bursar.cli.status import draw_status
from bursar.treasury.arranging import Order, OrderError, arrange, find_order
from bursar.treasury.status import (
    AgentStatus,
    HeartbeatStatus,
    Status,
    TokenStatus,
    WalletStatus,
)
from bursar.types import DAY, HOUR, ZERO_ADDRESS

WALLETS = 50


def wallet(number: int) -> WalletStatus:
    """
    The larger its number, the more it has, and the less it has spent; number 20 is stopped.
    """
    token = TokenStatus(
        symbol="USDC",
        address=ZERO_ADDRESS,
        decimals=6,
        balance=(1_000 + number) * 10**6,
        maximum=None,
        capacity=None,
        spent_today=(WALLETS - number) * 10**6,
        daily_limit=(100 if number != 30 else 20) * 10**6,
    )
    return WalletStatus(
        name=f"wallet-{(number * 7) % WALLETS:02}",
        address=ZERO_ADDRESS,
        sealed=True,
        stopped="stop 1, until unpaused" if number == 20 else "",
        active_agents=3,
        waiting_payments=0,
        tokens=(token,),
    )


def agent(name: str, number: int) -> AgentStatus:
    """
    Only the first agent of every tenth wallet has spent something.
    """
    spent = 5 * 10**6 if name == "a" and number % 10 == 0 else 0
    return AgentStatus(
        agent=f"{name}-{number}",
        address=ZERO_ADDRESS,
        wallet=wallet(number).name,
        token="USDC",
        decimals=6,
        category="",
        spent_today=spent,
        daily_limit=10**7,
        remaining_today=10**7 - spent,
        remaining_this_hour=10**7 - spent,
        utilisation=50.0 if spent else 0.0,
        more_from=20_001 * DAY if spent else None,
        day_resets_at=20_001 * DAY if spent else None,
        share_bps=10_000,
        rolling=False,
        expires_at=10**10,
        stopped="",
    )


def status() -> Status:
    """
    Fifty wallets of three agents each.
    """
    return Status(
        name="acme",
        chain_id=1,
        organisation=ZERO_ADDRESS,
        treasury=ZERO_ADDRESS,
        block=7,
        at=1_767_607_200,
        stopped="",
        heartbeat=HeartbeatStatus(last=0, timeout=None, lapses_at=None, lapsed=False),
        wallets=tuple(map(wallet, range(WALLETS))),
        agents=tuple(agent(name, number) for number in range(WALLETS) for name in "abc"),
    )


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (Order.CREATED, [0, 1, 2]),
        (Order.NAME, [0, 43, 36]),  # 7 times those is 0, 1 and 2 modulo 50
        (Order.BALANCE, [20, 0, 1]),  # what is stopped, then the poorest
        (Order.SPENT, [20, 0, 1]),
        (Order.USED, [20, 30, 0]),  # number 30 has spent all of its limit
    ],
)
def test_arrange__by_each_order__puts_what_one_looks_for_first(
    order: Order, first: list[int]
) -> None:
    """
    The first three of fifty.
    """
    found = arrange(status(), order, 3)
    assert [one.name for one in found.status.wallets] == [wallet(n).name for n in first]
    assert found.left_out == WALLETS - 3
    assert {one.wallet for one in found.status.agents} == {wallet(n).name for n in first}


def test_arrange__cut_off__still_sums_all() -> None:
    """
    Sums are of every wallet, shown or not.
    """
    (total,) = arrange(status(), Order.NAME, 1).sums
    assert total.balance == sum(1_000 + number for number in range(WALLETS)) * 10**6
    assert total.spent_today == sum(range(1, WALLETS + 1)) * 10**6


def test_order__unknown__names_those_there_are() -> None:
    """
    With a sentence.
    """
    with pytest.raises(OrderError, match="created, name, balance, spent, used"):
        find_order("size")


@pytest.mark.parametrize(("everything", "lines"), [(False, 5), (True, 150)])
def test_status__of_fifty_wallets__shows_those_agents_that_say_something(
    everything: bool, lines: int
) -> None:
    """
    T18: every wallet has a line, agents that have spent nothing are counted, and nothing is cut off
    at a hundred and fifty columns.
    """
    out = io.StringIO()
    overview = arrange(status(), Order.CREATED, None)
    Console(file=out, width=150).print(draw_status(overview, everything))
    shown = out.getvalue()

    assert sum(f"wallet-{n:02}" in shown for n in range(WALLETS)) == WALLETS
    budgets = shown.split("Budgets of the UTC day")[1]
    assert sum(f"{name}-{n} " in budgets for n in range(WALLETS) for name in "abc") == lines
    assert ("145 more agents have spent nothing" in shown) is not everything
    assert "…" not in shown


def test_status__of_a_rolling_budget__says_when_more_comes_back() -> None:
    """
    Not midnight, which the title says of all others.
    """
    rolling, plain = agent("a", 0), agent("b", 0)
    rolling = rolling.model_copy(update={"rolling": True, "more_from": 20_000 * DAY + 13 * HOUR})
    shown = []
    for lines in ((rolling, plain), (plain,)):
        out = io.StringIO()
        overview = arrange(status().model_copy(update={"agents": lines}), Order.CREATED, None)
        Console(file=out, width=150).print(draw_status(overview, True))
        shown.append(out.getvalue())

    assert "Budgets of the UTC day or the last 24 hours " in shown[0]
    assert shown[0].count("2024-10-04 13:00:00") == 1
    assert "Budgets of the UTC day " in shown[1]
    assert "more from" not in shown[1]
