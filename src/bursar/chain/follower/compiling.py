"""
A reader of one event, as a function of its own: what is known of its layout is not looked up again
for each log. Python's named tuples are made in the same way.

    Paid's ABI → "def read(topics, data, …): …" → read(topics, data, …) → values, JSON

Only for events whose values take one word each. All of the text comes from our own artifacts.
"""

from binascii import unhexlify
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final, TypeAlias

from bursar.chain.abi import Entry
from bursar.chain.follower.words import ADDRESSES, DIGITS

Reader: TypeAlias = Callable[..., tuple[dict[str, Any], str]]
"""Called with topics and data as a node writes them, and with the event's emitter and position."""

POSITION: Final = ("emitter", "at", "block", "transaction", "log")
"""What a reader is told of a log, in this order."""

# How a value is read from its digits `{w}` or its bytes `{b}`, whichever is faster, and how it is
# written, by the ABI's type.
_READ: Final = {
    "address": "addresses[{w}]",
    "uint256": "number({b}, 'big')",
    "bytes32": "{b}",
    "bool": "flags[{w}]",
}
_WRITE: Final = {
    "address": '"{%s}"',
    "uint256": '"{%s}"',
    "bytes32": '"0x{%s.hex()}"',
    "bool": "{json_flags[%s]}",
}
_FLAGS: Final = {f"{0:064x}": False, f"{1:064x}": True}
_JSON_FLAGS: Final = {False: "false", True: "true"}


def compile_reader(indexed: Sequence[Entry], plain: Sequence[Entry]) -> Reader:
    """
    The function that reads an event of these arguments: everything that its model has, and the
    arguments as JSON. It raises ValueError where a log is not of this shape.
    """
    entries = [*indexed, *plain]
    lines = [
        f"def read(topics, data, {', '.join(POSITION)}):",
        f"    if len(topics) != {1 + len(indexed)} or len(data) != {2 + DIGITS * len(plain)}:",
        "        raise ValueError(f'{len(topics)} topics, {len(data) // 2 - 1} bytes of data')",
        "    try:",
        # Unlike bytes.fromhex it lets no space pass, so that the length above is right.
        f"        {''.join(f'd{place}, ' for place in range(len(plain)))}= words(unhex(data[2:]))"
        if plain
        else "        pass",
    ]
    for number, entry in enumerate(entries):
        lines += _read_lines(number, entry, len(indexed))
    lines += [
        "    except KeyError as error:",
        "        raise ValueError(f'{error} is no flag') from None",
        f"    return {_values_of(entries)}, {_json_of(entries)}",
    ]
    scope: dict[str, Any] = {
        "addresses": ADDRESSES,
        "flags": _FLAGS,
        "json_flags": _JSON_FLAGS,
        "number": int.from_bytes,
        "unhex": unhexlify,
        "words": Struct("32s" * len(plain)).unpack,
    }
    exec("\n".join(lines), scope)
    reader: Reader = scope["read"]
    return reader


def _read_lines(number: int, entry: Entry, topics: int) -> list[str]:
    if number < topics:
        lines = [
            f"        w = topics[{number + 1}][2:]",
            # Data has its length checked as a whole.
            f"        if len(w) != {DIGITS}: raise ValueError('a topic of no word')",
        ]
        word, raw = "w", "unhex(w)"
    else:
        place = number - topics
        lines = []
        word = f"data[{2 + DIGITS * place}:{2 + DIGITS * (place + 1)}]"
        raw = f"d{place}"
    read = _READ[entry["type"]].format(w=word, b=raw)
    return [*lines, f"        v{number} = {read}"]


def _values_of(entries: Sequence[Entry]) -> str:
    """
    A dictionary of the position and the arguments.
    """
    parts = [f"{name!r}: {name}" for name in POSITION]
    parts += [f"{entry['name']!r}: v{number}" for number, entry in enumerate(entries)]
    return f"{{{', '.join(parts)}}}"


def _json_of(entries: Sequence[Entry]) -> str:
    """
    An f-string with the arguments in the order of their names.
    """
    numbered = sorted(enumerate(entries), key=lambda item: str(item[1]["name"]))
    parts = [
        f'"{entry["name"]}":{_WRITE[entry["type"]] % f"v{number}"}' for number, entry in numbered
    ]
    return f"f'{{{{{','.join(parts)}}}}}'"
