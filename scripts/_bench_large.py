"""
A store with a million events, and one of 1,000 wallets with 10,000 agents: started again, how long
it takes and how much memory it needs.

    python scripts/_bench_large.py URL ORGANIZATION CHAIN_ID [--books]
    → {"seconds": …, "memory_mb": …}
"""

from __future__ import annotations

import json
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select

from bursar import events
from bursar.audit import Action, Carrier
from bursar.budgets import Budget
from bursar.chain.follower import Extension, Header, Logged, Mark
from bursar.chain.follower.layouts import layouts_by_name
from bursar.events import Event
from bursar.keeper.bookkeeping import Books
from bursar.keeper.following_ledger import Ledger
from bursar.keeper.following_start import load
from bursar.keeper.watching import StoreWatcher
from bursar.store.audit_log import AuditLog
from bursar.store.audit_table import AUDIT
from bursar.store.chain_tables import chain_events, chain_payments
from bursar.store.chain_writer import commit_batch
from bursar.store.database import Database
from bursar.types import FOREVER, Address, Bytes32, checksummed

WALLETS: Final = 1_000
AGENTS: Final = 10_000
AT: Final = 1_767_607_200
_TOKEN: Final = checksummed(f"0x{1:040x}")
_GENERAL: Final = Bytes32(b"general".ljust(32, b"\0"))


def multiply_events(database: Database, times: int) -> int:
    """
    Copy every payment that often into blocks before the first. How many there are then.
    """
    for table in (chain_events, chain_payments):
        for number in range(1, times):
            database.write(partial(_copy, table=table, shift=number * 10_000_000))
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(chain_events)).scalar_one()


def multiply_audit(database: Database, times: int) -> None:
    """
    The same with the audit's entries. Their chain of hashes does not hold: what starts looks at its
    end only.
    """
    for number in range(1, times):
        database.write(partial(_copy_audit, number=number, shift=number * 10_000_000))


def _copy_audit(connection: Connection, number: int, shift: int) -> None:
    changed = {
        "sequence": AUDIT.c.sequence - shift,
        "block": AUDIT.c.block - shift,
        "previous": func.randomblob(32),
        "hash": func.randomblob(32),
        "identity": AUDIT.c.identity + f":{number}",
    }
    names = [column.name for column in AUDIT.columns]
    values = [changed.get(name, AUDIT.c[name]) for name in names]
    spends = AUDIT.c.action == Action.AGENT_SPEND.value
    copied = select(*values).where(AUDIT.c.sequence >= 0, spends)
    connection.execute(insert(AUDIT).from_select(names, copied))


def _copy(connection: Connection, table: Table, shift: int) -> None:
    names = [column.name for column in table.columns]
    values = [column - shift if column.name == "block" else column for column in table.columns]
    copied = select(*values).where(table.c.block >= 0)
    if table is chain_events:
        copied = copied.where(table.c.name == "Paid")  # an organisation is founded once
    connection.execute(insert(table).from_select(names, copied))


def fill_large(database: Database, organization: Address, chain_id: int) -> None:
    """
    Write an organisation of that many wallets and agents, as if it had been followed.
    """
    cursor, stored, _ = database.write(
        partial(load, chain_id=chain_id, organization=organization, first=0)
    )
    ledger = Ledger(cursor, stored)
    for number, block in enumerate(_blocks(organization)):
        header = Header(number, f"0x{number + 1:064x}", f"0x{number:064x}", AT, 0, 0)
        mark = Mark(number, header.hash, AT)
        logs = tuple(_logged(event, number, index) for index, event in enumerate(block))
        for batch in ledger.take(Extension((header,), logs, {}, mark, mark)):
            database.write(partial(commit_batch, batch=batch))


def _blocks(organization: Address) -> list[list[Event]]:
    new: dict[str, Any] = {"emitter": organization, "at": AT}
    birth = [
        events.OrganizationCreated(treasury=_TOKEN, change_delay=3_600, **new),
        events.HeartbeatTimeoutSet(seconds=FOREVER, **new),
    ]
    blocks: list[list[Event]] = [list(birth)]
    for number in range(WALLETS):
        wallet = checksummed(f"0x{0xAA00000000 + number:040x}")
        created: list[Event] = [
            events.WalletCreated(wallet=wallet, name=f"wallet {number}", blueprint=_TOKEN, **new),
            events.WalletLimitSet(emitter=wallet, at=AT, token=_TOKEN, daily=10**12),
        ]
        agents = range(number, AGENTS, WALLETS)
        blocks.append(created + [_budget_set(wallet, agent) for agent in agents])
    return blocks


def _budget_set(wallet: Address, agent: int) -> Event:
    budget = Budget(
        per_payment=10**6,
        hourly=10**7,
        daily=10**8,
        queue_from=FOREVER,
        max_payments=1_000,
        expires_at=AT + 3_600 * 1_000 - AT % 3_600,
        share_bps=10_000,
        rolling=False,
        allowlist_only=False,
    )
    return events.BudgetSet(
        emitter=wallet,
        at=AT,
        agent=checksummed(f"0x{0xBB00000000 + agent:040x}"),
        token=_TOKEN,
        category=_GENERAL,
        budget=budget,
        hour_spent=0,
        day_spent=0,
    )


def _logged(event: Event, block: int, index: int) -> Logged:
    placed = event.model_copy(
        update={"block": block, "log": index, "transaction": Bytes32(bytes(32))}
    )
    name = type(event).__name__
    return Logged(block, index, name, layouts_by_name()[name].write(dict(placed)), placed)


def _peak() -> float:
    """
    The most memory that this process has had, in MB. Linux tells its own only here: what getrusage
    says begins with the size of the process that started it.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


class NoCarriers:
    """
    Nothing that is past is asked of a node.
    """

    def fetch(self, transaction: Bytes32, /) -> Carrier:
        raise AssertionError(f"0x{transaction.hex()} was asked for")

    def fetch_balance(self, who: Address, block: int, /) -> int:
        raise AssertionError(f"the balance of {who} was asked for")


def keep_books(database: Database, organization: Address, chain_id: int) -> int:
    """
    The first look of a keeper's books. How many entries they have gained.
    """
    kept = Books(AuditLog(database, chain_id, organization), NoCarriers()).keep()
    assert not kept.troubles, kept.troubles
    return kept.entries


def main(url: str, organization: str, chain_id: str, books: str = "") -> None:
    """
    Load what is stored, and print how long it took and how large the process is. With books, what a
    keeper does before its first look at the chain is all in it, but for the node's answers.
    """
    who, chain = checksummed(organization), int(chain_id)
    with Database.open(url) as database:
        begin = time.perf_counter()
        _, stored, _ = database.write(partial(load, chain_id=chain, organization=who, first=0))
        tip = stored.state.copy()
        found = {"follower_s": time.perf_counter() - begin, "wallets": len(tip.registry)}
        if books:
            StoreWatcher(database, lambda: tip, chain_id=chain, organization=who, by=who).catch_up()
            assert keep_books(database, who, chain) == 0, "everything is in the audit"
        found |= {"seconds": time.perf_counter() - begin, "memory_mb": _peak()}
        print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
