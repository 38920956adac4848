"""
Whether the audit is whole: nothing edited, removed, put in between or cut off.

    rows, in order + heads from elsewhere → verify_audit → Report: each thing that is wrong
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from bursar.audit import FIRST_PREVIOUS, hash_of, read_content
from bursar.store.audit_heads import Head
from bursar.store.audit_rows import columns_of
from bursar.store.audit_table import AUDIT
from bursar.types import Address, Bytes32

_ROWS_AT_ONCE: Final = 1_000
# After so many there is no use in more.
_MOST_PROBLEMS: Final = 100


class Problem(NamedTuple):
    """
    Something wrong at entry `sequence`.
    """

    sequence: int
    what: str


class Report(NamedTuple):
    """
    How many entries there are, the last one, with how many heads it was compared, what is wrong.
    """

    entries: int
    head: Head | None
    heads: int
    problems: tuple[Problem, ...]


def verify_audit(
    connection: Connection, chain_id: int, organization: Address, heads: Sequence[Head] = ()
) -> Report:
    """
    Read the whole audit once and check every entry against its predecessor and against `heads`,
    which were taken off the machine earlier.
    """
    remembered: dict[int, set[Bytes32]] = {}
    for head in heads:
        remembered.setdefault(head.sequence, set()).add(head.hash)
    problems: list[Problem] = []
    last = Head(0, FIRST_PREVIOUS)
    count = 0
    for row in _rows(connection, chain_id, organization):
        problems += _check_row(row, last)
        told = remembered.pop(row.sequence, {row.hash})
        if told != {row.hash}:
            problems.append(Problem(row.sequence, "it is not the entry whose hash was told before"))
        last = Head(row.sequence, row.hash)
        count += 1
        if len(problems) >= _MOST_PROBLEMS:
            break
    else:
        problems += _check_end(last.sequence, remembered)
    return Report(count, last if count else None, len(heads), tuple(problems[:_MOST_PROBLEMS]))


def _rows(connection: Connection, chain_id: int, organization: Address) -> Iterator[Any]:
    query = (
        select(AUDIT)
        .where(AUDIT.c.chain_id == chain_id, AUDIT.c.organization == organization)
        .order_by(AUDIT.c.sequence)
    )
    yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))


def _check_row(row: Any, last: Head) -> Iterator[Problem]:
    number = row.sequence
    if number != last.sequence + 1:
        missing = f"{last.sequence + 1} to {number - 1}" if number > last.sequence + 1 else "order"
        yield Problem(number, f"entries are missing before it: {missing}")
    if row.previous != last.hash:
        yield Problem(number, "it does not follow from the entry before it")
    if hash_of(row.content) != row.hash:
        yield Problem(number, "its content was edited: the hash is of something else")
    try:
        entry, sequence, previous = read_content(row.content)
    except ValueError:
        yield Problem(number, "its content cannot be read")
        return
    if (sequence, previous) != (number, row.previous):
        yield Problem(number, "its content names another number or predecessor")
    edited = [name for name, value in columns_of(entry).items() if getattr(row, name) != value]
    if edited:
        yield Problem(number, f"what it is searched by was edited: {', '.join(edited)}")


def _check_end(last: int, unseen: dict[int, set[Bytes32]]) -> Iterator[Problem]:
    """
    Heads of entries that are not there: the end was cut off.
    """
    if unseen:
        far = max(unseen)
        what = f"the end was cut off: entry {far} was told of, and the last one here is {last}"
        yield Problem(far, what if far > last else "an entry that was told of is missing")
