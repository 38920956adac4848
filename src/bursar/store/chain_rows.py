"""
One row of each projection: parts of the folded state → columns in the table's order.
"""

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final

from bursar.budgets import BudgetLine, figures
from bursar.chain.follower import FailedCall, Logged, TokenTransfer, Unexplained
from bursar.changes import Change
from bursar.payments import WalletLimit
from bursar.state import State, WalletState
from bursar.store.chain_codec import address_bytes, dump, dump_line, uint_bytes

Row = tuple[Any, ...]

# Fields with tables of their own. Whatever else there is goes into `detail`, so that what the fold
# gains is kept as well.
_WALLET_TABLES: Final = frozenset(
    {"address", "lines", "retired", "limits", "max_balances", "recipients", "queue", "nonces"}
)
_ORGANIZATION_TABLES: Final = frozenset(
    {"guardians", "keepers", "stops", "registry", "changes", "pending", "newborn"}
)


def event_rows(source: int, some: Iterable[Logged]) -> list[Row]:
    """
    Of `chain_events`.
    """
    return [
        (source, block, log, event.at, address_bytes(event.emitter), event.transaction, name, text)
        for block, log, name, text, event in some
    ]


def failed_call_row(source: int, call: FailedCall) -> Row:
    """
    Of `chain_failed_calls`.
    """
    block, position, at, transaction, sender, target, gas_used = call
    who = address_bytes(sender), address_bytes(target)
    return (source, block, position, at, transaction, *who, gas_used)


def transfer_row(source: int, transfer: TokenTransfer) -> Row:
    """
    Of `chain_transfers`.
    """
    block, log, at, transaction, token, sender, recipient, amount = transfer
    who = address_bytes(token), address_bytes(sender), address_bytes(recipient)
    return (source, block, log, at, transaction, *who, uint_bytes(amount))


def unexplained_row(source: int, found: Unexplained) -> Row:
    """
    Of `chain_unexplained`.
    """
    block, transaction, wallet, token, at, *figures = found
    key = block, transaction, address_bytes(wallet), address_bytes(token)
    return (source, *key, at, *map(uint_bytes, figures))


def organization_detail(state: State) -> str:
    """
    Everything of the organisation that has no table of its own, as JSON.
    """
    return _dump_fields(state, _ORGANIZATION_TABLES)


def wallet_detail(wallet: WalletState) -> str:
    """
    Everything of a wallet that has no table of its own, as JSON.
    """
    return _dump_fields(wallet, _WALLET_TABLES)


def _dump_fields(value: Any, apart: frozenset[str]) -> str:
    names = [field.name for field in fields(value) if field.name not in apart]
    return dump({name: getattr(value, name) for name in names})


def organization_row(source: int, state: State, detail: str) -> Row:
    """
    Of `chain_organizations`.
    """
    return (
        source,
        address_bytes(state.organization),
        address_bytes(state.treasury),
        uint_bytes(state.change_delay),
        uint_bytes(state.heartbeat_timeout),
        state.last_heartbeat,
        detail,
    )


def change_row(source: int, change: Change) -> Row:
    """
    Of `chain_changes`.
    """
    return (
        source,
        change.id,
        address_bytes(change.subject.target),
        change.subject.setter,
        change.call,
        uint_bytes(change.ready_at),
        uint_bytes(change.expires_at),
    )


def wallet_row(source: int, position: int, wallet: WalletState, detail: str) -> Row:
    """
    Of `chain_wallets`.
    """
    return (
        source,
        address_bytes(wallet.address),
        position,
        readable(wallet.name),
        wallet.sealed,
        uint_bytes(wallet.epoch),
        uint_bytes(wallet.payment_delay),
        uint_bytes(wallet.grace),
        detail,
    )


def limit_row(source: int, key: Row, limit: WalletLimit, most: int | None) -> Row:
    """
    Of `chain_limits`.
    """
    return (
        source,
        *key,
        uint_bytes(limit.daily),
        uint_bytes(limit.spent),
        limit.day,
        None if most is None else uint_bytes(most),
    )


def budget_row(source: int, key: Row, position: int, line: BudgetLine) -> Row:
    """
    Of `chain_budgets`.
    """
    budget = figures(line)
    return (
        source,
        *key,
        position,
        uint_bytes(budget.per_payment),
        uint_bytes(budget.hourly),
        uint_bytes(budget.daily),
        uint_bytes(budget.queue_from),
        budget.max_payments,
        budget.expires_at,
        budget.share_bps,
        budget.rolling,
        budget.allowlist_only,
        dump_line(line),
    )


def readable(text: str) -> str:
    """
    A text that every database keeps: Postgres has none with a zero character.
    """
    return json.dumps(text, ensure_ascii=False)[1:-1] if "\0" in text else text
