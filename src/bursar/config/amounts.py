"""
Amounts and other figures between people and contracts: whole tokens as they are written, base
units inside.

    "10.50" → Decimal → 10500000 (6 decimals) → "10.5"
"""

import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation, Overflow
from typing import Final, Literal, TypeVar

from bursar.config.problems import WrongError
from bursar.types import MAX_PAYMENTS_PER_DAY, MAX_UINT256

T = TypeVar("T")

Off = Literal["off"]
OFF: Final[Off] = "off"
"""What switches a limit off. In a contract it is the maximum, never 0."""
OFF_WORDS: Final = ("off", "none")
SENSITIVITIES: Final = ("low", "medium", "high")

# Every amount that 256 bits hold has fewer digits; more would only make us slow.
_LONGEST: Final = 100
# The default context rounds at 28 digits.
_EXACT: Final = Context(prec=2 * _LONGEST)
# More decimals than 256 bits have digits, and one whole token cannot be written.
_MOST_DECIMALS: Final = 77
AMOUNT_PATTERN: Final = r"(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:_[0-9]{3})+)(?:\.[0-9]+)?"
_AMOUNT: Final = re.compile(AMOUNT_PATTERN)
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_WITH_UNIT: Final = re.compile(r"\$?\s*([0-9_,.]+)\s*([A-Za-z]{2,}|[kKmM$]?)")
_MULTIPLES: Final = {"k": 1_000, "m": 1_000_000}


def parse_amount(text: str) -> Decimal:
    """
    Whole tokens, exactly as written: digits, at most one point, `_` between thousands.

    Raises WrongError for anything else. A sign, an exponent, a leading zero and a comma are
    refused, because readers disagree on what they mean.
    """
    if text in OFF_WORDS:
        raise WrongError("this figure cannot be off", "write an amount; nothing is 0")
    if len(text) > _LONGEST:
        raise WrongError("not an amount: too long", f"write at most {_LONGEST} characters")
    if _AMOUNT.fullmatch(text) is None:
        raise WrongError("not an amount", _suggest(text))
    return Decimal(text.replace("_", ""))


def to_base_units(amount: Decimal, decimals: int) -> int:
    """
    `amount` in base units of a token with so many `decimals`.

    Raises WrongError if it has more decimals than the token (zeros at the end do not count), or
    does not fit in 256 bits.
    """
    shifted = amount.scaleb(decimals, _EXACT)
    units = int(shifted)
    if units != shifted:
        raise WrongError(
            f"too many decimals: the token has {decimals}",
            f"write {format_amount(units, decimals)}",
        )
    if units > MAX_UINT256:
        raise WrongError("too large: it does not fit in 256 bits", "write a smaller amount")
    return units


def format_amount(units: int, decimals: int) -> str:
    """
    Base units as whole tokens, without zeros at the end.
    """
    text = f"{Decimal(units).scaleb(-decimals, _EXACT):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _suggest(text: str) -> str:
    example = 'write whole tokens as digits, such as 1000 or "10.50"'
    if text.strip().startswith("-"):
        return f"{example}; nothing is 0"
    value = _guess(text.strip())
    if value is None or not value.is_finite() or abs(value.adjusted()) > _LONGEST:
        return example
    return f"write {value:f}"


def _guess(text: str) -> Decimal | None:
    """
    What somebody may have meant by 1,000, $10, 10 USDC, 10k, 1e3, .5 or 010.
    """
    match = _WITH_UNIT.fullmatch(text)
    number, unit = match.groups() if match else (text, "")
    if "," in number:
        if _GROUPED.fullmatch(number) is None:
            return None
        number = number.replace(",", "")
    try:
        return Decimal(number) * _MULTIPLES.get(unit.lower(), 1)
    except (InvalidOperation, Overflow):
        return None


def parse_flag(text: str) -> bool:
    """
    `true` or `false`, and nothing else that YAML takes for them.
    """
    if text not in ("true", "false"):
        yes, no = ("true", "yes", "on", "y", "1"), ("false", "no", "off", "n", "0", "none")
        word = text.lower()
        fix = "true" if word in yes else "false" if word in no else "true or false"
        raise WrongError("neither true nor false", f"write {fix}")
    return text == "true"


def parse_count(text: str) -> int:
    """
    A number of things, from 0.
    """
    if re.fullmatch(r"0|[1-9][0-9]{0,17}", text) is None:
        raise WrongError("not a whole number", "write digits only, such as 50")
    return int(text)


def parse_decimals(text: str) -> int:
    """
    How many decimals a token has.
    """
    count = parse_count(text)
    if count > _MOST_DECIMALS:
        raise WrongError("no token has so many decimals", "ask the token's contract: decimals()")
    return count


def parse_max_payments(text: str) -> int:
    """
    How many payments a UTC day may have: what 14 bits hold, and not 0.
    """
    count = parse_count(text)
    if not 1 <= count <= MAX_PAYMENTS_PER_DAY:
        fix = f"write 1 to {MAX_PAYMENTS_PER_DAY}; to stop an agent, set its daily limit to 0"
        raise WrongError("a UTC day cannot be limited to so many payments", fix)
    return count


def parse_percent(text: str) -> int:
    """
    A share in whole percent, from 1 to 100.
    """
    count = parse_count(text)
    if not 1 <= count <= 100:
        raise WrongError("out of bounds: 1 to 100 percent", "write 80 for 80 percent, or off")
    return count


def parse_sensitivity(text: str) -> str:
    """
    How soon something is told: the higher, the sooner.
    """
    if text not in SENSITIVITIES:
        raise WrongError("not a sensitivity", f"write {', '.join(SENSITIVITIES)}, or off")
    return text


def or_off(parse: Callable[[str], T]) -> Callable[[str], T | Off]:
    """
    The same parser, to which `off` may be given.
    """
    return lambda text: OFF if text in OFF_WORDS else parse(text)
