"""
The Safe's own JavaScript SDK reads, signs and executes what `bursar` drafted, and the other way
round, on a real chain with a real Safe.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Hash32

from bursar.chain.contracts import wallet_at
from bursar.chain.local import derive_account
from bursar.chain.reader import Call
from bursar.chain.safe_setup import create_safe, deploy_safe_contracts
from bursar.chain.safe_transaction import (
    CALL,
    SafeTransaction,
    load_safe_artifact,
    safe_contract_type,
)
from bursar.chain.safe_transaction import sign as sign_with
from bursar.chain.sending import Sender
from bursar.devnet import RunningDevnet, load_devnet_treasury, open_devnet, sign_as_treasury
from bursar.devnet.contracts import find_safe_contracts
from bursar.treasury import Office
from bursar.treasury.safe import (
    BudgetWish,
    Draft,
    DraftStatus,
    DraftStore,
    Policy,
    SafeDesk,
    add_contract_signature,
    add_signature,
    build_draft,
    draft,
    refresh,
    reject,
)
from bursar.treasury.safe.execution import execute
from bursar.types import Address, Bytes32, checksummed
from tests.interop.sdk import install_sdk

REFUND = Bytes32(b"refund".ljust(32, b"\0"))
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def sdk() -> Path:
    """
    The folder with the SDK, installed from the lock file once.
    """
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm or node is missing: the Safe's JavaScript SDK cannot be installed")
    return install_sdk()


@pytest.fixture(scope="module")
def running() -> Iterator[RunningDevnet]:
    """
    A devnet for all tests of the module.
    """
    with open_devnet(load_devnet_treasury(None), port=0) as devnet:
        yield devnet


@pytest.fixture
def desk(running: RunningDevnet, tmp_path: Path) -> Iterator[SafeDesk]:
    """
    The treasury's, with no drafts yet. Afterwards the chain is brought back.
    """
    book = running.founded.book
    office = Office.open(book, running.url)
    mark = running.chain.snapshot()
    yield SafeDesk.of(office, DraftStore(tmp_path, book.chain_id, book.safe))
    running.chain.revert(mark)


@pytest.fixture
def ask(sdk: Path, running: RunningDevnet) -> Ask:
    """
    A question to the SDK, as the owner that is named.
    """
    contracts = find_safe_contracts(running.chain)
    book = running.founded.book
    artifact = load_safe_artifact("MultiSend", "1.4.1")
    code = bytes.fromhex(artifact["bytecode"].removeprefix("0x"))
    multi_send = running.chain.deploy(running.chain.new_account("deployer"), code).created
    known = {
        "safeSingletonAddress": contracts.singleton,
        "safeProxyFactoryAddress": contracts.factory,
        "multiSendAddress": multi_send,
        "multiSendCallOnlyAddress": contracts.multi_send,
        "fallbackHandlerAddress": contracts.fallback_handler,
    }

    def asked(owner: str, command: str, **more: Any) -> Any:
        request = {
            "url": running.url,
            "chainId": str(book.chain_id),
            "safe": book.safe,
            "contracts": known,
            "key": "0x" + bytes(key_of(running, owner).key).hex(),
            "command": command,
            **more,
        }
        return run(sdk, request)

    return asked


def run(folder: Path, request: dict[str, Any]) -> Any:
    """
    What the script answers.
    """
    done = subprocess.run(
        ["node", "safe.mjs"],
        cwd=folder,
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"NO_PROXY": "127.0.0.1,localhost", "NODE_NO_WARNINGS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def key_of(running: RunningDevnet, owner: str) -> Any:
    """
    A devnet owner's public key.
    """
    return derive_account(running.founded.book.owners[owner].devnet_key or "")


def as_json(transaction: SafeTransaction) -> dict[str, Any]:
    """
    As the SDK takes it.
    """
    return {
        "to": transaction.to,
        "value": str(transaction.value),
        "data": f"0x{transaction.data.hex()}",
        "operation": transaction.operation,
        "nonce": transaction.nonce,
    }


def from_json(desk: SafeDesk, told: dict[str, Any]) -> SafeTransaction:
    """
    As the SDK gave it.
    """
    return SafeTransaction(
        safe=desk.safe.address,
        chain_id=desk.safe.client.chain_id,
        to=checksummed(told["to"]),
        value=int(told["value"]),
        data=bytes.fromhex(told["data"].removeprefix("0x")),
        operation=told["operation"],
        nonce=told["nonce"],
    )


def collected(target: Draft) -> list[dict[str, str]]:
    """
    The signatures of a draft, as the SDK takes them.
    """
    return [
        {"signer": one.owner, "data": f"0x{one.data.hex()}", "contract": one.contract}
        for one in target.signatures
    ]


def refund_raise(running: RunningDevnet, desk: SafeDesk) -> list[Call]:
    """
    The shopper's refund budget raised, and the wallet's limit lowered: a batch.
    """
    book = running.founded.book
    policy = Policy(Office.open(book, running.url).view())
    wallet, token = book.wallets["operations"], book.tokens["USDC"].address
    line = wallet, book.agents["shopper"].address, token, REFUND
    return [
        policy.set_budget(*line, BudgetWish(daily=800 * 10**6)),
        policy.set(wallet, "set_wallet_limit", token, 4_000 * 10**6),
    ]


def limit_of(running: RunningDevnet) -> int:
    """
    What the operations wallet may spend in a day, in USDC.
    """
    book = running.founded.book
    wallet = wallet_at(running.chain, book.wallets["operations"])
    return int(wallet.view("wallet_limit", book.tokens["USDC"].address)) // 10**6


def sender_of(running: RunningDevnet) -> Sender:
    """
    Somebody who pays the gas.
    """
    key = running.chain.new_account("relayer")
    return Sender(running.chain, key, chain_id=running.chain.chain_id)


@pytest.mark.parametrize("size", [1, 2], ids=["call", "batch"])
def test_sdk__reads_what_we_drafted__and_hashes_the_same(
    running: RunningDevnet, desk: SafeDesk, ask: Ask, size: int
) -> None:
    """
    The SDK, the contract and we agree on what the owners sign.
    """
    made = draft(desk, refund_raise(running, desk)[:size], purpose="raise", author="ana")

    told = ask("ana", "hash", transaction=as_json(made.transaction))

    assert told["hash"] == made.id
    assert from_json(desk, told["transaction"]) == made.transaction
    assert desk.safe.fetch_hash(made.transaction) == made.hash


@pytest.mark.parametrize("method", ["eth_signTypedData_v4", "eth_sign"])
def test_sdk__signs_what_we_drafted__and_we_execute(
    running: RunningDevnet, desk: SafeDesk, ask: Ask, method: str
) -> None:
    """
    Both ways of signing that the SDK has: typed data, and a personal message (v + 4).
    """
    made = draft(desk, refund_raise(running, desk), purpose="raise", author="ana")
    for owner in ("ana", "cleo"):
        told = ask(owner, "sign", transaction=as_json(made.transaction), method=method)
        (signature,) = told["signatures"]
        made = add_signature(desk, made, signature["data"])
    assert {one.data[64] >= 31 for one in made.signatures} == {method == "eth_sign"}

    done = execute(desk, made, sender_of(running))

    assert done.status is DraftStatus.EXECUTED
    assert limit_of(running) == 4_000


def test_sdk__executes_what_we_drafted_and_signed__and_we_see_it(
    running: RunningDevnet, desk: SafeDesk, ask: Ask
) -> None:
    """
    One signature of ours, one of the SDK's; it sends, and the draft is marked executed here.
    """
    made = draft(desk, refund_raise(running, desk), purpose="raise", author="ana")
    ours = sign_with(made.transaction, key_of(running, "ben"))
    made = add_signature(desk, made, ours.data)
    theirs = ask("ana", "sign", transaction=as_json(made.transaction))["signatures"][0]
    made = add_signature(desk, made, theirs["data"])

    told = ask("ana", "execute", transaction=as_json(made.transaction), signatures=collected(made))

    (changed,) = refresh(desk)
    assert changed.status is DraftStatus.EXECUTED
    assert changed.executed_in is not None
    assert f"0x{changed.executed_in.hex()}" == told["transaction"]
    assert limit_of(running) == 4_000


@pytest.mark.parametrize("sends", ["we", "the SDK"])
def test_sdk__signs_for_a_safe_that_is_an_owner__and_either_executes(
    running: RunningDevnet, desk: SafeDesk, ask: Ask, sends: str
) -> None:
    """
    We take the inner owners' signatures that the SDK made, and it takes those that we kept.
    """
    chain, deployer = running.chain, running.chain.new_account("deployer")
    keys = [chain.new_account(name) for name in ("una", "vic")]
    contracts = deploy_safe_contracts(chain, deployer)
    addresses = [checksummed(one.address) for one in keys]
    vault = create_safe(chain, deployer, contracts, addresses, 2).address
    add_owner = safe_contract_type("Safe").encode("addOwnerWithThreshold", vault, 2)
    sign_as_treasury(chain, running.founded.book, Call(desk.safe.address, add_owner))
    made = draft(desk, refund_raise(running, desk), purpose="raise", author="ana")
    digits = ["0x" + bytes(one.key).hex() for one in keys]

    told = ask(
        "ana", "signAsContract", transaction=as_json(made.transaction), vault=vault, keys=digits
    )
    text = desk.safe.fetch_owners_text(vault, made.transaction)
    assert text is not None
    parts = [bytes(one.unsafe_sign_hash(Hash32(text.hash)).signature) for one in keys]
    made = add_contract_signature(desk, made, vault, parts)
    if sends == "we":  # with the inner signatures that the SDK made, as it writes them
        made = add_signature(desk, made, told["alone"])
    made = add_signature(desk, made, sign_with(made.transaction, key_of(running, "ben")).data)
    if sends == "we":
        execute(desk, made, sender_of(running))
    else:
        ask("ana", "execute", transaction=as_json(made.transaction), signatures=collected(made))

    assert limit_of(running) == 4_000


@pytest.mark.parametrize("size", [1, 2], ids=["call", "batch"])
def test_sdk__drafts_and_signs__we_read_sign_and_execute(
    running: RunningDevnet, desk: SafeDesk, ask: Ask, size: int
) -> None:
    """
    What another client drafted is a draft here: the same hash, its signature counts.
    """
    calls = refund_raise(running, desk)[-size:]
    told = ask("cleo", "draft", calls=[as_call(call) for call in calls], nonce=2)
    transaction = from_json(desk, told["transaction"])
    assert f"0x{transaction.hash.hex()}" == told["hash"]

    made = desk.store.save(build_draft(desk, transaction, purpose="theirs", author="cleo"))
    made = add_signature(desk, made, told["signatures"][0]["data"])
    made = add_signature(desk, made, sign_with(transaction, key_of(running, "ben")).data)
    done = execute(desk, made, sender_of(running))

    assert done.signers == tuple(sorted(done.signers, key=lambda one: int(one, 16)))
    assert limit_of(running) == 4_000


def test_sdk__rejection__is_the_same_transaction_as_ours(
    running: RunningDevnet, desk: SafeDesk, ask: Ask
) -> None:
    """
    An empty call of the Safe by itself, with the nonce of what is rejected.
    """
    made = draft(desk, refund_raise(running, desk), purpose="raise", author="ana")
    ours = reject(desk, made, author="ben")

    told = ask("ana", "reject", nonce=made.nonce)

    assert told["hash"] == ours.id
    assert ours.transaction.operation == CALL
    assert ours.transaction.to == Address(desk.safe.address)


def as_call(call: Call) -> dict[str, Any]:
    """
    As the SDK takes one.
    """
    return {"to": call.to, "value": str(call.value), "data": f"0x{call.data.hex()}"}
