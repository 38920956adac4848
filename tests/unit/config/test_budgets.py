"""
Budgets: defaults, contradictions, and what the contract would refuse.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.budgets import Budget, BudgetLine, changed_budget, check_figures
from bursar.budgets import figures as figures_of
from bursar.config import ConfigError, format_amount, read_treasury
from bursar.config.figures import LAST_EXPIRY
from bursar.reasons import Reason
from bursar.types import (
    ALL_BPS,
    EMPTY,
    MAX_BUDGETS_PER_AGENT,
    MAX_LIMIT,
    MAX_PAYMENTS_PER_DAY,
    MAX_UINT256,
    UNITS_END,
)
from tests.unit.config.support import SMALL, budget_of, load, only_problem, problems_of, replaced

MILLION = 10**6
IN_NATIVE = SMALL.replace("{USDC: {daily: 1000", "{NATIVE: {daily: 1000")


def stored(figures: str, text: str = SMALL) -> Budget:
    """
    The budget that these figures make.
    """
    budgets = load(budget_of(figures, text)).wallets[0].budgets
    assert len(budgets) == 1
    return budgets[0].budget


# What is not given


def test_budget__daily_alone__limits_hour_and_payment_as_much() -> None:
    """Decision 15, and the same for a payment; nothing waits, nothing is counted, nothing ends."""
    budget = stored("daily: 50")
    assert (budget.per_payment, budget.hourly, budget.daily) == (50 * MILLION,) * 3
    assert (budget.queue_from, budget.max_payments) == (MAX_UINT256, MAX_PAYMENTS_PER_DAY)
    assert (budget.share_bps, budget.rolling, budget.allowlist_only) == (ALL_BPS, False, False)


def test_budget__hourly_given__limits_a_payment_too() -> None:
    """A limit per payment not given equals the hourly one."""
    budget = stored("daily: 50, hourly: 20")
    assert (budget.per_payment, budget.hourly) == (20 * MILLION, 20 * MILLION)


def test_budget__off__is_the_next_limit_or_the_maximum() -> None:
    """Off is never zero."""
    off = "per_payment: off, hourly: none, queue_from: off, max_payments: none, expires: off"
    assert stored(f"daily: 50, {off}") == stored("daily: 50")


def test_budget__zero__is_zero() -> None:
    """Nothing may be spent, or everything waits."""
    budget = stored("daily: 0")
    assert (budget.per_payment, budget.hourly, budget.daily) == (0, 0, 0)
    assert stored("daily: 50, queue_from: 0").queue_from == 0
    budget = stored("daily: 50, per_payment: 0")
    assert (budget.per_payment, budget.hourly) == (0, 50 * MILLION)


def test_budget__queue_from_above_per_payment__is_stored_as_none() -> None:
    """As the contract reads it back, so that a plan finds no difference."""
    assert stored("daily: 50, queue_from: 50").queue_from == 50 * MILLION
    assert stored("daily: 50, queue_from: 50.000001").queue_from == MAX_UINT256


def test_budget__in_a_wallet_of_two_tokens__names_its_token() -> None:
    """What is not clear is not guessed."""
    both = "{USDC: {daily: 1, max_balance: 1}, NATIVE: {daily: 1, max_balance: 1}}"
    text = replaced(SMALL, "{USDC: {daily: 1000, max_balance: 5000}}", both)
    problem = only_problem(text)
    assert problem.fix == "add token: one of USDC, NATIVE"
    assert stored("token: NATIVE, daily: 1", text).daily == 10**18


# Contradictions


@pytest.mark.parametrize(
    ("figures", "keys"),
    [
        ("daily: 50, hourly: 50, per_payment: 50", []),
        ("daily: 50, hourly: 50.000001", ["hourly"]),
        ("daily: 50, hourly: 20, per_payment: 20.000001", ["per_payment"]),
        ("daily: 50, per_payment: 51", ["per_payment"]),
        ("daily: 50, hourly: off, per_payment: 51", ["per_payment"]),
        ("daily: 10, hourly: 20, per_payment: 30", ["hourly", "per_payment"]),
        ("per_payment: 51", ["per_payment"]),
    ],
)
def test_budget__payment_above_hour_or_hour_above_day__is_refused(
    figures: str, keys: list[str]
) -> None:
    """T16: contradictory figures are refused, each where it stands."""
    found = [p.key.rpartition(".")[2] for p in problems_of(budget_of(figures))]
    assert found == keys


@pytest.mark.parametrize(
    ("figures", "message", "fix"),
    [
        ("daily: 50, per_payment: 51", "hourly, 50 (as daily)", "50 or less, or raise daily"),
        ("per_payment: 51", "50 (the default of profile payments)", "or write daily"),
        ("daily: 50, hourly: 20, per_payment: 51", "hourly, 20", "or raise hourly"),
    ],
)
def test_contradiction__with_a_figure_not_given__tells_where_it_comes_from(
    figures: str, message: str, fix: str
) -> None:
    """Who wrote one figure finds the other."""
    problem = only_problem(budget_of(figures))
    assert message in problem.message
    assert fix in problem.fix


def test_budget__allowlist_without_recipients__is_refused() -> None:
    """It could pay nobody."""
    problem = only_problem(budget_of("daily: 50, allowlist_only: true"))
    assert problem.fix == "add recipients to wallet operations, or remove allowlist_only"
    text = SMALL.replace("    budgets:", "    recipients: [bot]\n    budgets:")
    assert stored("daily: 50, allowlist_only: true", text).allowlist_only


# Each budget once, and no more than fit


@pytest.mark.parametrize(
    ("second", "is_fine"),
    [
        ("{agent: bot, daily: 1}", False),
        ("{agent: bot, token: USDC, daily: 1}", False),
        ("{agent: bot, category: refund, daily: 1}", True),
    ],
)
def test_budgets__of_one_agent_token_and_category__are_refused(second: str, is_fine: bool) -> None:
    """The second would replace the first."""
    text = SMALL + f"      - {second}\ncategories: [refund]\n"
    problems = problems_of(text)
    assert bool(problems) is not is_fine
    if problems:
        assert "the one on line 10" in problems[0].fix


@pytest.mark.parametrize("count", [MAX_BUDGETS_PER_AGENT, MAX_BUDGETS_PER_AGENT + 1])
def test_budgets__more_than_an_agent_can_have__are_refused(count: int) -> None:
    """Sixteen in a wallet."""
    names = [f"c{number}" for number in range(count)]
    lines = [f"      - {{agent: bot, category: {name}, daily: 1}}\n" for name in names[1:]]
    problems = problems_of(SMALL + "".join(lines) + f"categories: [{', '.join(names)}]\n")
    assert [p.found for p in problems] == ([] if count == 16 else ["17 of bot"])


def test_category__not_given__is_the_empty_one() -> None:
    """For payments that name none; the others are padded on the right."""
    text = SMALL + "      - {agent: bot, category: refund, daily: 1}\ncategories: [refund]\n"
    first, second = load(text).wallets[0].budgets
    assert (first.category.name, first.category.value) == ("", EMPTY)
    assert second.category.value == b"refund" + bytes(26)


def test_categories__the_same_twice__are_refused() -> None:
    """A line that does nothing is a mistake."""
    assert only_problem(SMALL + "categories: [refund, refund]\n").key == "categories[1]"


# What the contract would refuse


@pytest.mark.parametrize(
    ("daily", "fine"),
    [
        # Nine digits of six decimals: from 1073.741823 on the last one goes.
        ("1073.741822", True),
        ("1073.741823", False),
        ("1073.74183", True),
        ("10000000", True),
        ("10000000.01", True),
        ("10000000.001", False),
    ],
)
def test_daily__finer_than_its_unit__is_refused(daily: str, fine: bool) -> None:
    """The contract's own rule, with the figures on either side of it."""
    problems = problems_of(budget_of(f"daily: {daily}"))
    assert [p.found for p in problems] == ([] if fine else [daily])
    if daily == "1073.741823":
        assert problems[0].fix == "write daily: 1073.74182 or 1073.74183"


def test_figures__finer_than_the_unit_of_their_day__are_refused_each() -> None:
    """A large day makes its hour, its payments and its queue coarse too."""
    figures = "daily: 1000000, hourly: 0.0001, per_payment: 0.00005, queue_from: 0.00002"
    found = [p.key.rpartition(".")[2] for p in problems_of(budget_of(figures))]
    assert found == ["hourly", "per_payment", "queue_from"]


def test_figures__finer_than_the_unit_by_a_profiles_default__are_refused_too() -> None:
    """No budget is lost without a word."""
    text = budget_of("profile: own, daily: 1000000")
    text += "profiles: {own: {hourly: {default: 0.0001}, queue_from: {default: 0.00005}}}\n"
    problems = problems_of(text)
    assert [p.fix.split(":")[0] for p in problems] == ["write hourly", "write queue_from"]
    assert {p.line for p in problems} == {10}


@pytest.mark.parametrize("digits", [UNITS_END * 10**31 - 10**31, UNITS_END * 10**31])
def test_daily__larger_than_a_budget_holds__is_refused(digits: int) -> None:
    """At the end of what fits, and one unit above."""
    problems = problems_of(budget_of(f"daily: {format_amount(digits, 18)}", IN_NATIVE))
    assert bool(problems) is (digits == UNITS_END * 10**31)
    if problems:
        assert problems[0].message.startswith("the contract refuses it: `daily` is below")


@st.composite
def amounts(draw: st.DrawFn) -> list[int]:
    """
    Per payment, hourly and daily, mostly in that order and often not too fine.
    """
    unit = 10 ** draw(st.integers(0, 12))
    found = [draw(st.integers(0, 2**31)) * unit for _ in range(3)]
    return sorted(found) if draw(st.integers(0, 4)) else found


@settings(deadline=None)
@given(amounts(), st.one_of(st.none(), st.integers(0, 2**45)))
def test_budget__any_figures__are_accepted_exactly_when_the_contract_does(
    limits: list[int], queue_from: int | None
) -> None:
    """The reference stores every budget that is read as it was read, and refuses every other."""
    per_payment, hourly, daily = limits
    budget = Budget(
        per_payment=per_payment,
        hourly=hourly,
        daily=daily,
        queue_from=MAX_UINT256 if queue_from is None else queue_from,
        max_payments=MAX_PAYMENTS_PER_DAY,
        expires_at=LAST_EXPIRY,
        share_bps=ALL_BPS,
        rolling=False,
        allowlist_only=False,
    )
    queue = "off" if queue_from is None else format_amount(queue_from, 6)
    shown = [format_amount(limit, 6) for limit in limits]
    text = "per_payment: {}, hourly: {}, daily: {}".format(*shown)
    try:
        found = read_treasury(budget_of(f"{text}, queue_from: {queue}"))
    except ConfigError:
        assert check_figures(budget) or isinstance(changed_budget(None, budget, 0), Reason)
        return
    assert check_figures(budget) is None
    line = changed_budget(None, budget, 0)
    assert isinstance(line, BudgetLine)
    assert found.wallets[0].budgets[0].budget == figures_of(line)


# The wallet's own figures


@pytest.mark.parametrize(("limit", "is_fine"), [(MAX_LIMIT, True), (MAX_LIMIT + 1, False)])
def test_wallet_limit__above_what_the_contract_holds__is_refused(limit: int, is_fine: bool) -> None:
    """112 bits."""
    text = replaced(SMALL, "{daily: 1000,", f"{{daily: {format_amount(limit, 6)},")
    problems = problems_of(text)
    assert bool(problems) is not is_fine
    if problems:
        assert problems[0].message == "the contract refuses it: above 2^112 - 1 base units"


def test_wallet_figures__off__are_the_maximum_and_zero_is_zero() -> None:
    """Off is what the contract can hold; a limit of 0 disables the token."""
    text = replaced(SMALL, "daily: 1000, max_balance: 5000", "daily: off, max_balance: none")
    held = load(text).wallets[0].tokens[0]
    assert (held.daily, held.max_balance, held.refill_to) == (MAX_LIMIT, MAX_UINT256, 0)
    text = replaced(SMALL, "daily: 1000, max_balance: 5000", "daily: 0, max_balance: 0")
    held = load(text).wallets[0].tokens[0]
    assert (held.daily, held.max_balance) == (0, 0)


def test_wallet__without_tokens__is_refused() -> None:
    """It would be of no use."""
    text = replaced(SMALL, "{USDC: {daily: 1000, max_balance: 5000}}", "{}")
    assert only_problem(text).key == "wallets.operations.tokens"
