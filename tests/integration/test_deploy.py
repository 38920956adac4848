"""
Deploying an organisation for a Safe that exists, against a real anvil.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.bytecode import blueprint_code, organization_code
from bursar.chain.contracts import organization_at, wallet_at
from bursar.chain.deployment import Deployment, DeploymentError, check_funds
from bursar.chain.deployment_plan import PlanError
from bursar.chain.deployment_setup import build_setup, check_setup
from bursar.chain.local import ETHER
from bursar.chain.safe_batch import checksum
from bursar.config import ConfigError, read_treasury
from bursar.treasury.founding import plan_of
from bursar.types import DAY, FOREVER, HOUR, NATIVE
from scripts import deploy as script
from tests.integration.town import NOBODY, Town, address_of, batch_of, founded_town

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built() -> Iterator[Town]:
    """
    One chain for all tests here.
    """
    with founded_town() as town:
        yield town


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    """
    Afterwards the chain is brought back.
    """
    mark = built.chain.snapshot()
    yield built
    built.chain.revert(mark)


def test_deploy__for_a_safe__founds_what_the_plan_says(town: Town, tmp_path: Path) -> None:
    """
    The shipped code stands there with the plan's parameters, and the record says so.
    """
    deployment = town.deploy(tmp_path)

    organization = organization_at(town.chain, deployment.organization)
    assert town.chain.fetch_code(deployment.organization) == organization_code(town.safe.address)
    assert town.chain.fetch_code(deployment.blueprint) == blueprint_code()
    assert organization.view("treasury") == town.safe.address
    assert organization.view("change_delay") == 2 * DAY
    assert organization.view("heartbeat_timeout") == HOUR
    assert organization.view("roles", address_of(town.deployer)) == 0
    record = tmp_path / f"{town.chain.chain_id}-{deployment.organization}.json"
    assert Deployment.parse(record.read_text()) == deployment
    assert set(deployment.transactions) == {"organization", "blueprint"}
    assert deployment.block == town.chain.fetch_height()


def test_deploy__heartbeat_never__is_off(town: Town, tmp_path: Path) -> None:
    """
    `never` is the maximum on the chain, and `never` again in the record.
    """
    deployment = town.deploy(tmp_path, town.plan(heartbeat_timeout="never", wallets=[]))

    organization = organization_at(town.chain, deployment.organization)
    assert organization.view("heartbeat_timeout") == FOREVER
    assert '"heartbeat_timeout": "never"' in next(tmp_path.glob("*.json")).read_text()
    assert town.differing(deployment) == set()


def test_deploy__batch_signed_by_the_safe__wallets_are_as_planned(
    town: Town, tmp_path: Path
) -> None:
    """
    The owners sign the batch as it was written, and the wallets stand, one set up and opened.
    """
    deployment = town.deploy(tmp_path)
    town.execute(batch_of(tmp_path))

    organization = organization_at(town.chain, deployment.organization)
    trading, support = (wallet_at(town.chain, organization.view("wallets", n)) for n in (0, 1))
    usdc = town.usdc.address
    assert (trading.view("name"), support.view("name")) == ("trading", "support")
    assert trading.view("wallet_limit", usdc) == 5_000_000
    assert trading.view("max_balance", usdc) == 9_000_000
    assert trading.view("max_balance", NATIVE) == FOREVER
    assert trading.view("payment_delay") == 1_800
    assert trading.view("grace") == 12 * HOUR
    assert trading.view("is_recipient", town.keeper)
    assert trading.view("budget", town.agent, usdc, b"refund".ljust(32, b"\0")).daily == 3_000_000
    assert trading.view("sealed")
    assert organization.view("paused_until", trading.address) == 0
    assert not support.view("sealed")
    assert organization.view("paused_until", support.address) == FOREVER


def test_deploy__batch__is_what_the_transaction_builder_reads(town: Town, tmp_path: Path) -> None:
    """
    Chain, Safe and checksum are the builder's, and the description says each call in words.
    """
    town.deploy(tmp_path)

    batch = json.loads(batch_of(tmp_path).read_text())
    claimed = batch["meta"].pop("checksum")
    assert batch["chainId"] == str(town.chain.chain_id)
    assert batch["meta"]["createdFromSafeAddress"] == town.safe.address
    assert claimed == checksum(batch)
    assert "create_wallet(name=trading, blueprint=0x" in batch["meta"]["description"]
    assert all(
        call["data"].startswith("0x") and call["value"] == "0" for call in batch["transactions"]
    )


def test_checksum__builders_own_example__is_the_same() -> None:
    """
    The file and the checksum are those of a test of the Transaction Builder itself.
    """
    first, second = ("0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa",
                     "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6")  # fmt: skip
    batch = {
        "version": "1.0",
        "chainId": "4",
        "createdAt": 1646321521061,
        "meta": {
            "name": "test batch file",
            "txBuilderVersion": "1.4.0",
            "checksum": "",
            "createdFromSafeAddress": first,
            "createdFromOwnerAddress": second,
        },
        "transactions": [
            {
                "to": second,
                "value": "0",
                "contractMethod": {
                    "inputs": [{"internalType": kind, "name": name, "type": kind}],
                    "name": method,
                    "payable": False,
                },
                "contractInputsValues": values,
            }
            for kind, name, method, values in (
                ("address", "paramAddress", "testAddress", {"paramAddress": second}),
                ("bool", "paramBool", "testBool", {"paramAddress": "", "paramBool": "false"}),
            )
        ]
        + [
            {
                "to": second,
                "value": "2000000000000000000",
                "data": f"0x42f45790{second[2:].lower():0>64}",
            }
        ],
    }

    assert checksum(batch) == "0x4ecbfd364aa6759983915644e73f8bd411e85a2dc306f252a387c2728c4db64c"


def test_deploy__blueprint_that_exists__is_used_again(town: Town, tmp_path: Path) -> None:
    """
    A second organisation need not pay for the blueprint once more.
    """
    first = town.deploy(tmp_path / "first")
    second = town.deploy(tmp_path / "second", blueprint=first.blueprint)

    assert second.blueprint == first.blueprint
    assert set(second.transactions) == {"organization"}


def test_deploy__blueprint_of_something_else__is_refused(town: Town, tmp_path: Path) -> None:
    """
    A wrong address is found out before an organisation is founded.
    """
    with pytest.raises(DeploymentError, match=r"The blueprint at .* Do not use it"):
        town.deploy(tmp_path, blueprint=town.usdc.address)


def test_deploy__wrong_chain__is_refused(town: Town, tmp_path: Path) -> None:
    """
    What is meant for one chain is not deployed on another.
    """
    with pytest.raises(DeploymentError, match="This is chain 31337, and the plan is for chain 1:"):
        town.deploy(tmp_path, town.plan(chain_id=1))


def test_deploy__no_code_at_the_safe__is_refused(town: Town, tmp_path: Path) -> None:
    """
    A Safe's address that has no Safe on this chain.
    """
    with pytest.raises(DeploymentError, match="has no code on chain 31337"):
        town.deploy(tmp_path, town.plan(treasury=NOBODY))


def test_deploy__treasury_is_no_safe__is_refused(town: Town, tmp_path: Path) -> None:
    """
    A contract that has no owners to ask.
    """
    with pytest.raises(DeploymentError, match="does not answer getOwners"):
        town.deploy(tmp_path, town.plan(treasury=town.usdc.address))


def test_deploy__safe_of_one_signature__is_refused_unless_allowed(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A treasury behind one key is what Bursar exists to prevent; who insists is told so.
    """
    plan = town.plan(treasury=town.new_safe(threshold=1).address, wallets=[])
    with pytest.raises(DeploymentError, match="asks for 1 of 3 signatures"):
        town.deploy(tmp_path, plan)

    town.deploy(tmp_path, plan, smallest_threshold=1)

    assert "one of 3 signatures moves the treasury" in capsys.readouterr().out


def test_deploy__deployer_is_named__is_refused(town: Town, tmp_path: Path) -> None:
    """
    The deployer keeps no right.
    """
    with pytest.raises(DeploymentError, match="the deployer keeps no right"):
        town.deploy(tmp_path, town.plan(guardians=[address_of(town.deployer)]))


def test_deploy__deployer_without_money__is_told_how_much(town: Town, tmp_path: Path) -> None:
    """
    Nothing is sent that cannot be paid for.
    """
    town.chain.fund(address_of(town.deployer), ETHER // 10**6)

    with pytest.raises(DeploymentError, match=r"and deploying takes up to .* send it"):
        check_funds(town.chain, town.plan().parameters, address_of(town.deployer))


def test_deploy__not_confirmed__sends_nothing(town: Town, tmp_path: Path) -> None:
    """
    Whoever is asked and says no has paid nothing.
    """

    class SaidNoError(Exception):
        pass

    def refuse(question: str) -> None:
        raise SaidNoError(question)

    height = town.chain.fetch_height()
    with pytest.raises(SaidNoError, match="Deploy on chain 31337 for up to"):
        town.deploy(tmp_path, confirm=refuse)

    assert town.chain.fetch_height() == height
    assert list(tmp_path.iterdir()) == []


def test_setup__that_would_fail__is_found_before_anybody_signs(town: Town, tmp_path: Path) -> None:
    """
    The batch is tried on the chain, and the reason is the contract's own.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    wallet = town.wallet_values(limits=[{"token": NOBODY, "daily": 1, "max_balance": 1}])
    calls = build_setup(town.chain, deployment, town.plan(wallets=[wallet]).wallets)

    with pytest.raises(DeploymentError, match="would fail: limits: cannot be a token"):
        check_setup(town.chain, town.safe.address, calls)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"treasury": "0x1234"}, "treasury: '0x1234' is no address"),
        ({"treasury": 0x1234}, "treasury: a number: put the address in quotes"),
        ({"keepers": ["0x" + "00" * 20]}, "keepers.0: the zero address"),
        (
            {"guardians": ["0xdF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa"]},
            "guardians.0: 0xdF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa has a wrong checksum",
        ),
        ({"guardians": [NOBODY, NOBODY]}, f"{NOBODY} is named twice"),
        ({"guardians": [NOBODY], "keepers": [NOBODY]}, f"{NOBODY} is named twice"),
        ({"guardians": [NOBODY], "treasury": NOBODY}, f"{NOBODY} is named twice"),
        ({"change_delay": "59m"}, "change_delay: Input should be greater than or equal to 3600"),
        ({"change_delay": "soon"}, "change_delay: 'soon' is no duration"),
        ({"heartbeat_timeout": "1m"}, "heartbeat_timeout: between 10m and 30d, or never"),
        ({"keepers": []}, "a heartbeat_timeout, and no keeper to send a heartbeat"),
        ({"wallets": [{"name": "x" * 33}]}, "is longer than 32 bytes"),
        ({"guardian": NOBODY}, "guardian: Extra inputs are not permitted"),
        ({"wallets": [{"name": "a", "limits": [{"token": NATIVE}]}]}, "wallets.0.limits.0.daily"),
    ],
)
def test_plan__wrong_value__is_named(built: Town, changed: dict[str, Any], said: str) -> None:
    """
    The message says which field, what was found, and what would do.
    """
    with pytest.raises(PlanError) as caught:
        built.plan(**changed)

    assert said in str(caught.value)


def test_read_plan__options__win_over_the_file(town: Town, tmp_path: Path) -> None:
    """
    What is said on the command line counts; what is not said there comes from the file.
    """
    file = town.write_file(tmp_path / "treasury.yaml")

    plan = script.read_plan(file, {"change_delay": "3d", "guardians": (), "wallets": []})

    assert plan.change_delay == 3 * DAY
    assert plan.guardians == (town.guardian,)
    assert [wallet.name for wallet in plan.wallets] == ["trading", "support"]


def test_write_setup__more_wallets_later__go_on_where_the_first_ended(
    town: Town, tmp_path: Path
) -> None:
    """
    From the record alone, whose parameters are not asked for again.
    """
    deployment = town.deploy(tmp_path)
    town.execute(batch_of(tmp_path))
    record = next(path for path in tmp_path.glob("*.json") if "wallets" not in path.name)

    plan = script.read_plan(None, {"wallets": [{"name": "refunds"}]}, script.read_record(record))
    script.write_setup(town.chain, deployment, plan, record)
    town.execute(next(tmp_path.glob("*.wallets-2.json")))

    organization = organization_at(town.chain, deployment.organization)
    assert wallet_at(town.chain, organization.view("wallets", 2)).view("name") == "refunds"
    assert town.differing(deployment) == set()


def test_write_setup__record_of_another_chain__is_refused(town: Town, tmp_path: Path) -> None:
    """
    The same address is somebody else's contract there.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    elsewhere = deployment.model_copy(update={"chain_id": 1})

    with pytest.raises(DeploymentError, match="This is chain 31337, and the organisation is on 1"):
        script.write_setup(town.chain, elsewhere, town.plan(), tmp_path / "record.json")


@pytest.mark.parametrize(
    "content", [None, "a: [", "- one\n- two\n"], ids=["none", "broken", "list"]
)
def test_read_plan__file_that_is_none__is_said(tmp_path: Path, content: str | None) -> None:
    """
    Missing, unreadable, or not of names and values.
    """
    file = tmp_path / "treasury.yaml"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ConfigError, match=r"treasury\.yaml"):
        script.read_plan(file, {})


def test_check_sources__artifacts_are_stale__refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is deployed is what the sources say; the compiler's comparison is in the message.
    """
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "refresh_artifacts.py").write_text(
        "print('HotWallet: differs'); raise SystemExit(1)"
    )
    monkeypatch.setattr(script, "ROOT", tmp_path)

    with pytest.raises(DeploymentError, match=r"(?s)make contracts.*HotWallet: differs"):
        script.check_sources()

    (scripts / "refresh_artifacts.py").write_text("")
    script.check_sources()


def test_plan__example_in_the_documentation__is_one() -> None:
    """
    What a reader copies parses, every field of it.
    """
    page = (ROOT / "docs" / "deploying.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    plan = plan_of(read_treasury(example, "deploying.md"))

    assert plan.wallets[0].budgets[0].budget.queue_from == 10_000_000
    assert plan.chain_id == 11155111
