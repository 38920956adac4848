"""
How each of our events lies in a log, worked out once from the contracts' ABI.

    ABI entry → Layout: log → values → canonical JSON → values

An event that the contracts gain is read as soon as its artifact and its model are there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from bursar.budgets import Budget
from bursar.chain.abi import Entry, signature_of
from bursar.chain.contracts import organization_type, wallet_type
from bursar.chain.follower.compiling import POSITION, compile_reader
from bursar.chain.follower.words import (
    DIGITS,
    Kind,
    kind_of,
    read_tail,
    write_text,
)
from bursar.events import EVENTS, Event
from bursar.types import keccak

Reader = Callable[[str], Any]
"""From all digits of a log's data."""

_BUDGET_FIELDS: Final = tuple(Budget.model_fields)


class Layout:
    """
    One event: where its arguments are in topics and data, and how it is written down.
    """

    def __init__(self, entry: Entry) -> None:
        self.name: str = entry["name"]
        self.model: type[Event] = EVENTS[self.name]
        self.topic = f"0x{keccak(signature_of(entry).encode()).hex()}"
        indexed = [item for item in entry["inputs"] if item["indexed"]]
        plain = [item for item in entry["inputs"] if not item["indexed"]]
        self.topic_count = 1 + len(indexed)
        self._topics = [
            (item["name"], kind_of(item).read, number) for number, item in enumerate(indexed, 1)
        ]
        self._words, self._others, self._digits = _lay_out(plain)
        self._writers = [
            (item["name"], _writer_of(item))
            for item in sorted(entry["inputs"], key=lambda item: str(item["name"]))
        ]
        self._template = _template([name for name, _ in self._writers])
        self._parsers = {item["name"]: _parser_of(item) for item in entry["inputs"]}
        self.fields = frozenset(POSITION) | {item["name"] for item in entry["inputs"]}
        self.read = self._read if self._others else compile_reader(indexed, plain)
        """
        From topics and data as a node writes them, and the log's position: everything that the
        model has, and the arguments as `write` gives them. Raises ValueError where a log is not of
        this shape.
        """

    def _read(self, topics: Sequence[str], data: str, *position: Any) -> tuple[dict[str, Any], str]:
        """
        Where values are of any length: these events are few.
        """
        if len(topics) != self.topic_count or len(data) < self._digits + 2:
            raise ValueError(f"{len(topics)} topics and {len(data) // 2 - 1} bytes are not its own")
        values = dict(zip(POSITION, position, strict=True))
        bytes.fromhex(data[2:])  # also where nothing is read, as in a text's padding
        for name, read, number in self._topics:
            values[name] = read(topics[number][2:])
        for name, read, start, end in self._words:
            values[name] = read(data[start:end])
        for name, read_from in self._others:
            values[name] = read_from(data[2:])
        return values, self.write(values)

    def write(self, values: Mapping[str, Any]) -> str:
        """
        The arguments as canonical JSON: names sorted, no spaces, amounts as text, bytes as hex.
        """
        return self._template % tuple([write(values[name]) for name, write in self._writers])

    def parse(self, payload: str) -> dict[str, Any]:
        """
        The way back.
        """
        found = json.loads(payload)
        return {name: parse(found[name]) for name, parse in self._parsers.items()}


@cache
def layouts() -> dict[str, Layout]:
    """
    Every event of both contracts, by its first topic as nodes write it.
    """
    entries = organization_type().events + wallet_type().events
    return {layout.topic: layout for layout in map(Layout, entries)}


@cache
def layouts_by_name() -> dict[str, Layout]:
    """
    The same, by name.
    """
    return {layout.name: layout for layout in layouts().values()}


def _template(names: Sequence[str]) -> str:
    return "{" + ",".join(f'"{name}":%s' for name in names) + "}"


def _lay_out(
    plain: Sequence[Entry],
) -> tuple[list[tuple[str, Reader, int, int]], list[tuple[str, Reader]], int]:
    """
    Values of one word with where they begin and end in the data's text, other values, and how many
    digits their heads take together.
    """
    heads = sum(_head_words(item) for item in plain) * DIGITS
    words: list[tuple[str, Reader, int, int]] = []
    others: list[tuple[str, Reader]] = []
    start = 0
    for item in plain:
        kind = str(item["type"])
        if kind in ("string", "bytes"):
            others.append((item["name"], _tail_reader(start, heads, is_text=kind == "string")))
        elif kind == "tuple":
            others.append((item["name"], _budget_reader(item, start)))
        else:
            words.append((item["name"], kind_of(item).read, start + 2, start + 2 + DIGITS))
        start += _head_words(item) * DIGITS
    return words, others, heads


def _head_words(item: Entry) -> int:
    return len(item["components"]) if item["type"] == "tuple" else 1


def _tail_reader(start: int, heads: int, *, is_text: bool) -> Reader:
    def read(digits: str) -> Any:
        value = read_tail(digits, start, within=heads)
        # Callers choose what a text holds, and need not choose UTF-8.
        return value.decode(errors="backslashreplace") if is_text else value

    return read


def _budget_reader(item: Entry, start: int) -> Reader:
    kinds = _kinds_of_budget(item)

    def read(digits: str) -> Budget:
        at = start
        values = {}
        for name, kind in kinds:
            values[name] = kind.read(digits[at : at + DIGITS])
            at += DIGITS
        return Budget(**values)

    return read


def _kinds_of_budget(item: Entry) -> list[tuple[str, Kind]]:
    names = tuple(component["name"] for component in item["components"])
    if names != _BUDGET_FIELDS:
        raise ValueError(f"{item['name']} is a struct of {names}, which is not read by hand yet")
    return [(component["name"], kind_of(component)) for component in item["components"]]


def _writer_of(item: Entry) -> Callable[[Any], str]:
    kind = str(item["type"])
    if kind == "string":
        return write_text
    if kind == "bytes":
        return lambda value: f'"0x{value.hex()}"'
    if kind == "tuple":
        return _budget_writer(item)
    return kind_of(item).write


def _budget_writer(item: Entry) -> Callable[[Any], str]:
    kinds = sorted(_kinds_of_budget(item))

    def write(budget: Budget) -> str:
        parts = (f'"{name}":{kind.write(getattr(budget, name))}' for name, kind in kinds)
        return f"{{{','.join(parts)}}}"

    return write


def _parser_of(item: Entry) -> Callable[[Any], Any]:
    kind = str(item["type"])
    if kind == "string":
        return str
    if kind == "bytes":
        return lambda text: bytes.fromhex(text[2:])
    if kind == "tuple":
        kinds = _kinds_of_budget(item)
        return lambda found: Budget(**{name: kind.parse(found[name]) for name, kind in kinds})
    return kind_of(item).parse
