"""
Clocks that do not agree, on machines that share a store: of the database's server, set back while
somebody holds a lease, and of who writes a message and who tells it.
"""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from bursar.store.database import Database
from bursar.store.outbox import claim, put
from bursar.store.sending_leases import LEASE_SECONDS, Lease, LeaseHeldError, read_clock
from bursar.store.sending_tables import leases
from bursar.types import HOUR

MILLISECONDS = 1_000


def test_lease__taken_before_the_clock_was_set_back__ends_within_the_minute(
    postgres_url: str,
) -> None:
    """
    By the new clock it lasts for hours. Who has died must not keep the others waiting for them; one
    who lives renews it as ever.
    """
    with Database.open(postgres_url) as one, Database.open(postgres_url) as other:
        dead, living, waiting = Lease(one, "dead"), Lease(one, "living"), Lease(other, "dead")
        dead.hold()
        living.hold()
        # What an hour's setting back leaves: the rows are an hour ahead of the server.
        ahead = leases.c.until + HOUR * MILLISECONDS
        one.write(lambda c: c.execute(update(leases).values(until=ahead)))

        with pytest.raises(LeaseHeldError):
            waiting.hold()

        left = other.read(lambda c: c.execute(select(func.max(leases.c.until))).scalar_one())
        assert left <= other.read(read_clock) + LEASE_SECONDS * MILLISECONDS
        other.write(lambda c: living.check(c))


def test_outbox__message_of_a_machine_whose_clock_is_ahead__is_told_at_once(
    database: Database,
) -> None:
    """
    An alarm must not wait until the other machines' clocks have come as far.
    """
    now = 1_767_607_200
    database.write(lambda c: put(c, "alerts", "one", {}, now=now + 3 * HOUR))

    claimed = database.write(lambda c: claim(c, "alerts", by="other", now=now, seconds=60))

    assert [message.key for message in claimed] == ["one"]
