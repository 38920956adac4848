"""
T6, T37: with every owner's key within reach, no service reads one, signs for the Safe, or sends
what its owners have signed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from typer.testing import CliRunner

from bursar.cli import app
from bursar.cli.refill_desk import open_desk
from bursar.devnet import RunningDevnet, write_files
from bursar.treasury.refills.checklist import build_items
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.safe.signing import sign
from tests.integration.signing_room import USDC, Room

PASSWORD = "correct horse"
# What somebody may have called the variable with an owner's key.
TEMPTING = ("BURSAR_OWNER_KEY", "BURSAR_SAFE_KEY", "BURSAR_TREASURY_KEY", "PRIVATE_KEY", "KEY")

_opened: list[str] = []
_hooked = False


def watch_files() -> list[str]:
    """
    Every file that this process opens from now on. A hook stays for ever, so there is only one.
    """
    global _hooked
    if not _hooked:
        sys.addaudithook(_note)
        _hooked = True
    _opened.clear()
    return _opened


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | os.PathLike):
        _opened.append(os.fspath(arguments[0]))


@pytest.fixture
def room(running: RunningDevnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """
    A machine on which everything lies about: keys in variables and keystores, their password, and
    a refill that enough owners have signed.
    """
    monkeypatch.chdir(tmp_path)
    write_files(running.founded.book, Path(".bursar/devnet.env"))
    mark = running.chain.snapshot()
    room = Room(running, Path(".bursar/drafts").absolute())
    for name in TEMPTING:
        monkeypatch.setenv(name, "0x" + bytes(room.ana.key.key).hex())
    keystore = Account.encrypt(room.ben.key.key, PASSWORD, iterations=2)
    for place in (Path("owner.json"), Path(".bursar/owner.json")):
        place.write_text(json.dumps(keystore))
    monkeypatch.setenv("BURSAR_KEYSTORE_PASSWORD", PASSWORD)
    yield room
    running.chain.revert(mark)


def ready_refill(room: Room) -> Any:
    """
    A refill of the operations wallet by 500 USDC, with its report and every word that it needs, and
    signed by two.
    """
    refills = open_desk(None, None, Path("treasury.yaml")).desk
    line = room.wallet.address, room.usdc.address
    target = room.usdc.view("balanceOf", room.wallet.address) + 500 * USDC
    wishes = Wishes(wallets=frozenset([room.wallet.address]), balances={line: target})
    refill, report = refills.begin("ana", "", wishes)
    items = [item.id for item in build_items(report)]
    refill = refills.approve(refills.confirm(refill, items, "ana", "looked at"), "mia")
    made = refills.draft(refill, "ana")[1]
    for owner in (room.ana, room.ben):
        made = sign(refills.safe, made, owner)
    return made


def counts(room: Room) -> tuple[int, ...]:
    """
    The Safe's nonce, each owner's, and what the treasury has.
    """
    owners = (room.ana, room.ben, room.cleo)
    return (
        room.desk.safe.fetch_nonce(),
        *(
            int(room.chain.rpc.request("eth_getTransactionCount", one.address, "latest"), 16)
            for one in owners
        ),
        room.usdc.view("balanceOf", room.book.safe),
    )


def run(*arguments: str) -> Any:
    """
    A command that a service runs.
    """
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done


def test_services__with_owners_keys_at_hand__touch_neither_keys_nor_drafts(room: Room) -> None:
    """
    The keeper over several blocks, an agent that pays, queues and cancels, and what looks on: the
    wallet runs low, the refill is signed and could be sent, and nobody but a person does.
    """
    target = ready_refill(room)
    before, files = counts(room), room.files()
    opened = watch_files()

    for _ in range(3):
        run("keeper", "run", "--once", "--json")
        run("pay", "USDC", "vendor", "10", "--agent", "shopper", "--yes", "--json")
        room.chain.warp(by=3_600)
    run("status", "--json")
    run("pending", "--json")
    run("events", "--json")
    run("pending-changes", "--json")
    touched = {Path(path).name for path in opened}

    assert counts(room) == before
    assert room.files() == files
    assert touched & {"owner.json", f"{target.id}.json"} == set()
    assert "devnet.json" in touched  # it would have been noticed

    # A person does, with the same draft and no more.
    run("safe", "execute", target.id, "--yes", "--json")
    assert counts(room)[-1] == before[-1] - 500 * USDC


def test_person__who_names_the_key__signs_with_it(room: Room) -> None:
    """
    The nearest neighbour: the same variable and keystore, named in a command.
    """
    target = room.draft()

    run("safe", "sign", target.id, "--from-env", TEMPTING[0], "--yes", "--json")
    run("safe", "sign", target.id, "--keystore", "owner.json", "--yes", "--json")

    signers = room.desk.store.find(target.id).signers
    assert set(signers) == {room.ana.address, room.ben.address}
