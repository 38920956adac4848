"""
What agents have spent on past days, from the events that are stored.
"""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, select

from bursar.chain.follower import read_event
from bursar.events import Paid, PaymentExecuted
from bursar.store.chain_tables import chain_events
from bursar.types import DAY, Address

_NAMES = (Paid.__name__, PaymentExecuted.__name__)


def fetch_day_sums(
    connection: Connection, source: int, *, since: int, until: int
) -> Mapping[tuple[Address, Address, Address], Mapping[int, int]]:
    """
    By wallet, agent and token: by number of the UTC day, what was paid (base units) from `since`
    until before `until` (Unix seconds).
    """
    columns = chain_events.c
    wanted = select(chain_events).where(
        columns.source == source,
        columns.at >= since,
        columns.at < until,
        columns.name.in_(_NAMES),
    )
    sums: dict[tuple[Address, Address, Address], dict[int, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    for row in connection.execute(wanted):
        position = {
            "at": row.at,
            "block": row.block,
            "transaction": row.transaction,
            "log": row.log,
        }
        event = read_event(row.name, row.payload, emitter=row.emitter, position=position)
        assert isinstance(event, Paid | PaymentExecuted)
        sums[event.emitter, event.agent, event.token][event.at // DAY] += event.amount
    return sums
