"""
Faults on purpose, in a process that is going to be killed: what the judge has to find.

    name → sabotage → the process is worse than the code
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection

from bursar.chain.errors import ChainError
from bursar.chain.sending import points
from bursar.chain.sending.dispatching import Dispatch
from bursar.chain.sending.intents import Intent
from bursar.store import chain_writer


def sabotage(name: str | None) -> None:
    """
    Break this process in the way that `name` says; None leaves it whole.
    """
    if name is not None:
        SABOTAGES[name]()


def _journal_after_broadcast() -> None:
    """
    The node has a transaction before the journal does.
    """
    record = Dispatch._record

    def late(self: Dispatch, flight: Any, transaction: Any) -> None:
        with suppress(ChainError):
            self._rpc.request("eth_sendRawTransaction", f"0x{transaction.raw.hex()}")
        record(self, flight, transaction)

    Dispatch._record = late  # type: ignore[method-assign]


def _cursor_apart_from_events() -> None:
    """
    That a block was read is on the disk before what was in it. On SQLite.
    """
    move = chain_writer._move_cursor

    def apart(connection: Connection, before: Any, after: Any) -> None:
        move(connection, before, after)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    chain_writer._move_cursor = apart


def _no_dedupe_of_intents() -> None:
    """
    Whoever asks again gets another transaction.
    """
    Intent.blocks_another = lambda self, *, repeatable: False  # type: ignore[method-assign]


# Where a crash shows it soonest.
REVEALING: Final = {
    "journal after broadcast": (points.SIGNED,),
    "cursor apart from events": (points.TAKING_IN,),
    "no dedupe of intents": points.ALL,
}
SABOTAGES: Final = {
    "journal after broadcast": _journal_after_broadcast,
    "cursor apart from events": _cursor_apart_from_events,
    "no dedupe of intents": _no_dedupe_of_intents,
}
