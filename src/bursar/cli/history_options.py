"""
How the options of `bursar history` are read.
"""

from datetime import UTC, datetime

from bursar.book import AddressBook
from bursar.config import parse_amount, to_base_units
from bursar.config.problems import WrongError, build_hint
from bursar.errors import BursarError
from bursar.events import EVENTS
from bursar.types import Address


class FilterError(BursarError):
    """
    An option that names nothing.
    """


def validate_kinds(kinds: list[str]) -> list[str]:
    """
    The names of events themselves. Raises FilterError.
    """
    for name in kinds:
        if name not in EVENTS:
            # People write `paid`, and for that nothing is close enough.
            same = [known for known in EVENTS if known.lower() == name.lower()]
            hint = f"did you mean {same[0]}?" if same else build_hint(name, EVENTS)
            raise FilterError(f"No event is called {name}: {hint}")
    return kinds


def read_day(option: str, text: str | None) -> int | None:
    """
    The beginning of a UTC day, Unix seconds. Raises FilterError.
    """
    if text is None:
        return None
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise FilterError(f"{option} {text}: write a day as 2026-01-31.") from None


def read_least(book: AddressBook, text: str | None) -> tuple[Address | None, int]:
    """
    A token and an amount in base units, because tokens have no common measure. Raises FilterError,
    BookError.
    """
    if text is None:
        return None, 0
    symbol, colon, amount = text.partition(":")
    if not colon:
        raise FilterError(f"--least {text}: write it as USDC:1000.")
    _, token = book.find_token(symbol)
    try:
        return token.address, to_base_units(parse_amount(amount), token.decimals)
    except WrongError as wrong:
        raise FilterError(f"--least {text}: {wrong.message}; {wrong.fix}.") from wrong
