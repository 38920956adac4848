"""
`bursar validate`: whether a treasury.yaml says what can be.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.options import JsonOption, reporting, say_json

if TYPE_CHECKING:
    from bursar.config import Treasury


def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The treasury.yaml to check.")],
    as_json: JsonOption = False,
) -> None:
    """
    Check a treasury.yaml: every problem at once, with its line and how to mend it.

    Asks no node. Exit status 1 means that something is to be mended.

    Example: bursar validate examples/treasury.yaml
    """
    with reporting(as_json):
        # Here and not above, so that --help is quick.
        from bursar.config import load_treasury

        summary = _summarise(load_treasury(file))
        if as_json:
            say_json({"ok": True, "file": str(file), **summary})
            return
        counts = {
            "wallet": len(summary["wallets"]),
            "agent": len(summary["agents"]),
            "budget": summary["budgets"],
        }
        said = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items())
        typer.echo(f"{file} is good: {summary['organisation']} on {summary['chain']}, {said}.")


def _summarise(treasury: "Treasury") -> dict[str, Any]:
    return {
        "organisation": treasury.name,
        "chain": treasury.chain.name,
        "wallets": [wallet.name for wallet in treasury.wallets],
        "agents": [agent.name for agent in treasury.agents],
        "budgets": sum(len(wallet.budgets) for wallet in treasury.wallets),
    }
