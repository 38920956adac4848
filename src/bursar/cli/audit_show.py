"""
How audit entries look: in a table, as JSON, and as CSV.
"""

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from bursar.audit import Action, Entry, Party, Place, Sealed
from bursar.book import AddressBook

if TYPE_CHECKING:
    from rich.table import Table

_COLOURS: Final = {
    Action.AGENT_SPEND: "default",
    Action.REFILL: "green",
    Action.DEPOSIT: "green",
    Action.LOSS: "bold red",
    Action.POLICY_CHANGE: "cyan",
    Action.KILL_SWITCH: "bold red",
    Action.SWEEP: "magenta",
    Action.REFUSAL: "yellow",
    Action.RETRACTION: "dim",
}
CSV_COLUMNS: Final = (
    *("sequence", "time", "chain_id", "organization", "action", "event", "wallet", "wallet_name"),
    *("agent", "agent_name", "role", "token", "symbol", "amount", "amount_in_tokens"),
    *("balance_before", "balance_after", "authorised_by", "decided_by", "outcome", "reason"),
    *("message", "policy_version", "decision", "block", "transaction", "log", "details"),
    *("previous", "hash"),
)
# What a spreadsheet would run.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def build_entries_table(title: str, found: list[Sealed], book: AddressBook) -> "Table":
    """
    One line an entry.
    """
    from bursar.cli.console import build_table

    columns = {
        "number": "right",
        "time": "left",
        "action": "left",
        "wallet": "left",
        "agent": "left",
        "amount": "right",
        "balance_after": "right",
        "authorised_by": "left",
        "decision": "left",
        "transaction": "left",
    }
    table = build_table(title, **columns)
    for sealed in found:
        entry = sealed.entry
        cells = (str(sealed.sequence), *_cells(entry, book))
        # As text and not as markup: strangers choose reasons.
        table.add_row(*(Text(cell, style=_COLOURS[entry.action]) for cell in cells))
    return table


def as_document(sealed: Sealed, book: AddressBook) -> dict[str, Any]:
    """
    An entry for a machine: everything that was hashed, its hash, and names.
    """
    entry = sealed.entry
    return {
        "sequence": sealed.sequence,
        "previous": sealed.previous.hex(),
        "hash": sealed.hash.hex(),
        "names": {
            name: book.name_of(address)
            for name, address in (("wallet", entry.wallet), ("agent", entry.agent))
            if address is not None
        },
        **entry.model_dump(mode="json"),
    }


def as_csv(cells: tuple[Any, ...]) -> str:
    """
    One line of CSV.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def csv_cells(sealed: Sealed, book: AddressBook) -> tuple[Any, ...]:
    """
    An entry in the order of CSV_COLUMNS. Amounts are base units as text; a cell that a spreadsheet
    would take for a formula begins with an apostrophe.
    """
    entry, verdict, place = sealed.entry, sealed.entry.verdict, sealed.entry.place
    symbol, decimals = book.symbol_of(entry.token) if entry.token else ("", 0)
    cells = (
        *(sealed.sequence, _time(entry.at, "%Y-%m-%dT%H:%M:%SZ"), entry.chain_id),
        *(entry.organization, entry.action.value, entry.event),
        *(entry.wallet, _name(entry.wallet, book), entry.agent, _name(entry.agent, book)),
        *(entry.role, entry.token, symbol, entry.amount, _whole(entry.amount, decimals)),
        *(entry.balance_before, entry.balance_after),
        "; ".join(f"{party.role} {party.address or ''}".strip() for party in entry.authorised_by),
        *((verdict.by, verdict.outcome, verdict.reason) if verdict else ("", "", "")),
        *((verdict.message, verdict.version, verdict.number) if verdict else ("", "", "")),
        *((place.block, _transaction(place), place.log) if place else ("", "", "")),
        "; ".join(f"{name}={value}" for name, value in sorted(entry.details.items())),
        *(sealed.previous.hex(), sealed.hash.hex()),
    )
    return tuple(_harmless(cell) for cell in cells)


def _cells(entry: Entry, book: AddressBook) -> tuple[str, ...]:
    from bursar.treasury.safe.words import printable

    symbol, decimals = book.symbol_of(entry.token) if entry.token else ("", 0)
    amount = "" if entry.amount is None else f"{_grouped(entry.amount, decimals)} {symbol}"
    after = "" if entry.balance_after is None else _grouped(entry.balance_after, decimals)
    place = _transaction(entry.place) if entry.place else ""
    place = f"{place[:12]}…" if place.startswith("0x") else place
    what = entry.action.value
    if entry.action in (Action.POLICY_CHANGE, Action.KILL_SWITCH, Action.RETRACTION):
        what = f"{what}: {entry.event}"
    cells = (
        *(_time(entry.at, "%Y-%m-%d %H:%M:%S"), what, _name(entry.wallet, book)),
        *(_name(entry.agent, book), amount, after, _parties(entry.authorised_by, book)),
        *(_decision(entry), place),
    )
    return tuple(printable(cell) for cell in cells)


def _transaction(place: Place) -> str:
    return "not known" if place.transaction is None else f"0x{place.transaction.hex()}"


def _decision(entry: Entry) -> str:
    """
    What decided, or the reason that was given for a stop.
    """
    verdict = entry.verdict
    if verdict is None:
        return str(entry.details.get("reason", ""))
    reason = f": {verdict.reason}" if verdict.reason else ""
    return f"{verdict.outcome} by {verdict.by}{reason}"


def _parties(parties: tuple[Party, ...], book: AddressBook) -> str:
    return ", ".join(f"{party.role} {_name(party.address, book)}".strip() for party in parties)


def _name(address: Any, book: AddressBook) -> str:
    return "" if address is None else book.name_of(address)


def _time(at: int, form: str) -> str:
    return f"{datetime.fromtimestamp(at, UTC):{form}}"


def _grouped(amount: int, decimals: int) -> str:
    from bursar.cli.console import show_units

    return show_units(amount, decimals)


def _whole(amount: int | None, decimals: int) -> str:
    from bursar.config import format_amount

    return "" if amount is None else format_amount(amount, decimals)


def _harmless(cell: Any) -> Any:
    if cell is None:
        return ""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
