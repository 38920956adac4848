"""
`bursar sign`, `relay` and `void`: payments that somebody else brings to the chain.
"""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bursar.chain.strict_json import StrictJsonError, read_json
from bursar.cli.options import (
    BookOption,
    JsonOption,
    RpcOption,
    YesOption,
    confirm,
    deny,
    read_duration,
    reporting,
    say_json,
)
from bursar.cli.pay import (
    AMOUNT_HELP,
    TO_HELP,
    AgentOption,
    CategoryOption,
    OwnWordsOption,
    TokenArgument,
    WalletOption,
    connect,
    tell_payment,
)

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from bursar.agent import SignedPayment
    from bursar.cli.place import Place

_STDIN = "-"


def sign(
    token: TokenArgument,
    to: Annotated[str, typer.Argument(metavar="TO", help=TO_HELP)],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help=AMOUNT_HELP)],
    category: CategoryOption = "",
    reference: OwnWordsOption = None,
    valid_for: Annotated[
        str, typer.Option(metavar="TIME", help="Such as 30m; a day at most.")
    ] = "1h",
    nonce: Annotated[
        int | None,
        typer.Option(metavar="N", help="Of a signed payment, to sign one in its place."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there, for its owner only.")
    ] = None,
    agent: AgentOption = None,
    wallet: WalletOption = None,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Sign a payment as an agent, for somebody else to bring to the chain and pay the gas.

    Prints it as one line of JSON. Whoever has it may have it paid until it expires.

    Example: bursar sign USDC vendor 10.50 --agent shopper --yes --out payment.json
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.agent import Payment
        from bursar.cli.place import Place

        seconds = read_duration("--valid-for", valid_for, as_json)
        found = connect(Place.find(rpc_url, book), agent, wallet, token)
        confirm(f"Sign a payment of {amount} {token} to {to}?", yes=yes, as_json=as_json)
        signed = found.sign_payment(
            token,
            to,
            amount,
            category=category,
            reference=reference,
            valid_for=seconds,
            nonce=nonce,
        )
        if isinstance(signed, Payment):
            tell_payment(signed, as_json)
        else:
            _hand_out(signed, out, as_json)


def relay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `sign` printed; - for stdin.")],
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Bring a signed payment to the chain, and pay the gas.

    With BURSAR_RELAYER_KEY (or the file BURSAR_RELAYER_KEY_FILE), which needs no right, or a
    keeper's key. Signature, deadline and limits are looked at first, so a refusal costs nothing
    (exit status 2).

    Example: bursar relay payment.json --yes
    """
    with reporting(as_json):
        from bursar.agent import Relayer
        from bursar.cli.place import Place

        signed = _read(file)
        place = Place.find(rpc_url, book)
        relayer = Relayer.connect(
            rpc_url=place.office.client.rpc.url,
            wallet=signed.wallet,
            key=_gas_key(place),
            chain_id=place.office.book.chain_id,
            book=place.book,
        )
        denied = relayer.check(signed)
        if denied is None:
            symbol = place.book.symbol_of(signed.token)[0]
            question = f"Have {place.name_of(signed.agent)} pay {place.name_of(signed.to)}"
            confirm(f"{question} in {symbol}, as it signed?", yes=yes, as_json=as_json)
        tell_payment(denied or relayer.relay(signed), as_json)


def void(
    what: Annotated[str, typer.Argument(metavar="NONCE|FILE", help="Of a signed payment, or it.")],
    agent: AgentOption = None,
    wallet: WalletOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Make sure that a signed payment is never paid, as the agent that signed it. Costs gas.

    Example: bursar void 3 --agent shopper
    """
    with reporting(as_json):
        from bursar.cli.place import Place

        signed = int(what) if what.isascii() and what.isdigit() else _read(what)
        named = wallet if isinstance(signed, int) else signed.wallet
        found = connect(Place.find(rpc_url, book), agent, named)
        voided = found.void(signed)
        told = voided.model_dump(mode="json")
        if voided.denied:
            reason = str(voided.reason or voided.code)
            deny(as_json, reason=reason, message=voided.message, voided=told)
        if as_json:
            say_json({"ok": True, "voided": told})
        else:
            typer.echo(f"voided: nonce {voided.nonce}\ntransaction {voided.transaction}")


def _hand_out(signed: "SignedPayment", out: Path | None, as_json: bool) -> None:
    from bursar.cli.console import show_time

    if out is not None:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(signed.to_json() + "\n")
    if as_json:
        say_json({"ok": True, "signed": signed.model_dump(mode="json")})
    elif out is None:
        typer.echo(signed.to_json())
    else:
        until = show_time(signed.deadline)
        typer.echo(f"signed: nonce {signed.nonce}, good until {until} UTC, in {out}")


def _read(file: str) -> "SignedPayment":
    from bursar.agent import SignedPayment, SignedPaymentError

    try:
        text = sys.stdin.read() if file == _STDIN else Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SignedPaymentError(f"{file} is no signed payment: it is no text.") from error
    return SignedPayment.from_json(_unwrap(text))


def _unwrap(text: str) -> str:
    """
    What `sign --json` printed has it inside.
    """
    try:
        found = read_json(text)
    except StrictJsonError:
        return text
    inner = found.get("signed") if isinstance(found, dict) else None
    return text if inner is None else json.dumps(inner)


def _gas_key(place: "Place") -> "LocalAccount":
    from bursar.cli.place import read_key

    key = read_key(place.environment, "relayer")
    if key is None and place.has_key("keeper"):
        key = place.find_key("keeper")
    return key or place.find_key("relayer")
