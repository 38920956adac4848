"""
`bursar safe draft`, what holds for a whole wallet.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.options import BookOption, JsonOption, RpcOption
from bursar.cli.safe_wishes import (
    Author,
    Purpose,
    Reason,
    Time,
    Token,
    Wallet,
    draft_change,
    find_token,
    read_amount,
    read_time,
)

if TYPE_CHECKING:
    from bursar.chain.reader import Call
    from bursar.cli.safe_place import SafePlace
    from bursar.treasury.safe import Policy


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
