"""
Whether what stands on the chain is what was meant, told from a real anvil.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.bytecode import blueprint_code, wallet_code
from bursar.chain.contracts import (
    Contract,
    deploy_organization,
    organization_at,
    organization_type,
)
from bursar.chain.deployment import Deployment, DeploymentError
from bursar.chain.errors import RpcError
from bursar.chain.local import LocalChain
from bursar.chain.verification import Expected, Status, verify
from bursar.types import DAY
from scripts import verify_deployment
from tests.integration.town import NOBODY, Town, address_of, batch_of, founded_town


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


def test_verify__deployment_with_wallets__nothing_differs(town: Town, tmp_path: Path) -> None:
    """
    From the record, and from the address and the plan alone.
    """
    deployment = town.deploy(tmp_path)
    town.execute(batch_of(tmp_path))
    by_hand = Expected(town.chain.chain_id, deployment.organization, town.plan().parameters)

    assert town.differing(deployment) == set()
    assert town.differing(by_hand) == set()


def test_verify__paused_and_unsealed_wallets__are_notes(town: Town, tmp_path: Path) -> None:
    """
    What may be so is shown and is no difference.
    """
    deployment = town.deploy(tmp_path)
    town.execute(batch_of(tmp_path))

    findings = verify(town.chain, Expected.of(deployment))

    notes = {(f.subject, f.what): f.found for f in findings if f.status == Status.NOTE}
    assert notes["treasury", "signatures"] == "2 of 3"
    assert notes["wallet 'trading'", "sealed"] == "yes"
    assert notes["wallet 'trading'", "stopped"] == "no"
    assert notes["wallet 'support'", "sealed"].startswith("no")
    assert notes["wallet 'support'", "stopped"] == "until unpaused"


@pytest.mark.parametrize(
    ("changed", "differing"),
    [
        (
            {"change_delay": "3d"},
            {("organisation", "founded with change delay"), ("organisation", "change delay")},
        ),
        (
            {"heartbeat_timeout": "2h"},
            {
                ("organisation", "founded with heartbeat timeout"),
                ("organisation", "heartbeat timeout"),
            },
        ),
        ({"guardians": [NOBODY]}, {("guardian", "role")}),
        ({"keepers": [NOBODY]}, {("keeper", "role")}),
        ({"treasury": NOBODY}, {("organisation", "code")}),
    ],
)
def test_verify__other_parameters_than_meant__differ(
    town: Town, tmp_path: Path, changed: dict[str, Any], differing: set[tuple[str, str]]
) -> None:
    """
    Each parameter is compared; the treasury is part of the code.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    meant = deployment.model_copy(update={"parameters": town.plan(**changed).parameters})

    assert town.differing(meant) == differing


def test_verify__another_chain__differs(town: Town, tmp_path: Path) -> None:
    """
    Nothing on another chain is looked at.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))

    assert town.differing(deployment.model_copy(update={"chain_id": 1})) == {("chain", "id")}


def test_verify__extra_keeper__differs(town: Town, tmp_path: Path) -> None:
    """
    A key that the treasury added later is found, because every role ever given is asked for.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    organization = organization_at(town.chain, deployment.organization)
    town.by_treasury(organization.build_call("set_keeper", NOBODY, True))

    assert town.differing(deployment) == {("keeper", "role")}

    town.by_treasury(organization.build_call("set_keeper", NOBODY, False))
    assert town.differing(deployment) == set()


def test_verify__deployer_with_a_role__differs(town: Town, tmp_path: Path) -> None:
    """
    Whoever deployed must have nothing.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    organization = organization_at(town.chain, deployment.organization)
    town.by_treasury(organization.build_call("set_guardian", address_of(town.deployer), True))

    assert town.differing(deployment) == {("guardian", "role"), ("deployer", "any role")}


def tampered(code: bytes) -> bytes:
    """
    The same size, one byte of it otherwise: a push of 2^48 - 1, a stop without an end, by one less.
    """
    assert bytes.fromhex("65ffffffffffff") in code
    return code.replace(bytes.fromhex("65ffffffffffff"), bytes.fromhex("65fffffffffffe"))


def test_verify__organisation_from_a_modified_contract__differs(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One byte is enough, and nothing that such a contract says is asked for.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    other = found_modified(town, monkeypatch)

    fake = deployment.model_copy(update={"organization": other.address, "block": 0})
    assert town.differing(fake) == {("organisation", "code")}


def found_modified(town: Town, monkeypatch: pytest.MonkeyPatch) -> Contract:
    """
    An organisation as it is meant, from another contract.
    """
    kind = organization_type()
    monkeypatch.setattr(kind, "creation_code", tampered(kind.creation_code))
    meant = town.plan().parameters
    return deploy_organization(
        town.chain,
        town.deployer,
        treasury=meant.treasury,
        guardians=meant.guardians,
        keepers=meant.keepers,
        change_delay=meant.change_delay,
        heartbeat_timeout=meant.heartbeat_timeout,
    )


def test_verify__no_code_at_the_organisation__differs(town: Town, tmp_path: Path) -> None:
    """
    An address where nothing is.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))

    nothing = deployment.model_copy(update={"organization": NOBODY})
    assert town.differing(nothing) == {("organisation", "code")}


def test_verify__wallet_from_another_blueprint__differs(town: Town, tmp_path: Path) -> None:
    """
    The same code at another address is another blueprint, and other code is found in the wallet.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    organization = organization_at(town.chain, deployment.organization)
    same = town.create(b"\x61" + len(blueprint_code()).to_bytes(2, "big")
                       + bytes.fromhex("3d81600a3d39f3") + blueprint_code()).address  # fmt: skip
    # Runs, and leaves a contract with a single STOP.
    stop = bytes.fromhex("fe7100" + "60015ff3")
    other = town.create(b"\x60" + bytes([len(stop)]) + bytes.fromhex("600a5f39") + b"\x60"
                        + bytes([len(stop)]) + bytes.fromhex("5ff3") + stop).address  # fmt: skip
    town.by_treasury(
        organization.build_call("create_wallet", "same", same),
        organization.build_call("create_wallet", "other", other),
    )

    assert town.differing(deployment) == {
        ("wallet 'same'", "blueprint"),
        ("wallet 'other'", "blueprint"),
        ("wallet 'other'", "code"),
        ("blueprint", "code"),
    }


def test_verify__wallet_of_another_organisation__is_not_taken_for_ours(
    town: Town, tmp_path: Path
) -> None:
    """
    The organisation is an immutable of the wallet, and so part of its code.
    """
    deployment = town.deploy(tmp_path)
    town.execute(batch_of(tmp_path))
    organization = organization_at(town.chain, deployment.organization)
    wallet = organization.view("wallets", 0)

    code = town.chain.fetch_code(wallet)
    treasury, chain_id = town.safe.address, town.chain.chain_id
    ours = {"wallet": wallet, "chain_id": chain_id}
    assert code == wallet_code(deployment.organization, treasury, "trading", **ours)
    assert code != wallet_code(NOBODY, treasury, "trading", **ours)
    assert code != wallet_code(deployment.organization, treasury, "trading ", **ours)
    for other in (ours | {"wallet": NOBODY}, ours | {"chain_id": chain_id + 1}):
        assert code != wallet_code(deployment.organization, treasury, "trading", **other)


def test_verify__node_with_a_limit_for_logs__is_asked_in_parts(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Public nodes refuse long ranges; nothing is missed and nothing skipped.
    """
    deployment = town.deploy(tmp_path)
    town.execute(batch_of(tmp_path))
    fetch = LocalChain.fetch_logs

    def limited(self: LocalChain, emitters: Any = None, topics: Any = None, **blocks: Any) -> Any:
        if blocks["last"] - blocks["first"] >= 2:
            raise RpcError("eth_getLogs", -32005, "query returned more than 10000 results", None)
        return fetch(self, emitters, topics, **blocks)

    monkeypatch.setattr(LocalChain, "fetch_logs", limited)

    assert town.differing(Expected.of(deployment)._replace(block=0)) == set()


def test_verify__script__prints_the_table_and_fails_on_a_difference(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    0 and 1 are what a pipeline looks at.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    expected = Expected.of(deployment)

    assert verify_deployment.run(town.chain, expected) == 0
    assert "Nothing differs." in capsys.readouterr().out

    wrong = expected._replace(parameters=town.plan(change_delay="3d").parameters)
    assert verify_deployment.run(town.chain, wrong) == 1
    assert "2 of" in capsys.readouterr().out


def test_verify__record_that_is_none__is_said(tmp_path: Path) -> None:
    """
    Another file is not taken for a record.
    """
    with pytest.raises(DeploymentError, match="no record of a deployment"):
        Deployment.parse("{}")


def test_read_expected__record_or_file__says_what_to_expect(town: Town, tmp_path: Path) -> None:
    """
    A record is enough, an address with a file is, and a file corrects a record.
    """
    deployment = town.deploy(tmp_path, town.plan(wallets=[]))
    (record,) = tmp_path.glob("*.json")
    file = town.write_file(tmp_path / "treasury.yaml", change_delay="3d")

    def read(*given: Any) -> Expected:
        return verify_deployment.read_expected(town.chain, *given)

    by_hand = read(None, deployment.organization, file)
    assert read(record, None, None) == Expected.of(deployment)
    assert by_hand.organization == deployment.organization
    assert by_hand.parameters.change_delay == 3 * DAY
    assert read(record, None, file).parameters.change_delay == 3 * DAY
    assert read(record, None, file).blueprint == deployment.blueprint


def test_read_expected__too_little_or_missing__is_said(town: Town, tmp_path: Path) -> None:
    """
    Nothing is guessed.
    """
    with pytest.raises(DeploymentError, match="Name the record"):
        verify_deployment.read_expected(town.chain, None, NOBODY, None)
    with pytest.raises(DeploymentError, match="cannot be read: No such file"):
        verify_deployment.read_expected(town.chain, tmp_path / "missing.json", None, None)
