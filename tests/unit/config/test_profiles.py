"""
Profiles: what a budget gets that leaves figures out, and between which bounds it has to stay.
"""

from decimal import Decimal

import pytest

from bursar.budgets import Budget
from bursar.config import PROFILES, Token
from bursar.types import MAX_PAYMENTS_PER_DAY, MAX_UINT256
from tests.unit.config.support import (
    SMALL,
    address,
    budget_of,
    load,
    only_problem,
    problems_of,
    replaced,
)

MILLION = 10**6
USDC = Token(symbol="USDC", address=address("usdc"), decimals=6)
DAI = Token(symbol="DAI", address=address("dai"), decimals=18)


def of_profile(profile: str, figures: str = "", own: str = "") -> str:
    """
    The small file with a budget of that profile; `own` are the file's profiles.
    """
    more = f", {figures}" if figures else ""
    text = budget_of(f"profile: {profile}{more}")
    return text + (f"profiles: {own}\n" if own else "")


def budget(text: str) -> Budget:
    """
    The only budget of a text.
    """
    return load(text).wallets[0].budgets[0].budget


# Treasury controls (Q1, Q6, Q7)


def test_treasury_controls__nothing_given__50_a_day_and_25_waits() -> None:
    """Q1: 50 USDC when none is given; Q6: at 25 a payment waits."""
    found = budget(of_profile("treasury-controls"))
    assert (found.per_payment, found.hourly, found.daily) == (50 * MILLION,) * 3
    assert found.queue_from == 25 * MILLION


@pytest.mark.parametrize(
    ("daily", "is_fine"),
    [("0", False), ("0.999999", False), ("1", True), ("500", True), ("500.000001", False)],
)
def test_treasury_controls__daily__is_1_to_500(daily: str, is_fine: bool) -> None:
    """Q1: at each bound, and one beyond."""
    problems = problems_of(of_profile("treasury-controls", f"daily: {daily}"))
    assert bool(problems) is not is_fine
    if problems:
        assert problems[0].message == "daily is outside the bounds of profile treasury-controls"
        assert "1 to 500" in problems[0].fix
        assert problems[0].line == 10


def test_treasury_controls__below_25_a_day__nothing_waits() -> None:
    """A default is no contradiction."""
    assert budget(of_profile("treasury-controls", "daily: 10")).queue_from == MAX_UINT256


def test_treasury_controls__another_token__is_refused() -> None:
    """50 ether are not 50 USDC."""
    text = SMALL.replace("{USDC: {daily: 1000", "{NATIVE: {daily: 1000")
    problem = only_problem(budget_of("profile: treasury-controls, daily: 50", text))
    assert problem.message == "profile treasury-controls is for USDC only"
    assert problem.fix == "use USDC, or another profile"


def test_treasury_controls__of_the_wallet__holds_for_its_budgets_and_its_delay() -> None:
    """Q7: ten minutes; a budget may choose another profile."""
    text = replaced(SMALL, "    tokens:", "    profile: treasury-controls\n    tokens:")
    wallet = load(text).wallets[0]
    assert wallet.payment_delay == 600
    assert wallet.budgets[0].profile.name == "treasury-controls"
    assert problems_of(budget_of("daily: 501", text))
    assert budget(budget_of("profile: payments, daily: 501", text)).daily == 501 * MILLION


# Payments and trading


def test_payments__nothing_given__50_usdc_a_day() -> None:
    """The default daily limit, when none is given."""
    assert budget(of_profile("payments")).daily == 50 * MILLION
    assert budget(of_profile("payments", "daily: 1_000_000")).daily == 10**12


def test_payments__in_another_token__has_to_say_how_much() -> None:
    """The default is in USDC."""
    text = SMALL.replace("{USDC: {daily: 1000", "{NATIVE: {daily: 1000")
    problem = only_problem(replaced(text, "bot, daily: 50", "bot"))
    assert problem.key == "wallets.operations.budgets[0].daily"
    assert problem.message == "missing: profile payments has no default for NATIVE"
    assert budget(text).daily == 50 * 10**18


def test_trading__counts_orders_and_nothing_else() -> None:
    """R7: 50 orders a day, at most 500; R12: no cap per order or hour."""
    found = budget(of_profile("trading", "daily: 10_000"))
    assert found.max_payments == 50
    assert (found.per_payment, found.hourly) == (found.daily, found.daily)
    assert only_problem(of_profile("trading")).key.endswith("daily")


def test_trading__in_another_token__counts_orders_too() -> None:
    """A number of payments has no token."""
    text = SMALL.replace("{USDC: {daily: 1000", "{NATIVE: {daily: 1000")
    assert budget(budget_of("profile: trading, daily: 50", text)).max_payments == 50
    problem = only_problem(budget_of("profile: trading, daily: 50, max_payments: 501", text))
    assert problem.key.endswith("max_payments")


@pytest.mark.parametrize(("count", "is_fine"), [("500", True), ("501", False), ("off", False)])
def test_trading__max_payments__is_at_most_500(count: str, is_fine: bool) -> None:
    """R7: off is more than any number."""
    problems = problems_of(of_profile("trading", f"daily: 50, max_payments: {count}"))
    assert bool(problems) is not is_fine
    assert all(p.found == count for p in problems)


# The file's own


OWN = (
    "{tight: {payment_delay: 1h, daily: {default: 20, max: 40}, hourly: {default: 10},"
    " per_payment: {default: 5, min: 1, max: 8}, queue_from: {default: 4, max: 8},"
    " max_payments: {default: 7, min: 5}}}"
)


def test_own_profile__nothing_given__has_its_defaults() -> None:
    """Every figure can have one."""
    found = budget(of_profile("tight", own=OWN))
    assert (found.daily, found.hourly, found.per_payment) == (
        20 * MILLION,
        10 * MILLION,
        5 * MILLION,
    )
    assert (found.queue_from, found.max_payments) == (4 * MILLION, 7)


def test_own_profile__a_default_above_what_is_given__gives_way() -> None:
    """Only figures that somebody wrote can contradict each other."""
    found = budget(of_profile("tight", "daily: 3", own=OWN))
    assert (found.daily, found.hourly, found.per_payment) == (3 * MILLION,) * 3


@pytest.mark.parametrize(
    ("figures", "key"),
    [
        ("per_payment: 0.5", "per_payment"),
        ("per_payment: 8.5", "per_payment"),
        ("per_payment: off", "per_payment"),
        ("queue_from: off", "queue_from"),
        ("max_payments: 4", "max_payments"),
        ("daily: 41", "daily"),
    ],
)
def test_own_profile__a_figure_outside_its_bounds__is_refused(figures: str, key: str) -> None:
    """Off is what the next longer limit lets through."""
    assert only_problem(of_profile("tight", figures, own=OWN)).key.endswith(key)


def test_own_profile__of_the_wallet__sets_its_payment_delay() -> None:
    """Unless the wallet says otherwise."""
    text = replaced(SMALL, "    tokens:", "    profile: tight\n    tokens:") + f"profiles: {OWN}\n"
    assert load(text.replace("daily: 50", "daily: 20")).wallets[0].payment_delay == 3_600


def test_own_profile__with_least_and_most_alike__fixes_the_figure() -> None:
    """At its bounds on both sides, as a default too."""
    fixed = "{fixed: {daily: {default: 20, min: 20, max: 20}}}"
    assert budget(of_profile("fixed", own=fixed)).daily == 20 * MILLION


def test_own_profile__with_a_built_in_name__is_refused() -> None:
    """What everybody knows keeps its meaning."""
    assert (
        only_problem(of_profile("payments", own="{payments: {}}")).message == "payments is built in"
    )


# For changes at run time


def test_bounds__of_the_profiles_token__are_in_base_units() -> None:
    """Whoever changes a limit later asks the profile first."""
    bounds = PROFILES["treasury-controls"].bounds("daily", USDC)
    assert bounds == (50 * MILLION, MILLION, 500 * MILLION)
    assert bounds.allows(MILLION)
    assert bounds.allows(500 * MILLION)
    assert not bounds.allows(MILLION - 1)
    assert not bounds.allows(500 * MILLION + 1)


def test_bounds__that_the_profile_leaves_open__are_the_contracts() -> None:
    """Nothing is unlimited; a count is 1 to 16,383."""
    trading = PROFILES["trading"]
    assert trading.bounds("daily", USDC) == (None, 0, MAX_UINT256)
    assert trading.bounds("max_payments", DAI) == (50, 1, 500)
    assert PROFILES["payments"].bounds("max_payments", USDC) == (None, 1, MAX_PAYMENTS_PER_DAY)
    assert PROFILES["payments"].bounds("daily", DAI) == (None, 0, MAX_UINT256)


def test_profiles__built_in__are_as_the_requirements_have_them() -> None:
    """Q1, Q6 and R7 in whole tokens."""
    controls = PROFILES["treasury-controls"]
    assert (controls.token, controls.payment_delay) == ("USDC", 600)
    daily = controls.daily
    assert (daily.default, daily.minimum, daily.maximum) == (Decimal(50), Decimal(1), Decimal(500))
    assert controls.queue_from.default == Decimal(25)
    assert set(PROFILES) == {"payments", "treasury-controls", "trading"}
