"""
The commands against a devnet on a real node: what they say, what they do, how they end.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from bursar.devnet import RunningDevnet, book_path
from bursar.types import DAY
from tests.integration.devnet_cli import bursar, told

SHOPPER_DAY = 500


def pay(amount: str, *more: str, status: int = 0) -> Any:
    """
    A payment by the shopper.
    """
    return told(
        "pay", "USDC", "vendor", amount, "--agent", "shopper", "--yes", *more, status=status
    )


def test_status__untouched__tells_every_wallet_and_agent(devnet: RunningDevnet) -> None:
    """
    T18 and Q24: balance, spent, active agents, capacity; per agent spent, limit, utilisation.
    """
    found = told("status")

    assert found["ok"] is True
    assert [wallet["name"] for wallet in found["wallets"]] == ["operations", "trading"]
    operations = found["wallets"][0]
    token = operations["tokens"][0]
    assert operations["active_agents"] == 1
    assert (token["symbol"], token["balance"]) == ("USDC", "10000000000")
    assert (token["maximum"], token["capacity"]) == ("20000000000", "10000000000")
    line = found["agents"][0]
    assert (line["agent"], line["wallet"], line["category"]) == ("shopper", "operations", "")
    assert (line["spent_today"], line["daily_limit"]) == ("0", "500000000")
    assert line["utilisation"] == 0.0


def test_status__after_a_payment__counts_it(devnet: RunningDevnet) -> None:
    """
    What left the wallet, and what share of the agent's day it is.
    """
    pay("10")

    found = told("status")

    assert found["wallets"][0]["tokens"][0]["balance"] == "9990000000"
    assert found["wallets"][0]["tokens"][0]["spent_today"] == "10000000"
    assert found["agents"][0]["utilisation"] == 2.0
    shown = bursar("status").output
    assert "2.0 %" in shown
    assert "9,990" in shown


def test_pay__within_the_budget__is_executed(devnet: RunningDevnet) -> None:
    """
    Exit status 0, and the money has moved.
    """
    vendor = devnet.founded.book.recipients["vendor"]

    payment = pay("10.50", "--reference", "order-1")["payment"]

    assert (payment["status"], payment["amount"]) == ("executed", "10500000")
    assert (payment["recipient"], payment["reference"]) == ("vendor", "order-1")
    usdc = devnet.founded.book.tokens["USDC"].address
    asked = {"to": usdc, "data": "0x70a08231" + vendor[2:].rjust(64, "0")}
    assert int(devnet.chain.rpc.request("eth_call", asked, "latest"), 16) == 10_500_000


def test_pay__over_the_limit__is_denied_with_2(devnet: RunningDevnet) -> None:
    """
    A refusal is no fault: it has a status, a reason and a sentence of its own.
    """
    found = pay("101", status=2)

    assert found["ok"] is False
    assert found["denied"]["reason"] == "payments: amount out of bounds"
    assert found["denied"]["payment"]["status"] == "denied"
    done = bursar("pay", "USDC", "vendor", "101", "--agent", "shopper", "--yes")
    assert done.exit_code == 2
    assert "denied" in done.output


def test_pay__nobody_to_ask__refuses_without_yes(devnet: RunningDevnet) -> None:
    """
    Where money moves and there is no terminal, silence is no consent.
    """
    found = told("pay", "USDC", "vendor", "1", "--agent", "shopper", status=1)

    assert found["error"]["code"] == "unconfirmed"
    assert "--yes" in found["error"]["message"]
    assert told("status")["agents"][0]["spent_today"] == "0"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pay", "USDT", "vendor", "1", "--agent", "shopper", "--yes"), "USDC"),
        (("pay", "USDC", "vendro", "1", "--agent", "shopper", "--yes"), "vendor"),
        (("pay", "USDC", "vendor", "1", "--agent", "shoper", "--yes"), "shopper"),
        (("pay", "USDC", "vendor", "1", "--agent", "shopper", "--wallet", "x", "--yes"), "trading"),
        (("pay", "USDC", "vendor", "ten", "--agent", "shopper", "--yes"), "10.50"),
        (
            ("pay", "USDC", "vendor", "1", "--agent", "shopper", "--category", "x", "--yes"),
            "refund",
        ),
        (("pending", "--agent", "nobody"), "trader"),
        (("cancel", "0x12"), "No payment waits"),
        (("execute", "0x12", "--yes"), "No payment waits"),
        (("pause", "tradign"), "trading"),
        (("unpause", "tradign"), "trading"),
        (("events", "--kind", "paid"), "did you mean Paid?"),
        (
            ("sign", "USDC", "vendor", "1", "--agent", "shopper", "--nonce=-4", "--yes"),
            "whole number",
        ),
        (("pay", "USDC", "vendor", "1.5.", "--agent", "shopper", "--yes"), "USDC: not an amount; "),
        (("relay", "no.text", "--yes"), "no.text is no signed payment"),
        (("status", "--book", "no.text"), "no.text is no address book"),
        (("status", "--rpc-url", "nonsense/key"), "no URL of a node"),
        (("status", "--rpc-url", "http://127.0.0.1:1"), "127.0.0.1:1"),
        (("status", "--book", "missing.json"), "missing.json"),
        (("validate", "missing.yaml"), "missing.yaml"),
    ],
)
def test_cli__wrong_name_or_figure__says_what_to_do(
    devnet: RunningDevnet, arguments: tuple[str, ...], words: str
) -> None:
    """
    Exit status 1 and a sentence, never a traceback; the same as JSON.
    """
    Path("no.text").write_bytes(b"\xff\xfe\x00")
    done = bursar(*arguments)

    assert done.exit_code == 1, done.output
    assert words in done.output
    assert "Traceback" not in done.output
    found = told(*arguments, status=1)
    assert found["ok"] is False
    assert words in json.dumps(found["error"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pause", "trading", "--for", "soon"), "30m"),
        (("pause", "trading", "--reason", "x" * 65), "64 bytes"),
        (("pause", "trading", "--as", "owner"), "guardian or keeper"),
        (("cancel", "0x12", "--as", "owner"), "agent, guardian or keeper"),
        (("sign", "USDC", "vendor", "1", "--valid-for", "soon"), "1h30m"),
        (("veto", "0x12", "--reason", ""), "1 to 64 bytes"),
        (("history", "--follow"), "events --follow"),
    ],
)
def test_cli__wrong_option__is_wrong_usage(
    devnet: RunningDevnet, arguments: tuple[str, ...], words: str
) -> None:
    """
    Exit status 2, as for an option that does not exist. No owner's key is ever looked for.
    """
    found = told(*arguments, status=2)

    assert found["error"]["code"] == "usage"
    assert words in found["error"]["message"]


def test_pay__zero__says_that_something_has_to_move(devnet: RunningDevnet) -> None:
    """
    And not only how much is the most.
    """
    assert "moves something" in pay("0", status=2)["denied"]["message"]


@pytest.mark.parametrize("scope", ["organisation", "trading", "trader"])
def test_pay__stopped__says_what_is_stopped_and_until_when(
    devnet: RunningDevnet, scope: str
) -> None:
    """
    An agent that is told only that something is stopped does not know whom to ask.
    """
    until = told("pause", scope, "--for", "2h")["until"]

    asked = ("pay", "USDC", "vendor", "1", "--agent", "trader", "--yes")
    message = told(*asked, status=2)["denied"]["message"]

    what = {"organisation": "whole organisation", "trading": "this wallet"}.get(scope, "trader")
    assert what in message
    assert f"until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC" in message


def test_pending__a_payment_that_waits__can_be_cancelled_once(devnet: RunningDevnet) -> None:
    """
    Queued, listed, cancelled; the second cancel says that nothing waits.
    """
    payment = pay("30")["payment"]
    assert payment["status"] == "queued"

    (waiting,) = told("pending")["payments"]
    assert (waiting["id"], waiting["status"], waiting["ready"]) == (payment["id"], "pending", False)
    assert (waiting["agent"], waiting["recipient"]) == ("shopper", "vendor")
    assert told("pending", "--agent", "trader")["payments"] == []

    cancelled = told("cancel", payment["id"], "--reason", "wrong vendor")
    assert cancelled["payment"]["status"] == "cancelled"
    assert told("pending")["payments"] == []
    assert told("cancel", payment["id"], status=1)["error"]["code"] == "unknown-payment"


def test_execute__before_and_after_its_delay(devnet: RunningDevnet) -> None:
    """
    Too early it is denied by the chain; once due anyone may, by the first digits of the id.
    """
    payment = pay("30")["payment"]

    early = told("execute", payment["id"], "--yes", status=2)
    assert early["denied"]["reason"] == "queue: not due yet"

    devnet.chain.warp(by=601)
    assert told("pending")["payments"][0]["ready"] is True
    done = told("execute", payment["id"][:12], "--yes")
    assert done["payment"]["status"] == "executed"
    assert told("status")["agents"][0]["spent_today"] == "30000000"


def test_keeper_run__once__executes_what_is_due(devnet: RunningDevnet) -> None:
    """
    The service does by itself what `execute` does.
    """
    payment = pay("30")["payment"]
    devnet.chain.warp(by=601)

    dry = told("keeper", "run", "--once", "--dry-run")
    assert [one["outcome"] for one in dry["payments"]] == ["would execute"]
    done = told("keeper", "run", "--once")

    assert [(one["id"], one["outcome"]) for one in done["payments"]] == [
        (payment["id"], "executed")
    ]
    assert told("pending")["payments"] == []


@pytest.mark.parametrize("role", ["guardian", "keeper"])
@pytest.mark.parametrize("scope", ["organisation", "operations", "shopper"])
def test_pause__any_scope__stops_the_agent_until_the_owners_release_it(
    devnet: RunningDevnet, scope: str, role: str
) -> None:
    """
    Stopping takes one key; releasing takes the Safe, whose owners are the devnet's own here.
    """
    stopped = told("pause", scope, "--as", role, "--reason", "odd")
    assert (stopped["name"], stopped["until"]) == (scope, None)

    refused = pay("1", status=2)
    assert refused["denied"]["reason"] == "payments: stopped"

    released = told("unpause", scope, "--reason", "false alarm")
    assert released["changed"] is True
    assert pay("1")["payment"]["status"] == "executed"
    assert told("unpause", scope)["changed"] is False


def test_pause__for_a_while__ends_by_itself(devnet: RunningDevnet) -> None:
    """
    A second, shorter stop does not shorten it.
    """
    first = told("pause", "operations", "--for", "2h")
    second = told("pause", "operations", "--for", "1h")

    assert int(second["stop"]) == int(first["stop"]) + 1
    assert second["until"] == first["until"]
    devnet.chain.warp(by=2 * 3600 + 1)
    assert pay("1")["payment"]["status"] == "executed"


def test_unpause__a_newer_stop__is_not_lifted(devnet: RunningDevnet) -> None:
    """
    Owners release the stop that they looked at, and no other.
    """
    seen = told("pause", "operations")["stop"]
    told("pause", "operations", "--as", "keeper")

    refused = told("unpause", "operations", "--seen", seen, status=2)

    assert refused["denied"]["reason"] == "stops: not the stop that was seen"


def test_unpause__no_devnet__drafts_what_the_owners_sign(
    devnet: RunningDevnet, tmp_path: Path
) -> None:
    """
    T37: without a devnet's book no owner's key is derived; a Safe transaction is printed.
    """
    told("pause", "operations", "--reason", "odd")
    book = devnet.founded.book.model_copy(update={"devnet": False})
    path = tmp_path / "book.json"
    path.write_text(book.to_json())

    done = bursar("unpause", "operations", "--book", str(path), "--out", "unpause.json")

    assert done.exit_code == 0
    batch = json.loads(Path("unpause.json").read_text())
    (transaction,) = batch["transactions"]
    assert batch["chainId"] == "31337"
    assert transaction["to"] == book.organization
    number = told("unpause", "operations", "--book", str(path))["stop"]
    assert int(transaction["data"][2 + 8 + 64 : 2 + 8 + 128], 16) == int(number)
    assert pay("1", status=2)["denied"]["reason"] == "payments: stopped"


def test_pause__no_key__says_which_variable(devnet: RunningDevnet, tmp_path: Path) -> None:
    """
    Elsewhere than on a devnet keys come from the environment, or from a file that it names.
    """
    path = tmp_path / "book.json"
    path.write_text(devnet.founded.book.model_copy(update={"devnet": False}).to_json())

    found = told("pause", "operations", "--book", str(path), status=1)

    assert found["error"]["code"] == "key-missing"
    assert "BURSAR_KEEPER_KEY_FILE" in found["error"]["message"]


def test_pay__key_in_the_environment__decides_who_pays(
    devnet: RunningDevnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Also on a devnet; and --agent is held against it elsewhere.
    """
    from bursar.devnet import devnet_key

    monkeypatch.setenv("BURSAR_AGENT_KEY", devnet_key(devnet.founded.book.agents["trader"]))
    paid = told("pay", "USDC", "vendor", "400", "--yes")["payment"]
    assert paid["agent"] == devnet.founded.book.agents["trader"].address

    book = devnet.founded.book.model_copy(update={"devnet": False})
    Path("book.json").write_text(book.to_json())
    refused = told(
        *("pay", "USDC", "vendor", "1", "--agent", "shopper", "--yes"),
        *("--book", "book.json"),
        status=1,
    )
    assert "trader" in refused["error"]["message"]


def test_pause__key_in_a_file__is_used_unless_others_can_read_it(
    devnet: RunningDevnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The path is in the environment; a file that is open to others is refused.
    """
    from bursar.devnet import devnet_key

    book = devnet.founded.book.model_copy(update={"devnet": False})
    path, key = tmp_path / "book.json", tmp_path / "key"
    path.write_text(book.to_json())
    key.write_text(devnet_key(book.guardians["dana"]))
    key.chmod(0o644)
    monkeypatch.setenv("BURSAR_GUARDIAN_KEY_FILE", str(key))
    monkeypatch.setenv("BURSAR_RPC_URL", devnet.url)
    monkeypatch.setenv("BURSAR_BOOK", str(path))

    refused = told("pause", "operations", status=1)
    assert "chmod 600" in refused["error"]["message"]
    key.chmod(0o600)
    assert told("pause", "operations")["name"] == "operations"


def test_events__all_kinds__decoded_and_named(devnet: RunningDevnet) -> None:
    """
    One JSON object a line; amounts are text, positions numbers.
    """
    pay("10")

    done = bursar("events", "--json")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"WalletCreated", "BudgetSet", "Refilled", "Paid"} <= {line["event"] for line in lines}
    paid = lines[-1]
    assert (paid["event"], paid["name"], paid["amount"]) == ("Paid", "operations", "10000000")
    assert isinstance(paid["block"], int)
    assert bursar("events", "--kind", "Paid", "--last", "1").output.count("Paid(") == 1
    assert "shopper" in bursar("events", "--kind", "Paid").output


def test_cli__wrong_chain__says_which(devnet: RunningDevnet) -> None:
    """
    A node of another chain is found out before anything is asked of it.
    """
    with Anvil(chain_id=99) as other:
        found = told("status", "--rpc-url", other.url, status=1)

    assert "chain 99" in found["error"]["message"]
    assert "31337" in found["error"]["message"]


def test_cli__chain_that_forgot__says_start_again(devnet: RunningDevnet) -> None:
    """
    A devnet's book outlives its chain where it was killed.
    """
    with Anvil() as other:
        found = told("status", "--rpc-url", other.url, status=1)

    assert "bursar devnet" in found["error"]["message"]


def test_cli__nowhere__says_where_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without options, environment and devnet there is nothing to ask.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("BURSAR_RPC_URL", "BURSAR_BOOK"):
        monkeypatch.delenv(name, raising=False)

    found = told("status", status=1)

    assert "bursar devnet" in found["error"]["message"]


def test_validate__a_good_file__and_one_with_two_problems(tmp_path: Path) -> None:
    """
    Every problem with its line and fix.
    """
    good = Path(__file__).parents[2] / "examples" / "treasury.yaml"
    assert told("validate", str(good))["agents"][0] == "trading-1"
    bad = tmp_path / "bad.yaml"
    text = good.read_text().replace("change_delay: 2d", "change_delay: 2 days")
    bad.write_text(text.replace("agent: defi-1", "agent: defi-9"))

    found = told("validate", str(bad), status=1)

    problems = found["error"]["problems"]
    assert [problem["key"].split(".")[0] for problem in problems] == ["organisation", "wallets"]
    assert all(problem["line"] and problem["fix"] for problem in problems)
    shown = bursar("validate", str(bad))
    assert shown.exit_code == 1
    assert "fix:" in shown.output


def test_day__over__starts_anew(devnet: RunningDevnet) -> None:
    """
    What was spent yesterday is not shown as today's.
    """
    pay("10")
    devnet.chain.warp(by=DAY)

    assert told("status")["agents"][0]["spent_today"] == "0"


def test_devnet_files__name_each_other(devnet: RunningDevnet) -> None:
    """
    The environment file names the address book beside it.
    """
    env = Path(".bursar/devnet.env")
    assert f"BURSAR_BOOK={book_path(env).absolute()}" in env.read_text()
    assert env.stat().st_mode & 0o077 == 0
