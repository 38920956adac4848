"""
The limits of one budget in whole tokens: defaults, contradictions, and a profile's bounds.

    BudgetSection + Profile → limits of all figures → order and range checked
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from bursar.config.amounts import OFF, Off
from bursar.config.model import Token
from bursar.config.problems import Problems
from bursar.config.profiles import FIGURES, Figure, Profile
from bursar.config.reading import BROKEN, is_readable
from bursar.config.wallet_sections import BudgetSection

UNLIMITED: Final = Decimal("Infinity")
"""A figure that is off: more than any other, as it is on chain."""

Limits = dict[Figure, Decimal]


@dataclass(frozen=True)
class Line:
    """
    One budget in the file, with what it refers to; BROKEN for what that is not known.
    """

    problems: Problems
    section: BudgetSection
    profile: Profile
    token: Token

    def is_written(self, figure: Figure) -> bool:
        """
        Whether the file gives a figure; off is none for an hour and for a payment.
        """
        return getattr(self.section, figure) not in (None, OFF)

    @property
    def is_known(self) -> bool:
        """
        Whether profile and token are known.
        """
        return is_readable(self.profile, self.token)

    def has_own_token(self) -> bool:
        """
        Whether the profile's amounts are meant for this budget.
        """
        return self.token.symbol == self.profile.token


def read_limits(line: Line) -> Limits:
    """
    Every figure: as it is written, else as the profile has it, else as the longer interval has it.
    BROKEN for what cannot be told.
    """
    daily = _daily(line)
    hourly = _within(line, "hourly", daily)
    return {
        "daily": daily,
        "hourly": hourly,
        "per_payment": _within(line, "per_payment", hourly),
        "queue_from": _given(line, "queue_from", UNLIMITED),
        "max_payments": _given(line, "max_payments", UNLIMITED),
    }


def _given(line: Line, figure: Figure, otherwise: Decimal) -> Decimal:
    written = getattr(line.section, figure)
    if written is None:
        written = _default(line, figure)
    if written is None:
        return otherwise
    if not is_readable(written):
        broken: Decimal = BROKEN
        return broken
    return UNLIMITED if written == OFF else Decimal(written)


def _default(line: Line, figure: Figure) -> Decimal | Off | None:
    if not line.is_known:
        broken: Decimal = BROKEN
        return broken
    if figure != "max_payments" and not line.has_own_token():
        return None
    return line.profile.range_of(figure).default


def _daily(line: Line) -> Decimal:
    daily = _given(line, "daily", UNLIMITED)
    if daily != UNLIMITED:
        return daily
    mark = line.section.mark("daily")
    message = f"missing: profile {line.profile.name} has no default for {line.token.symbol}"
    fix = "add daily: the most that leaves in a UTC day"
    line.problems.add(mark._replace(key=f"{mark.key}.daily"), message, fix)
    broken: Decimal = BROKEN
    return broken


def _within(line: Line, figure: Figure, outer: Decimal) -> Decimal:
    """
    The limit of a shorter interval. A default that is larger than the longer one's gives way.
    """
    limit = _given(line, figure, UNLIMITED)
    if line.is_written(figure) or not is_readable(limit):
        return limit
    return min(limit, outer) if is_readable(outer) else outer


def check_order(line: Line, limits: Limits) -> None:
    """
    Note a payment that is allowed more than its hour, and an hour more than its day.
    """
    pairs: tuple[tuple[Figure, Figure], ...] = (("hourly", "daily"), ("per_payment", "hourly"))
    for inner, outer in pairs:
        low, high = limits[inner], limits[outer]
        if not is_readable(low, high) or low <= high:
            continue
        origin, remedy = _origin(line, outer)
        message = f"{inner} is more than {outer}, {high:f}{origin}"
        fix = f"write {high:f} or less, or {remedy}"
        line.problems.add(line.section.mark(inner), message, fix, f"{low:f}")


def _origin(line: Line, figure: Figure) -> tuple[str, str]:
    """
    Where a figure comes from if it is not written, and how it is raised.
    """
    if line.is_written(figure):
        return "", f"raise {figure}"
    is_default = getattr(line.section, figure) is None
    if is_default and line.profile.range_of(figure).default is not None:
        return f" (the default of profile {line.profile.name})", f"write {figure}"
    origin, remedy = _origin(line, "daily")
    return origin or " (as daily)", remedy


def check_profile(line: Line, limits: Limits) -> None:
    """
    Note figures outside the profile's bounds, and a token that the profile's bounds are not for.
    """
    profile = line.profile
    if profile.bounds_amounts and not line.has_own_token():
        name = "token" if line.section.token is not None else "profile"
        message = f"profile {profile.name} is for {profile.token} only"
        fix = f"use {profile.token}, or another profile"
        line.problems.add(line.section.mark(name), message, fix, line.token.symbol)
        return
    for figure in FIGURES:
        if is_readable(limits[figure]):
            _check_range(line, figure, limits[figure])


def _check_range(line: Line, figure: Figure, limit: Decimal) -> None:
    found = line.profile.range_of(figure)
    least = Decimal(0) if found.minimum is None else found.minimum
    most = UNLIMITED if found.maximum is None else found.maximum
    if least <= limit <= most:
        return
    span = f"at least {least:f}" if most == UNLIMITED else f"{least:f} to {most:f}"
    line.problems.add(
        line.section.mark(figure),
        f"{figure} is outside the bounds of profile {line.profile.name}",
        f"write {figure}: {span}, or choose another profile",
        OFF if limit == UNLIMITED else f"{limit:f}",
    )
