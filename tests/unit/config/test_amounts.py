"""
Amounts as people write them, and as contracts take them.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.config import format_amount, parse_amount, to_base_units
from bursar.config.amounts import OFF, or_off, parse_count, parse_flag, parse_max_payments
from bursar.config.problems import WrongError
from bursar.types import MAX_UINT256
from tests.unit.config.support import budget_of, load, problems_of


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("0", 6, 0),
        ("0.1", 18, 10**17),
        ("10.00", 6, 10_000_000),
        ("10.0000000", 6, 10_000_000),
        ("5_000_000", 6, 5 * 10**12),
        ("1_000.5", 2, 100_050),
        ("7", 0, 7),
        ("0.000001", 6, 1),
        ("999999999999999999999999999999.999999", 6, 10**36 - 1),
        (str(MAX_UINT256), 0, MAX_UINT256),
    ],
)
def test_amount__as_written__is_exact(text: str, decimals: int, units: int) -> None:
    """Every digit counts, however many there are; zeros at the end do not."""
    assert to_base_units(parse_amount(text), decimals) == units


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("", "write whole tokens"),
        ("-1", "nothing is 0"),
        ("+1", "write 1"),
        ("1e3", "write 1000"),
        ("1E999999", "write whole tokens"),
        (".5", "write 0.5"),
        ("5.", "write 5"),
        ("010", "write 10"),
        ("0x10", "write whole tokens"),
        ("1,000", "write 1000"),
        ("1,000,000.50", "write 1000000.50"),
        ("1,5", "write whole tokens"),
        ("1_00", "write 100"),
        ("1__000", "write 1000"),
        ("1.000.000", "write whole tokens"),
        ("10 USDC", "write 10"),
        ("$10", "write 10"),
        ("10k", "write 10000"),
        ("2M", "write 2000000"),
        (" 10", "write 10"),
        ("ten", "write whole tokens"),
        ("NaN", "write whole tokens"),
        ("Infinity", "write whole tokens"),
        ("\u0663", "write 3"),
        ("off", "write an amount"),
        ("1" * 101, "at most 100 characters"),
    ],
)
def test_amount__anything_else__is_refused_with_a_way_to_write_it(text: str, fix: str) -> None:
    """What readers could take for different amounts is refused, and the likely one is offered."""
    with pytest.raises(WrongError) as caught:
        parse_amount(text)
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("text", "decimals", "fix"),
    [("0.0000001", 6, "write 0"), ("1.2345678", 6, "write 1.234567"), ("0.5", 0, "write 0")],
)
def test_amount__more_decimals_than_the_token__is_refused(
    text: str, decimals: int, fix: str
) -> None:
    """Nothing is rounded in silence."""
    with pytest.raises(WrongError) as caught:
        to_base_units(parse_amount(text), decimals)
    assert f"the token has {decimals}" in caught.value.message
    assert caught.value.fix == fix


def test_amount__one_more_than_256_bits_hold__is_refused() -> None:
    """The nearest neighbour above the largest amount."""
    with pytest.raises(WrongError, match="256 bits"):
        to_base_units(Decimal(MAX_UINT256 + 1), 0)


@given(st.integers(0, MAX_UINT256), st.integers(0, 77))
def test_amount__formatted_and_read_again__is_the_same(units: int, decimals: int) -> None:
    """Formatting loses nothing."""
    assert to_base_units(parse_amount(format_amount(units, decimals)), decimals) == units


def test_amount__a_yaml_float__is_read_as_it_is_written() -> None:
    """0.1 stays a tenth, and sixteen digits stay sixteen digits."""
    figures = "token: NATIVE, daily: 9007199254740993.1, hourly: 0.1, per_payment: 0.1"
    text = budget_of("token: NATIVE, daily: 0.300000001, hourly: 0.1").replace(
        "{USDC: {daily: 1000", "{NATIVE: {daily: 1000"
    )
    budget = load(text).wallets[0].budgets[0].budget
    assert (budget.daily, budget.hourly) == (300_000_001 * 10**9, 10**17)
    large = budget_of(figures).replace("{USDC: {daily: 1000", "{NATIVE: {daily: 1000")
    assert problems_of(large)[0].found == "9007199254740993.1"


@pytest.mark.parametrize("text", ["true", "false"])
def test_flag__true_and_false__are_read(text: str) -> None:
    """The two words."""
    assert parse_flag(text) is (text == "true")


@pytest.mark.parametrize(
    ("text", "fix"), [("yes", "write true"), ("Off", "write false"), ("2", "true or false")]
)
def test_flag__other_words__are_refused(text: str, fix: str) -> None:
    """YAML has 22 spellings of two values; one each is enough."""
    with pytest.raises(WrongError) as caught:
        parse_flag(text)
    assert fix in caught.value.fix


@pytest.mark.parametrize("text", ["-1", "1.0", "1_0", "01", "", "a", "9" * 19])
def test_count__anything_but_digits__is_refused(text: str) -> None:
    """A number of things is a whole number."""
    with pytest.raises(WrongError, match="not a whole number"):
        parse_count(text)


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("16383", 16_383)])
def test_max_payments__within_what_fourteen_bits_hold__is_read(text: str, count: int) -> None:
    """At both ends."""
    assert parse_max_payments(text) == count


@pytest.mark.parametrize("text", ["0", "16384"])
def test_max_payments__outside__is_refused(text: str) -> None:
    """One below and one above."""
    with pytest.raises(WrongError, match="16383"):
        parse_max_payments(text)


@pytest.mark.parametrize("text", ["off", "none"])
def test_off__either_word__is_off(text: str) -> None:
    """Two spellings, because people write both."""
    assert or_off(parse_amount)(text) == OFF
