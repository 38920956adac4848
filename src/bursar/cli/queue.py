"""
`bursar pending`, `cancel` and `execute`: payments that wait.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import (
    USAGE,
    BookOption,
    JsonOption,
    ReasonOption,
    RpcOption,
    YesOption,
    confirm,
    fail,
    reporting,
    say_json,
    validate_reason,
)

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from bursar.cli.place import Place
    from bursar.payments import QueuedPayment
    from bursar.types import Address, Bytes32

_MAY_CANCEL = ("agent", "guardian", "keeper")
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `bursar pending` shows it.")]


def pending(
    agent: Annotated[str | None, typer.Option(metavar="NAME", help="Of this agent only.")] = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show the payments that wait: who pays whom, and from when on it can be executed.

    Example: bursar pending --agent shopper
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.place import Place

        place = Place.find(rpc_url, book)
        only = place.book.find_agent(agent) if agent is not None else None
        found = [
            _describe(place, wallet, id, payment)
            for wallet, id, payment in _waiting(place)
            if only in (None, payment.agent)
        ]
        if as_json:
            say_json({"ok": True, "at": place.view.now, "payments": found})
        else:
            _print(found)


def cancel(
    id: IdArgument,
    reason: ReasonOption = "",
    role: Annotated[
        str | None,
        typer.Option("--as", metavar="ROLE", help="agent, guardian or keeper: whose key signs."),
    ] = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Cancel a payment that waits, as its agent, a guardian or a keeper.

    Example: bursar cancel 0x5f… --reason "wrong recipient"
    """
    with reporting(as_json):
        from bursar.cli.place import Place

        validate_reason(reason, as_json)
        if role not in (None, *_MAY_CANCEL):
            fail(as_json, f"--as is agent, guardian or keeper, not {role}.", code=USAGE)
        place = Place.find(rpc_url, book)
        wallet, found, payment = _find(place, id)
        key = _canceller(place, payment.agent, role)
        receipt = place.office.wallet(wallet).send(key, "cancel", found, reason)
        _tell(as_json, "cancelled", _describe(place, wallet, found, payment), receipt.transaction)


def execute(
    id: IdArgument,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Make a payment that has waited long enough. Anyone may; usually a keeper does it by itself.

    Example: bursar execute 0x5f… --yes
    """
    with reporting(as_json):
        from bursar.cli.place import Place

        place = Place.find(rpc_url, book)
        wallet, found, payment = _find(place, id)
        told = _describe(place, wallet, found, payment)
        question = f"Pay {told['amount_formatted']} {told['symbol']} to {told['recipient']} now?"
        confirm(question, yes=yes, as_json=as_json)
        receipt = place.office.wallet(wallet).send(
            _any_key(place),
            "execute",
            *(payment.agent, payment.token, payment.to, payment.amount),
            *(payment.category, payment.ref),
        )
        _tell(as_json, "executed", told, receipt.transaction)


def _waiting(place: "Place") -> list[tuple["Address", "Bytes32", "QueuedPayment"]]:
    now = place.view.now
    return sorted(
        (
            (wallet.address, id, payment)
            for wallet in place.view.state.registry.values()
            for id, payment in wallet.queue.items()
            if wallet.live_payment(id, now) is not None
        ),
        key=lambda item: item[2].ready_at,
    )


def _find(place: "Place", id: str) -> tuple["Address", "Bytes32", "QueuedPayment"]:
    """
    The one whose id begins like that.
    """
    from bursar.agent import UnknownPaymentError

    wanted = id.lower().removeprefix("0x").rstrip("…")
    found = [item for item in _waiting(place) if wanted and item[1].hex().startswith(wanted)]
    if len(found) == 1:
        return found[0]
    what = "More than one payment waits" if found else "No payment waits"
    raise UnknownPaymentError(
        f"{what} whose id begins with {id!r}. `bursar pending` shows those that do; what was paid "
        f"at once, executed or cancelled does not wait: `bursar show payment {id or 'ID'}`."
    )


def _canceller(place: "Place", agent: "Address", role: str | None) -> "LocalAccount":
    """
    Its agent's key where we have it, else a guardian's or a keeper's.
    """
    from bursar.types import checksummed

    name = place.name_of(agent)
    if role is not None:
        return place.find_key(role, name if role == "agent" else None)
    if place.has_key("agent"):
        key = place.find_key("agent", name)
        if checksummed(key.address) == agent:
            return key
    return place.find_key("guardian" if place.has_key("guardian") else "keeper")


def _any_key(place: "Place") -> "LocalAccount":
    for role in ("keeper", "agent", "guardian"):
        if place.has_key(role):
            return place.find_key(role)
    return place.find_key("keeper")


def _describe(
    place: "Place", wallet: "Address", id: "Bytes32", payment: "QueuedPayment"
) -> dict[str, Any]:
    from bursar.config import format_amount

    symbol, decimals = place.book.symbol_of(payment.token)
    return {
        "id": f"0x{id.hex()}",
        "status": "pending",
        "ready": place.view.now >= payment.ready_at,
        "wallet": place.name_of(wallet),
        "agent": place.name_of(payment.agent),
        "to": payment.to,
        "recipient": place.name_of(payment.to),
        "token": payment.token,
        "symbol": symbol,
        "amount": str(payment.amount),
        "amount_formatted": format_amount(payment.amount, decimals),
        "category": place.book.category_name(payment.category),
        "ready_at": payment.ready_at,
        "expires_at": payment.expires_at,
    }


def _print(found: list[dict[str, Any]]) -> None:
    from bursar.cli.console import build_console, build_table, show_time

    if not found:
        typer.echo("No payment waits.")
        return
    table = build_table(
        "Payments that wait",
        id="id",
        wallet="left",
        agent="left",
        amount="right",
        to="left",
        ready="left",
        expires="left",
    )
    for one in found:
        table.add_row(
            one["id"],
            one["wallet"],
            one["agent"],
            f"{one['amount_formatted']} {one['symbol']}",
            one["recipient"],
            "now" if one["ready"] else show_time(one["ready_at"]),
            show_time(one["expires_at"]),
        )
    build_console().print(table)


def _tell(as_json: bool, status: str, payment: dict[str, Any], transaction: bytes) -> None:
    told = payment | {"status": status, "transaction": f"0x{transaction.hex()}"}
    if as_json:
        say_json({"ok": True, "payment": told})
        return
    amount = f"{told['amount_formatted']} {told['symbol']}"
    typer.echo(f"{status}: {amount} to {told['recipient']}\ntransaction {told['transaction']}")
