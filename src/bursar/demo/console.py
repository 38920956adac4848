"""
The demo for people: short lines and a table per chapter; colours and a spinner on a terminal only.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from math import ceil
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bursar.demo.report import (
    BudgetLine,
    ChapterReport,
    Closing,
    DemoFailed,
    Outcome,
    Report,
    Status,
    Step,
    WalletLine,
    usdc,
)
from bursar.demo.stage import time_of_day
from bursar.errors import BursarError

# Wider lines are harder to read.
_WIDEST: Final = 110
_STYLES: Final = {
    Outcome.DONE: "green",
    Outcome.PAID: "green",
    Outcome.WAITS: "yellow",
    Outcome.REFUSED: "red",
    Outcome.STOPPED: "yellow",
    Outcome.STOLEN: "bold red",
}
_INTRODUCTION: Final = """\
Bursar lets software agents spend real money within limits that a contract
enforces, while a multisig keeps the treasury.

  treasury, a Safe ──── refills ────► wallet ──── pays ────► recipient
  people sign           budgets         ▲   stopped? over a limit? too large?
                                        │
  keeper, guardian ─── stop, cancel ────┴──── ask to pay ──── agents

This runs on a chain of its own on this machine, with the real contracts. Each
line is checked on the chain before it is printed. Amounts are USDC."""


def _command() -> str:
    """
    How `bursar` can be called here: `make demo` has put it into a folder that is on no path.
    """
    own = Path(sys.executable).parent / "bursar"
    here = Path.cwd()
    return str(own.relative_to(here)) if own.exists() and own.is_relative_to(here) else "bursar"


class ConsoleNarrator:
    """
    Prints each chapter when it has been played.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(console.width, _WIDEST)

    def introduce(self) -> None:
        """
        What Bursar is, in a few lines.
        """
        self._console.print(Text(_INTRODUCTION))

    def working(self, what: str) -> AbstractContextManager[object]:
        """
        A spinner that leaves no trace.
        """
        return self._console.status(what) if self._console.is_terminal else nullcontext()

    def tell(self, chapter: ChapterReport) -> None:
        """
        A heading, what it is about, and a table of the steps.
        """
        self._head(chapter.name, chapter.title)
        self._print(Text(chapter.about, style="dim"))
        self._print(_steps_table(chapter.steps, does_width=21 if self._width < 100 else 28))
        if chapter.status is not None:
            self._console.print()
            self._print(_status_table(chapter.status, bar=self._width // 8))
            self._console.print()
            self._print(_balances_table(chapter.status.balances))

    def conclude(self, report: Report) -> None:
        """
        Who has spent what, who holds what.
        """
        if report.closing is not None:
            agents = " and ".join(line.agent for line in report.closing.budgets)
            self._head("closing", f"Where the treasury of {agents} stands")
            self._print(_budgets_table(report.closing, bar=self._width // 8))
            self._console.print()
            self._print(_balances_table(report.closing.balances))
        steps = sum(len(chapter.steps) for chapter in report.chapters)
        self._console.print()
        self._console.print(
            Text(f"{steps} steps, each checked on the chain, in {report.seconds:.1f} s.", "bold")
        )
        self._console.print(f"Try it by hand: {_command()} devnet, and docs/quickstart.md.")

    def fail(self, chapter: str, error: BursarError) -> None:
        """
        What did not hold.
        """
        self._console.print()
        self._console.print(Text(f"The demo failed in chapter {chapter}.", style="bold red"))
        if isinstance(error, DemoFailed):
            self._console.print(Text(f"  claim     {error.claim}"))
            self._console.print(Text(f"  expected  {error.expected}"))
            self._console.print(Text(f"  found     {error.found}"))
        else:
            self._console.print(Text(f"  {error}"))

    def _head(self, name: str, title: str) -> None:
        self._console.print()
        self._console.print(Text.assemble((name, "bold cyan"), "  ", (title, "bold")))

    def _print(self, what: Text | Table) -> None:
        self._console.print(Padding(what, (0, 0, 0, 2)), width=self._width)


def _steps_table(steps: list[Step], does_width: int) -> Table:
    table = Table(box=None, expand=True, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("who", no_wrap=True, min_width=10)
    table.add_column("does", width=does_width)
    table.add_column("outcome", no_wrap=True)
    table.add_column("", ratio=1)
    table.add_column("gas", justify="right", no_wrap=True, style="dim", min_width=7)
    for step in steps:
        gas = "" if step.gas is None else f"{step.gas:,}"
        outcome = Text(step.outcome.value, style=_STYLES[step.outcome])
        table.add_row(step.who, step.does, outcome, _words(step), gas)
    return table


def _words(step: Step) -> Text:
    """
    The chain's own reason, where it gave one, and what else there is to say.
    """
    said = [Text(step.reason.value, style="red")] if step.reason is not None else []
    return Text("\n").join([*said, Text(step.detail)] if step.detail else said)


def _table(title: str, *, header: bool = True) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        show_header=header,
        header_style="dim",
    )


def _budgets_table(closing: Closing, bar: int) -> Table:
    table = _day_table(f"Budgets of the day, at {time_of_day(closing.at)} UTC", "agent")
    for line in closing.budgets:
        table.add_row(line.agent, *_day(line, bar), _state(line))
    return table


def _status_table(status: Status, bar: int) -> Table:
    """
    Each wallet, and below it its agents.
    """
    table = _day_table(f"The day of {status.name}, at {time_of_day(status.at)} UTC", "")
    for wallet in status.wallets:
        running = f"{wallet.running} of {len(wallet.agents)} running"
        table.add_row(Text(wallet.wallet, "bold"), *_day(wallet, bar), Text(running, "dim"))
        for line in wallet.agents:
            table.add_row(f"  {line.agent}", *_day(line, bar), _state(line))
    return table


def _day_table(title: str, who: str) -> Table:
    table = _table(title)
    table.add_column(who, no_wrap=True)
    for name in ("spent", "limit", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("used", no_wrap=True)
    table.add_column("", no_wrap=True)
    return table


def _day(line: BudgetLine | WalletLine, bar: int) -> tuple[str | Text, ...]:
    return (*(usdc(amount) for amount in (line.spent, line.limit, line.left)), _bar(line.used, bar))


def _state(line: BudgetLine) -> Text:
    return Text("stopped", "yellow") if line.stopped else Text("running", "green")


def _bar(share: float, length: int) -> Text:
    full = ceil(share * length)
    bar = Text("█" * full, style="cyan")
    bar.append("░" * (length - full), style="dim")
    bar.append(f" {share:4.0%}", style="default")
    return bar


def _balances_table(balances: dict[str, int]) -> Table:
    table = _table("Who holds what", header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for name, amount in balances.items():
        if amount:
            table.add_row(name, usdc(amount))
    return table
