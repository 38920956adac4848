"""
Drafts and signatures through a Safe Transaction Service, which is a letter box and no authority.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safe_eth.eth import EthereumClient, EthereumNetwork
from safe_eth.safe import SafeTx
from safe_eth.safe.api import TransactionServiceApi
from typer.testing import CliRunner

from bursar.chain.errors import BadAnswerError, NoAnswerError
from bursar.chain.safe_service import SafeService, ServiceError
from bursar.chain.safe_transaction import Signature
from bursar.chain.safe_transaction import sign as sign_with
from bursar.cli import app
from bursar.devnet import RunningDevnet
from bursar.treasury.safe import DraftStatus, MissingSignaturesError, SafeDesk, refresh
from bursar.treasury.safe.exchange import pull, push
from bursar.treasury.safe.signing import sign
from tests.integration.safe_service import StandIn
from tests.integration.signing_room import Room, open_room


@pytest.fixture
def room(running: RunningDevnet, tmp_path: Path) -> Iterator[Room]:
    """
    No draft yet, and a chain that nobody has touched.
    """
    yield from open_room(running, tmp_path / "here")


@pytest.fixture
def standin(room: Room) -> Iterator[StandIn]:
    """
    An empty service.
    """
    with StandIn(room.desk.safe) as service:
        yield service


@pytest.fixture
def service(standin: StandIn) -> SafeService:
    """
    Its client.
    """
    return SafeService(standin.url)


@pytest.fixture
def elsewhere(room: Room, tmp_path: Path) -> SafeDesk:
    """
    Another signer's machine.
    """
    return room.new_desk(tmp_path / "elsewhere")


def test_service__two_machines__sign_and_execute_what_one_drafted(
    room: Room, service: SafeService, elsewhere: SafeDesk
) -> None:
    """
    Proposed with the first signature, confirmed with the second, executed by the first machine.
    """
    made = room.sign(room.draft(purpose="lower it"), room.ana)
    assert push(room.desk, service, made) == 1

    (theirs,), refused = pull(elsewhere, service)
    assert refused == []
    assert (theirs.hash, theirs.signers) == (made.hash, (room.ana.address,))
    assert (theirs.purpose, theirs.author.name) == ("lower it", "ana")
    theirs = sign(elsewhere, theirs, room.ben)
    assert push(elsewhere, service, theirs) == 2

    (back,), _ = pull(room.desk, service)
    assert set(back.signers) == {room.ana.address, room.ben.address}
    room.execute(back)
    assert [one.status for one in refresh(elsewhere)] == [DraftStatus.EXECUTED]
    assert pull(room.desk, service) == ([], [])


def test_service__nothing_new__changes_nothing(
    room: Room, service: SafeService, standin: StandIn
) -> None:
    """
    Pulling and pushing again is harmless.
    """
    made = room.sign(room.draft(), room.ana)
    push(room.desk, service, made)
    files = room.files()

    assert pull(room.desk, service) == ([], [])
    assert push(room.desk, service, made) == 1

    assert room.files() == files
    assert len(standin.kept) == 1


def test_service__without_a_signature__is_not_asked(
    room: Room, service: SafeService, standin: StandIn
) -> None:
    """
    It takes a transaction only from an owner who signed.
    """
    with pytest.raises(MissingSignaturesError, match="sign it first"):
        push(room.desk, service, room.draft())
    assert standin.kept == {}


# The service's rules hold against us


def test_rules__wrong_hash_sender_or_spelling__are_refused_by_the_service(
    room: Room, service: SafeService, standin: StandIn
) -> None:
    """
    What the real one checks, so that a client that is wrong is noticed here.
    """
    made = room.sign(room.draft(), room.ana)
    transaction, signature = made.transaction, made.signatures[0].data

    with pytest.raises(ServiceError, match="not an owner"):
        service.propose(transaction, room.stranger.address, signature, "{}")
    with pytest.raises(ServiceError, match="Signer="):
        other = sign_with(transaction, room.stranger.key).data
        service.propose(transaction, room.ana.address, other, "{}")
    with pytest.raises(ServiceError, match="Checksum"):
        service.propose(transaction, room.ana.address.lower(), signature, "{}")  # type: ignore[arg-type]
    used = transaction.model_copy(update={"nonce": 0})
    with pytest.raises(ServiceError, match="already executed"):
        service.propose(used, room.ana.address, sign_with(used, room.ana.key).data, "{}")
    body = {"contractTransactionHash": "0x" + "00" * 32}
    with pytest.raises(ServiceError, match="does not match"):
        service._post(
            f"/api/v2/safes/{transaction.safe}/multisig-transactions/", as_body(made) | body
        )
    assert standin.kept == {}
    with pytest.raises(ServiceError, match="404"):
        service.confirm(made.hash, Signature(owner=room.ana.address, data=signature))


def as_body(made: Any) -> dict[str, Any]:
    """
    What a proposal of it has.
    """
    told = made.transaction
    zero = "0x" + "00" * 20
    return {
        "to": told.to,
        "value": "0",
        "data": f"0x{told.data.hex()}",
        "operation": told.operation,
        "safeTxGas": "0",
        "baseGas": "0",
        "gasPrice": "0",
        "gasToken": zero,
        "refundReceiver": zero,
        "nonce": told.nonce,
        "sender": made.signatures[0].owner,
        "signature": f"0x{made.signatures[0].data.hex()}",
    }


def test_service__api_key__is_sent_and_its_lack_is_told(room: Room) -> None:
    """
    The hosted services ask for one.
    """
    with StandIn(room.desk.safe, token="secret") as closed:
        with pytest.raises(ServiceError, match="401"):
            pull(room.desk, SafeService(closed.url))
        assert pull(room.desk, SafeService(closed.url, token="secret")) == ([], [])


def test_standin__asked_by_safes_own_client__speaks_its_api(
    room: Room, service: SafeService, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What we leave there is read and confirmed by safe-eth-py, and what that leaves is read by us.
    """
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    node = EthereumClient(room.running.url)
    theirs = TransactionServiceApi(EthereumNetwork(31337), node, base_url=standin.url)
    ours, other = room.sign(room.draft(), room.ana), room.draft()
    push(room.desk, service, ours)

    read, _ = theirs.get_safe_transaction(ours.hash)
    assert bytes(read.safe_tx_hash) == ours.hash
    theirs.post_signatures(ours.hash, sign_with(ours.transaction, room.ben.key).data)
    built = SafeTx(
        *(None, room.book.safe, other.transaction.to, 0, other.transaction.data, 0, 0, 0, 0),
        *(None, None, sign_with(other.transaction, room.cleo.key).data),
        safe_nonce=other.nonce,
        safe_version="1.4.1",
        chain_id=31337,
    )
    theirs.post_transaction(built)

    taken, refused = pull(room.desk, service)
    signers = {one.hash: set(one.signers) for one in taken}
    assert refused == []
    assert signers == {
        ours.hash: {room.ana.address, room.ben.address},
        other.hash: {room.cleo.address},
    }


# What it answers is not believed


def change(key: str, value: Any) -> Any:
    """
    A service that alters one field of what it gives.
    """
    return lambda results: [{**one, key: value} for one in results]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("value", "1"),
        ("to", "0x00000000000000000000000000000000000bEEf1"),
        ("data", "0x12345678"),
        ("operation", 1),
        ("nonce", 5),
        ("gasPrice", "1"),
        ("safeTxHash", "0x" + "11" * 32),
        ("safe", "0x00000000000000000000000000000000000bEEf1"),
        ("to", None),
        ("value", "many"),
    ],
)
def test_service__that_lies__is_not_believed(
    room: Room, service: SafeService, standin: StandIn, elsewhere: SafeDesk, key: str, value: Any
) -> None:
    """
    Each field is hashed again: nothing that it altered becomes a draft.
    """
    push(room.desk, service, room.sign(room.draft(), room.ana))
    standin.tamper = change(key, value)

    with pytest.raises(BadAnswerError):
        pull(elsewhere, service)
    assert elsewhere.store.all() == []


def test_service__with_a_forged_signature__loses_it_and_keeps_the_rest(
    room: Room, service: SafeService, standin: StandIn, elsewhere: SafeDesk
) -> None:
    """
    Each signature is read again; the bad one is told of.
    """
    made = room.sign(room.draft(), room.ana)
    push(room.desk, service, made)
    forged = f"0x{sign_with(made.transaction, room.stranger.key).data.hex()}"

    def tamper(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fake = {"owner": room.ben.address, "signature": forged, "signatureType": "EOA"}
        results[0]["confirmations"].append(fake)
        return results

    standin.tamper = tamper
    (theirs,), refused = pull(elsewhere, service)

    assert theirs.signers == (room.ana.address,)
    assert len(refused) == 1
    assert "no owner" in refused[0]


def test_service__with_a_dangerous_delegatecall__is_refused_and_told(
    room: Room, service: SafeService, elsewhere: SafeDesk
) -> None:
    """
    An owner's machine that was taken over can propose anything; it becomes no draft here.
    """
    batch = room.desk.safe.build(room.lowered(), room.lowered())
    bad = batch.model_copy(update={"to": room.wallet.address})
    service.propose(bad, room.ana.address, sign_with(bad, room.ana.key).data, "{}")

    taken, refused = pull(elsewhere, service)

    assert taken == []
    assert "delegatecall" in refused[0]
    assert elsewhere.store.all() == []


def test_service__from_another_client__has_no_reason_and_says_so(
    room: Room, service: SafeService, elsewhere: SafeDesk
) -> None:
    """
    Its origin is anybody's text: nothing of it moves a cursor.
    """
    made = room.draft()
    signature = sign_with(made.transaction, room.ana.key).data
    origin = json.dumps({"purpose": "\x1b[2Jfine", "author": "ana"})
    service.propose(made.transaction, room.ana.address, signature, origin)
    room.by_safe(room.lowered())
    other = room.sign(room.draft(), room.cleo)
    service.propose(other.transaction, room.cleo.address, other.signatures[0].data, "")

    taken, _ = pull(elsewhere, service)

    (theirs,) = taken
    assert theirs.purpose == "drafted elsewhere, without a reason"
    assert theirs.author.name == "cleo"


def test_service__away_or_no_service__is_told_and_keeps_what_is_here(room: Room) -> None:
    """
    Nothing depends on it.
    """
    made = room.sign(room.draft())
    with StandIn(room.desk.safe) as gone:
        url = gone.url
    with pytest.raises(NoAnswerError, match="kept here"):
        pull(room.desk, SafeService(url, timeout=2))
    with pytest.raises(ServiceError, match="TLS"):
        SafeService("http://safe.example.org")
    with pytest.raises(ServiceError, match="no http address"):
        SafeService("safe.example.org")

    assert room.desk.store.find(made.id) == made


def test_sync__from_the_command_line__exchanges_both_ways(
    room: Room, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Configured with a variable; without it the command says which.
    """
    book = tmp_path / "book.json"
    book.write_text(room.book.to_json())
    monkeypatch.setenv("BURSAR_BOOK", str(book))
    monkeypatch.setenv("BURSAR_RPC_URL", room.running.url)
    monkeypatch.setenv("BURSAR_DRAFTS", str(room.folder))
    made = room.sign(room.draft(), room.ana)
    nowhere = CliRunner().invoke(app, ["safe", "sync", "--json"])
    assert "BURSAR_SAFE_SERVICE_URL" in json.loads(nowhere.stdout)["error"]["message"]
    monkeypatch.setenv("BURSAR_SAFE_SERVICE_URL", standin.url)

    done = CliRunner().invoke(app, ["safe", "sync", "--json"])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["sent"] == [made.id]
    assert list(standin.kept) == [made.id]


def test_sign__with_a_service__leaves_the_signature_there(
    room: Room, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without another command; while the service is away the signature is kept here and that is told.
    """
    book = tmp_path / "book.json"
    book.write_text(room.book.to_json())
    monkeypatch.setenv("BURSAR_BOOK", str(book))
    monkeypatch.setenv("BURSAR_RPC_URL", room.running.url)
    monkeypatch.setenv("BURSAR_DRAFTS", str(room.folder))
    monkeypatch.setenv("BURSAR_SAFE_SERVICE_URL", standin.url)
    made = room.draft()

    def sign_as(owner: str) -> str:
        command = ["safe", "sign", made.id, "--as", owner, "--yes", "--json"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        return str(json.loads(done.stdout)["service"])

    assert sign_as("ana") == f"shared at {standin.url}"
    assert [one["owner"] for one in standin.kept[made.id]["confirmations"]] == [room.ana.address]
    monkeypatch.setenv("BURSAR_SAFE_SERVICE_URL", "http://127.0.0.1:9")
    assert sign_as("ben").startswith("not shared: No answer")
    assert len(room.desk.store.find(made.id).signatures) == 2
