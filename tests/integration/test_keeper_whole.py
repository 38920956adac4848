"""
The whole service as an operator runs it: a devnet, `bursar keeper run` in a process of its own that
is killed, agents who pay, people who stop and refill, a reorganisation. Afterwards the audit is
what happened, once and in order.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.agent import AgentWallet
from bursar.book import AddressBook
from bursar.chain.anvil import find_anvil
from bursar.chain.contracts import organization_at, token_at, wallet_at
from bursar.chain.local import LocalChain, derive_account
from bursar.devnet import (
    USDC,
    load_devnet_treasury,
    open_devnet,
    sign_as_treasury,
    write_files,
)
from bursar.events import Event, Paid, PaymentExecuted, Refilled
from bursar.store.database import Database
from bursar.treasury import History
from bursar.types import EMPTY, Address
from tests.integration.followed import derived_rows

# Small, so that a test need not mine many blocks before one is final.
FINAL_AFTER = 4
MOVES = ("agent_spend", "refill", "sweep", "deposit")


class Company:
    """
    A devnet in a folder, with its store at `url`.
    """

    def __init__(self, chain: LocalChain, book: AddressBook, folder: Path, url: str) -> None:
        self.chain, self.book, self.folder, self.url = chain, book, folder, url
        self.usdc = token_at(chain, book.tokens["USDC"].address)
        self.organization = organization_at(chain, book.organization)
        self.operations = wallet_at(chain, book.wallets["operations"])
        self.vendor = book.find_recipient("vendor")

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name[:7] != "BURSAR_"}
        return clean | {"BURSAR_ANVIL": str(find_anvil()), "BURSAR_DATABASE_URL": self.url}

    def run(self, *arguments: str) -> tuple[int, Any]:
        """
        A command to its end: exit status and its JSON.
        """
        done = subprocess.run(
            [sys.executable, "-m", "bursar", *arguments, "--json"],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def agent(self) -> AgentWallet:
        """
        The shopper, whose program starts now.
        """
        return AgentWallet.connect(
            rpc_url=self.chain.rpc.url,
            wallet=self.operations.address,
            key=derive_account(self.book.agents["shopper"].devnet_key or ""),
            book=self.book,
            receipt_key_file=self.folder / ".bursar" / "devnet.receipts",
        )

    def pay(self, amount: str) -> Any:
        """
        By the shopper to the vendor.
        """
        return self.agent().pay("USDC", "vendor", amount)

    def pay_undeclared(self, amount: int) -> None:
        """
        By whoever has stolen the shopper's key and knows nothing of receipts.
        """
        key = derive_account(self.book.agents["shopper"].devnet_key or "")
        ref = bytes.fromhex("66" * 32)
        self.operations.send(key, "pay", self.usdc.address, self.vendor, amount, EMPTY, ref)

    def refill(self, amount: int) -> None:
        """
        By the Safe, with its owners' signatures.
        """
        wallet = self.operations
        sign_as_treasury(
            self.chain,
            self.book,
            self.usdc.build_call("approve", wallet.address, amount),
            wallet.build_call("refill", self.usdc.address, amount, EMPTY),
        )

    def deposit(self, amount: int) -> None:
        """
        Tokens that are simply sent to the wallet, which logs nothing.
        """
        call = self.usdc.build_call("transfer", self.operations.address, amount)
        sign_as_treasury(self.chain, self.book, call)

    def pause_and_go_on(self) -> None:
        """
        A guardian stops the wallet, the treasury lifts the stop.
        """
        wallet = self.operations.address
        guardian = derive_account(self.book.guardians["dana"].devnet_key or "")
        self.organization.send(guardian, "pause", wallet, 0, "is this right?")
        number = self.organization.view("pause_number", wallet)
        call = self.organization.build_call("unpause", wallet, number, "it was")
        sign_as_treasury(self.chain, self.book, call)

    def mine(self, count: int) -> None:
        """
        Empty blocks.
        """
        self.chain.rpc.request("anvil_mine", hex(count), "0x1")

    def events(self) -> list[Event]:
        """
        What a scan of the chain finds now.
        """
        known = self.book
        return History(self.chain, known.organization, known.block).read(self.chain.fetch_height())

    def balance(self, who: Address) -> int:
        return int(self.usdc.view("balanceOf", who))


class Running:
    """
    `bursar keeper run` in a process of its own.
    """

    def __init__(self, company: Company) -> None:
        command = [sys.executable, "-m", "bursar", "keeper", "run", "--json"]
        self.process = subprocess.Popen(
            [*command, "--final-after", str(FINAL_AFTER)],
            cwd=company.folder,
            env=company.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, fits: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """
        The reports up to the first that fits.
        """
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(json.loads(line))
            if fits(seen[-1]):
                return seen
        raise AssertionError(f"It ended: {self.process.communicate()[1]}")

    def at(self, block: int) -> list[dict[str, Any]]:
        """
        Until it has seen that block.
        """
        return self.until(lambda report: (report["block"] or 0) >= block)

    def kill(self) -> None:
        """
        As `kill -9` does.
        """
        self.process.kill()
        self.process.communicate()

    def end(self) -> int:
        """
        In order.
        """
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode


@pytest.fixture
def company(tmp_path: Path, database_url: str) -> Iterator[Company]:
    """
    A devnet that nobody has used yet.
    """
    folder = tmp_path / "company"
    with open_devnet(load_devnet_treasury(None), port=0) as running:
        book = running.founded.book
        write_files(book, folder / ".bursar" / "devnet.env")
        yield Company(running.chain, book, folder, database_url)


def executed(report: dict[str, Any]) -> bool:
    """
    Whether a payment that had waited left in that cycle.
    """
    return any(payment["outcome"] == "executed" for payment in report["payments"])


def test_keeper__killed_and_reorganised__audit_has_everything_once_and_in_order(
    company: Company,
) -> None:
    """
    T34 to T36: whatever the process and the chain go through, each movement is in the audit once,
    in the order of the chain, with the right balances; nothing that the chain has dropped is; and
    what is derived comes out the same when it is read anew.
    """
    keeper = Running(company)
    keeper.at(company.chain.fetch_height())
    assert company.pay("10").executed
    queued = company.pay("30")
    assert queued.queued
    company.chain.warp(to=queued.ready_at)
    keeper.until(executed)
    company.pause_and_go_on()
    assert company.pay("5").executed
    keeper.kill()

    assert company.pay("6").executed
    status, denied = company.run("pay", "USDC", "vendor", "9999", "--agent", "shopper", "--yes")
    assert (status, denied["denied"]["reason"]) == (2, "payments: amount out of bounds")
    company.refill(20 * USDC)
    company.deposit(4 * USDC)
    company.mine(2 * FINAL_AFTER)  # so that the next one reads all of it as final

    keeper = Running(company)
    keeper.at(company.chain.fetch_height())
    assert company.pay("7").executed
    keeper.at(company.chain.fetch_height())
    company.chain.rpc.request("anvil_reorg", 1, [])
    assert company.pay("8").executed
    company.pay_undeclared(3 * USDC)
    company.mine(1)
    reports = keeper.at(company.chain.fetch_height())
    company.mine(FINAL_AFTER + 1)
    reports += keeper.at(company.chain.fetch_height())
    assert keeper.end() == 0

    told = [spend for report in reports for spend in report["undeclared"]]
    assert [spend["amount"] for spend in told] == [str(3 * USDC)]
    check_audit(company)
    check_rebuilt(company)


def check_audit(company: Company) -> None:
    """
    Compare the audit with a scan of the chain.
    """
    status, log = company.run("audit", "log")
    assert status == 0
    entries = log["entries"]
    moved = [entry for entry in entries if entry["action"] in MOVES]
    scanned = [e for e in company.events() if isinstance(e, Paid | PaymentExecuted | Refilled)]
    logged = [entry for entry in moved if entry["action"] != "deposit"]
    assert [place_of(entry) for entry in logged] == [
        (event.block, (event.transaction or b"").hex(), event.log) for event in scanned
    ]
    amounts = [int(entry["amount"]) // USDC for entry in moved]
    assert amounts[-7:] == [30, 5, 6, 20, 4, 8, 3]
    check_balances(company, moved)
    kinds = Counter(entry["action"] for entry in entries)
    assert (kinds["refusal"], kinds["retraction"]) == (1, 0)
    stops = [entry for entry in entries if entry["event"] in ("Paused", "Unpaused")][-2:]
    assert [entry["authorised_by"][0]["role"] for entry in stops] == ["guardian", "owner"]
    assert len(moved[-4]["authorised_by"]) == company.book.threshold
    assert [entry["verdict"]["outcome"] for entry in moved[-2:]] == ["allowed", "undeclared"]

    status, verified = company.run("audit", "verify")
    assert (status, verified["problems"], verified["entries"]) == (0, [], len(entries))
    assert verified["heads_compared"] > 0
    status, standing = company.run("keeper", "status")
    assert (status, len(standing["undeclared"]), standing["under_way"]) == (1, 1, [])


def check_balances(company: Company, moved: list[dict[str, Any]]) -> None:
    """
    Each move begins where the one before it has ended, and the last where the chain is.
    """
    left: dict[str, int] = {}
    for entry in moved:
        wallet = entry["wallet"]
        sign = -1 if entry["action"] == "agent_spend" else 1
        assert int(entry["balance_before"]) == left.get(wallet, 0)
        left[wallet] = int(entry["balance_before"]) + sign * int(entry["amount"])
        assert int(entry["balance_after"]) == left[wallet]
    found = {wallet: company.balance(wallet) for wallet in company.book.wallets.values()}
    assert left == found


def check_rebuilt(company: Company) -> None:
    """
    Throw away what is derived and read it again: the same rows, and not an entry more.
    """
    with Database.open(company.url, read_only=True) as database:
        before = derived_rows(database)
    depth = ("--final-after", str(FINAL_AFTER))
    status, _ = company.run("keeper", "rebuild", *depth)
    assert status == 0
    with Database.open(company.url, read_only=True) as database:
        assert derived_rows(database) == before
    entries = company.run("audit", "verify")[1]["entries"]
    status, once = company.run("keeper", "run", "--once", *depth)
    assert (status, once["entries"], once["audited"]) == (0, 0, entries)


def place_of(entry: dict[str, Any]) -> tuple[int, str, int]:
    """
    Block, transaction and log.
    """
    place = entry["place"]
    return place["block"], place["transaction"], place["log"]


def test_second_keeper__same_store__is_refused_or_stands_by(company: Company) -> None:
    """
    Q16: an SQLite file has one writer, and says who it is. On Postgres the second stands by, and
    takes over at once where the first ends in order.
    """
    first = Running(company)
    first.at(company.chain.fetch_height())

    status, second = company.run("keeper", "run", "--once")
    (works,) = company.run("keeper", "status")[1]["keepers"]
    assert (works["follows"], works["works_on"]) == (True, [])

    if company.url.startswith("sqlite"):
        assert (status, second["error"]["code"]) == (1, "store-in-use")
        assert str(first.process.pid) in second["error"]["message"]
        first.end()
        return
    assert [problem["kind"] for problem in second["problems"]] == ["standby"]
    waiting = Running(company)
    waiting.until(lambda report: bool(report["problems"]))
    assert first.end() == 0
    reports = waiting.until(lambda report: not report["problems"])
    assert reports[-1]["audited"] is not None
    assert waiting.end() == 0


def test_once__with_an_undeclared_spend__ends_with_a_fault(company: Company) -> None:
    """
    For whoever runs it by a timer: exit status 1 in the look that finds it, and from then on by
    `keeper status`.
    """
    assert company.run("keeper", "run", "--once")[0] == 0
    assert company.pay("1").executed  # makes the receipt key
    company.pay_undeclared(3 * USDC)

    status, report = company.run("keeper", "run", "--once")

    assert (status, report["ok"], len(report["undeclared"])) == (1, False, 1)
    assert company.run("keeper", "run", "--once")[0] == 0
    assert company.run("keeper", "status")[0] == 1
