"""
Bars of an agent's days, as SVG needs them. Pure.

    days in base units → build_chart → Chart of integers in a fixed box
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from bursar.treasury.words import show_amount
from bursar.types import DAY

WIDTH: Final = 320
HEIGHT: Final = 96
# Room for the names of the days.
_FOOT: Final = 16
_HEAD: Final = 12
_GAP: Final = 8


class Bar(NamedTuple):
    """
    One day. `odd` days are those that a rule found, `last` the one that is not over.
    """

    x: int
    y: int
    width: int
    height: int
    day: str
    label: str
    title: str
    odd: bool
    last: bool


class Chart(NamedTuple):
    """
    The bars, and how high the daily limit is (None: far above all of them).
    """

    bars: tuple[Bar, ...]
    limit_y: int | None
    limit: str


def build_chart(
    days: Sequence[int], first: int, limit: int, decimals: int, odd: Collection[int]
) -> Chart:
    """
    A bar for each day from `first` on (Unix seconds). The limit is drawn where it does not make the
    bars too small to compare: up to four times the largest day. `odd` has numbers of UTC days.
    """
    largest = max(days, default=0)
    shown = bool(limit) and limit <= 4 * largest
    top = max(largest, limit if shown else 0, 1)
    height, step = HEIGHT - _HEAD - _FOOT, WIDTH // max(len(days), 1)
    bars = []
    for index, amount in enumerate(days):
        moment = datetime.fromtimestamp(first + index * DAY, UTC)
        # What was spent is seen, however little it was.
        tall = max(amount * height // top, 1 if amount else 0)
        said = show_amount(amount, decimals)
        bars.append(
            Bar(
                x=index * step + _GAP // 2,
                y=_HEAD + height - tall,
                width=step - _GAP,
                height=tall,
                day=f"{moment:%a %d}",
                label=_short(amount, decimals) if amount else "",
                title=f"{moment:%a %Y-%m-%d}: {said}",
                odd=first // DAY + index in odd,
                last=index == len(days) - 1,
            )
        )
    limit_y = _HEAD + height - limit * height // top if shown else None
    return Chart(tuple(bars), limit_y, show_amount(limit, decimals))


def _short(amount: int, decimals: int) -> str:
    """
    Four characters or so: 950, 1.2k, 35k, 1.2M.
    """
    whole = amount // 10**decimals
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if whole >= 10 * size:
            return f"{whole // size:,}{letter}"
        if whole >= size:
            return f"{whole * 10 // size / 10:g}{letter}"
    return str(whole) if whole else "<1"
