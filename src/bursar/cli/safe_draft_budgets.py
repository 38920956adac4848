"""
`bursar safe draft`, what an agent may spend: budgets, and the key that spends them.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.safe_wishes import (
    Agent,
    Amount,
    Category,
    Token,
    Wallet,
    drafting,
    find_category,
    find_token,
    read_amount,
    read_expiry,
    read_share,
)

if TYPE_CHECKING:
    from bursar.chain.reader import Call
    from bursar.treasury.safe import Policy


@drafting
def set_budget(
    policy: "Policy",
    wallet: Wallet,
    agent: Agent,
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
) -> "list[Call]":
    """
    Change what an agent may spend. Figures that are not named stay as they are.

    Example: bursar safe draft set-budget --wallet operations --agent ops-1 --category refund
    --daily 8000 -p "more refunds in December"
    """
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


@drafting
def remove_budget(
    policy: "Policy",
    wallet: Wallet,
    agent: Agent,
    category: Category = "",
    token: Token = "USDC",
) -> "list[Call]":
    """
    Take a budget from an agent, at once.

    Example: bursar safe draft remove-budget --wallet operations --agent ops-1 -p "left"
    """
    line = policy.book.find_wallet(wallet), policy.book.find_agent(agent)
    address, _ = find_token(policy, token)
    return [policy.remove_budget(*line, address, find_category(policy, category))]


@drafting
def rotate_agent(
    policy: "Policy",
    agent: Agent,
    new: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="The new key's address.")],
) -> "list[Call]":
    """
    Hand an agent's budgets to a new key, in every wallet that it has one in. The old one is
    retired for ever.

    Example: bursar safe draft rotate-agent --agent shopper --to 0x… -p "key may be stolen"
    """
    from bursar.book import require_address

    return policy.rotate_agent(policy.book.find_agent(agent), require_address(new))
