"""
In chapter `topology`: the keeper's alert of a low balance, and its end by the refill.

    chain → Following → store → Alerting → alerts; the report reads them
"""

from contextlib import closing
from typing import Final

from bursar.chain.follower import Endpoint, Endpoints
from bursar.config import AlertKind
from bursar.demo.company import TOPOLOGY, Company
from bursar.demo.report import ChapterReport, Outcome, check
from bursar.devnet import address_of
from bursar.keeper.alerting import Alerting, AlertPlaces
from bursar.keeper.alerts_beside import NodeBalances
from bursar.keeper.following import Following
from bursar.keeper.watching import FollowAlone, StoredView, Tip
from bursar.store.alerts import StoredAlert, Whose, fetch_alerts
from bursar.store.chain_writer import find_cursor
from bursar.store.database import Database
from bursar.treasury.refills.evidence import Report
from bursar.treasury.refills.recorded_alerts import RecordedAlerts
from bursar.types import Address

_FINAL_AFTER: Final = 0


class Watch:
    """
    The alerts of a company, in a store of its own.
    """

    def __init__(self, company: Company) -> None:
        self._company = company
        self._whose = Whose(company.book.chain_id, company.book.organization)
        self._file = company.folder / "store" / "bursar.db"
        self._settings = company.folder / "treasury.yaml"
        self._settings.write_text(TOPOLOGY.read_text())

    @property
    def recorded(self) -> RecordedAlerts:
        """
        As the refill report reads them, and settles them.
        """
        return RecordedAlerts(f"sqlite:///{self._file}", self._company.book)

    def tell_low(self, report: ChapterReport, wallet: Address) -> None:
        """
        What the keeper finds: the wallet is low. It tells, and does nothing.
        """
        with self._company.changing("A low balance moves nothing", {}):
            (alert,) = self._look(wallet)
        check("The alert is open", True, alert.is_open)
        check("Nothing is drafted", [], list(self._company.folder.rglob("drafts/*")))
        report.tell("keeper", "raises an alert", Outcome.DONE, alert.found.text)

    def tell_cleared(self, report: ChapterReport, wallet: Address, evidence: Report) -> None:
        """
        What has become of it: the refill has settled it.
        """
        (alert,) = self._look(wallet)
        who = f"refill 0x{evidence.hash.hex()}"
        check("The refill has cleared the alert", who, alert.cleared_by)
        told = "by the refill: its reference is the report's hash"
        report.tell("keeper", "clears the alert", Outcome.DONE, told)

    def _look(self, wallet: Address) -> list[StoredAlert]:
        """
        The alerts of a low balance of the wallet, after another look at the chain.
        """
        company, url = self._company, self._company.chain.rpc.url
        places = AlertPlaces(company.book, company.plan.name, self._settings, {})
        with Database.open(f"sqlite:///{self._file}") as database:
            by = address_of(company.keeper)
            alerting = Alerting(database, NodeBalances(url), self._whose, places, by=by)
            alerting.see(self._follow(database, url))
            alerting.look()
            found = database.read(lambda c: fetch_alerts(c, self._whose))
        low = [one for one in found if one.found.kind == AlertKind.BALANCE_LOW]
        return [one for one in low if one.found.wallet == wallet]

    def _follow(self, database: Database, url: str) -> StoredView:
        """
        The chain into the store, as the keeper does it.
        """
        chain_id, organization = self._whose
        following = Following(
            database,
            Endpoints([Endpoint(url)]),
            organization,
            chain_id=chain_id,
            first=self._company.book.block,
            depth=_FINAL_AFTER,
        )
        with closing(FollowAlone(following)) as follow:
            state = follow()
        cursor = database.read(lambda c: find_cursor(c, *self._whose))
        assert cursor is not None, "it was followed"
        assert cursor.hash is not None, "it was followed"
        head = Tip(cursor.number, f"0x{cursor.hash.hex()}", cursor.at)
        return StoredView(head=head, state=state, rhythm=0, cancelled=())
