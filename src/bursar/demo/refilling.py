"""
The end of chapter `topology`: people refill the wallet that was attacked, with evidence.

    report → checklist → approval → draft → two signatures → executed → confirmed on chain

The same services as `bursar refill` and `bursar safe`, with owners whose keys are public.
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

from eth_account.signers.local import LocalAccount

from bursar.chain.safe_hash import Signable
from bursar.chain.safe_transaction import sign_bare
from bursar.chain.sending import Sender
from bursar.demo.alerting import Watch
from bursar.demo.company import TOPOLOGY, Company, Member, key_of
from bursar.demo.report import ChapterReport, DemoFailed, Outcome, check, usdc
from bursar.errors import BursarError
from bursar.receipts import ReceiptKeys, RetiredKey
from bursar.store.key_file import load_receipt_key
from bursar.treasury import Office
from bursar.treasury.anomalies import Rule
from bursar.treasury.refills.checklist import ALERTS, PATTERNS, build_checklist, build_items
from bursar.treasury.refills.desk import RefillDesk
from bursar.treasury.refills.errors import WrongOrderError
from bursar.treasury.refills.evidence import Report, Source
from bursar.treasury.refills.folder import RefillFolder
from bursar.treasury.refills.judging import Judge
from bursar.treasury.refills.record import Refill
from bursar.treasury.refills.reporting import FileRead, Reporter
from bursar.treasury.refills.targets import Wishes
from bursar.treasury.safe import Draft, DraftStore, MissingSignaturesError, SafeDesk
from bursar.treasury.safe.execution import execute
from bursar.treasury.safe.signing import sign as sign_draft
from bursar.treasury.watching import LiveViews
from bursar.types import Address, checksummed

REPORTER: Final = "ana"
SIGNERS: Final = ("ana", "ben")
_NOTES: Final = {
    PATTERNS: "its key was stolen, and is stopped",
    ALERTS: "the wallet is low because of the theft",
}


class PublicOwner(NamedTuple):
    """
    An owner of a local chain, whose key is public.
    """

    key: LocalAccount

    @property
    def address(self) -> Address:
        """
        The owner.
        """
        return checksummed(self.key.address)

    def sign(self, wanted: Signable, /) -> bytes:
        """
        65 bytes.
        """
        return sign_bare(wanted, self.key)


def play_refill(company: Company, report: ChapterReport, victim: Member) -> None:
    """
    Bring the victim's wallet back to what the file says, and show what keeps people from doing it
    without looking.
    """
    watch = Watch(company)
    desk = _open_desk(company, watch)
    wallet = company.wallets[victim.wallet]
    watch.tell_low(report, wallet.address)
    only = Wishes(wallets=frozenset([wallet.address]))
    refill, evidence = desk.begin(REPORTER, "", only)
    _tell_report(company, report, victim, evidence)
    refill = _approve(company, desk, refill, evidence, report)
    refill, draft = desk.draft(refill, REPORTER)
    _sign_and_execute(company, desk, draft, evidence, report)
    watch.tell_cleared(report, wallet.address, evidence)
    refill = desk.finish(desk.confirm_funded(refill, "dana"), "dana")
    assert refill.closing is not None, "it is finished"
    check("The refill has settled one alert", 1, refill.closing.alerts_cleared)
    left = [done.item.id for done in build_checklist(evidence, refill) if done.by is None]
    check("Nothing on the checklist is open", [], left)
    allowance = company.usdc.view("allowance", company.safe.address, wallet.address)
    check("No approval is left over", 0, allowance)
    (line,) = evidence.refilled
    check("The wallet has what was decided", line.target, company.money(wallet.address))
    report.tell(
        "dana", "confirms the funds", Outcome.DONE, f"{usdc(line.target)}, as the chain says"
    )


def _open_desk(company: Company, watch: Watch) -> RefillDesk:
    office, book, folder = Office(company.chain, company.book), company.book, company.folder
    digest = hashlib.sha256(TOPOLOGY.read_bytes()).hexdigest()
    file = FileRead(company.plan, Source(name=TOPOLOGY.name, sha256=digest))
    keys, alerts = _receipt_keys(company), watch.recorded
    reporter = Reporter(office, LiveViews(office), file, receipts=keys, alerts=alerts)
    kept = RefillFolder(folder / "refills", book.chain_id, book.organization)
    drafts = DraftStore(folder / "drafts", book.chain_id, book.safe)
    safe = SafeDesk.of(office, drafts, Judge(kept, book, lambda report, refill: reporter))
    return RefillDesk(reporter, kept, safe)


def _receipt_keys(company: Company) -> ReceiptKeys:
    """
    Those of all agents' software.
    """
    paths = (company.receipt_key_file(member) for member in company.members.values())
    first, *others = (load_receipt_key(path, create=False) for path in paths)
    return ReceiptKeys(first, [RetiredKey(key, None) for key in others])


def _tell_report(company: Company, report: ChapterReport, victim: Member, evidence: Report) -> None:
    undeclared = [one.agent for one in evidence.alarms if one.rule == Rule.UNDECLARED]
    check("The theft, and nothing else, is undeclared", [victim.name], undeclared)
    check("The chain is as the file says", (), evidence.differences)
    (line,) = evidence.refilled
    check("The report says what the wallet has", company.money(line.address), line.current)
    report.tell(
        REPORTER,
        f"reports on {line.wallet}",
        Outcome.DONE,
        f"has {usdc(line.current)}, refill to {usdc(line.target)}; alarm: "
        f"{victim.name} paid without receipts",
    )


def _approve(
    company: Company,
    desk: RefillDesk,
    refill: Refill,
    evidence: Report,
    report: ChapterReport,
) -> Refill:
    _refused(company, WrongOrderError, lambda: desk.draft(refill, REPORTER))
    report.tell(REPORTER, "drafts a refill", Outcome.REFUSED, "the checklist is open")
    for item in build_items(evidence):
        note = _NOTES.get(item.id, "")
        refill = desk.confirm(refill, [item.id], REPORTER, note)
    manager = company.plan.treasury_manager or ""
    approved = desk.approve(refill, manager)
    items = len(build_items(evidence))
    report.tell(REPORTER, "confirms the checklist", Outcome.DONE, f"{items} items, alarm explained")
    report.tell(manager, "approves", Outcome.DONE, "this report, by its hash")
    return approved


def _sign_and_execute(
    company: Company, desk: RefillDesk, draft: Draft, evidence: Report, report: ChapterReport
) -> None:
    payer = Sender(
        company.chain, company.chain.new_account("relayer"), chain_id=company.chain.chain_id
    )
    (line,) = evidence.refilled
    first, second = (PublicOwner(key_of(company.book.owners[name])) for name in SIGNERS)
    draft = sign_draft(desk.safe, draft, first)
    alone = draft
    _refused(company, MissingSignaturesError, lambda: execute(desk.safe, alone, payer))
    report.tell("one owner", f"refills {line.wallet} alone", Outcome.REFUSED, "two have to sign")
    draft = sign_draft(desk.safe, draft, second)
    moved = {"treasury (Safe)": -line.amount, f'wallet "{line.wallet}"': line.amount}
    with company.changing("The Safe fills this wallet and no other", moved):
        execute(desk.safe, draft, payer)
    report.tell(
        "two owners",
        f"refill {line.wallet}",
        Outcome.DONE,
        f"{usdc(line.amount)}: it holds {usdc(company.money(line.address))} again",
    )


def _refused(company: Company, kind: type[BursarError], attempt: Callable[[], object]) -> None:
    """
    Check that it is refused like that, and moves nothing.
    """
    with company.changing("A refusal moves nothing", {}):
        try:
            attempt()
        except kind:
            return
    raise DemoFailed("It is refused", kind.__name__, "it was accepted")
