"""
`bursar safe draft`: what people want changed in a wallet, in words. Raising waits, tightening does
not; which of them it is, the contracts' rules say.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.options import BookOption, JsonOption, RpcOption
from bursar.cli.safe_wishes import (
    Agent,
    Amount,
    Author,
    Category,
    Purpose,
    Reason,
    Time,
    Token,
    Wallet,
    draft_change,
    find_category,
    find_token,
    read_amount,
    read_expiry,
    read_share,
    read_time,
)

if TYPE_CHECKING:
    from bursar.chain.reader import Call
    from bursar.cli.safe_place import SafePlace
    from bursar.treasury.safe import Policy

draft = typer.Typer(help="Draft a change, in words.", no_args_is_help=True)


@draft.command("set-budget")
def set_budget(
    wallet: Wallet,
    agent: Agent,
    purpose: Purpose,
    category: Category = "",
    token: Token = "USDC",
    daily: Amount = None,
    hourly: Amount = None,
    per_payment: Amount = None,
    queue_from: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="From here on payments wait, or off.")
    ] = None,
    max_payments: Annotated[int | None, typer.Option(min=1, help="Most payments a day.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="DATE", help="Such as 2027-01-31, or off.")
    ] = None,
    share: Annotated[
        str | None,
        typer.Option(metavar="PERCENT", help="Of the balance a day, or off."),
    ] = None,
    rolling: Annotated[bool | None, typer.Option("--rolling/--utc-day")] = None,
    listed_only: Annotated[bool | None, typer.Option("--listed-only/--anybody")] = None,
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Change what an agent may spend. Figures that are not named stay as they are.

    Example: bursar safe draft set-budget --wallet operations --agent ops-1 --category refund
    --daily 8000 -p "more refunds in December"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        from bursar.treasury.safe import BudgetWish

        address, decimals = find_token(policy, token)
        wish = BudgetWish(
            per_payment=read_amount(per_payment, decimals),
            hourly=read_amount(hourly, decimals),
            daily=read_amount(daily, decimals),
            queue_from=read_amount(queue_from, decimals, off=True),
            max_payments=max_payments,
            expires_at=read_expiry(expires),
            share_bps=read_share(share),
            rolling=rolling,
            allowlist_only=listed_only,
        )
        line = policy.book.find_wallet(wallet), policy.book.find_agent(agent), address
        return [policy.set_budget(*line, find_category(policy, category), wish)]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command("remove-budget")
def remove_budget(
    wallet: Wallet,
    agent: Agent,
    purpose: Purpose,
    category: Category = "",
    token: Token = "USDC",
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Take a budget from an agent, at once.

    Example: bursar safe draft remove-budget --wallet operations --agent ops-1 -p "left"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        line = policy.book.find_wallet(wallet), policy.book.find_agent(agent)
        address, _ = find_token(policy, token)
        return [policy.remove_budget(*line, address, find_category(policy, category))]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command("wallet-limit")
def wallet_limit(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="A day; 0 disables it.")],
    wallet: Wallet,
    purpose: Purpose,
    token: Token = "USDC",
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    What all agents of a wallet together may spend of a token in a day.

    Example: bursar safe draft wallet-limit 6000 --wallet operations -p "more agents"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        address, decimals = find_token(policy, token)
        target = policy.book.find_wallet(wallet)
        return [policy.set(target, "set_wallet_limit", address, read_amount(amount, decimals))]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command("max-balance")
def max_balance(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Whole tokens, or off.")],
    wallet: Wallet,
    purpose: Purpose,
    token: Token = "USDC",
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    The balance that refills of a wallet may reach.

    Example: bursar safe draft max-balance 30000 --wallet operations -p "busy season"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        address, decimals = find_token(policy, token)
        target = policy.book.find_wallet(wallet)
        most = read_amount(amount, decimals, off=True)
        return [policy.set(target, "set_max_balance", address, most)]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command()
def recipients(
    who: Annotated[list[str], typer.Argument(help="Names of the book, or addresses.")],
    wallet: Wallet,
    purpose: Purpose,
    remove: Annotated[bool, typer.Option("--remove", help="Take them off the list.")] = False,
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Put recipients on a wallet's list, or take them off.

    Example: bursar safe draft recipients vendor --wallet operations -p "new supplier"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        found = tuple(policy.book.find_recipient(one) for one in who)
        target = policy.book.find_wallet(wallet)
        return [policy.set(target, "set_recipients", found, not remove)]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command("payment-delay")
def payment_delay(
    time: Time,
    wallet: Wallet,
    purpose: Purpose,
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    How long a wallet's large payments wait.

    Example: bursar safe draft payment-delay 30m --wallet trading -p "nights"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        return [policy.set(policy.book.find_wallet(wallet), "set_payment_delay", read_time(time))]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command()
def grace(
    time: Time,
    wallet: Wallet,
    purpose: Purpose,
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    How long a wallet's due payments stay executable.

    Example: bursar safe draft grace 12h --wallet trading -p "shorter"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        return [policy.set(policy.book.find_wallet(wallet), "set_grace", read_time(time))]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command("rotate-agent")
def rotate_agent(
    agent: Agent,
    new: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="The new key's address.")],
    purpose: Purpose,
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Hand an agent's budgets to a new key, in every wallet that it has one in. The old one is
    retired for ever.

    Example: bursar safe draft rotate-agent --agent shopper --to 0x… -p "key may be stolen"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        from bursar.book import require_address

        return policy.rotate_agent(policy.book.find_agent(agent), require_address(new))

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command()
def seal(
    wallet: Wallet,
    purpose: Purpose,
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    End the setting up of a wallet: from then on what loosens waits.

    Example: bursar safe draft seal --wallet support -p "set up"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        return [policy.seal(policy.book.find_wallet(wallet))]

    draft_change(build, purpose, author, rpc_url, book, as_json)


@draft.command()
def sweep(
    wallet: Wallet,
    purpose: Purpose,
    token: Token = "USDC",
    reason: Reason = "",
    author: Author = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Bring all of a token in a wallet back to the treasury. (A guardian can do it alone.)

    Example: bursar safe draft sweep --wallet trading -p "closing"
    """

    def build(place: "SafePlace", policy: "Policy") -> "list[Call]":
        address, _ = find_token(policy, token)
        return [policy.sweep(policy.book.find_wallet(wallet), address, reason)]

    draft_change(build, purpose, author, rpc_url, book, as_json)
