"""
The command line without a chain: what it offers, how it explains itself, how it ends.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from bursar.chain.errors import NoAnswerError, RevertedError
from bursar.chain.reverts import decode_revert
from bursar.cli import app
from bursar.cli.console import build_table
from bursar.cli.events import _ADDRESSES, as_line
from bursar.cli.options import code_of, confirm, reporting
from bursar.errors import BursarError
from bursar.events import EVENTS, Paused
from bursar.types import FOREVER, Address, Bytes32

ONE = Address("0x" + "11" * 20)
TWO = Address("0x" + "22" * 20)
COMMANDS = {
    *("keys show", "keys rotate"),
    *("history", "show wallet", "show agent", "show payment", "show change"),
    *("refill report", "refill list", "refill checklist", "refill confirm", "refill approve"),
    *("refill draft", "refill confirm-funded", "refill finish", "refill abandon"),
    *("cancel", "demo", "devnet", "events", "execute", "init", "keeper run"),
    *("pause", "pay", "pending", "relay", "sign", "status", "unpause", "validate", "void"),
}


def bursar(*arguments: str) -> Any:
    """
    The command, in this process.
    """
    return CliRunner().invoke(app, list(arguments))


def all_commands() -> dict[str, Any]:
    """
    Every command by its whole name.
    """
    found: dict[str, Any] = {}
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", {"": command})
        found |= {f"{name} {below}".strip(): one for below, one in inner.items()}
    return found


def test_cli__commands__are_these() -> None:
    """
    None is lost, none comes by accident.
    """
    assert set(all_commands()) >= COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help__every_command__has_an_example_that_parses_and_json(name: str) -> None:
    """
    `--help` tells what it does with an example of itself, and every command can speak to machines.
    """
    done = bursar(*name.split(), "--help")

    assert done.exit_code == 0
    command = all_commands()[name]
    (example,) = re.findall(r"Example: bursar (.*)", command.help or "")
    assert example.startswith(name)
    assert "--json" in {option for each in command.params for option in each.opts}
    arguments = re.findall(r'"[^"]*"|\S+', example.removeprefix(name))
    command.make_context(name, [one.strip('"') for one in arguments], resilient_parsing=False)


def test_help__whole__has_every_command_below_a_heading_and_cuts_nothing_off() -> None:
    """
    Somebody new finds a command by what it is for, and reads all of what it does.
    """
    shown = bursar("--help").output

    assert "..." not in shown.partition("Try it")[2]
    assert "╭" not in shown
    for heading in ("Try it on a local chain:", "Look:", "Stop:", "The treasury's people:"):
        assert f"\n{heading}\n" in shown
    for name in {name.split()[0] for name in COMMANDS}:
        assert f"\n  {name} " in shown


def test_version__asked__is_the_release() -> None:
    """
    What a report of a bug begins with.
    """
    done = bursar("--version")

    assert (done.exit_code, done.output) == (0, f"bursar {version('bursar')}\n")


@pytest.mark.parametrize("width", [80, 100, 200])
def test_table__narrow__gives_up_ids_before_figures_and_names(width: int) -> None:
    """
    No figure is broken over two lines, and no name where there is room for it otherwise.
    """
    figures = dict.fromkeys(("of_limit", "left_this_hour", "capacity_left", "agents"), "right")
    table = build_table("Payments", id="id", wallet="left", agent="left", **figures)
    row = ("operations", "shopper", "1,234,567.89", "1,234,567.89", "10,026", "1")
    table.add_row("0x" + "ab" * 32, *row)
    screen = io.StringIO()

    Console(file=screen, width=width, highlight=False).print(table)

    shown = screen.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    (line,) = [line for line in shown.splitlines() if "operations" in line]
    assert tuple(line.split()[1:]) == row
    assert (line.split()[0] == "0x" + "ab" * 32) is (width == 200)


def test_help__no_option__takes_a_key() -> None:
    """
    A key as an argument would be in the shell's history and in the list of processes. A keystore
    is a file.
    """
    for name, command in all_commands().items():
        options = {option for each in command.params for option in each.opts} - {"--keystore"}
        assert not [option for option in options if "key" in option or "secret" in option], name


@pytest.mark.parametrize("name", ["pay", "sign", "relay", "execute", "init"])
def test_help__where_money_moves__there_is_yes(name: str) -> None:
    """
    Asked for otherwise.
    """
    assert "--yes" in {option for each in all_commands()[name].params for option in each.opts}


@pytest.mark.parametrize(
    "arguments", [("nope",), ("pay",), ("pay", "USDC"), ("devnet", "--port", "x"), ("keeper", "x")]
)
def test_usage__wrong__ends_with_2(arguments: tuple[str, ...]) -> None:
    """
    As every command line does.
    """
    assert bursar(*arguments).exit_code == 2


def test_help__loads_nothing_that_talks_to_a_chain() -> None:
    """
    Whoever asks for help does not wait for it.
    """
    code = (
        "import sys; from bursar.cli import app; "
        "print([name for name in sys.modules if name in ('web3', 'safe_eth', 'eth_account')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def run(error: BaseException, *, as_json: bool) -> tuple[int, str]:
    """
    How a command ends in which that happens, and what it prints.
    """
    command = typer.Typer()

    @command.command()
    def fails() -> None:
        with reporting(as_json):
            raise error

    done = CliRunner().invoke(command, [])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BursarError("what; do this"), 1, "bursar"),
        (NoAnswerError("nobody"), 1, "no-answer"),
        (FileNotFoundError(2, "No such file", "x.json"), 1, "os"),
        (KeyboardInterrupt(), 130, None),
    ],
)
def test_reporting__a_fault__is_a_sentence_and_a_status(
    error: BaseException, status: int, code: str | None
) -> None:
    """
    Never a traceback; for machines an object with a word that never changes.
    """
    ended, shown = run(error, as_json=False)
    assert ended == status
    assert "Traceback" not in shown

    ended, shown = run(error, as_json=True)
    assert ended == status
    if code is not None:
        told = json.loads(shown)
        assert (told["ok"], told["error"]["code"]) == (False, code)


def test_reporting__a_refusal_of_the_chain__ends_with_2() -> None:
    """
    The chain's own reason, and what it means.
    """
    data = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (18).to_bytes(32, "big")
    revert = decode_revert(data + b"queue: not due yet".ljust(32, b"\0"))

    status, shown = run(RevertedError(revert), as_json=True)

    assert status == 2
    told = json.loads(shown)
    assert told["denied"]["reason"] == "queue: not due yet"
    assert "delay" in told["denied"]["message"]
    assert run(RevertedError(revert), as_json=False)[0] == 2


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1)])
def test_confirm__on_a_terminal__asks(
    monkeypatch: pytest.MonkeyPatch, answer: str, status: int
) -> None:
    """
    And takes no for an answer.
    """
    command = typer.Typer()

    @command.command()
    def pays() -> None:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        confirm("Pay?", yes=False, as_json=False)

    assert CliRunner().invoke(command, [], input=answer).exit_code == status


def test_confirm__interrupted__is_no_answer_but_an_interrupt() -> None:
    """
    Ctrl-C at a question ends as it does anywhere else, with 130.
    """

    def interrupt(prompt: str) -> str:
        raise KeyboardInterrupt

    command = typer.Typer()

    @command.command()
    def pays() -> None:
        # Undone before the runner is: it puts functions of its own in the same place.
        with reporting(False), pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin.isatty", lambda: True)
            patch.setattr("typer._click.termui.visible_prompt_func", interrupt)
            confirm("Pay?", yes=False, as_json=False)

    assert CliRunner().invoke(command, []).exit_code == 130


def test_code_of__an_error__is_its_name_in_words() -> None:
    """
    Stable as long as the class keeps its name.
    """
    assert code_of(NoAnswerError("x")) == "no-answer"


def test_events__every_address_of_every_event__is_shown_by_name() -> None:
    """
    The list of argument names follows the events.
    """
    addresses = {
        name
        for event in EVENTS.values()
        for name in event.argument_names()
        if event.model_fields[name].annotation is Address
    }

    assert addresses == _ADDRESSES


def test_events__as_a_line__large_numbers_are_text() -> None:
    """
    JSON readers lose digits beyond 2^53; positions stay numbers.
    """
    from bursar.book import AddressBook

    book = AddressBook(name="x", chain_id=1, organization=ONE, blueprint=TWO, safe=TWO, threshold=2)
    event = Paused(
        emitter=ONE, at=1, block=2, transaction=Bytes32(b"\x01" * 32), log=0,
        scope=ONE, by=ONE, until=FOREVER, number=3, reason="x",
    )  # fmt: skip

    line = as_line(event, book)

    assert (line["event"], line["name"]) == ("Paused", "organisation")
    assert (line["at"], line["block"], line["log"]) == (1, 2, 0)
    assert (line["until"], line["number"]) == (str(FOREVER), "3")
    assert line["transaction"] == "0x" + "01" * 32


def test_validate__needs_no_node(tmp_path: Path) -> None:
    """
    A missing file is a sentence as well.
    """
    assert bursar("validate", str(tmp_path / "missing.yaml")).exit_code == 1
