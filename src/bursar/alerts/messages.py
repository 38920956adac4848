"""
What channels are told, and the topic under which the outbox keeps it for each of them.

    alert raised or cleared, payment's notice → put_messages → a row of the outbox per channel

In the transaction that causes it: a crash at any line tells nothing twice and loses nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from bursar.alerts.watches import Severity
from bursar.config import AlertSettings
from bursar.config.alerts import LOG
from bursar.store.alerts import StoredAlert, Whose
from bursar.store.outbox import put

RAISED: Final = "raised"
CLEARED: Final = "cleared"
NOTICE: Final = "notice"


# A token says why it refuses, at any length; services refuse what is longer than they show.
_LONGEST_TEXT: Final = 2_000


class Audience(NamedTuple):
    """
    Whose alerts they are, what people call the organisation, and who is told of what.
    """

    whose: Whose
    organisation: str
    settings: AlertSettings


class Telling(NamedTuple):
    """
    Something to tell. `id` is one and the same however often it arrives.
    """

    id: str
    event: str
    kind: str
    severity: str
    text: str
    more: Mapping[str, Any]


def raised(alert: StoredAlert) -> Telling:
    """
    That it was found.
    """
    found = alert.found
    return Telling(
        f"alert:{alert.id}:{RAISED}", RAISED, found.kind, found.severity, found.text, _more(alert)
    )


def cleared(alert: StoredAlert) -> Telling:
    """
    That it is settled, by whom and why.
    """
    found = alert.found
    text = f"Cleared by {alert.cleared_by}: {alert.cleared_why} It was: {found.text}"
    return Telling(
        f"alert:{alert.id}:{CLEARED}", CLEARED, found.kind, Severity.INFO, text, _more(alert)
    )


def put_messages(
    connection: Connection, audience: Audience, tellings: Iterable[Telling], *, now: int
) -> None:
    """
    Leave each telling for the log and for every channel that is told of its kind.
    """
    whose = audience.whose
    for one in tellings:
        payload = {
            "id": f"{whose.chain_id}:{whose.organization}:{one.id}",
            "event": one.event,
            "kind": one.kind,
            "severity": one.severity,
            "text": plain(one.text),
            "organisation": audience.organisation,
            **whose._asdict(),
            **one.more,
        }
        for channel in (LOG, *audience.settings.channels_of(one.kind)):
            put(connection, topic_of(whose, channel), one.id, payload, now=now)


def plain(text: str) -> str:
    """
    One line of what may be a stranger's words, cut: what a log or a terminal would obey is written
    out.
    """
    cut = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in cut)


def topic_of(whose: Whose, channel: str) -> str:
    """
    What the outbox calls a channel of an organisation: others may share the database.
    """
    return f"alerts:{whose.chain_id}:{whose.organization}:{channel}"


def _more(alert: StoredAlert) -> dict[str, Any]:
    found = alert.found
    return {
        "alert": alert.id,
        "wallet": found.wallet,
        "token": found.token,
        "agent": found.agent,
        "figures": dict(found.figures),
        "block": found.block,
        "block_at": found.block_at,
    }
