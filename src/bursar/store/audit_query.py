"""
Finding audit entries (T36): by organisation, dates, wallet, agent, action, token, least amount.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from bursar.audit import Action, Sealed
from bursar.store.audit_rows import as_sealed
from bursar.store.audit_table import AUDIT
from bursar.types import Address

_ROWS_AT_ONCE: Final = 1_000


class Filter(NamedTuple):
    """
    What is wanted; None is everything. `since` and `until` are Unix seconds, the second not
    included; `least` is base units, and leaves out entries without an amount.
    """

    chain_id: int | None = None
    organization: Address | None = None
    since: int | None = None
    until: int | None = None
    wallet: Address | None = None
    agent: Address | None = None
    actions: tuple[Action, ...] = ()
    token: Address | None = None
    least: int | None = None


def find_audit(
    connection: Connection, wanted: Filter, *, last: int | None = None
) -> Iterator[Sealed]:
    """
    The entries that fit, in their order; with `last` only the latest so many.
    """
    order = (AUDIT.c.chain_id, AUDIT.c.organization, AUDIT.c.sequence)
    query = select(AUDIT).where(*_conditions(wanted))
    if last is None:
        streamed = query.order_by(*order).execution_options(yield_per=_ROWS_AT_ONCE)
        yield from map(as_sealed, connection.execute(streamed))
        return
    latest = query.order_by(*(column.desc() for column in order)).limit(last)
    yield from reversed([as_sealed(row) for row in connection.execute(latest)])


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    table = AUDIT.c
    for column, value in (
        (table.chain_id, wanted.chain_id),
        (table.organization, wanted.organization),
        (table.wallet, wanted.wallet),
        (table.agent, wanted.agent),
        (table.token, wanted.token),
    ):
        if value is not None:
            yield column == value
    if wanted.since is not None:
        yield table.at >= wanted.since
    if wanted.until is not None:
        yield table.at < wanted.until
    if wanted.actions:
        yield table.action.in_([action.value for action in wanted.actions])
    if wanted.least is not None:
        yield table.amount >= wanted.least
