"""
`bursar pay`: a payment by an agent, within its budget, or many at once from a file.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.batch_file import name_line, read_batch
from bursar.cli.options import (
    BookOption,
    JsonOption,
    RpcOption,
    YesOption,
    confirm,
    deny,
    reporting,
    say_json,
)

if TYPE_CHECKING:
    from bursar.agent import AgentWallet, BatchEntry, Payment, PaymentPreview
    from bursar.cli.place import Place
    from bursar.types import Address

TO_HELP = "A recipient's or an agent's name, or an address."
AMOUNT_HELP = "In whole tokens, such as 10.50."
TokenArgument = Annotated[
    str, typer.Argument(metavar="TOKEN", help="The token's symbol or address.")
]
CategoryOption = Annotated[str, typer.Option(metavar="NAME", help="Which budget is charged.")]
OwnWordsOption = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Yours; stays on this machine.")
]
AgentOption = Annotated[
    str | None, typer.Option("--agent", metavar="NAME", help="The agent. Default: the key's.")
]
WalletOption = Annotated[
    str | None,
    typer.Option("--wallet", metavar="NAME", help="The wallet. Default: the agent's only one."),
]


def pay(
    token: TokenArgument,
    to: Annotated[str | None, typer.Argument(metavar="TO", help=TO_HELP)] = None,
    amount: Annotated[str | None, typer.Argument(metavar="AMOUNT", help=AMOUNT_HELP)] = None,
    many: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV: to,amount[,reference,note]. All or none."),
    ] = None,
    category: CategoryOption = "",
    reference: OwnWordsOption = None,
    note: OwnWordsOption = None,
    agent: AgentOption = None,
    wallet: WalletOption = None,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Pay from a hot wallet, as an agent.

    Asks the wallet first, so a refusal costs nothing (exit status 2). The key is BURSAR_AGENT_KEY
    or in the file BURSAR_AGENT_KEY_FILE; on a devnet it is the agent's own.

    Example: bursar pay USDC vendor 10.50 --agent shopper --yes

    From a file: bursar pay USDC --many wages.csv --agent shopper --yes
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.place import Place

        if (many is None) != (to is not None and amount is not None) or (many and to):
            raise typer.BadParameter("Give TO and AMOUNT for one payment, or --many FILE.")
        entries = [] if many is None else read_batch(many)
        found = connect(Place.find(rpc_url, book), agent, wallet, token)
        if many is not None:
            pay_batch(found, token, many, entries, category, yes=yes, as_json=as_json)
            return
        to, amount = str(to), str(amount)  # both were given, as was checked above
        preview = found.preview(token, to, amount, category=category)
        if preview.refusal is None:
            question = f"Pay {amount} {token} to {to}{_waits(preview)}?"
            confirm(question, yes=yes, as_json=as_json)
        payment = found.pay(token, to, amount, category=category, reference=reference, note=note)
        tell_payment(payment, as_json)


def pay_batch(
    found: "AgentWallet",
    token: str,
    path: Path,
    entries: list["BatchEntry"],
    category: str,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """
    All of them or none. Ends with 2 where they were denied.
    """
    from bursar.agent import AmountError, UnknownNameError

    try:
        preview = found.preview_many(token, entries, category=category)
    except (AmountError, UnknownNameError) as error:
        raise type(error)(name_line(path, str(error))) from None
    if preview.refusal is None:
        question = f"Pay {len(entries)} payments of {token}, all or none?"
        confirm(f"{question} {preview.total_formatted}.", yes=yes, as_json=as_json)
    batch = found.pay_many(token, entries, category=category)
    told = batch.model_dump(mode="json")
    if batch.denied:
        reason = str(batch.reason or batch.code)
        deny(as_json, reason=reason, message=name_line(path, batch.message), batch=told)
    if as_json:
        say_json({"ok": True, "batch": told})
        return
    for payment in batch.payments:
        who = payment.recipient or payment.to
        typer.echo(f"{payment.status}: {payment.amount_formatted} to {who}")
    typer.echo(f"{batch.message}\ntransaction {batch.transaction}")


def connect(
    place: "Place", agent: str | None, wallet: str | None, token: str | None = None
) -> "AgentWallet":
    """
    The agent's view of its wallet. Raises BursarError.
    """
    from bursar.agent import AgentWallet
    from bursar.book import BookError
    from bursar.cli.storing import build_recorder, find_receipt_key
    from bursar.types import checksummed

    key = place.find_key("agent", agent)
    holder = checksummed(key.address)
    if agent is not None and place.book.find_agent(agent) != holder:
        raise BookError(
            f"The agent key is that of {place.name_of(holder)}, not of {agent}: set "
            "BURSAR_AGENT_KEY to the other one, or leave --agent out."
        )
    address = _find_wallet(place, holder, wallet, token)
    return AgentWallet.connect(
        rpc_url=place.office.client.rpc.url,
        wallet=address,
        key=key,
        chain_id=place.office.book.chain_id,
        book=place.book,
        receipt_key_file=find_receipt_key(place),
        recorder=build_recorder(place),
    )


def _find_wallet(place: "Place", agent: "Address", name: str | None, token: str | None) -> str:
    """
    The wallet that is named, else the one where the agent has a budget.
    """
    from bursar.book import BookError
    from bursar.types import Bytes32

    if name is not None:
        return place.book.find_wallet(name)
    wanted = place.book.find_token(token)[1].address if token is not None else None
    having = [
        address
        for address, wallet in place.view.state.registry.items()
        for asked, _ in wallet.lines.get(agent, dict[tuple[Any, Bytes32], Any]())
        if wanted in (None, asked)
    ]
    having = list(dict.fromkeys(having))
    usual = place.environment.get("BURSAR_WALLET")
    if len(having) > 1 and usual in having:
        return usual
    if len(having) > 1:
        names = ", ".join(map(place.name_of, having))
        raise BookError(f"Several wallets have a budget for this agent ({names}): give --wallet.")
    if not having and usual:
        return usual
    if not having:
        raise BookError(
            f"No wallet has a budget for {place.name_of(agent)}. The treasury sets one; to ask a "
            "wallet all the same, give --wallet."
        )
    return having[0]


def _waits(preview: "PaymentPreview") -> str:
    from bursar.reasons import Preview

    return ", which waits and can be cancelled" if preview.outcome is Preview.QUEUE else ""


def tell_payment(payment: "Payment", as_json: bool) -> None:
    """
    What became of a payment. Ends with 2 where it was denied.
    """
    told = payment.model_dump(mode="json")
    if payment.denied:
        reason = str(payment.reason or payment.code or "")
        # The command says "denied" itself.
        message = payment.message.removeprefix("Denied: ")
        deny(as_json, reason=reason, message=message, payment=told)
    if as_json:
        say_json({"ok": True, "payment": told})
        return
    who = payment.recipient or payment.to
    typer.echo(f"{payment.status}: {payment.amount_formatted} to {who}. {payment.message}")
    if payment.id:
        typer.echo(f"id {payment.id}")
    if payment.transaction:
        typer.echo(f"transaction {payment.transaction}")
