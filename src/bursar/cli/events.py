"""
`bursar events`: what the contracts have logged.
"""

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import BookOption, RpcOption, reporting

if TYPE_CHECKING:
    from bursar.book import AddressBook
    from bursar.events import Event

_POLL_SECONDS = 1.0
# Whatever else is a number may be larger than JSON's readers hold, so it is text.
_PLAIN = frozenset({"at", "block", "log"})
_TIMES = frozenset({"until", "ready_at", "expires_at"})
_AMOUNTS = frozenset(
    {
        *("amount", "balance", "daily", "hourly", "per_payment", "queue_from"),
        *("hour_remaining", "day_remaining", "hour_spent", "day_spent"),
    }
)
_ADDRESSES = frozenset(
    {
        *("treasury", "wallet", "blueprint", "who", "scope", "by", "target"),
        *("agent", "token", "to", "old", "new"),
    }
)


def events(
    kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only these, such as Paid.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the latest so many.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C.")] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """
    Show everything that the organisation and its wallets have logged, decoded.

    Example: bursar events --kind Paid --kind PaymentExecuted --json
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.history_options import validate_kinds
        from bursar.cli.place import Place
        from bursar.treasury import History

        kind = validate_kinds(kind or [])
        place = Place.find(rpc_url, book)
        found = place.view.events
        wanted = [one for one in found if _is_wanted(one, kind)][-(last or 0) :]
        _print(wanted, place.book, as_json)
        if not follow:
            if not wanted:
                typer.echo("Nothing of that kind was logged yet.", err=True)
            return
        history = History(place.office.client, place.office.book.organization, place.book.block)
        history.read(place.view.block)
        while True:
            new = history.read(place.office.client.fetch_height())
            _print([one for one in new if _is_wanted(one, kind)], place.book, as_json)
            time.sleep(_POLL_SECONDS)


def _is_wanted(event: "Event", kinds: list[str] | None) -> bool:
    return not kinds or type(event).__name__ in kinds


def _print(found: list["Event"], book: "AddressBook", as_json: bool) -> None:
    from bursar.cli.console import show_time

    for event in found:
        if as_json:
            typer.echo(json.dumps(as_line(event, book)))
            continue
        arguments = {name: getattr(event, name) for name in type(event).argument_names()}
        said = _say_all(arguments, book, arguments.get("token"))
        where = book.name_of(event.emitter)
        typer.echo(f"{show_time(event.at)}  {where:12}  {type(event).__name__}({said})")


def as_line(event: "Event", book: "AddressBook") -> dict[str, Any]:
    """
    An event for a machine: its name, who logged it, where, and its arguments.
    """
    told = {name: _as_json(name, value) for name, value in event.model_dump().items()}
    return {"event": type(event).__name__, "name": book.name_of(event.emitter), **told}


def _as_json(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _as_json(inner, one) for inner, one in value.items()}
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, bool) or value is None or name in _PLAIN:
        return value
    return str(value) if isinstance(value, int) else value


def _say_all(arguments: dict[str, Any], book: "AddressBook", token: Any) -> str:
    return ", ".join(f"{name}={_say(name, one, book, token)}" for name, one in arguments.items())


def _say(name: str, value: Any, book: "AddressBook", token: Any) -> str:
    from bursar.book import decode_category
    from bursar.cli.console import show_time, show_units
    from bursar.types import MAX_UINT256, Address

    if name == "category":
        return decode_category(value) or "none"
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, str):
        return book.name_of(Address(value)) if name in _ADDRESSES else repr(value)
    if hasattr(value, "model_dump"):
        return "{" + _say_all(value.model_dump(), book, token) + "}"
    if value == MAX_UINT256:
        return "off" if name != "until" else "unpaused"
    if name in _TIMES and value:
        return show_time(value)
    if name in _AMOUNTS and token is not None:
        return show_units(value, book.symbol_of(token)[1])
    return str(value)
