"""
`bursar init`: from a treasury.yaml to an organisation for a real Safe, on a real anvil.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bursar.book import AddressBook
from bursar.chain.contracts import organization_at, wallet_at
from bursar.chain.safe_batch import checksum
from bursar.cli import app
from bursar.types import DAY, Role
from tests.integration.town import Town, founded_town

DEPLOYER = "BURSAR_DEPLOYER_KEY"


@pytest.fixture(scope="module")
def built() -> Iterator[Town]:
    """
    One chain for all tests here.
    """
    with founded_town() as town:
        yield town


@pytest.fixture
def town(built: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Town]:
    """
    Afterwards the chain is brought back. The deployer's key is in the environment.
    """
    mark = built.chain.snapshot()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(DEPLOYER, "0x" + bytes(built.deployer.key).hex())
    yield built
    built.chain.revert(mark)


def write_file(town: Town, path: Path, **changed: str) -> Path:
    """
    A treasury.yaml for the town's Safe and token.
    """
    values = {
        "safe": town.safe.address,
        "guardian": town.guardian,
        "keeper": town.keeper,
        "agent": town.agent,
        "chain": "anvil",
        "delay": "2d",
        **changed,
    }
    path.write_text(
        """
organisation: {{name: Acme, change_delay: {delay}, heartbeat_timeout: 1h}}
chain: {chain}
safe: {{address: "{safe}"}}
guardians: {{dana: "{guardian}"}}
keepers: {{watch: "{keeper}"}}
tokens: {{USDC: {{address: "{usdc}", decimals: 6}}}}
categories: [refund]
agents: {{shopper: {{address: "{agent}", role: pays invoices}}}}
wallets:
  operations:
    tokens: {{USDC: {{daily: 5_000, max_balance: 20_000}}}}
    budgets:
      - {{agent: shopper, category: refund, per_payment: 50, daily: 200}}
""".format(usdc=town.usdc.address, **values)
    )
    return path


def init(town: Town, file: Path, *options: str) -> Any:
    """
    `bursar init`, as a person would type it.
    """
    command = ["init", str(file), "--rpc-url", town.chain.rpc.url, "--yes", *options]
    return CliRunner().invoke(app, command)


def test_init__for_a_safe__deploys_and_the_owners_sign_the_rest(town: Town, tmp_path: Path) -> None:
    """
    Record, address book and batch are written; signed by the Safe, everything is as the file says.
    """
    done = init(town, write_file(town, tmp_path / "treasury.yaml"), "--json")

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["ok"] is True
    assert said["deployed"] is True
    organization = organization_at(town.chain, said["organization"])
    assert organization.view("treasury") == town.safe.address
    assert organization.view("change_delay") == 2 * DAY
    assert organization.view("roles", town.guardian) == Role.GUARDIAN
    assert organization.view("roles", checksummed_deployer(town)) == 0
    town.execute(Path(said["batch"]))
    wallet = wallet_at(town.chain, organization.view("wallets", 0))
    budget = wallet.view("budget", town.agent, town.usdc.address, b"refund".ljust(32, b"\0"))
    assert (budget.per_payment, budget.daily) == (50_000_000, 200_000_000)
    assert wallet.view("sealed")
    assert organization.view("paused_until", wallet.address) == 0


def test_init__with_bursar_alone__owners_sign_and_execute_what_it_wrote(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The commands of docs/deploying.md, from the file to wallets that run. Creating wallets takes
    more gas than anything else does.
    """
    said = json.loads(init(town, write_file(town, tmp_path / "treasury.yaml"), "--json").stdout)
    book = json.loads(Path(said["book"]).read_text())
    # The town's Safe was deployed with contracts at addresses of its own.
    Path(said["book"]).write_text(json.dumps(book | {"multi_send": town.contracts.multi_send}))
    monkeypatch.setenv("BURSAR_BOOK", said["book"])
    monkeypatch.setenv("BURSAR_RPC_URL", town.chain.rpc.url)
    monkeypatch.setenv("BURSAR_RELAYER_KEY", "0x" + bytes(town.deployer.key).hex())

    def safe(*arguments: str) -> Any:
        done = CliRunner().invoke(app, ["safe", *arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    made = safe("import", said["batch"], "--author", "ana", "-p", "found acme")["draft"]
    figures = [figure for call in made["explanation"]["calls"] for figure in call["figures"]]
    assert {"label": "ends", "before": "none", "after": "never"} in figures
    draft = made["id"]
    for owner in town.owners[:2]:
        monkeypatch.setenv("OWNER", "0x" + bytes(owner.key).hex())
        safe("sign", draft, "--from-env", "OWNER", "--yes")
    safe("execute", draft, "--yes")

    shown = CliRunner().invoke(app, ["status", "--json"])
    (wallet,) = json.loads(shown.stdout)["wallets"]
    assert (wallet["name"], wallet["sealed"], wallet["stopped"]) == ("operations", True, "")


def checksummed_deployer(town: Town) -> str:
    """
    Who paid.
    """
    return str(town.deployer.address)


def test_init__again__verifies_and_deploys_nothing(town: Town, tmp_path: Path) -> None:
    """
    The same command a second time finds what stands; once the wallets exist, nothing is to sign,
    and the address book names them.
    """
    file = write_file(town, tmp_path / "treasury.yaml")
    first = json.loads(init(town, file, "--json").stdout)
    second = json.loads(init(town, file, "--json").stdout)
    assert second["deployed"] is False
    shown = init(town, file)
    assert f"bursar safe import {second['batch']}" in shown.stdout
    assert shown.stderr == ""
    status = ("status", "--rpc-url", town.chain.rpc.url, "--book", second["book"])
    assert "No wallet yet" in CliRunner().invoke(app, status).stdout
    assert second["organization"] == first["organization"]
    assert second["calls"] == first["calls"]

    town.execute(Path(second["batch"]))
    third = init(town, file)

    assert third.exit_code == 0, third.output
    assert "Nothing is left to sign" in third.stdout
    book = AddressBook.load(Path(second["book"]))
    assert set(book.wallets) == {"operations"}
    assert not book.devnet


def test_init__other_words_for_what_stands__is_refused(town: Town, tmp_path: Path) -> None:
    """
    An organisation is not founded anew because its file was changed.
    """
    assert init(town, write_file(town, tmp_path / "treasury.yaml")).exit_code == 0

    done = init(town, write_file(town, tmp_path / "treasury.yaml", delay="3d"))

    assert done.exit_code == 1
    assert "change_delay" in done.stderr


def test_init__without_a_key__says_which(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Somebody has to pay, and the message names the variable.
    """
    monkeypatch.delenv(DEPLOYER)

    done = init(town, write_file(town, tmp_path / "treasury.yaml"))

    assert done.exit_code == 1
    assert DEPLOYER in done.stderr
    assert not list(tmp_path.glob("deployments/*"))


def test_init__deployer_who_would_keep_a_right__is_refused(town: Town, tmp_path: Path) -> None:
    """
    The deployer is nobody afterwards.
    """
    file = write_file(town, tmp_path / "treasury.yaml", guardian=str(town.deployer.address))

    done = init(town, file)

    assert done.exit_code == 1
    assert "the deployer keeps no right" in done.stderr


def test_init__two_safes__is_refused(town: Town, tmp_path: Path) -> None:
    """
    The file's Safe and the option's must be one.
    """
    file = write_file(town, tmp_path / "treasury.yaml")

    done = init(town, file, "--safe", town.new_safe(threshold=2).address)

    assert done.exit_code == 1
    assert "drop one" in done.stderr


def test_init__no_code_at_the_safe__is_refused(town: Town, tmp_path: Path) -> None:
    """
    A Safe of another chain is noticed before anything is sent.
    """
    file = write_file(town, tmp_path / "treasury.yaml", safe="0x" + "11" * 20)

    done = init(town, file)

    assert done.exit_code == 1
    assert "0x1111111111111111111111111111111111111111" in done.stderr


def test_init__batch__is_what_the_builder_reads(town: Town, tmp_path: Path) -> None:
    """
    The file for the Transaction Builder has the form that its checksum vouches for.
    """
    init(town, write_file(town, tmp_path / "treasury.yaml"))

    batch = json.loads(next(tmp_path.glob("deployments/*.sign.json")).read_text())

    assert batch["meta"]["createdFromSafeAddress"] == town.safe.address
    assert batch["chainId"] == str(town.chain.chain_id)
    assert batch["meta"].pop("checksum") == checksum(batch)
