"""
Refills over seven generated days on a real chain with a real Safe: what the report finds, in which
order people act, and everything that changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.contracts import token_at, wallet_at
from bursar.chain.local import ETHER
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import DELEGATE_CALL, safe_contract_type
from bursar.config import read_treasury
from bursar.devnet import USDC
from bursar.events import Refilled
from bursar.receipts import ReceiptKey
from bursar.treasury import Office
from bursar.treasury.anomalies import Rule
from bursar.treasury.refills.calls import build_calls
from bursar.treasury.refills.checklist import build_checklist, build_items
from bursar.treasury.refills.desk import RefillDesk
from bursar.treasury.refills.errors import (
    ImpossibleRefillError,
    NotFundedError,
    OpenItemError,
    RefillError,
    StaleReportError,
    UnknownPersonError,
    UnknownRefillError,
    WrongOrderError,
)
from bursar.treasury.refills.evidence import Alert, Refusal, Report
from bursar.treasury.refills.pages import build_html, build_markdown
from bursar.treasury.refills.record import Refill, Stage
from bursar.treasury.refills.reporting import FileRead
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.safe import add_signature, draft, reject
from bursar.treasury.safe.execution import execute
from bursar.types import DAY, NATIVE, keccak
from tests.integration.refilling import FILE, FIRST_DAY, THIEF, KeyGas, KeyOwner, Town, week

BROUGHT = {"operations": 15_000, "trading": 30_000}


@pytest.fixture(scope="module")
def founded() -> Iterator[Town]:
    """
    One week for all tests of the module: on its fifth day the shopper paid a stranger.
    """
    with week(planted=4) as town:
        yield town


@pytest.fixture
def town(founded: Town) -> Iterator[Town]:
    """
    What nobody has touched since that week.
    """
    mark = founded.chain.snapshot()
    yield founded
    founded.chain.revert(mark)


@pytest.fixture
def desk(town: Town, tmp_path: Path) -> RefillDesk:
    """
    Where people refill, with folders of its own.
    """
    return town.desk(tmp_path)


class Books:
    """
    A store that records alerts and refusals.
    """

    def __init__(self, *alerts: Alert) -> None:
        self.alerts = alerts
        self.cleared: list[tuple[str, str, str]] = []

    def fetch_alerts(self, first: int, end: int) -> tuple[Alert, ...]:
        return tuple(one for one in self.alerts if first <= one.at < end)

    def clear_low_balance(self, wallet: str, token: str, by: str, ref: bytes, block: int) -> int:
        assert len(ref) == 32
        assert block > 0
        self.cleared.append((wallet, token, by))
        return 1

    def fetch_refusals(self, first: int, end: int) -> tuple[Refusal, ...]:
        return (Refusal(agent="shopper", wallet="operations", reason="over", times=3),)


def begin(desk: RefillDesk, **wishes: Any) -> tuple[Refill, Report]:
    """
    By ana.
    """
    return desk.begin("ana", "treasury.yaml", Wishes(**wishes))


def state_of(town: Town, desk: RefillDesk) -> tuple[Any, ...]:
    """
    Everything that a refusal must not touch: money, the Safe's nonce, drafts and what is kept.
    """
    who = [town.book.safe, *town.book.wallets.values()]
    token = token_at(town.chain, town.usdc)
    root = desk.folder.folder.parent.parent
    kept = {
        str(path): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
    return (
        [token.view("balanceOf", one) for one in who],
        [token.view("allowance", town.book.safe, one) for one in who],
        desk.safe.safe.fetch_nonce(),
        [one.id for one in desk.safe.store.open()],
        kept,
    )


def refused(town: Town, desk: RefillDesk, error: type[RefillError], words: str, call: Any) -> None:
    """
    It is refused like that, and changes nothing.
    """
    before = state_of(town, desk)
    with pytest.raises(error, match=words):
        call()
    assert state_of(town, desk) == before


# The report


def test_report__over_a_week_with_a_theft__finds_it_and_nothing_else(desk: RefillDesk) -> None:
    """
    T29: seven days of activity; the planted day and its recipient are alarms, and no other agent
    raises anything.
    """
    _, report = begin(desk)

    alarms = [(one.rule, one.wallet, one.agent) for one in report.alarms]
    shopper = "operations", "shopper"
    assert alarms == [(Rule.DAY, *shopper), (Rule.RECIPIENT, *shopper)]
    assert THIEF in report.alarms[1].text
    assert {one.agent for one in report.findings} == {"shopper"}
    assert {(one.at - FIRST_DAY) // DAY for one in report.findings} == {4}
    lines = {(one.agent, one.token): one for one in report.activity}
    trader = lines["trader", "USDC"]
    assert list(trader.days) == [
        *((2_200 + 100 * (day % 3)) * USDC for day in range(7)),
        0,
    ]
    assert (trader.payments, trader.total) == (14, 16_000 * USDC)
    assert trader.busiest_hour_total == 1_700 * USDC
    assert lines["clerk", "USDC"].category == "refund"
    assert lines["idler", "USDC"].payments == 0
    assert report.refusals is None
    assert report.alerts is None
    assert report.differences == ()
    assert report.incidents == ()
    assert report.problems == ()


def test_report__quiet_week__has_no_alarm(tmp_path: Path) -> None:
    """
    No false alarm on agents who pay as always.
    """
    with week() as town:
        _, report = begin(town.desk(tmp_path))
        assert report.findings == ()
        assert len(report.activity) == 5


def test_report__per_wallet__says_current_and_refill_to_with_the_reason(desk: RefillDesk) -> None:
    """
    T30: the file's refill_to, what is missing for it, and that the treasury has it.
    """
    _, report = begin(desk)

    lines = {one.item: one for one in report.lines}
    operations = lines["refill:operations:USDC"]
    assert (operations.current, operations.target) == (10_323 * USDC, 15_000 * USDC)
    assert operations.amount == operations.target - operations.current
    assert operations.reason == "refill_to of treasury.yaml"
    native = lines["refill:operations:NATIVE"]
    assert (native.current, native.amount, native.reason) == (
        ETHER,
        0,
        "has enough (refill_to of treasury.yaml)",
    )
    (usdc,) = report.master
    assert usdc.needed == sum(one.amount for one in report.refilled)
    assert usdc.balance == 55_000 * USDC


def test_report__without_a_plan__fills_for_days_of_average_spend_up_to_the_maximum(
    town: Town, tmp_path: Path
) -> None:
    """
    T30: where the file plans no balance, so many days of the average; never above max_balance.
    """
    desk = town.desk(tmp_path)
    text = FILE.replace(", refill_to: 30_000", "").replace(", refill_to: 15_000", "")
    file = FileRead(read_treasury(text, "treasury.yaml"), desk.reporter.file.source)
    desk.reporter.file = file

    lines = {one.item: one for one in desk.reporter.build("ana", Wishes(days=8)).lines}
    trading = lines["refill:trading:USDC"]
    # 16,000 in seven days: a cent is rounded up.
    assert trading.average == 2_285_720_000
    assert trading.target == 8 * trading.average
    assert "8 days" in trading.reason
    capped = {one.item: one for one in desk.reporter.build("ana", Wishes(days=60)).lines}
    assert capped["refill:trading:USDC"].target == 30_000 * USDC
    assert "cut to max_balance" in capped["refill:trading:USDC"].reason


def test_report__what_differs_from_the_file__is_listed(town: Town, tmp_path: Path) -> None:
    """
    T29: whether policies are current, each difference with both figures.
    """
    desk = town.desk(tmp_path)
    changed = (
        ("daily: 2_000", "daily: 1_900"),
        ("change_delay: 2d", "change_delay: 3d"),
        ("dana: devnet", "dora: devnet"),
        ("max_balance: 30_000", "max_balance: 40_000"),
        ("      - {agent: idler, token: USDC, daily: 100}\n", ""),
    )
    text = FILE
    for old, new in changed:
        assert old in text
        text = text.replace(old, new)
    file = FileRead(read_treasury(text, "treasury.yaml"), desk.reporter.file.source)
    desk.reporter.file = file

    found = desk.reporter.build("ana").differences

    assert any(
        "shopper's budget: daily: the file says 1,900 USDC, the chain 2,000" in one for one in found
    )
    assert any("change delay: the file says 3d, the chain 2d" in one for one in found)
    assert any(one.startswith("dora: guardian") for one in found)
    assert any(one.startswith("dana: guardian") and "not in the file" in one for one in found)
    assert any("largest balance of USDC: the file says 40,000 USDC" in one for one in found)
    assert any("idler's budget: the file says none" in one for one in found)
    assert len(found) == 7  # an hour is as much as a day, where the file says nothing else


def test_report__what_is_open__is_told(town: Town, tmp_path: Path) -> None:
    """
    T29: stops, payments and changes that wait.
    """
    desk = town.desk(tmp_path)
    organization = town.office().organization
    guardian = town.chain.new_account("guardian dana")
    organization.send(guardian, "pause", town.book.agents["idler"].address, 0, "odd")
    town.pay("shopper", 1_000)
    loosened = town.office().wallet(town.book.wallets["trading"]).build_call("set_grace", 2 * DAY)
    town.by_treasury(organization.build_call("schedule", loosened.to, loosened.data))

    incidents = desk.reporter.build("ana").incidents

    assert [one.kind for one in incidents] == ["stop", "payment", "change"]
    assert "shopper waits to pay 1,000 USDC to vendor" in incidents[1].text
    assert "due payments stay executable 2d" in incidents[2].text


def test_report__with_a_receipt_key__finds_what_was_not_declared(
    town: Town, tmp_path: Path
) -> None:
    """
    T29: the week's payments carry no receipts, so with a key all of them are undeclared, and
    without one the report says that nobody could tell.
    """
    with_key = town.desk(tmp_path, receipts=ReceiptKey(b"k" * 32)).reporter.build("ana")
    without = town.desk(tmp_path).reporter.build("ana")

    undeclared = {one.agent for one in with_key.alarms if one.rule == Rule.UNDECLARED}
    assert undeclared == {"shopper", "clerk", "trader"}
    assert any("undeclared spends" in text for text in without.unjudged)
    assert not any("undeclared spends" in text for text in with_key.unjudged)


def test_report__with_a_store__tells_alerts_and_refusals(town: Town, tmp_path: Path) -> None:
    """
    T29: what a store recorded in the seven days, and nothing before them.
    """
    low = Alert(at=FIRST_DAY + DAY, kind="wallet_balance_low", text="low", cleared_at=None)
    old = low.model_copy(update={"at": FIRST_DAY - DAY})
    books = Books(low, old)
    desk = town.desk(tmp_path, alerts=books, refusals=books)

    refill, report = begin(desk)

    assert report.alerts == (low,)
    assert report.refusals is not None
    assert report.refusals[0].times == 3
    item = next(one for one in build_items(report) if one.id == "alerts")
    assert "1 raised, 1 open" in item.text
    with pytest.raises(OpenItemError, match="needs a note"):
        desk.confirm(refill, ["alerts"], "ana")


def test_report__hash__is_of_every_byte(desk: RefillDesk) -> None:
    """
    The canonical form has sorted keys and no spaces, and its keccak-256 is the hash; another amount
    is another hash.
    """
    _, report = begin(desk)

    text = report.canonical()
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")).encode() == text
    assert keccak(text) == report.hash
    assert Report.model_validate_json(text) == report
    lines = (report.lines[0].model_copy(update={"amount": report.lines[0].amount + 1}),)
    assert report.model_copy(update={"lines": lines}).hash != report.hash


def test_begin__the_same_report_again__does_not_start_over(
    town: Town, desk: RefillDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is under way is not written over, even within the same second.
    """
    now = town.office().fetch_time()
    monkeypatch.setattr(Office, "fetch_time", lambda self: now)
    town.approved(desk)
    refused(town, desk, WrongOrderError, "begun just now", lambda: begin(desk))


# From the report to the end


def test_refill__from_report_to_end__brings_what_was_decided(town: Town, tmp_path: Path) -> None:
    """
    T30 to T32 and T40: named people confirm, the manager approves, two owners sign, the chain shows
    it with the report's hash, the alerts are cleared; nothing else moves.
    """
    books = Books()
    desk = town.desk(tmp_path, alerts=books)
    refill, report = begin(desk)
    items = [item.id for item in build_items(report)]
    refill = desk.confirm(refill, items[:3], "ana", "the stranger is a new supplier")
    refill = desk.confirm(refill, items[3:], "dana")
    refill = desk.approve(refill, "mia", "for the week")
    refill, made = desk.draft(refill, "ana")
    assert refill.stage is Stage.DRAFTED
    before = town.chain.fetch_balance(town.book.safe), desk.safe.safe.fetch_nonce()

    town.sign_and_execute(desk, made)
    # Who signed is read from the chain: what lies in the drafts' folder proves nothing.
    shutil.rmtree(desk.safe.store.folder)
    refill = desk.finish(desk.confirm_funded(refill, "dana"), "ben")

    token = token_at(town.chain, town.usdc)
    for name, address in town.book.wallets.items():
        assert token.view("balanceOf", address) == BROUGHT[name] * USDC
        assert token.view("allowance", town.book.safe, address) == 0
    assert town.chain.fetch_balance(town.book.safe) == before[0]
    events = [one for one in town.office().view().events if isinstance(one, Refilled)]
    assert [one.ref for one in events[-2:]] == [report.hash, report.hash]
    assert refill.stage is Stage.FINISHED
    assert refill.funding is not None
    assert refill.closing is not None
    assert set(refill.funding.signers) == {"ana", "ben"}
    assert refill.approval is not None
    assert (refill.approval.by, refill.approval.report_hash) == ("mia", refill.report_hash)
    assert {one[2] for one in books.cleared} == {"ben"}
    assert refill.closing.alerts_cleared == 2
    assert all(done.by for done in build_checklist(report, refill))
    assert desk.folder.find(refill.id) == refill


def test_refill__of_native_currency__goes_by_value(town: Town, tmp_path: Path) -> None:
    """
    The chain's own currency needs no approval, and arrives in the same transaction.
    """
    desk = town.desk(tmp_path)
    wallet = town.book.wallets["operations"]
    balances = {(wallet, NATIVE): 3 * ETHER // 2, (wallet, town.usdc): 12_000 * USDC}
    refill = town.approved(desk, wallets=frozenset([wallet]), balances=balances)

    refill, made = desk.draft(refill, "ben")
    town.sign_and_execute(desk, made)
    refill = desk.confirm_funded(refill, "ben")

    assert town.chain.fetch_balance(wallet) == 3 * ETHER // 2
    assert refill.funding is not None
    assert {one.token for one in refill.funding.funded} == {"NATIVE", "USDC"}


def test_checklist__in_the_order_of_the_source__has_who_and_when(desk: RefillDesk) -> None:
    """
    T40: dated; reviewed, verified, confirmed, checked; a decision for each wallet; approval;
    afterwards.
    """
    refill, report = begin(desk)
    refill = desk.confirm(refill, ["activity"], "ben")

    checked = build_checklist(report, refill)

    assert [done.item.id for done in checked] == [
        *("activity", "patterns", "policies", "alerts"),
        *("refill:operations:USDC", "refill:trading:USDC"),
        *("manager", "signed", "funded"),
        *("balances", "cleared"),
    ]
    assert checked[0].by == "ben"
    assert checked[0].at is not None
    assert report.at <= checked[0].at <= desk.reporter.office.fetch_time()
    assert all(done.by is None for done in checked[1:])
    decided = checked[5].item.text
    assert decided == "trading: current 14,000, refill to 30,000 USDC"


# What changes nothing


@pytest.mark.parametrize(
    "left", ["activity", "patterns", "policies", "alerts", "refill:trading:USDC"]
)
def test_approve__with_an_open_item__is_refused(town: Town, desk: RefillDesk, left: str) -> None:
    """
    T40: each single open item blocks, and nothing can be drafted past it.
    """
    refill, report = begin(desk)
    items = [item.id for item in build_items(report) if item.id != left]
    refill = desk.confirm(refill, items, "ana", "fine")

    refused(town, desk, OpenItemError, left, lambda: desk.approve(refill, "mia"))
    refused(town, desk, WrongOrderError, "reported", lambda: desk.draft(refill, "ana"))
    desk.approve(desk.confirm(refill, [left], "ana", "fine"), "mia")


def test_confirm__alarms_without_a_word__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    What was found has to be explained, not clicked away.
    """
    refill, _ = begin(desk)
    refused(
        town, desk, OpenItemError, "needs a note", lambda: desk.confirm(refill, ["patterns"], "ana")
    )
    refused(
        town, desk, OpenItemError, "no item", lambda: desk.confirm(refill, ["everything"], "ana")
    )


@pytest.mark.parametrize("name", ["watch", "shopper", "mallory", "Ana", "", "treasury"])
def test_person__whom_the_file_does_not_name__takes_no_part(
    town: Town, desk: RefillDesk, name: str
) -> None:
    """
    T6, T33, T40: neither a keeper nor an agent nor a stranger takes any step.
    """
    refill, made = begin(desk)
    steps = (
        lambda: desk.begin(name, "treasury.yaml"),
        lambda: desk.confirm(refill, ["activity"], name),
        lambda: desk.approve(refill, name),
        lambda: desk.draft(refill, name),
        lambda: desk.confirm_funded(refill, name),
        lambda: desk.finish(refill, name),
        lambda: desk.abandon(refill, name, "no"),
    )
    for step in steps:
        refused(town, desk, UnknownPersonError, "service|nobody", step)
    assert made.prepared_by == "ana"


@pytest.mark.parametrize("name", ["ana", "dana"])
def test_approve__by_anybody_but_the_manager__is_refused(
    town: Town, desk: RefillDesk, name: str
) -> None:
    """
    T31, T40: an owner's signature is no approval, and a guardian's word neither.
    """
    refill, report = begin(desk)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")
    refused(
        town,
        desk,
        UnknownPersonError,
        "not the treasury manager",
        lambda: desk.approve(refill, name),
    )


def test_approve__nobody_named_as_manager__says_what_to_write(town: Town, tmp_path: Path) -> None:
    """
    T31: fails closed.
    """
    desk = town.desk(tmp_path)
    text = FILE.replace(", treasury_manager: mia", "")
    source = desk.reporter.file.source
    desk.reporter.file = FileRead(read_treasury(text, "treasury.yaml"), source)
    refill, _ = begin(desk)
    refused(
        town,
        desk,
        UnknownPersonError,
        "organisation.treasury_manager",
        lambda: desk.approve(refill, "ana"),
    )


def test_draft__report_of_yesterday__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T40: after exactly a day it still holds, a second later it does not.
    """
    refill = town.approved(desk)
    at = desk.folder.report(refill).at
    mark = town.chain.snapshot()
    town.chain.warp(to=at + DAY + 1)
    refused(town, desk, StaleReportError, "24 hours", lambda: desk.draft(refill, "ana"))
    town.chain.revert(mark)


@pytest.mark.parametrize("what", ["budget", "stop", "payment", "deposit", "file", "reorganised"])
def test_draft__after_things_have_changed__is_refused(
    town: Town, tmp_path: Path, what: str
) -> None:
    """
    A policy, a stop, a balance by more than a tenth, another file, another chain: report again.
    """
    desk = town.desk(tmp_path)
    mark = town.chain.snapshot()
    town.chain.warp(by=60)
    refill = town.approved(desk)
    trading = town.book.wallets["trading"]
    token = token_at(town.chain, town.usdc)
    words = {
        "budget": "grace|stay executable",
        "stop": "stopped",
        "payment": "has 9,000 now|had 14,000",
        "deposit": "had 14,000",
        "file": "was changed",
        "reorganised": "reorganised",
    }[what]
    if what == "budget":
        shorter = town.office().wallet(trading).build_call("set_grace", 2 * 3600)
        town.by_treasury(shorter)
    elif what == "stop":
        keeper = town.chain.new_account("keeper watch")
        agent = town.book.agents["idler"].address
        town.office().organization.send(keeper, "pause", agent, 0, "odd")
    elif what == "payment":
        town.pay("trader", 5_000)
    elif what == "deposit":
        token.send(town.chain.new_account("giver"), "mint", trading, 4_000 * USDC)
    elif what == "file":
        source = desk.reporter.file.source.model_copy(update={"sha256": "0" * 64})
        desk.reporter.file = desk.reporter.file._replace(source=source)
    else:
        town.chain.revert(mark)
        town.chain.warp(by=61)
    refused(town, desk, StaleReportError, words, lambda: desk.draft(refill, "ana"))


def test_draft__after_a_small_payment__still_holds(town: Town, desk: RefillDesk) -> None:
    """
    An agent who goes on paying as always makes no report stale.
    """
    refill = town.approved(desk)
    town.pay("trader", 1_000)

    refill, made = desk.draft(refill, "ana")
    town.sign_and_execute(desk, made)

    assert desk.confirm_funded(refill, "ana").stage is Stage.FUNDED


def test_approve__treasury_too_poor__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T9 of the master: what is missing is named, before anybody signs.
    """
    token = token_at(town.chain, town.usdc)
    town.by_treasury(token.build_call("transfer", THIEF, 40_000 * USDC))
    refill, report = begin(desk)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")

    assert report.problems == ("The treasury is short of 5,677 USDC for this refill.",)
    refused(
        town, desk, ImpossibleRefillError, "short of 5,677", lambda: desk.approve(refill, "mia")
    )


def test_begin__balance_above_the_maximum__is_a_problem(town: Town, desk: RefillDesk) -> None:
    """
    Q20: at max_balance it is allowed, one base unit above it is not.
    """
    wallet = town.book.wallets["trading"]
    only = frozenset([wallet])
    most = 30_000 * USDC
    at_most = desk.reporter.build("ana", Wishes(wallets=only, balances={(wallet, town.usdc): most}))
    assert at_most.all_problems == ()
    refill, report = begin(desk, wallets=only, balances={(wallet, town.usdc): most + 1})
    assert "max_balance" in report.all_problems[0]
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")
    refused(town, desk, ImpossibleRefillError, "max_balance", lambda: desk.approve(refill, "mia"))


@pytest.mark.parametrize("scope", ["wallet", "organisation"])
def test_approve__stopped_wallet__is_refused_and_others_can_be_refilled(
    town: Town, desk: RefillDesk, scope: str
) -> None:
    """
    Nothing is brought to where something is wrong; a wallet that is well can be refilled alone.
    """
    guardian = town.chain.new_account("guardian dana")
    wallets = town.book.wallets
    target = wallets["trading"] if scope == "wallet" else town.book.organization
    town.office().organization.send(guardian, "pause", target, 0, "odd")
    refill, report = begin(desk)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")

    refused(town, desk, ImpossibleRefillError, "stopped", lambda: desk.approve(refill, "mia"))
    alone = desk.reporter.build("ana", Wishes(wallets=frozenset([wallets["operations"]])))
    assert bool(alone.all_problems) is (scope == "organisation")


def test_approve__unsealed_wallet__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    Until it is sealed, its limits can still be anything.
    """
    organization = town.office().organization
    town.by_treasury(organization.build_call("create_wallet", "fresh", town.book.blueprint))
    address = town.office().view().book.wallets["fresh"]
    wallet = wallet_at(town.chain, address)
    town.by_treasury(
        wallet.build_call("set_wallet_limit", town.usdc, 100 * USDC),
        wallet.build_call("set_max_balance", town.usdc, 100 * USDC),
    )
    balances = {(address, town.usdc): 50 * USDC}
    refill, report = begin(desk, wallets=frozenset([address]), balances=balances)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")

    assert "not sealed" in report.all_problems[0]
    refused(town, desk, ImpossibleRefillError, "not sealed", lambda: desk.approve(refill, "mia"))


def test_approve__safe_of_one_signature__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T5: one key is no treasury.
    """
    safe = safe_contract_type("Safe")
    town.by_treasury(Call(town.book.safe, safe.encode("changeThreshold", 1)))
    refill, report = begin(desk)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")

    assert "asks for 1 signature" in report.problems[0]
    refused(town, desk, ImpossibleRefillError, "1 signature", lambda: desk.approve(refill, "mia"))


def test_approve__safe_with_a_module__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T5: a module acts without any signature.
    """
    module = town.book.multi_send
    safe = safe_contract_type("Safe")
    town.by_treasury(Call(town.book.safe, safe.encode("enableModule", module)))
    refill, report = begin(desk)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")

    assert report.safe.modules == (module,)
    refused(town, desk, ImpossibleRefillError, "has modules", lambda: desk.approve(refill, "mia"))


def test_confirm__after_the_approval__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T40: what the manager approved is not changed underneath.
    """
    refill = town.approved(desk)
    again = lambda: desk.confirm(refill, ["activity"], "ben", "no")  # noqa: E731
    refused(town, desk, WrongOrderError, "is approved", again)
    refused(town, desk, WrongOrderError, "is approved", lambda: desk.approve(refill, "mia"))


def test_draft__that_the_chain_would_refuse__is_not_made(
    town: Town, desk: RefillDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whatever our own checks miss, the simulation of the very calls finds before anybody signs.
    """
    refill = town.approved(desk)
    trading = wallet_at(town.chain, town.book.wallets["trading"])
    call = trading.build_call("refill", town.usdc, 1, bytes(32))
    monkeypatch.setattr("bursar.treasury.refills.desk.build_calls", lambda *_: (call,))
    refused(
        town, desk, ImpossibleRefillError, "chain would refuse", lambda: desk.draft(refill, "ana")
    )


def test_approve__nothing_to_bring__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    A refill of nothing is none.
    """
    wallet = town.book.wallets["operations"]
    balances = {(wallet, town.usdc): 10_323 * USDC}
    refill, report = begin(desk, wallets=frozenset([wallet]), balances=balances)
    refill = desk.confirm(refill, [item.id for item in build_items(report)], "ana", "fine")
    refused(town, desk, ImpossibleRefillError, "enough", lambda: desk.approve(refill, "mia"))


def test_report__changed_on_disk__is_not_taken(town: Town, desk: RefillDesk) -> None:
    """
    The approval binds the report: whoever changes a figure afterwards changes the hash.
    """
    refill = town.approved(desk)
    path = desk.folder.path(refill) / "report.json"
    text = path.read_text()
    assert '"amount":"16000000000"' in text
    path.write_text(text.replace('"amount":"16000000000"', '"amount":"16000000001"'))
    refused(town, desk, UnknownRefillError, "was changed", lambda: desk.draft(refill, "ana"))

    changed = hashlib.sha3_256(b"x").hexdigest()
    record = desk.folder.path(refill) / "refill.json"
    record.write_text(record.read_text().replace(refill.report_hash[2:], changed, 1))
    refused(town, desk, UnknownRefillError, "was changed", lambda: desk.draft(refill, "ana"))


def test_draft__approval_of_another_report__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T40: an approval is of one report, whatever the files say.
    """
    refill = town.approved(desk)
    assert refill.approval is not None
    other = refill.approval.model_copy(update={"report_hash": "0x" + "12" * 32})
    desk.folder.save(refill.model_copy(update={"approval": other}))
    refused(town, desk, WrongOrderError, "approval is of report", lambda: desk.draft(refill, "ana"))

    forged = refill.approval.model_copy(update={"by": "ana"})
    desk.folder.save(refill.model_copy(update={"approval": forged}))
    refused(town, desk, UnknownPersonError, "not the treasury", lambda: desk.draft(refill, "ana"))


def test_draft__again__is_refused_while_the_first_can_be_signed(
    town: Town, desk: RefillDesk
) -> None:
    """
    One refill, one draft; a second refill of the same wallet waits for the first.
    """
    other = town.approved(desk)
    town.chain.warp(by=1)
    refill = town.approved(desk)
    refill, made = desk.draft(refill, "ana")

    refused(town, desk, WrongOrderError, "is drafted", lambda: desk.draft(refill, "ana"))
    refused(town, desk, WrongOrderError, "same wallet", lambda: desk.draft(other, "ana"))
    refused(town, desk, WrongOrderError, "reject", lambda: desk.abandon(refill, "ana", "no"))

    rejecting = reject(desk.safe, made, author="ana")
    town.sign_and_execute(desk, rejecting)
    again, second = desk.draft(refill, "ana")
    assert second.nonce == made.nonce + 1
    town.sign_and_execute(desk, second)
    assert desk.confirm_funded(again, "ana").stage is Stage.FUNDED


def test_draft__interrupted_before_it_was_kept__is_found_again(
    town: Town, desk: RefillDesk
) -> None:
    """
    A crash between the Safe's draft and our record makes no second draft.
    """
    refill = town.approved(desk)
    _, made = desk.draft(refill, "ana")
    desk.folder.save(refill)

    _, again = desk.draft(refill, "ana")

    assert again.id == made.id
    assert len(desk.safe.store.open()) == 1


def test_draft__that_only_looks_alike__is_not_taken_for_it(town: Town, desk: RefillDesk) -> None:
    """
    The same bytes in a plain call, which would refill nothing: somebody has left it there.
    """
    refill = town.approved(desk)
    calls = build_calls(desk.reporter.office, desk.folder.report(refill))
    batch = desk.safe.safe.build(*calls)
    alike = draft(desk.safe, [Call(batch.to, batch.data)], purpose="as agreed", author="ben")

    _, made = desk.draft(refill, "ana")

    assert made.id != alike.id
    assert made.transaction.operation == DELEGATE_CALL


def test_confirm_funded__before_it_arrived__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T31: what nobody executed has not arrived, and one owner's signature moves nothing.
    """
    refill = town.approved(desk)
    refused(town, desk, WrongOrderError, "approved", lambda: desk.confirm_funded(refill, "ana"))
    refill, made = desk.draft(refill, "ana")
    add_signature(desk.safe, made, KeyOwner("owner ana").sign(made.transaction))

    refused(
        town,
        desk,
        NotFundedError,
        "trading has not got its 16,000",
        lambda: desk.confirm_funded(refill, "ana"),
    )
    refused(town, desk, WrongOrderError, "drafted", lambda: desk.finish(refill, "ana"))


def test_confirm_funded__other_money_with_the_same_ref__is_refused(
    town: Town, desk: RefillDesk
) -> None:
    """
    T31: the exact amounts in the exact wallets; a refill by hand that borrows the ref is found.
    """
    refill = town.approved(desk)
    refill, _ = desk.draft(refill, "ana")
    report = desk.folder.report(refill)
    trading = town.book.wallets["trading"]
    town.by_treasury(
        token_at(town.chain, town.usdc).build_call("approve", trading, USDC),
        wallet_at(town.chain, trading).build_call("refill", town.usdc, USDC, report.hash),
    )
    refused(
        town,
        desk,
        NotFundedError,
        "trading got 1 USDC instead of 16,000",
        lambda: desk.confirm_funded(refill, "ana"),
    )


def test_confirm_funded__twice_or_with_an_approval_left__is_refused(
    town: Town, desk: RefillDesk
) -> None:
    """
    T31: each wallet once, and nothing that could still be drawn.
    """
    refill = town.approved(desk)
    refill, made = desk.draft(refill, "ana")
    town.sign_and_execute(desk, made)
    report = desk.folder.report(refill)
    token = token_at(town.chain, town.usdc)
    operations = town.book.wallets["operations"]
    mark = town.chain.snapshot()
    town.by_treasury(token.build_call("approve", operations, 1))
    refused(town, desk, NotFundedError, "left over", lambda: desk.confirm_funded(refill, "ana"))
    town.chain.revert(mark)
    town.by_treasury(
        token.build_call("approve", operations, USDC),
        wallet_at(town.chain, operations).build_call("refill", town.usdc, USDC, report.hash),
    )
    refused(
        town, desk, NotFundedError, "got USDC 2 times", lambda: desk.confirm_funded(refill, "ana")
    )


def test_finish__after_the_block_is_gone__is_refused(town: Town, desk: RefillDesk) -> None:
    """
    T32: what was seen once and reorganised away is not closed.
    """
    refill = town.approved(desk)
    refill, made = desk.draft(refill, "ana")
    mark = town.chain.snapshot()
    town.sign_and_execute(desk, made)
    refill = desk.confirm_funded(refill, "ana")
    town.chain.revert(mark)

    refused(town, desk, NotFundedError, "has not got", lambda: desk.finish(refill, "ana"))
    assert desk.open_draft(refill) is not None
    refused(
        town, desk, WrongOrderError, "still sign", lambda: desk.abandon(refill, "ana", "it is gone")
    )


@pytest.mark.parametrize("then", ["executed again", "given up"])
def test_funded__and_reorganised_away__comes_to_an_end(
    town: Town, desk: RefillDesk, then: str
) -> None:
    """
    T32: in another block it is closed with that one; and what owners let die is given up.
    """
    refill = town.approved(desk)
    refill, made = desk.draft(refill, "ana")
    mark = town.chain.snapshot()
    town.sign_and_execute(desk, made)
    refill = desk.confirm_funded(refill, "ana")
    assert refill.funding is not None
    first = refill.funding
    refused(town, desk, WrongOrderError, "funded", lambda: desk.abandon(refill, "ana", "no"))
    town.chain.revert(mark)
    town.chain.warp(by=60)
    if then == "given up":
        town.sign_and_execute(desk, reject(desk.safe, made, author="ana"))
        assert desk.abandon(refill, "ana", "its block is gone").stage is Stage.ABANDONED
        return
    execute(desk.safe, desk.safe.store.find(made.id), KeyGas(town.chain))

    closed = desk.finish(refill, "dana")

    assert closed.funding is not None
    assert closed.stage is Stage.FINISHED
    assert (closed.funding.by, first.by) == ("dana", "ana")
    assert closed.funding.block != first.block
    assert closed.funding.signers == first.signers


def test_abandon__what_nobody_drafted__ends_it(town: Town, desk: RefillDesk) -> None:
    """
    Given up, nothing can be done with it any more.
    """
    refill = town.approved(desk)
    refill = desk.abandon(refill, "ana", "the alarm was real")

    assert refill.stage is Stage.ABANDONED
    refused(town, desk, WrongOrderError, "abandoned", lambda: desk.draft(refill, "ana"))
    with pytest.raises(UnknownRefillError, match="No refill is under way"):
        desk.folder.find()


# The pages


def test_pages__of_a_refill__say_everything_and_load_nothing(desk: RefillDesk) -> None:
    """
    One page without script or anything from elsewhere; the alarms, figures, hash and checklist are
    on it and in the Markdown.
    """
    refill, report = begin(desk)
    html, text = build_html(report, refill), build_markdown(report, refill)

    for page in (html, text):
        for said in (refill.report_hash, "10,323", "15,000", THIEF, "Treasury manager approval"):
            assert said in page
    for loaded in ("<script", "src=", "href=", "url(", "@import", "http:", "https:"):
        assert loaded not in html
    assert html.count("<svg") == 3
    assert html.count('<rect class="odd') == 1


def test_pages__with_hostile_names__are_escaped(desk: RefillDesk) -> None:
    """
    A wallet's name or a reason that somebody chose runs nothing and breaks no table.
    """
    refill, report = begin(desk)
    hostile = "<script>alert(1)</script> | `x`"
    line = report.lines[0].model_copy(update={"wallet": hostile, "reason": hostile})
    report = report.model_copy(update={"lines": (line,), "differences": (hostile,)})

    assert "<script>" not in build_html(report, refill)
    text = build_markdown(report, refill)
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "\\|" in text


def test_folder__of_another_machine__is_read(town: Town, desk: RefillDesk, tmp_path: Path) -> None:
    """
    What is kept is files: copied elsewhere, another person goes on.
    """
    refill = town.approved(desk)
    shutil.copytree(tmp_path, tmp_path.parent / "elsewhere")
    other = town.desk(tmp_path.parent / "elsewhere")

    assert other.folder.find() == refill
