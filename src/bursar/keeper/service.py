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
from collections.abc import Sequence

from bursar.chain.errors import ChainError
from bursar.chain.follower import HaltedError, LaggingNodeError
from bursar.changes import Change
from bursar.errors import BursarError
from bursar.keeper.changes import ChangeDesk
from bursar.keeper.changes import keys_in_doubt as changes_in_doubt
from bursar.keeper.decisions import Action, Due, find_expired, find_queued
from bursar.keeper.desk import Desk, Plan
from bursar.keeper.desk import keys_in_doubt as payments_in_doubt
from bursar.keeper.funds import Funds
from bursar.keeper.notices import MemoryNotices, NoticeKind, Notices, build_notice
from bursar.keeper.orders import Order, Sent, find_unwanted, send_all
from bursar.keeper.ports import (
    Bookkeeper,
    ChainView,
    Clock,
    Node,
    Sender,
    Tell,
    Watcher,
    Witness,
)
from bursar.keeper.pulse import Pulse
from bursar.keeper.report import (
    ChangeReport,
    CycleReport,
    Heartbeat,
    Outcome,
    PaymentReport,
    ProblemKind,
    ReportLog,
)
from bursar.keeper.settings import KeeperSettings
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
    without its being able to pay for stops. books: who writes down what has happened.
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
        clock: Clock = time.time,
        settings: KeeperSettings | None = None,
    ) -> None:
        self._node = node
        self._sender = sender
        self._organization = organization
        self._clock = clock
        self._settings = settings or KeeperSettings()
        self._watcher = watcher
        self._desk = Desk(node, sender)
        self._changes = ChangeDesk(node, sender)
        self._pulse = Pulse(node, sender, organization, witness)
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
            self._work(view, report, dry_run, stop)
        if not dry_run:
            report.notices += self._teller.tell_all(
                lambda text: report.complain(ProblemKind.NOTICE, text)
            )

    def _keep_books(self, report: CycleReport) -> None:
        """
        Last, so that nothing that is due waits for it. Who only stands by leaves it to the other.
        """
        if self._books is None or report.has(ProblemKind.STANDBY):
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
        Whether the head is near the present. A heartbeat says that the keeper sees what happens,
        and a cancel that was right an hour ago may be wrong now.
        """
        limit, age = self._settings.max_head_age, self._clock() - view.head.at
        if limit is None or age <= limit:
            return True
        report.complain(
            ProblemKind.STALE,
            f"The node's latest block is {age:.0f} s old: it has stopped, or the chain has. "
            "Nothing is sent before it goes on.",
        )
        return False

    def _check_role(self, view: ChainView, report: CycleReport) -> None:
        address = self._sender.address
        if Role.KEEPER not in view.state.roles(address):
            report.complain(
                ProblemKind.NOT_A_KEEPER,
                f"{address} is no keeper of {self._organization}: it can execute, not cancel, and "
                "its heartbeat does not count. The treasury has to set it with set_keeper.",
            )

    def _check_funds(self, report: CycleReport) -> None:
        lack, trouble = self._funds.check()
        if trouble is not None:
            report.complain(ProblemKind.NO_ANSWER, trouble)
        if lack is not None:
            report.complain(ProblemKind.FUNDS, lack)

    def _work(
        self, view: ChainView, report: CycleReport, dry_run: bool, stop: threading.Event
    ) -> None:
        """
        Compare what is due with what is under way, and act on the difference.
        """
        under_way = self._sender.under_way()
        beat = self._plan_heartbeat(view, report)
        verdicts = list(self._desk.judge(view, under_way))
        changes = list(self._changes.judge(view))
        if dry_run or stop.is_set():
            report.heartbeat = Heartbeat.WOULD_SEND if beat else report.heartbeat
            report.payments += [_as_dry(v) if isinstance(v, Plan) else v for v in verdicts]
            report.changes += [_as_dry_change(*pair) for pair in changes]
            return
        orders = [v.order for v in verdicts if isinstance(v, Plan)]
        orders += [order for _, order in changes if isinstance(order, Order)]
        wanted = {order.key for order in orders}
        wanted |= payments_in_doubt(view.state, verdicts)
        wanted |= changes_in_doubt(view.state, changes)
        self._abandon(find_unwanted(sorted(under_way), wanted), report)
        sent = send_all(self._sender, [beat, *orders] if beat else orders)
        if beat:
            self._conclude_heartbeat(report, sent.pop(0))
        results = iter(sent)
        report.payments += [
            self._desk.conclude(v, next(results), view.head.at) if isinstance(v, Plan) else v
            for v in verdicts
        ]
        report.changes += [
            verdict
            if isinstance(verdict, ChangeReport)
            else self._changes.conclude(change, next(results))
            for change, verdict in changes
        ]
        self._remember(report)
        self._complain_of(self._sender.advance(), report)
        if orders:
            self._look(report)

    def _abandon(self, unwanted: list[str], report: CycleReport) -> None:
        """
        Nothing that was signed before may happen once it was decided that it should not: its nonce
        is used up before anything that is signed from here on.
        """
        for key in unwanted:
            try:
                self._sender.abandon(key)
                report.abandoned.append(key)
            except ChainError as error:
                self._complain_of([error], report)

    def _complain_of(self, troubles: Sequence[ChainError], report: CycleReport) -> None:
        for error in troubles:
            report.complain(ProblemKind.SENDING, error)

    def _plan_heartbeat(self, view: ChainView, report: CycleReport) -> Order | None:
        report.heartbeat, order, trouble = self._pulse.plan(view, self._funds.find_lack_for_stop())
        if trouble:
            self._fail_heartbeat(report, trouble)
        return order

    def _fail_heartbeat(self, report: CycleReport, why: object) -> None:
        report.heartbeat = Heartbeat.FAILED
        report.complain(ProblemKind.HEARTBEAT, f"The heartbeat is due and cannot be sent: {why}")

    def _conclude_heartbeat(self, report: CycleReport, sent: Sent) -> None:
        if isinstance(sent, ChainError):
            self._fail_heartbeat(report, sent)
        else:
            report.heartbeat = Heartbeat.SENT

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


def _as_dry(plan: Plan) -> PaymentReport:
    executes = plan.action is Action.EXECUTE
    outcome = Outcome.WOULD_EXECUTE if executes else Outcome.WOULD_CANCEL
    return PaymentReport(plan.due, outcome, plan.why)


def _as_dry_change(change: Change, verdict: Order | ChangeReport) -> ChangeReport:
    if isinstance(verdict, ChangeReport):
        return verdict
    return ChangeReport(change, Outcome.WOULD_APPLY)
