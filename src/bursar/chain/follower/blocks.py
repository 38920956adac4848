"""
Blocks without their content, and how they follow one another.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bursar.chain.errors import BadAnswerError


class Header(NamedTuple):
    """
    A block's number, its hash and its parent's (hex, lower case), its timestamp in Unix seconds,
    the filter of what was logged in it, and how many transactions it has.
    """

    number: int
    hash: str
    parent: str
    at: int
    bloom: int
    transactions: int


class Mark(NamedTuple):
    """
    A block that has been read: its number, hash and timestamp. Before the first block there is
    one without a hash.
    """

    number: int
    hash: str | None
    at: int


def read_header(block: Any, number: int | None = None) -> Header:
    """
    A block as the node gives it. Raises BadAnswerError where it is none, or not the one of `number`
    that was asked for.
    """
    try:
        header = _header(block)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(f"The node answers a block that is none: {error!r}.") from error
    if number not in (None, header.number):
        raise BadAnswerError(f"Asked for block {number}, the node answers {header.number}.")
    return header


def _header(block: Mapping[str, Any]) -> Header:
    return Header(
        number=int(block["number"], 16),
        hash=_hash(block["hash"]),
        parent=_hash(block["parentHash"]),
        at=int(block["timestamp"], 16),
        bloom=int(block["logsBloom"], 16),
        transactions=len(block["transactions"]),
    )


def _hash(text: str) -> str:
    if len(text) != 66:
        raise ValueError(f"{text!r} is no hash")
    return text.lower()


def mark_of(header: Header) -> Mark:
    """
    What is remembered of a block that has been read.
    """
    return Mark(header.number, header.hash, header.at)


def find_gap(before: str | None, headers: Sequence[Header]) -> Header | None:
    """
    The first header that does not follow: its parent is not the one before it. `before` is the hash
    of the block before all, or None where anything may come first.
    """
    number = headers[0].number if headers else 0
    for offset, header in enumerate(headers):
        if header.number != number + offset or before not in (None, header.parent):
            return header
        before = header.hash
    return None
