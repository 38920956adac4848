"""
JSON that a stranger wrote → plain values, or one kind of error.

Two values under one name are refused, because readers differ in which they take; so are numbers
that are none, and what is nested deeper than anybody writes. A number with a point stays text, so
that it is never taken for a whole one.
"""

import json
import re
from typing import Any, Final, NoReturn

# Nobody's transactions are: tuples in tuples of a contract's arguments.
_DEEPEST: Final = 32
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_OUTSIDE_STRINGS: Final = re.compile(r"[\[\]{}]")


class StrictJsonError(ValueError):
    """
    What was given is no JSON, or is not to be read in one way only.
    """


def read_json(text: str | bytes) -> Any:
    """
    The document. Raises StrictJsonError.
    """
    try:
        written = text.decode() if isinstance(text, bytes) else text
        _validate_depth(written)
        return json.loads(
            written, object_pairs_hook=_without_twins, parse_constant=_refuse, parse_float=str
        )
    except StrictJsonError:
        raise
    except ValueError as error:
        raise StrictJsonError(str(error)) from error


def _validate_depth(text: str) -> None:
    """
    Before it is read: Python's own reader ends the whole process on some 100,000 brackets.
    """
    depth = 0
    for bracket in _OUTSIDE_STRINGS.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _DEEPEST:
            raise StrictJsonError("it is nested too deep")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in found if names.count(name) > 1)
        raise StrictJsonError(f"it has {twin!r} twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise StrictJsonError(f"{name} is no number")
