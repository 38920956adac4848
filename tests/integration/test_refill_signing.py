"""
A refill whose report no longer holds is neither signed nor sent, whoever drafted it and wherever
its owners sit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.contracts import wallet_at
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import sign as sign_with
from bursar.devnet import USDC
from bursar.treasury.refills.calls import build_calls
from bursar.treasury.refills.desk import RefillDesk
from bursar.treasury.refills.errors import StaleReportError
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.folder import RefillFolder, read_report
from bursar.treasury.refills.judging import Judge
from bursar.treasury.refills.reporting import FileRead, Reporter
from bursar.treasury.safe import (
    Draft,
    DraftStore,
    SafeDesk,
    UnbackedRefillError,
    UnjudgedRefillError,
    add_signature,
    draft,
    reject,
)
from bursar.treasury.safe.execution import execute
from bursar.treasury.safe.signing import sign
from bursar.treasury.safe.summary import build_summary
from bursar.types import DAY
from tests.integration.refilling import THIEF, KeyGas, KeyOwner, Town, week

ANA, BEN = KeyOwner("owner ana"), KeyOwner("owner ben")


@pytest.fixture(scope="module")
def founded() -> Iterator[Town]:
    """
    One week for all tests of the module.
    """
    with week() as town:
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
    Where the refill was drafted.
    """
    return town.desk(tmp_path)


def drafted(town: Town, desk: RefillDesk) -> Draft:
    """
    The draft of a refill that was confirmed and approved.
    """
    return desk.draft(town.approved(desk), "ana")[1]


def elsewhere(town: Town, folder: Path, *given: Report) -> SafeDesk:
    """
    Another owner's machine: no refills, no treasury.yaml, and what was handed over.
    """
    office = town.office()
    kept = RefillFolder(folder / "refills", town.book.chain_id, town.book.organization)
    judge = Judge(
        kept,
        town.book,
        lambda report, refill: Reporter(office, office, FileRead(None, report.source)),
        given,
    )
    return SafeDesk.of(office, DraftStore(folder, town.book.chain_id, town.book.safe), judge)


def refused(town: Town, desk: SafeDesk, made: Draft, kind: type[Exception], words: str) -> str:
    """
    Signing, adding a signature and executing are refused, and change nothing. Returns the words.
    """
    before = town.chain.fetch_storage(town.book.safe, 5), desk.store.find(made.id)
    signature = sign_with(made.transaction, ANA.key).data
    attempts: list[Callable[[], object]] = [
        lambda: sign(desk, made, ANA),
        lambda: add_signature(desk, made, signature),
        lambda: execute(desk, made, KeyGas(town.chain)),
    ]
    for attempt in attempts:
        with pytest.raises(kind, match=words) as told:
            attempt()
    assert (town.chain.fetch_storage(town.book.safe, 5), desk.store.find(made.id)) == before
    return str(told.value)


def test_sign__report_that_holds__is_signed_and_executed_and_says_who_approved(
    town: Town, desk: RefillDesk
) -> None:
    """
    The neighbour of every refusal here.
    """
    made = drafted(town, desk)
    summary = build_summary(desk.safe, made, town.office().view())
    assert "still holds; mia approved it" in summary.report

    done = town.sign_and_execute(desk, made)

    assert done.executed_in is not None


def test_sign__report_of_yesterday__is_refused_with_since_when_and_what_to_do(
    town: Town, desk: RefillDesk
) -> None:
    """
    A day after, and both signatures given in time: too late to send, too. A new report and a
    rejection are what is left, and the rejection can be signed.
    """
    made = drafted(town, desk)
    for owner in (ANA, BEN):
        made = sign(desk.safe, made, owner)
    town.chain.warp(by=DAY + 120)

    said = refused(
        town, desk.safe, made, StaleReportError, "more than 24 hours old since 2026-01-1"
    )

    assert f"`bursar safe reject {made.id[:12]}`" in said
    assert "Report again" in said
    summary = build_summary(desk.safe, made, town.office().view())
    assert (summary.refused, summary.ready) == (said, False)
    town.sign_and_execute(desk, reject(desk.safe, made, author="ana"))


def test_sign__policy_changed_since__is_refused_with_the_change_and_its_time(
    town: Town, desk: RefillDesk
) -> None:
    """
    What was looked at is no longer so.
    """
    made = drafted(town, desk)
    trading = wallet_at(town.chain, town.book.wallets["trading"])
    town.by_treasury(trading.build_call("set_grace", 2 * 3600))
    made = draft(
        desk.safe, build_calls(town.office(), report_of(desk)), purpose="again", author="ana"
    )

    refused(town, desk.safe, made, StaleReportError, r"At 2026-01-12 10:\d\d, trading: .*2h")


def report_of(desk: RefillDesk) -> Report:
    """
    The report of the only refill.
    """
    return desk.folder.report(desk.folder.find())


def test_sign__other_calls_under_a_good_reports_hash__is_refused(
    town: Town, desk: RefillDesk
) -> None:
    """
    A hostile owner borrows the hash of what people approved: more money, another wallet, one call
    more, or bytes that nobody reads behind the last one.
    """
    drafted(town, desk)
    calls = list(build_calls(town.office(), report_of(desk)))
    trading = wallet_at(town.chain, town.book.wallets["trading"])
    report_hash = report_of(desk).hash
    more = trading.build_call("refill", town.usdc, 16_001 * USDC, report_hash)
    longer = Call(calls[-1].to, calls[-1].data + bytes(32), calls[-1].value)
    variants: dict[str, list[Call]] = {
        "more money": [*calls[:-1], more],
        "one left out": calls[:-2],
        "one call more": [*calls, trading.build_call("set_grace", 2 * 3600)],
        "unread bytes": [*calls[:-1], longer],
    }
    for name, forged in variants.items():
        made = draft(desk.safe, forged, purpose=name, author="ben")
        refused(town, desk.safe, made, UnbackedRefillError, "not the ones that were decided")


def test_sign__refill_that_no_report_stands_behind__is_refused(
    town: Town, desk: RefillDesk
) -> None:
    """
    Whoever drafts past the checklist, in another client, gets no signature here.
    """
    trading = wallet_at(town.chain, town.book.wallets["trading"])
    plain = trading.build_call("refill", town.usdc, 10 * USDC, bytes(32))
    made = draft(desk.safe, [plain], purpose="just this once", author="ben")

    refused(town, desk.safe, made, UnjudgedRefillError, "not on this machine")


@pytest.mark.parametrize("what", ["not approved", "given up"])
def test_sign__refill_that_people_did_not_want__is_refused(
    town: Town, desk: RefillDesk, what: str
) -> None:
    """
    The record of the refill counts where it is: a report alone is no approval.
    """
    refill, report = desk.begin("ana", "treasury.yaml")
    if what == "given up":
        desk.abandon(refill, "ana", "second thoughts")
    calls = build_calls(town.office(), report)
    made = draft(desk.safe, calls, purpose="early", author="ben")

    words = {"not approved": "has not approved", "given up": "ana gave up"}[what]
    refused(town, desk.safe, made, UnbackedRefillError, words)


def test_sign__on_another_machine__needs_the_report_and_then_judges_it(
    town: Town, desk: RefillDesk, tmp_path: Path
) -> None:
    """
    Without the report it cannot be judged, so it is refused; with the file it is, against the
    chain, and with somebody else's file it is not.
    """
    made = drafted(town, desk)
    file = desk.folder.path(desk.folder.find()) / "report.json"
    blank = elsewhere(town, tmp_path / "blank")
    blank.store.save(made)
    refused(town, blank, made, UnjudgedRefillError, "cannot be told.*--report FILE")

    other = desk.reporter.build("cleo")
    wrong = elsewhere(town, tmp_path / "wrong", other)
    wrong.store.save(made)
    refused(town, wrong, made, UnjudgedRefillError, "not on this machine")

    with_file = elsewhere(town, tmp_path / "with", read_report(file))
    with_file.store.save(made)
    assert "Not known here" in with_file.reports.judge(made.transaction)
    assert len(sign(with_file, made, BEN).signatures) == 1
    town.pay("trader", 5_000)
    refused(town, with_file, made, StaleReportError, "had 14,000 USDC in block")


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"at": 4_000_000_000}, StaleReportError, "says that it is of 2096"),
        ({"block": 1, "block_hash": "0x" + "ab" * 32}, StaleReportError, "reorganised"),
        ({"block": 10**9}, StaleReportError, "reorganised"),
        ({"chain_id": 1}, UnbackedRefillError, "another organisation or chain"),
        ({"findings": ()}, StaleReportError, "A new alarm"),
        ({"more": 7}, UnbackedRefillError, "do not add up"),
    ],
)
def test_sign__report_that_somebody_made_up__is_judged_by_the_chain(
    town: Town,
    desk: RefillDesk,
    tmp_path: Path,
    change: dict[str, Any],
    kind: type[Exception],
    words: str,
) -> None:
    """
    A file that is handed over says anything under its own hash: what the chain shows otherwise, or
    what would never grow stale, is refused.
    """
    if "findings" in change:
        town.pay("shopper", 900, THIEF)
        town.pay("shopper", 850, THIEF)
    report = desk.reporter.build("ana")
    more = change.get("more", 0)
    lines = tuple(one.model_copy(update={"amount": one.amount + more}) for one in report.refilled)
    forged = report.model_copy(
        update={key: value for key, value in change.items() if key != "more"} | {"lines": lines}
    )
    there = elsewhere(town, tmp_path / "there", forged)
    calls = build_calls(town.office(), forged)
    made = draft(there, calls, purpose="as agreed", author="ben")

    refused(town, there, made, kind, words)
