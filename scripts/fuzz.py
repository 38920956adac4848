#!/usr/bin/env python3
"""
Call the contracts at random, beside the Python model, and compare everything.

    make fuzz                                      a million calls, on all cores
    make fuzz ARGS="--calls 200000 --seed 7"       fewer, and others
    make fuzz ARGS="--seconds 3600"                for an hour
    make fuzz ARGS="--organization 7000021"        one organisation again, as a violation names it

Writes build/fuzz.json and prints how often each function was accepted and refused, and each reason.
Ends with 1 when a call broke an invariant or was judged differently, and with 2 when none did but
something was seen too seldom for that to mean much.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import queue
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "build/fuzz.json"
DEFAULT_CALLS = 1_000_000

# Without a terminal, a line of progress after so many seconds.
LINE_EVERY = 15

# The harness is beside the tests that use it.
sys.path.insert(0, str(ROOT))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzz the contracts against the Python model.")
    parser.add_argument("--calls", type=int, help=f"stop after so many ({DEFAULT_CALLS:,})")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--seed", type=int, default=1, help="other seeds draw other calls")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--organization", type=int, help="only this one, up to its violation")
    parser.add_argument("--contracts", type=Path, help="other sources than contracts/")
    parser.add_argument("--output", type=Path, default=RESULT, help="where the figures go")
    options = parser.parse_args()
    if options.calls is None and options.seconds is None:
        options.calls = DEFAULT_CALLS
    return options


def work(organizations: Any, results: Any, stop: Any) -> None:
    """
    One process: organisation after organisation, each reported as soon as it is through.
    """
    from tests.differential.campaign import ViolationError, run_organization

    try:
        parent = multiprocessing.parent_process()
        for number in organizations:
            if stop.is_set() or parent is None or not parent.is_alive():
                break
            results.put((number, run_organization(number), ""))
    except ViolationError as violation:
        results.put((violation.organization, violation.outcome, str(violation)))
    except KeyboardInterrupt:
        pass


class Fuzzing:
    """
    The processes, and what they have reported.
    """

    def __init__(self, options: argparse.Namespace, console: Console) -> None:
        from tests.differential.campaign import Outcome

        self.options = options
        self.console = console
        self.outcome = Outcome()
        self.violations: dict[int, str] = {}
        self.seconds = 0.0

    def run(self) -> None:
        """
        Until there are enough calls, the time is up, or something is wrong.
        """
        context = multiprocessing.get_context("spawn")
        results, stop = context.Queue(), context.Event()
        processes = [
            context.Process(target=work, args=(numbers, results, stop), daemon=True)
            for numbers in self._shares()
        ]
        begun = time.monotonic()
        for process in processes:
            process.start()
        try:
            self._collect(processes, results, begun)
        except KeyboardInterrupt:
            self.console.print("interrupted")
        stop.set()
        self.seconds = time.monotonic() - begun
        for process in processes:
            process.join(timeout=10)
            if process.is_alive():
                process.terminate()

    def _shares(self) -> list[range]:
        """
        Which organisations each process founds: none twice.
        """
        from tests.differential.campaign import ORGANIZATIONS_PER_SEED

        count = max(1, self.options.processes)
        first = self.options.seed * ORGANIZATIONS_PER_SEED
        end = first + ORGANIZATIONS_PER_SEED
        return [range(first + number, end, count) for number in range(count)]

    def _collect(self, processes: list[Any], results: Any, begun: float) -> None:
        with Reporter(self.console, self.options) as reporter:
            while not self._is_enough(begun):
                try:
                    number, outcome, violation = results.get(timeout=1)
                except queue.Empty:
                    if any(process.exitcode for process in processes):
                        raise SystemExit("bursar: a fuzzing process has died, see above") from None
                    continue
                self.outcome.add(outcome)
                if violation:
                    self.violations[number] = violation
                    return
                reporter.show(self.outcome.calls, time.monotonic() - begun)

    def _is_enough(self, begun: float) -> bool:
        options = self.options
        if options.calls is not None and self.outcome.calls >= options.calls:
            return True
        return options.seconds is not None and time.monotonic() - begun >= options.seconds


class Reporter:
    """
    Shows how far it is: a bar on a terminal, else a line now and then.
    """

    def __init__(self, console: Console, options: argparse.Namespace) -> None:
        self._console = console
        self._by_time = options.seconds is not None and options.calls is None
        self._total = options.seconds if self._by_time else options.calls
        self._next_line = float(LINE_EVERY)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("fuzzing", total=self._total)

    def __enter__(self) -> Reporter:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, calls: int, seconds: float) -> None:
        """
        So many calls after so many seconds.
        """
        text = f"{calls:,} calls, {calls / seconds:,.0f} a second, no violation"
        done = int(seconds) if self._by_time else calls
        self._bar.update(self._task, completed=done, description=text)
        if not self._console.is_terminal and seconds >= self._next_line:
            self._next_line = seconds + LINE_EVERY
            self._console.print(f"{seconds:7.0f} s  {text}")


def print_figures(fuzzing: Fuzzing, console: Console) -> None:
    from tests.differential import coverage

    outcome = fuzzing.outcome
    table = Table("function", *(["accepted", "refused"]), title="Calls that change state")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in sorted({*coverage.functions(), *outcome.accepted, *outcome.refused}):
        table.add_row(name, f"{outcome.accepted[name]:,}", f"{outcome.refused[name]:,}")
    console.print(table)

    table = Table("revert string", "times", title="Refusals")
    table.columns[1].justify = "right"
    own = coverage.revert_strings()
    for reason in [*own, *sorted(set(outcome.reasons) - set(own))]:
        table.add_row(reason or "(no string)", f"{outcome.reasons[reason]:,}")
    console.print(table)


def write_figures(fuzzing: Fuzzing, missing: list[str]) -> None:
    from tests.differential import coverage

    outcome, options = fuzzing.outcome, fuzzing.options
    names = sorted({*coverage.functions(), *outcome.accepted, *outcome.refused})
    figures = {
        "calls": outcome.calls,
        "violations": len(fuzzing.violations),
        "seconds": round(fuzzing.seconds, 1),
        "views": outcome.views,
        "organizations": outcome.organizations,
        "seed": options.seed,
        "processes": options.processes,
        "functions": {
            name: {"accepted": outcome.accepted[name], "refused": outcome.refused[name]}
            for name in names
        },
        "reasons": dict(sorted(outcome.reasons.items())),
        "missing": missing,
        "found": [text for _, text in sorted(fuzzing.violations.items())],
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(figures, indent=1) + "\n")


def print_violation(organization: int, text: str, console: Console) -> None:
    console.print("Violation in", style="bold red", end=" ")
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(f'\nAgain: make fuzz ARGS="--organization {organization}"', highlight=False)


def replay(organization: int, console: Console) -> int:
    """
    One organisation, in this process.
    """
    from tests.differential.campaign import ViolationError, run_organization

    try:
        outcome = run_organization(organization)
    except ViolationError as violation:
        print_violation(organization, str(violation), console)
        return 1
    console.print(f"organization {organization}: {outcome.calls:,} calls, no violation")
    return 0


def main() -> int:
    options = read_options()
    if options.contracts is not None:
        # Read by the harness, here and in every process that it starts.
        os.environ["BURSAR_CONTRACTS"] = str(options.contracts.resolve())
    console = Console()
    if options.organization is not None:
        return replay(options.organization, console)

    from tests.differential import coverage
    from tests.harness.artifacts import compiled

    for path in (
        "Organization.vy",
        "HotWallet.vy",
        "testing/TestToken.vy",
        "testing/HostileToken.vy",
    ):
        compiled(path)  # Once, and not in each process.
    fuzzing = Fuzzing(options, console)
    fuzzing.run()
    missing = coverage.missing(fuzzing.outcome)
    write_figures(fuzzing, missing)
    print_figures(fuzzing, console)
    outcome = fuzzing.outcome
    console.print(
        f"{outcome.calls:,} calls and {outcome.views:,} views of {outcome.organizations:,} "
        f"organisations in {fuzzing.seconds:,.0f} s, {len(fuzzing.violations)} violations"
    )
    for organization, text in sorted(fuzzing.violations.items()):
        print_violation(organization, text, console)
    for line in missing:
        console.print(f"[yellow]too seldom:[/] {line}", highlight=False)
    if fuzzing.violations:
        return 1
    return 2 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
