"""
The profiles that a file defines, beside the built-in ones.
"""

from decimal import Decimal
from typing import Any

from bursar.config.amounts import OFF, Off
from bursar.config.books import Book, Books, read_units
from bursar.config.bounds import PAYMENT_DELAY, read_seconds
from bursar.config.limits import UNLIMITED
from bursar.config.model import Token
from bursar.config.profiles import AMOUNT_FIGURES, FIGURES, PROFILES, Figure, Profile, Range
from bursar.config.reading import BROKEN, Section, is_readable
from bursar.config.sections import TreasuryFile
from bursar.config.wallet_sections import ProfileSection

Written = Decimal | Off | int | None


def read_profiles(books: Books, file: TreasuryFile) -> Book[Profile]:
    """
    The built-in profiles, and the file's own.
    """
    if not is_readable(file.profiles):
        return Book("profile", None)
    found: dict[str, Profile | None] = dict(PROFILES)
    for name, section in file.profiles.items():
        if name in PROFILES:
            mark = file.key_mark("profiles", name)
            fix = "choose another name: what everybody knows keeps its meaning"
            books.problems.add(mark, f"{name} is built in", fix, name)
        else:
            found[name] = _read_profile(books, name, section)
    return Book("profile", found)


def _read_profile(books: Books, name: str, section: ProfileSection) -> Profile | None:
    if not is_readable(section) or not is_readable(section.token):
        return None
    token = books.tokens.find(section.token, section.mark("token"), books.problems)
    delay = read_seconds(books.problems, section, "payment_delay", PAYMENT_DELAY)
    ranges = {figure: _read_range(books, section, figure, token) for figure in FIGURES}
    if not is_readable(delay, *ranges.values()):
        return None
    return Profile.model_validate(
        {"name": name, "token": section.token, "payment_delay": delay, **ranges}
    )


def _read_range(
    books: Books, profile: ProfileSection, figure: Figure, token: Token | None
) -> Range:
    section: Any = getattr(profile, figure)
    if section is None:
        return Range()
    broken: Range = BROKEN
    if not is_readable(section) or not is_readable(section.default, section.min, section.max):
        return broken
    written = {"default": section.default, "min": section.min, "max": section.max}
    for key, amount in written.items():
        if figure in AMOUNT_FIGURES and isinstance(amount, Decimal) and token is not None:
            read_units(books.problems, section.mark(key), amount, token)
    _check_range(books, section, written)
    return Range(
        default=OFF if section.default == OFF else _decimal(section.default),
        minimum=_decimal(section.min),
        maximum=_decimal(section.max),
    )


def _check_range(books: Books, section: Section, written: dict[str, Written]) -> None:
    """
    Note a minimum above the maximum, and a default outside of both.
    """
    least = _decimal(written["min"]) or Decimal(0)
    highest = _decimal(written["max"])
    most = UNLIMITED if highest is None else highest
    if least > most:
        fix = f"write {most:f} or less, or raise max"
        message = f"min is more than max, {most:f}"
        books.problems.add(section.mark("min"), message, fix, f"{least:f}")
        return
    default = _decimal(written["default"])
    if default is not None and not least <= default <= most:
        span = f"{least:f} or more" if most == UNLIMITED else f"{least:f} to {most:f}"
        found = OFF if default == UNLIMITED else f"{default:f}"
        message = "the default is outside min and max"
        books.problems.add(section.mark("default"), message, f"write {span}", found)


def _decimal(figure: Written) -> Decimal | None:
    if figure is None:
        return None
    return UNLIMITED if figure == OFF else Decimal(figure)
