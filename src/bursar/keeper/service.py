"""
The keeper: executes what is due, cancels what no longer fits, applies changes that have waited, and
shows by a heartbeat that it watches.

    catch up → judge at one block → compare with what is under way → burn, send → catch up → report

Nothing is remembered that would have to be recovered: what is due follows from the chain, and what
is under way from the sender's journal. A keeper that is killed anywhere and started anew compares
the same two and goes on. It can stop money and never move it: all that its key may do beyond what
anybody may is to cancel and to stop.
"""

import logging
import threading
import time

from bursar.chain.follower import HaltedError, LaggingNodeError
from bursar.errors import BursarError
from bursar.keeper.decisions import Due, find_expired, find_queued
from bursar.keeper.freshness import Freshness
from bursar.keeper.funds import Funds
from bursar.keeper.notices import MemoryNotices, NoticeKind, Notices, build_notice
from bursar.keeper.ports import (
    Bookkeeper,
    ChainView,
    Clock,
    Node,
    Sender,
    Sharing,
    Tell,
    Watcher,
    Witness,
)
from bursar.keeper.pulse import Pulse
from bursar.keeper.reconciling import Reconciler
from bursar.keeper.report import CycleReport, Outcome, ProblemKind, ReportLog
from bursar.keeper.settings import KeeperSettings
from bursar.keeper.sharing import Alone
from bursar.keeper.telling import Teller
from bursar.reasons import Reason
from bursar.store.errors import StoreError
from bursar.store.sending_leases import LeaseHeldError, LeaseLostError
from bursar.types import ZERO_ADDRESS, Address, Bytes32, Role

_log = logging.getLogger("bursar.keeper")


class Keeper:
    """
    One keeper of one organisation, with one key.

    watcher: what the chain's events come to. witness: another node, which has to see the same chain
    for a heartbeat. stopper: the account that stops, where it is not the sender's: no heartbeat
    without its being able to pay for stops. books: who writes down what has happened. sharing:
    other keepers that share the work.
    """

    def __init__(
        self,
        node: Node,
        sender: Sender,
        organization: Address,
        *,
        watcher: Watcher,
        witness: Witness | None = None,
        stopper: Address | None = None,
        notices: Notices | None = None,
        tell: Tell | None = None,
        books: Bookkeeper | None = None,
        sharing: Sharing | None = None,
        clock: Clock = time.time,
        settings: KeeperSettings | None = None,
    ) -> None:
        self._node = node
        self._sender = sender
        self._organization = organization
        self._clock = clock
        self._settings = settings or KeeperSettings()
        self._freshness = Freshness(self._settings.max_head_age, clock)
        self._watcher = watcher
        self._sharing = sharing or Alone()
        pulse = Pulse(node, sender, organization, witness)
        self._reconciler = Reconciler(node, sender, organization, pulse, self._sharing)
        stopper = stopper or sender.address
        self._funds = Funds(node, sender.address, stopper, clock, self._settings)
        self._teller = Teller(notices or MemoryNotices(), tell)
        self._books = books
        self._report_log = ReportLog(_log)
        self._refused: dict[tuple[Address, Bytes32, int], str] = {}

    def run_once(
        self, *, dry_run: bool = False, stop: threading.Event | None = None
    ) -> CycleReport:
        """
        Look once and do what is to do. Whatever goes wrong is in the report, never raised.

        dry_run: judge, and neither send nor tell anything. stop: once it is set nothing new is
        sent; what is under way is waited for.
        """
        report = CycleReport(clock=self._clock())
        try:
            self._cycle(report, dry_run, stop or threading.Event())
        except LaggingNodeError as error:
            report.complain(ProblemKind.LAGGING, error)
        except (LeaseHeldError, LeaseLostError) as error:
            report.complain(ProblemKind.STANDBY, error)
        except StoreError as error:
            report.complain(ProblemKind.STORE, error)
        except HaltedError as error:
            report.complain(ProblemKind.HALTED, error)
        except BursarError as error:
            report.complain(ProblemKind.NO_ANSWER, error)
        except Exception as error:  # noqa: BLE001 - the loop goes on, whatever it was
            _log.exception("A fault of the keeper's own.")
            report.complain(ProblemKind.FAULT, repr(error))
        self._keep_books(report)
        self._report_log.write(report)
        return report

    def _cycle(self, report: CycleReport, dry_run: bool, stop: threading.Event) -> None:
        view = self._look(report)
        if view.state.organization == ZERO_ADDRESS:
            report.complain(
                ProblemKind.NO_ORGANIZATION,
                f"{self._organization} has logged nothing: check the address, the chain and the "
                "block of its creation.",
            )
            return
        self._check_role(view, report)
        self._check_funds(report)
        if self._is_fresh(view, report) and not stop.is_set():
            lack = self._funds.find_lack_for_stop()
            sent = self._reconciler.work(view, report, lack=lack, dry_run=dry_run, stop=stop)
            if not dry_run:
                self._remember(report)
            if sent:
                self._look(report)
        if not dry_run:
            report.notices += self._teller.tell_all(
                lambda text: report.complain(ProblemKind.NOTICE, text)
            )

    def _keep_books(self, report: CycleReport) -> None:
        """
        Last, so that nothing that is due waits for it.
        """
        if self._books is None:
            return
        try:
            report.add(self._books.keep())
        except Exception as error:  # noqa: BLE001 - the loop goes on, whatever it was
            _log.exception("A fault of the keeper's own, in its books.")
            report.complain(ProblemKind.FAULT, repr(error))

    def _look(self, report: CycleReport) -> ChainView:
        view = self._watcher.catch_up()
        report.block, report.block_at = view.head.number, view.head.at
        for cancelled in view.cancelled:
            if cancelled.by == self._sender.address:
                self._notice(NoticeKind.CANCELLED, cancelled.due, cancelled.reason)
        for due in find_expired(view.state, view.head.at):
            if self._teller.knows((NoticeKind.EXPIRED, *due.key)):
                continue
            last = self._refused.pop(due.key, "")
            reason = f"{Reason.QUEUE_EXPIRED} ({last})" if last else str(Reason.QUEUE_EXPIRED)
            self._notice(NoticeKind.EXPIRED, due, reason)
        queued = {due.key for due in find_queued(view.state)}
        self._refused = {key: why for key, why in self._refused.items() if key in queued}
        return view

    def _is_fresh(self, view: ChainView, report: CycleReport) -> bool:
        """
        Whether the head is near the present. What is wrong is told.
        """
        present = self._freshness.look(view.head)
        if present.skewed:
            report.complain(ProblemKind.CLOCK, present.skewed)
        if present.stale:
            self._sharing.let_go()
            report.complain(ProblemKind.STALE, present.stale)
        return not present.stale

    def _check_role(self, view: ChainView, report: CycleReport) -> None:
        address = self._sender.address
        if Role.KEEPER not in view.state.roles(address):
            report.complain(
                ProblemKind.NOT_A_KEEPER,
                f"{address} is no keeper of {self._organization}: it can execute, not cancel, and "
                "its heartbeat does not count. `bursar safe draft add-keeper` makes it one.",
            )

    def _check_funds(self, report: CycleReport) -> None:
        lack, trouble = self._funds.check()
        if trouble is not None:
            report.complain(ProblemKind.NO_ANSWER, trouble)
        if lack is not None:
            report.complain(ProblemKind.FUNDS, lack)

    def _remember(self, report: CycleReport) -> None:
        """
        Why a payment waits, for when it expires; and what its sender has to know before.
        """
        for payment in report.payments:
            if payment.outcome is Outcome.WAITING:
                self._refused[payment.due.key] = payment.why
            if payment.told:
                self._notice(NoticeKind.REFUSED, payment.due, payment.why)

    def _notice(self, kind: NoticeKind, due: Due, reason: str) -> None:
        if not self._teller.knows((kind, *due.key)):
            self._teller.add(build_notice(kind, due.wallet, due.id, due.payment, reason))
