"""
`bursar refill` as people meet it: at a terminal, and what happens where nobody sits at one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer

from bursar.chain.contracts import token_at
from bursar.cli import app
from bursar.devnet import RunningDevnet
from bursar.types import DAY
from tests.integration.devnet_cli import bursar
from tests.integration.terminal import Said, at_terminal, process_at_terminal

WORDS = {"confirm", "approve", "draft", "confirm-funded", "finish", "abandon"}
YES = ["y"] * 8


def person(*arguments: str, answers: list[str] = YES) -> Said:
    """
    Somebody at a terminal runs it.
    """
    return at_terminal(arguments, answers)


def told(*arguments: str, answers: list[str] = YES, status: int = 0) -> Any:
    """
    What it prints with --json for a person, once it has ended with `status`.
    """
    done = person(*arguments, "--json", answers=answers)
    assert done.status == status, done
    return json.loads(done.output)


def spend(devnet: RunningDevnet) -> None:
    """
    The trader leaves room for a refill.
    """
    done = bursar("pay", "USDC", "vendor", "3000", "--agent", "trader", "--yes")
    assert done.exit_code == 0, done.output


def facts(devnet: RunningDevnet) -> Any:
    """
    The Safe's money and nonce, and every file that was kept of refills and drafts.
    """
    book = devnet.founded.book
    usdc = token_at(devnet.chain, book.tokens["USDC"].address)
    nonce = devnet.chain.fetch_storage(book.safe, 5)
    kept = {str(p): p.read_bytes() for p in Path(".bursar").rglob("*") if p.suffix == ".json"}
    return usdc.view("balanceOf", book.safe), nonce, kept


def commands() -> dict[str, Any]:
    """
    The commands of `bursar refill` by name.
    """
    root: Any = typer.main.get_command(app)
    found: dict[str, Any] = root.commands["refill"].commands
    return found


def test_refill__by_people_at_terminals__goes_from_report_to_end(devnet: RunningDevnet) -> None:
    """
    T29 to T32, T40: every step of the way with the commands alone, signing and executing included.
    """
    spend(devnet)
    begun = told("refill", "report", "--by", "ana", "--wallet", "trading")
    assert begun["refill"]["stage"] == "reported"
    assert [item["item"] for item in begun["checklist"] if item["by"]] == []
    told("refill", "confirm", "--by", "ana", "--item", "activity")
    confirmed = told("refill", "confirm", "--by", "dana")
    assert {item["by"] for item in confirmed["checklist"][:5]} == {"ana", "dana"}

    digits = begun["refill"]["report_hash"][2:10]
    approved = told("refill", "approve", "--by", "mia", answers=[digits])
    assert approved["refill"]["approval"]["by"] == "mia"
    drafted = told("refill", "draft", "--by", "ana")["draft"]["safe_hash"]
    for owner in ("ana", "ben"):
        assert person("safe", "sign", drafted, "--as", owner).status == 0
    assert person("safe", "execute", drafted).status == 0
    funded = told("refill", "confirm-funded", "--by", "dana")
    finished = told("refill", "finish", "--by", "dana")

    assert sorted(funded["refill"]["funding"]["signers"]) == ["ana", "ben"]
    assert finished["refill"]["stage"] == "finished"
    assert all(item["by"] for item in finished["checklist"])
    wallet = devnet.founded.book.wallets["trading"]
    usdc = token_at(devnet.chain, devnet.founded.book.tokens["USDC"].address)
    assert usdc.view("balanceOf", wallet) == 50_000_000_000
    page = Path(next(one for one in finished["pages"] if one.endswith(".html")))
    assert "finished" in page.read_text()
    listed = json.loads(bursar("refill", "list", "--json").stdout)
    assert [one["stage"] for one in listed["refills"]] == ["finished"]


def test_refill__gone_stale_after_it_was_drafted__is_neither_signed_nor_sent(
    devnet: RunningDevnet,
) -> None:
    """
    A day later: signers and the checklist are told since when and what to do; a rejection ends it.
    On a machine without the refill nothing can be told, and the report brings it back.
    """
    spend(devnet)
    begun = told("refill", "report", "--by", "ana", "--wallet", "trading")
    told("refill", "confirm", "--by", "ana")
    told("refill", "approve", "--by", "mia", answers=[begun["refill"]["report_hash"][2:10]])
    id = told("refill", "draft", "--by", "ana")["draft"]["safe_hash"]
    (report,) = Path(".bursar/refills").rglob("report.json")
    sign = "safe", "sign", id, "--yes", "--json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURSAR_REFILLS", "elsewhere")
        assert code_of(*sign, "--as", "ana") == "unjudged-refill"
        assert bursar(*sign, "--as", "ana", "--report", str(report)).exit_code == 0
    assert bursar(*sign, "--as", "ben").exit_code == 0

    devnet.chain.warp(by=DAY + 60)

    before = facts(devnet)
    assert code_of(*sign, "--as", "cleo") == "stale-report"
    assert code_of("safe", "execute", id, "--yes", "--json") == "stale-report"
    assert "!! REFUSED: The report of refill" in bursar("safe", "show", id).stdout
    assert "nobody can sign it any more" in bursar("refill", "checklist").stdout
    assert facts(devnet) == before
    no = json.loads(bursar("safe", "reject", id, "--json").stdout)["draft"]["id"]
    for owner in ("ana", "ben"):
        assert bursar("safe", "sign", no, "--as", owner, "--yes").exit_code == 0
    assert bursar("safe", "execute", no, "--yes").exit_code == 0
    assert "its draft is dead" in bursar("refill", "checklist").stdout


def code_of(*arguments: str) -> str:
    """
    The code of a command that is refused.
    """
    done = bursar(*arguments)
    assert done.exit_code == 1, done.output
    return str(json.loads(done.stdout)["error"]["code"])


def test_words__without_a_terminal__are_not_given(devnet: RunningDevnet) -> None:
    """
    T6, T33: a pipe that says yes, as a scheduler's would, is no person. Nothing is begun,
    confirmed, approved, drafted or closed.
    """
    spend(devnet)
    told("refill", "report", "--by", "ana", "--wallet", "trading")
    before = facts(devnet)
    piped = "y\n" * 10
    attempts = [("report", "--by", "ana"), ("abandon", "--by", "ana", "--note", "x")]
    attempts += [(name, "--by", "mia") for name in sorted(WORDS - {"abandon"})]
    for name, *more in attempts:
        done = bursar("refill", name, *more, "--json", stdin=piped)
        assert done.exit_code == 1, (name, done.output)
        assert json.loads(done.stdout)["error"]["code"] == "no-person", name
        assert "never automated" in done.stdout
    assert facts(devnet) == before


def test_commands__that_take_a_persons_word__have_no_yes() -> None:
    """
    T33: no option and no variable answers for a person.
    """
    found = commands()
    assert set(found) == WORDS | {"report", "list", "checklist"}
    for name, command in found.items():
        options = {option for each in command.params for option in each.opts}
        assert not options & {"--yes", "-y", "--force"}, name
        assert not [each.envvar for each in command.params if each.envvar], name
        if name in WORDS:
            assert next(each for each in command.params if each.name == "by").required, name


def test_low_balance__with_a_keeper_running__begins_nothing(devnet: RunningDevnet) -> None:
    """
    T6, T33: an empty wallet makes the keeper do nothing about the master, however often it looks.
    """
    book = devnet.founded.book
    guardian = devnet.chain.new_account("guardian dana")
    from bursar.chain.contracts import wallet_at

    usdc = book.tokens["USDC"].address
    wallet_at(devnet.chain, book.wallets["trading"]).send(guardian, "sweep", usdc, "empty it")
    before = facts(devnet)

    for _ in range(3):
        done = bursar("keeper", "run", "--once", "--json")
        assert done.exit_code == 0, done.output

    assert facts(devnet) == before
    assert not (Path(".bursar") / "refills").exists()


def test_report__without_a_name__keeps_nothing(devnet: RunningDevnet) -> None:
    """
    Anybody may look, a service as well.
    """
    spend(devnet)
    before = facts(devnet)

    shown = json.loads(bursar("refill", "report", "--json").stdout)
    text = bursar("refill", "report").output

    assert shown["report"]["lines"][1]["amount"] == "3000000000"
    assert "| trading | USDC | 47,000 | 50,000 | 3,000 |" in text
    assert facts(devnet) == before


def test_report__of_a_file_that_is_missing__is_refused(devnet: RunningDevnet) -> None:
    """
    The devnet's own file stands in for one that nobody named, not for one that was mistyped.
    """
    found = told("refill", "report", "treasurry.yaml", status=1)

    assert "treasurry.yaml" in found["error"]["message"]


def test_report__with_a_store__counts_what_was_refused(devnet: RunningDevnet) -> None:
    """
    T29: refusals leave nothing on chain; the audit has them, and the report counts them by reason.
    """

    def refusals() -> Any:
        return json.loads(bursar("refill", "report", "--json").stdout)["report"]["refusals"]

    assert refusals() is None
    for _ in range(2):
        assert bursar("pay", "USDC", "vendor", "101", "--agent", "shopper", "--yes").exit_code == 2
    assert bursar("pay", "USDC", "vendor", "5001", "--agent", "trader", "--yes").exit_code == 2
    # Whoever has the store takes in what agents have left beside it.
    assert bursar("keeper", "run", "--once", "--json").exit_code == 0
    # Refusals have the machine's time, which a chain that was brought back is behind of.
    devnet.chain.warp(by=600)

    reason = "payments: amount out of bounds"
    assert refusals() == [
        {"agent": "shopper", "wallet": "operations", "reason": reason, "times": 2},
        {"agent": "trader", "wallet": "trading", "reason": reason, "times": 1},
    ]


def test_report__begun_where_nothing_is_missing__says_that_it_ends_here(
    devnet: RunningDevnet,
) -> None:
    """
    Nobody confirms a list of items first, to be told so by the manager's approval.
    """
    shown = person("refill", "report", "--by", "ana").output

    assert "next: every wallet has enough" in shown
    assert "refill confirm" not in shown


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (["n"], "Not done"),
        ([], "Aborted"),
    ],
)
def test_person__who_says_no_or_leaves__begins_nothing(
    devnet: RunningDevnet, answers: list[str], words: str
) -> None:
    """
    No is no, and so is silence.
    """
    before = facts(devnet)
    command = ("refill", "report", "--by", "ana")
    done = process_at_terminal(command, answers, Path.cwd(), dict(os.environ))

    assert done.status == 1
    assert words in done.errors
    assert facts(devnet) == before


def test_approve__with_the_digits_of_another_report__is_refused(devnet: RunningDevnet) -> None:
    """
    T40: whoever approves has the report at hand.
    """
    spend(devnet)
    told("refill", "report", "--by", "ana", "--wallet", "trading")
    told("refill", "confirm", "--by", "ana")
    before = facts(devnet)

    for digits in ("00000000", "", "0x"):
        done = told("refill", "approve", "--by", "mia", answers=[digits], status=1)
        assert done["error"]["code"] == "unconfirmed"
    assert facts(devnet) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report", "missing.yaml", "--book", "missing.json"), "missing.json"),
        (("report", "--wallet", "tradign"), "trading"),
        (("report", "--to", "trading"), "trading:USDC=50000"),
        (("report", "--to", "trading:USDC=ten"), "10.50"),
        (("report", "--to", "trading:USDC=1", "--wallet", "operations"), "drop one"),
        (("checklist",), "No refill is under way"),
        (("checklist", "2026"), "No refill is called 2026"),
    ],
)
def test_refill__wrong_name_or_figure__says_what_to_do(
    devnet: RunningDevnet, arguments: tuple[str, ...], words: str
) -> None:
    """
    Exit status 1 and a sentence; the same as JSON.
    """
    done = bursar("refill", *arguments)
    assert done.exit_code == 1, done.output
    assert words in done.output
    assert "Traceback" not in done.output
    found = json.loads(bursar("refill", *arguments, "--json").stdout)
    assert found["ok"] is False
    assert words in found["error"]["message"]
