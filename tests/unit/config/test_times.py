"""
Durations and dates as people write them.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.config import format_duration, parse_duration
from bursar.config.problems import WrongError
from bursar.config.times import parse_expiry
from bursar.types import DAY, EXPIRY_HOURS_END, FOREVER, HOUR
from tests.unit.config.support import SMALL, budget_of, load, only_problem, replaced


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("600", 600),
        ("45s", 45),
        ("10m", 600),
        ("48h", 2 * DAY),
        ("2d", 2 * DAY),
        ("1h30m", 5_400),
        ("1d2h3m4s", DAY + 2 * HOUR + 184),
        ("90m", 5_400),
    ],
)
def test_duration__as_written__is_seconds(text: str, seconds: int) -> None:
    """A number of seconds, or numbers with their units; zero is zero."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("", "write seconds"),
        ("-5m", "write seconds"),
        ("1.5h", "write seconds"),
        ("1h30", "write seconds"),
        ("30m1h", "write seconds"),
        ("10M", "write 10m"),
        ("10 m", "write 10m"),
        ("2 days", "write 2d"),
        ("1 week", "write 7d"),
        ("10min", "write 10m"),
        ("off", "such as 10m"),
        ("m", "write seconds"),
        ("9999999999", "write seconds"),
    ],
)
def test_duration__anything_else__is_refused_with_a_way_to_write_it(text: str, fix: str) -> None:
    """What could mean two durations is refused."""
    with pytest.raises(WrongError) as caught:
        parse_duration(text)
    assert fix in caught.value.fix


@given(st.integers(0, 999_999_999))
def test_duration__formatted_and_read_again__is_the_same(seconds: int) -> None:
    """Formatting loses nothing."""
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T18:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31 18:00:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
    ],
)
def test_expiry__a_date_or_a_full_hour__is_unix_seconds(text: str, moment: datetime) -> None:
    """In UTC, because the contract's hours are."""
    assert parse_expiry(text) == moment.timestamp()


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("2027-01-31T18:30Z", "write 2027-01-31T18:00Z"),
        ("2027-01-31T18:00", "write a date"),
        ("2027-01-31T18:00+01:00", "write a date"),
        ("2027-02-30", "write a date"),
        ("31.01.2027", "write a date"),
        ("90d", "write a date"),
        ("1801353600", "write a date"),
        ("1970-01-01", "or off"),
        ("2090-01-01", "write up to 2089-08-14T15:00Z, or off"),
    ],
)
def test_expiry__anything_else__is_refused(text: str, fix: str) -> None:
    """Other zones, other times, and what the contract cannot hold."""
    with pytest.raises(WrongError) as caught:
        parse_expiry(text)
    assert fix in caught.value.fix


def test_expiry__off__is_the_last_hour_that_the_contract_holds() -> None:
    """Off is the maximum, and so is not given."""
    last = (EXPIRY_HOURS_END - 1) * HOUR
    for text in (SMALL, budget_of("daily: 50, expires: off")):
        assert load(text).wallets[0].budgets[0].budget.expires_at == last
    assert parse_expiry(f"{datetime.fromtimestamp(last, UTC):%Y-%m-%dT%H:00Z}") == last
    with pytest.raises(WrongError, match="the contract cannot hold it"):
        parse_expiry(f"{datetime.fromtimestamp(last + HOUR, UTC):%Y-%m-%dT%H:00Z}")


# Within the contracts' bounds: at each, one below, one above.


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("change_delay", HOUR, 30 * DAY),
        ("heartbeat_timeout", 600, 30 * DAY),
        ("payment_delay", 60, 7 * DAY),
        ("grace", HOUR, 30 * DAY),
    ],
)
def test_bounds__at_and_beyond_each__as_the_contract_has_them(
    field: str, least: int, most: int
) -> None:
    """The contract's bounds are taken, one second beyond is refused, and so is zero."""

    def text_with(seconds: int) -> str:
        if field == "change_delay":
            return replaced(SMALL, "change_delay: 2d", f"change_delay: {seconds}")
        if field == "heartbeat_timeout":
            keeper = SMALL + "keepers: {watch: devnet}\n"
            return replaced(keeper, "timeout: off", f"timeout: {seconds}")
        return replaced(SMALL, "    tokens:", f"    {field}: {seconds}\n    tokens:")

    for seconds in (least, most):
        treasury = load(text_with(seconds))
        holder = treasury if field in ("change_delay", "heartbeat_timeout") else treasury.wallets[0]
        assert getattr(holder, field) == seconds
    for seconds in (0, least - 1, most + 1):
        problem = only_problem(text_with(seconds))
        assert problem.key.endswith(field)
        span = f"{format_duration(least)} to {format_duration(most)}"
        assert span in problem.fix


def test_heartbeat_timeout__off__is_forever() -> None:
    """Off is the maximum."""
    assert load(SMALL).heartbeat_timeout == FOREVER


def test_change_delay__off__is_refused() -> None:
    """No contract takes a change without delay."""
    problem = only_problem(replaced(SMALL, "change_delay: 2d", "change_delay: off"))
    assert "cannot be off" in problem.message


def test_wallet__without_delays__has_the_contracts_first_ones() -> None:
    """Ten minutes, and a day."""
    wallet = load(SMALL).wallets[0]
    assert (wallet.payment_delay, wallet.grace) == (600, DAY)
