"""
`bursar safe draft`: what people want changed, in words. Raising waits, tightening does not; which
of them it is, the contracts' rules say.
"""

from collections.abc import Callable
from typing import Final

import typer

from bursar.cli.safe_draft_budgets import (
    remove_budget,
    rotate_agent,
    set_budget,
)
from bursar.cli.safe_draft_organisation import (
    add_guardian,
    add_keeper,
    change_delay,
    heartbeat_timeout,
    remove_guardian,
    remove_keeper,
    unpause,
    veto,
)
from bursar.cli.safe_draft_wallets import (
    grace,
    max_balance,
    payment_delay,
    recipients,
    seal,
    sweep,
    wallet_limit,
)

draft = typer.Typer(help="Draft a change, in words.", no_args_is_help=True)
_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "set-budget": set_budget,
    "remove-budget": remove_budget,
    "rotate-agent": rotate_agent,
    "wallet-limit": wallet_limit,
    "max-balance": max_balance,
    "recipients": recipients,
    "payment-delay": payment_delay,
    "grace": grace,
    "seal": seal,
    "sweep": sweep,
    "change-delay": change_delay,
    "heartbeat-timeout": heartbeat_timeout,
    "add-guardian": add_guardian,
    "remove-guardian": remove_guardian,
    "add-keeper": add_keeper,
    "remove-keeper": remove_keeper,
    "unpause": unpause,
    "veto": veto,
}
for _name, _command in _COMMANDS.items():
    draft.command(_name)(_command)
