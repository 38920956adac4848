"""
How durations and dates are written: each function takes the text and raises WrongError.
"""

import re
from datetime import UTC, datetime
from typing import Final

from bursar.config.problems import WrongError
from bursar.types import DAY, EXPIRY_HOURS_END, HOUR

_UNITS: Final = {"d": DAY, "h": HOUR, "m": 60, "s": 1}
_WITH_UNITS: Final = "(?=[0-9])" + "".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS)
DURATION_PATTERN: Final = rf"(?:[0-9]{{1,9}}|{_WITH_UNITS})"
MOMENT_PATTERN: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) ?Z)?"
_MOMENT_FIX: Final = "write a date, 2027-01-31, or a full hour of UTC, 2027-01-31T18:00Z"


def parse_duration(text: str) -> int:
    """
    Seconds: a number of them, or days, hours, minutes and seconds such as 10m, 2d or 1h30m.
    """
    match = re.fullmatch(DURATION_PATTERN, text)
    if text in ("off", "none"):
        raise WrongError("this duration cannot be off", "write one, such as 10m")
    if match is None:
        raise WrongError("not a duration", _mend_duration(text))
    if text.isdecimal():
        return int(text)
    parts = zip(match.groups(), _UNITS.values(), strict=True)
    return sum(int(number or 0) * unit for number, unit in parts)


def _mend_duration(text: str) -> str:
    if re.fullmatch(DURATION_PATTERN, text.lower().replace(" ", "")):
        return f"write {text.lower().replace(' ', '')}"
    if match := re.match(r"\s*([0-9]{1,9})\s*(day|hour|hr|min|sec|week)", text.lower()):
        number, unit = int(match[1]), match[2][0]
        return f"write {number * 7}d" if unit == "w" else f"write {number}{unit}"
    return "write seconds, or a number with d, h, m or s: 2d, 48h, 10m, 1h30m"


def format_duration(seconds: int) -> str:
    """
    Seconds as `parse_duration` reads them.
    """
    parts = []
    for name, unit in _UNITS.items():
        number, seconds = divmod(seconds, unit)
        if number:
            parts.append(f"{number}{name}")
    return "".join(parts) or "0"


def parse_expiry(text: str) -> int:
    """
    Unix seconds of a date (00:00 UTC) or of a time on a full hour of UTC.
    """
    moment = _parse_moment(text)
    seconds = int(moment.timestamp())
    if seconds % HOUR:
        full = moment.replace(minute=0, second=0)
        raise WrongError("not on a full hour", f"write {full:%Y-%m-%dT%H:00Z}")
    if not 0 < seconds // HOUR < EXPIRY_HOURS_END:
        last = datetime.fromtimestamp((EXPIRY_HOURS_END - 1) * HOUR, UTC)
        raise WrongError(
            "the contract cannot hold it", f"write up to {last:%Y-%m-%dT%H:00Z}, or off"
        )
    return seconds


def _parse_moment(text: str) -> datetime:
    match = re.fullmatch(MOMENT_PATTERN, text)
    if match is None:
        raise WrongError("not a date", _MOMENT_FIX)
    try:
        return datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}+00:00")
    except ValueError:
        raise WrongError("no such date", _MOMENT_FIX) from None
