"""
`bursar safe draft`, what holds for a whole wallet.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.safe_wishes import (
    Reason,
    Time,
    Token,
    Wallet,
    drafting,
    find_token,
    read_amount,
    read_time,
)

if TYPE_CHECKING:
    from bursar.chain.reader import Call
    from bursar.treasury.safe import Policy


@drafting
def wallet_limit(
    policy: "Policy",
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="A day; 0 disables it.")],
    wallet: Wallet,
    token: Token = "USDC",
) -> "list[Call]":
    """
    What all agents of a wallet together may spend of a token in a day.

    Example: bursar safe draft wallet-limit 6000 --wallet operations -p "more agents"
    """
    address, decimals = find_token(policy, token)
    target = policy.book.find_wallet(wallet)
    return [policy.set(target, "set_wallet_limit", address, read_amount(amount, decimals))]


@drafting
def max_balance(
    policy: "Policy",
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Whole tokens, or off.")],
    wallet: Wallet,
    token: Token = "USDC",
) -> "list[Call]":
    """
    The balance that refills of a wallet may reach.

    Example: bursar safe draft max-balance 30000 --wallet operations -p "busy season"
    """
    address, decimals = find_token(policy, token)
    target = policy.book.find_wallet(wallet)
    most = read_amount(amount, decimals, off=True)
    return [policy.set(target, "set_max_balance", address, most)]


@drafting
def recipients(
    policy: "Policy",
    who: Annotated[list[str], typer.Argument(help="Names of the book, or addresses.")],
    wallet: Wallet,
    remove: Annotated[bool, typer.Option("--remove", help="Take them off the list.")] = False,
) -> "list[Call]":
    """
    Put recipients on a wallet's list, or take them off.

    Example: bursar safe draft recipients vendor --wallet operations -p "new supplier"
    """
    found = tuple(policy.book.find_recipient(one) for one in who)
    target = policy.book.find_wallet(wallet)
    return [policy.set(target, "set_recipients", found, not remove)]


@drafting
def payment_delay(
    policy: "Policy",
    time: Time,
    wallet: Wallet,
) -> "list[Call]":
    """
    How long a wallet's large payments wait.

    Example: bursar safe draft payment-delay 30m --wallet trading -p "nights"
    """
    return [policy.set(policy.book.find_wallet(wallet), "set_payment_delay", read_time(time))]


@drafting
def grace(
    policy: "Policy",
    time: Time,
    wallet: Wallet,
) -> "list[Call]":
    """
    How long a wallet's due payments stay executable.

    Example: bursar safe draft grace 12h --wallet trading -p "shorter"
    """
    return [policy.set(policy.book.find_wallet(wallet), "set_grace", read_time(time))]


@drafting
def seal(
    policy: "Policy",
    wallet: Wallet,
) -> "list[Call]":
    """
    End the setting up of a wallet: from then on what loosens waits.

    Example: bursar safe draft seal --wallet support -p "set up"
    """
    return [policy.seal(policy.book.find_wallet(wallet))]


@drafting
def sweep(
    policy: "Policy",
    wallet: Wallet,
    token: Token = "USDC",
    reason: Reason = "",
) -> "list[Call]":
    """
    Bring all of a token in a wallet back to the treasury. (A guardian can do it alone.)

    Example: bursar safe draft sweep --wallet trading -p "closing"
    """
    address, _ = find_token(policy, token)
    return [policy.sweep(policy.book.find_wallet(wallet), address, reason)]
