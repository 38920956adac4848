"""
What was stored of a chain, back in memory: after a restart nothing is read twice.

    cursor, projections → State at the final height; events after that → as they were decoded
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, or_, select

from bursar.chain.follower import Logged, read_event
from bursar.changes import Change, Subject, removes_guardian, subject_of
from bursar.payments import WalletLimit
from bursar.state import State, Stop, WalletState
from bursar.store.chain_codec import load, load_line
from bursar.store.chain_payments import Payments, queued_payment
from bursar.store.chain_projections import Projections, WalletRows
from bursar.store.chain_tables import (
    PENDING,
    chain_agents,
    chain_blocks,
    chain_budgets,
    chain_changes,
    chain_events,
    chain_limits,
    chain_members,
    chain_nonces,
    chain_organizations,
    chain_payments,
    chain_recipients,
    chain_stops,
    chain_wallets,
)
from bursar.store.chain_writer import Cursor
from bursar.types import Address


@dataclass(frozen=True, slots=True)
class Stored:
    """
    What of one organisation is in the store. `state` is at the final height; `tail` are the events
    after that, and `blocks` the blocks: number → (hash, parent, timestamp).
    """

    state: State
    projections: Projections
    payments: Payments
    tail: tuple[Logged, ...]
    blocks: Mapping[int, tuple[bytes, bytes, int]]


def fetch_stored(connection: Connection, cursor: Cursor) -> Stored:
    """
    Everything that following goes on from.
    """
    projections = Projections(cursor.source)
    payments = Payments(cursor.source)
    state = State()
    _restore_organization(connection, projections, state)
    _restore_wallets(connection, projections, state)
    _restore_payments(connection, payments, state)
    return Stored(
        state,
        projections,
        payments,
        tuple(fetch_events(connection, cursor.source, after=_final(cursor))),
        _fetch_blocks(connection, cursor),
    )


def fetch_events(
    connection: Connection, source: int, *, after: tuple[int, int] = (-1, -1)
) -> Iterator[Logged]:
    """
    Events in the order of the chain, from the place after `after` on: a block, and the index of a
    log in it or -1 for all of it.
    """
    block, log = after
    columns = chain_events.c
    rest_of_block = and_(columns.block == block, columns.log > log) if log >= 0 else None
    later = columns.block > block
    wanted = (
        select(chain_events)
        .where(columns.source == source)
        .where(later if rest_of_block is None else or_(later, rest_of_block))
        .order_by(columns.block, columns.log)
    )
    for row in connection.execute(wanted):
        position = {
            "at": row.at,
            "block": row.block,
            "transaction": row.transaction,
            "log": row.log,
        }
        event = read_event(row.name, row.payload, emitter=row.emitter, position=position)
        yield Logged(row.block, row.log, row.name, row.payload, event)


def _fetch_blocks(connection: Connection, cursor: Cursor) -> dict[int, tuple[bytes, bytes, int]]:
    """
    From the final one on: earlier ones do not change.
    """
    wanted = _of(chain_blocks, cursor.source).where(chain_blocks.c.number >= cursor.final_number)
    rows = connection.execute(wanted)
    return {row.number: (row.hash, row.parent, row.at) for row in rows}


def _of(table: Table, source: int) -> Select[Any]:
    return select(table).where(table.c.source == source)


def _restore_organization(connection: Connection, projections: Projections, state: State) -> None:
    source = projections.source
    row = connection.execute(_of(chain_organizations, source)).one_or_none()
    if row is None:
        return
    projections.detail = row.detail
    _restore_fields(state, row.detail)
    for row in connection.execute(_of(chain_members, source)):
        projections.members[row.who] = (row.guardian, row.keeper)
        state.guardians |= {row.who} if row.guardian else set()
        state.keepers |= {row.who} if row.keeper else set()
    for row in connection.execute(_of(chain_stops, source)):
        state.stops[row.scope] = Stop(row.until, row.number)
    projections.stops = dict(state.stops)
    for row in connection.execute(_of(chain_changes, source)):
        state.changes[row.id] = _change(row)
        state.pending[state.changes[row.id].subject] = row.id
    projections.changes = dict(state.changes)


def _restore_fields(value: Any, detail: str) -> None:
    for name, field in load(detail).items():
        setattr(value, name, Subject(*field) if name == "applied" and field else field)


def _change(row: Any) -> Change:
    return Change(
        id=row.id,
        subject=subject_of(row.target, row.call),
        call=row.call,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
        removes_guardian=removes_guardian(row.call),
    )


def _restore_wallets(connection: Connection, projections: Projections, state: State) -> None:
    source = projections.source
    wallets = _of(chain_wallets, source).order_by(chain_wallets.c.position)
    for row in connection.execute(wallets):
        wallet = state.registry[row.address] = WalletState(row.address)
        _restore_fields(wallet, row.detail)
        projections.wallets[row.address] = WalletRows(row.detail, row.position)
    _restore_agents(connection, projections, state.registry)
    for row in connection.execute(_of(chain_limits, source)):
        wallet = state.registry[row.wallet]
        wallet.limits[row.token] = WalletLimit(row.daily, row.spent, row.day)
        if row.max_balance is not None:
            wallet.max_balances[row.token] = row.max_balance
        found = (wallet.limits[row.token], row.max_balance)
        projections.wallets[row.wallet].limits[row.token] = found
    for row in connection.execute(_of(chain_recipients, source)):
        state.registry[row.wallet].recipients.add(row.who)
        projections.wallets[row.wallet].recipients.add(row.who)
    for row in connection.execute(_of(chain_nonces, source)):
        state.registry[row.wallet].nonces[row.agent, row.word] = row.bits


def _restore_agents(
    connection: Connection, projections: Projections, registry: Mapping[Address, WalletState]
) -> None:
    source = projections.source
    agents = _of(chain_agents, source).order_by(chain_agents.c.wallet, chain_agents.c.position)
    for row in connection.execute(agents):
        wallet = registry[row.wallet]
        wallet.lines[row.agent] = {}
        projections.wallets[row.wallet].agents[row.agent] = row.retired
        if row.retired:
            wallet.retired.add(row.agent)
    columns = chain_budgets.c
    budgets = _of(chain_budgets, source).order_by(columns.wallet, columns.agent, columns.position)
    for row in connection.execute(budgets):
        line = load_line(row.line)
        registry[row.wallet].lines[row.agent][row.token, row.category] = line
        key = (row.agent, row.token, row.category)
        projections.wallets[row.wallet].lines[key] = line


def _restore_payments(connection: Connection, payments: Payments, state: State) -> None:
    columns = chain_payments.c
    pending = _of(chain_payments, payments.source).where(columns.status == PENDING)
    for row in connection.execute(pending.order_by(columns.block, columns.log)):
        payments.open[row.wallet][row.id] = payments.encode(row)
        state.registry[row.wallet].queue[row.id] = queued_payment(row)


def _final(cursor: Cursor) -> tuple[int, int]:
    return cursor.final_number, cursor.final_log
