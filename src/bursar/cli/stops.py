"""
`bursar pause` and `unpause`: stopping is easy, starting is the treasury's.
"""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import (
    USAGE,
    BookOption,
    JsonOption,
    ReasonOption,
    RpcOption,
    fail,
    read_duration,
    reporting,
    say_json,
    validate_reason,
)

if TYPE_CHECKING:
    from bursar.cli.place import Place
    from bursar.types import Address

ScopeArgument = Annotated[
    str,
    typer.Argument(metavar="SCOPE", help="organisation, or the name of a wallet or an agent."),
]


def pause(
    scope: ScopeArgument,
    reason: ReasonOption = "",
    duration: Annotated[
        str,
        typer.Option(
            "--for", metavar="TIME", help="Such as 30m; without, or above 365d, until unpaused."
        ),
    ] = "0",
    role: Annotated[
        str | None,
        typer.Option("--as", metavar="ROLE", help="guardian or keeper: whose key signs."),
    ] = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Stop an agent, a wallet or everything, at once. Only the treasury starts it again.

    Signs with BURSAR_GUARDIAN_KEY or BURSAR_KEEPER_KEY (or the files ..._KEY_FILE).

    Example: bursar pause trading --for 2h --reason "odd recipients"
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.place import Place

        validate_reason(reason, as_json)
        seconds = read_duration("--for", duration, as_json)
        if role not in (None, "guardian", "keeper"):
            fail(as_json, f"--as is guardian or keeper, not {role}.", code=USAGE)
        place = Place.find(rpc_url, book)
        kind, address = place.book.find_scope(scope)
        signer = role or ("guardian" if place.has_key("guardian") else "keeper")
        receipt = place.office.organization.send(
            place.find_key(signer), "pause", address, seconds, reason
        )
        _tell_stop(place, kind, address, receipt.transaction, as_json)


def unpause(
    scope: ScopeArgument,
    reason: ReasonOption = "",
    seen: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The stop that you looked at. Default: the latest."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the Safe's transaction there.")
    ] = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Release a stop. On a devnet its owners sign; elsewhere prints what the Safe's owners sign.

    The transaction names the stop that was seen: if there is another before it is executed, it
    fails. Open what is printed in the Safe's Transaction Builder.

    Example: bursar unpause trading --reason "false alarm" --out unpause.json
    """
    with reporting(as_json):
        from bursar.cli.place import Place

        validate_reason(reason, as_json)
        place = Place.find(rpc_url, book)
        kind, address = place.book.find_scope(scope)
        state, now = place.view.state, place.view.now
        number = state.pause_number(address)
        told = {"scope": kind, "name": place.name_of(address), "address": address}
        if not state.is_paused(address, now):
            _tell_running(told, as_json)
            return
        told["stop"] = str(number)
        values = address, number if seen is None else seen, reason
        if place.is_devnet:
            _unpause_devnet(place, values, told, as_json)
        else:
            _draft(place, values, told, out, as_json)


def _unpause_devnet(
    place: "Place", values: tuple[Any, ...], told: dict[str, str], as_json: bool
) -> None:
    from bursar.chain.local import LocalChain
    from bursar.devnet import sign_as_treasury

    chain = LocalChain(place.office.client.rpc.url)
    call = place.office.organization.build_call("unpause", *values)
    receipt = sign_as_treasury(chain, place.office.book, call)
    if as_json:
        say_json({"ok": True, "changed": True, **told, "transaction": _hex(receipt.transaction)})
    else:
        typer.echo(f"{told['name']} runs again: the devnet's owners released stop {values[1]}")
        typer.echo(f"transaction {_hex(receipt.transaction)}")


def _draft(
    place: "Place",
    values: tuple[Any, ...],
    told: dict[str, str],
    out: Path | None,
    as_json: bool,
) -> None:
    """
    No owner's key is here: what they sign is printed, or written to a file.
    """
    from bursar.chain.contracts import organization_type
    from bursar.chain.safe_batch import build_batch, name_call

    book = place.office.book
    call = name_call(organization_type(), book.organization, "unpause", *values)
    name = f"Release stop {values[1]} of {told['name']}"
    batch = build_batch(book.chain_id, book.safe, name, [call], now=int(time.time()))
    text = json.dumps(batch, indent=2) + "\n"
    if out is not None:
        out.write_text(text)
    if as_json:
        where = {"file": str(out)} if out is not None else {}
        say_json({"ok": True, "changed": False, **told, **where, "batch": batch})
        return
    if out is None:
        typer.echo(text, nl=False)
    where_to = f"{out}: " if out is not None else ""
    typer.echo(
        f"{where_to}{name}, for {book.threshold} owners of the Safe {book.safe} to sign in its "
        "Transaction Builder. Look at that stop before.",
        err=True,
    )


def _tell_stop(
    place: "Place", kind: str, address: "Address", transaction: bytes, as_json: bool
) -> None:
    from bursar.cli.console import show_time
    from bursar.types import FOREVER

    until = int(place.office.organization.view("paused_until", address))
    number = int(place.office.organization.view("pause_number", address))
    name = place.name_of(address)
    if as_json:
        say_json(
            {
                "ok": True,
                "scope": kind,
                "name": name,
                "address": address,
                "stop": str(number),
                "until": None if until == FOREVER else until,
                "transaction": _hex(transaction),
            }
        )
        return
    end = "until unpaused" if until == FOREVER else f"until {show_time(until)} UTC"
    typer.echo(f"{kind} {name} is stopped {end} (stop {number})\ntransaction {_hex(transaction)}")


def _tell_running(told: dict[str, str], as_json: bool) -> None:
    if as_json:
        say_json({"ok": True, "changed": False, **told})
    else:
        typer.echo(f"{told['name']} is not stopped: there is nothing to release.")


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"
