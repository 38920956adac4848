"""
How one wallet, agent, payment or change looks on a terminal. What strangers wrote is never markup.
"""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bursar.cli.console import build_table, show_time, show_units
from bursar.config import format_duration
from bursar.treasury.details import (
    AgentDetail,
    BudgetDetail,
    PendingChange,
    Recipient,
    Told,
    WaitingPayment,
    WalletDetail,
)
from bursar.treasury.status import TokenStatus, utilisation
from bursar.treasury.tracing import ChangeDetail, PaymentDetail


def draw_wallet(found: WalletDetail) -> Group:
    """
    A wallet.
    """
    state = found.stopped or ("running" if found.sealed else "not sealed")
    refilled = show_time(found.refilled_at) if found.refilled_at is not None else "never"
    facts = {
        "wallet": f"{found.name}  {found.address}",
        "state": state,
        "active agents": str(found.active_agents),
        "last refill": refilled,
        "large payments": f"wait {format_duration(found.payment_delay)}, then executable for "
        f"{format_duration(found.grace)}",
        "recipients": ", ".join(found.recipients) or "no list",
    }
    return _stack(
        _facts(facts, stopped=bool(found.stopped)),
        _tokens(found.tokens),
        _budgets(found.budgets),
        _waiting(found.waiting),
        _changes(found.changes),
        _told("What happened last", found.recent),
    )


def draw_agent(found: AgentDetail) -> Group:
    """
    An agent.
    """
    facts = {
        "agent": f"{found.name}  {found.address}",
        "role": found.role or "none given",
        "state": found.stopped or "nothing stops it",
    }
    if found.roles:
        facts["holds"] = f"{', '.join(found.roles)}: an agent should hold no role"
    if found.retired:
        facts["retired in"] = ", ".join(found.retired)
    return _stack(
        _facts(facts, stopped=bool(found.stopped)),
        _budgets(found.budgets),
        _recipients(found.recipients),
        _waiting(found.waiting),
        _changes(found.changes),
        _told("What happened last", found.recent),
    )


def draw_payment(found: PaymentDetail) -> Group:
    """
    A payment.
    """
    facts = {
        "payment": found.id or "paid at once, without an id",
        "amount": f"{show_units(found.amount, found.decimals)} {found.token}",
        "from": f"{found.agent}, out of {found.wallet}",
        "to": found.to if found.to == found.to_address else f"{found.to}  {found.to_address}",
        "category": found.category or "none",
        "reference": found.ref,
        "status": found.status,
    }
    if found.ready_at is not None and found.expires_at is not None:
        facts["executable"] = f"{show_time(found.ready_at)} to {show_time(found.expires_at)}"
    if found.now:
        facts["now"] = found.now
    return _stack(_facts(facts), _told("What became of it", found.told))


def draw_change(found: ChangeDetail) -> Group:
    """
    A change.
    """
    facts = {
        "change": found.id,
        "sets": found.text,
        "instead of": found.present,
        "status": found.status,
        "scheduled": show_time(found.scheduled_at),
        "may be applied": f"{show_time(found.ready_at)} to {show_time(found.expires_at)}",
        "call": found.call,
    }
    return _stack(_facts(facts), _told("What became of it", found.told))


def _stack(*parts: RenderableType | None) -> Group:
    shown: list[RenderableType] = []
    for part in parts:
        if part is not None:
            shown += [part, Text()] if part is not parts[-1] else [part]
    return Group(*shown)


def _facts(facts: dict[str, str], *, stopped: bool = False) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        style = "red" if stopped and name == "state" else ""
        table.add_row(name, Text(value, style))
    return table


def _table(title: str, columns: dict[str, str], rows: Iterable[Sequence[str]]) -> Table | None:
    table = build_table(title, **columns)
    for row in rows:
        table.add_row(*map(escape, row))
    return table if table.row_count else None


def _tokens(tokens: Iterable[TokenStatus]) -> Table | None:
    rows = [
        (
            one.symbol,
            show_units(one.balance, one.decimals),
            show_units(one.maximum, one.decimals),
            show_units(one.capacity, one.decimals),
            show_units(one.spent_today, one.decimals),
            show_units(one.daily_limit, one.decimals),
            f"{utilisation(one.spent_today, one.daily_limit or 0):.1f} %",
        )
        for one in tokens
    ]
    columns = {
        "token": "left",
        "balance": "right",
        "refills_up_to": "right",
        "capacity_left": "right",
        "spent_today": "right",
        "of_limit": "right",
        "used": "right",
    }
    return _table("Money", columns, rows)


def _budgets(budgets: Iterable[BudgetDetail]) -> Table | None:
    rows = [
        (
            one.line.wallet,
            one.line.agent,
            one.line.category,
            f"{show_units(one.line.spent_today, one.line.decimals)} {one.line.token}",
            f"{one.line.utilisation:.1f} %",
            show_units(one.line.remaining_this_hour, one.line.decimals),
            show_time(one.line.more_from) if one.line.more_from else "",
            one.text,
        )
        for one in budgets
    ]
    columns = {
        "wallet": "left",
        "agent": "left",
        "category": "left",
        "spent_today": "right",
        "used": "right",
        "left_this_hour": "right",
        "more_from": "left",
        "limits": "left",
    }
    return _table("Budgets", columns, rows)


def _recipients(recipients: Iterable[Recipient]) -> Table | None:
    rows = [
        (one.to, f"{show_units(one.amount, one.decimals)} {one.token}", str(one.payments))
        for one in recipients
    ]
    columns = {"to": "left", "amount": "right", "payments": "right"}
    return _table("Whom it paid in seven days", columns, rows)


def _waiting(waiting: Iterable[WaitingPayment]) -> Table | None:
    rows = [
        (
            one.id,
            one.agent,
            f"{show_units(one.amount, one.decimals)} {one.token}",
            one.to,
            show_time(one.ready_at),
            show_time(one.expires_at),
        )
        for one in waiting
    ]
    columns = {
        "id": "id",
        "agent": "left",
        "amount": "right",
        "to": "left",
        "due": "left",
        "expires": "left",
    }
    return _table("Payments that wait", columns, rows)


def _changes(changes: Iterable[PendingChange]) -> Table | None:
    rows = [
        (one.id, one.text, show_time(one.ready_at), show_time(one.expires_at)) for one in changes
    ]
    columns = {"id": "id", "what": "left", "due": "left", "expires": "left"}
    return _table("Changes that wait", columns, rows)


def _told(title: str, told: Iterable[Told]) -> Table | None:
    rows = [(show_time(one.at), one.where, one.text) for one in told]
    return _table(title, {"when": "left", "where": "left", "what": "left"}, rows)
