"""
A reader of one event, as a function of its own: what is known of its layout is not looked up again
for each log. Python's named tuples are made in the same way.

    Paid's ABI → "def read(values, topics, data): …" → read(values, topics, data) → JSON

Only for events whose values take one word each. All of the text comes from our own artifacts.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from bursar.chain.abi import Entry
from bursar.chain.follower.words import ADDRESSES, DIGITS

Reader = Callable[[dict[str, Any], Sequence[str], str], str]

# How a value is read from the digits in `w`, and how it is written, by the ABI's type.
_READ: Final = {
    "address": "addresses[w]",
    "uint256": "int(w, 16)",
    "bytes32": "fromhex(w)",
    "bool": "flags[w]",
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
    The function that reads an event of these arguments into `values` and returns them as JSON. It
    raises ValueError where a log is not of this shape.
    """
    entries = [*indexed, *plain]
    lines = [
        "def read(values, topics, data):",
        f"    if len(topics) != {1 + len(indexed)} or len(data) != {2 + DIGITS * len(plain)}:",
        "        raise ValueError(f'{len(topics)} topics, {len(data) // 2 - 1} bytes of data')",
        "    try:",
        "        pass",
    ]
    for number, entry in enumerate(entries):
        lines += _read_lines(number, entry, len(indexed))
    lines += [
        "    except KeyError as error:",
        "        raise ValueError(f'{error} is no flag') from None",
        f"    return {_json_of(entries)}",
    ]
    scope: dict[str, Any] = {
        "addresses": ADDRESSES,
        "flags": _FLAGS,
        "fromhex": bytes.fromhex,
        "json_flags": _JSON_FLAGS,
    }
    exec("\n".join(lines), scope)
    reader: Reader = scope["read"]
    return reader


def _read_lines(number: int, entry: Entry, topics: int) -> list[str]:
    if number < topics:
        word = f"topics[{number + 1}][2:]"
    else:
        start = 2 + DIGITS * (number - topics)
        word = f"data[{start}:{start + DIGITS}]"
    lines = [f"        w = {word}", f"        v{number} = {_READ[entry['type']]}"]
    if number < topics:
        # Data has its length checked as a whole.
        lines.insert(1, f"        if len(w) != {DIGITS}: raise ValueError('a topic of no word')")
    return [*lines, f"        values[{entry['name']!r}] = v{number}"]


def _json_of(entries: Sequence[Entry]) -> str:
    """
    An f-string with the arguments in the order of their names.
    """
    numbered = sorted(enumerate(entries), key=lambda item: str(item[1]["name"]))
    parts = [
        f'"{entry["name"]}":{_WRITE[entry["type"]] % f"v{number}"}' for number, entry in numbered
    ]
    return f"f'{{{{{','.join(parts)}}}}}'"
