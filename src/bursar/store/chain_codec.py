"""
Values of the folded state ↔ what the database keeps.

Containers become JSON that says what they were, so that a field which the state gains needs nothing
here: tuple → list, set → {"set": […]}, dict → {"dict": [[key, value], …]}, bytes → {"hex": …}.
"""

import json
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from bursar.budgets import BudgetLine, Ring, ShareBase
from bursar.types import Address

_LINE: Final = attrgetter(*(field.name for field in fields(BudgetLine)))
_MEMORIES: Final[dict[str, type[Ring] | type[ShareBase]]] = {
    kind.__name__: kind for kind in (Ring, ShareBase)
}


@lru_cache(maxsize=65_536)
def address_bytes(address: Address) -> bytes:
    """
    20 bytes.
    """
    return bytes.fromhex(address[2:])


def uint_bytes(value: int) -> bytes:
    """
    32 bytes, big-endian. Raises OverflowError for what does not fit.
    """
    return value.to_bytes(32, "big")


def dump(value: Any) -> str:
    """
    Canonical JSON. Raises TypeError for what `load` could not bring back.
    """
    return json.dumps(_plain(value), separators=(",", ":"), sort_keys=True)


def load(text: str) -> Any:
    """
    What was dumped. Named tuples come back as tuples.
    """
    return _revived(json.loads(text))


def dump_line(line: BudgetLine) -> str:
    """
    A budget with its counters and its memory, field by field.
    """
    values = _LINE(line) if line.memory is None else _with_memory(line)
    return json.dumps(values, separators=(",", ":"))


def load_line(text: str) -> BudgetLine:
    """
    The way back.
    """
    values = json.loads(text)
    if values[-1] is not None:
        name, *parts = values[-1]
        kind: Any = _MEMORIES[name]
        values[-1] = kind(*map(_tuples, parts))
    return BudgetLine(*values)


def _with_memory(line: BudgetLine) -> list[Any]:
    *values, memory = _LINE(line)
    return [*values, [type(memory).__name__, *memory]]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return {"set": sorted((_plain(item) for item in value), key=json.dumps)}
    if isinstance(value, dict):
        return {"dict": [[_plain(key), _plain(item)] for key, item in value.items()]}
    raise TypeError(f"{type(value).__name__} cannot be brought back from JSON: teach chain_codec")


def _revived(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_revived(item) for item in value)
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "hex":
        return bytes.fromhex(content)
    if kind == "set":
        return {_revived(item) for item in content}
    return {_revived(key): _revived(item) for key, item in content}


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
