"""
The keeper: executes what is due, cancels what no longer fits, shows by a heartbeat that it watches.

    catch up → judge at one block → send → catch up → tell → report

It can stop money and never move it: all that its key may do beyond what anybody may is to cancel
and to stop. It keeps nothing that the chain does not: started anew, it reads from the creation of
the organisation on, and goes on.
"""

import logging
import threading
import time
from typing import Final

from bursar.chain.client import Receipt
from bursar.chain.contracts import organization_type
from bursar.chain.errors import ChainError
from bursar.chain.reader import Call
from bursar.errors import BursarError
from bursar.keeper.decisions import (
    Action,
    Due,
    count_affordable,
    find_expired,
    find_queued,
    is_beat_due,
)
from bursar.keeper.desk import Desk, Plan, send_all
from bursar.keeper.follower import Follower, LaggingError, View
from bursar.keeper.notices import MemoryNotices, NoticeKind, Notices, build_notice
from bursar.keeper.ports import Clock, Node, Sender, Tell
from bursar.keeper.report import (
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
from bursar.types import FOREVER, NATIVE, ZERO_ADDRESS, Address, Bytes32, Role

# What the key pays for: an `execute`, and room for a token that needs more than usual.
USUAL_GAS: Final = 120_000

_log = logging.getLogger("bursar.keeper")


class Keeper:
    """
    One keeper of one organisation, with one key. `first` is the block of the organisation's
    creation, or any before it.
    """

    def __init__(
        self,
        node: Node,
        sender: Sender,
        organization: Address,
        *,
        first: int = 0,
        notices: Notices | None = None,
        tell: Tell | None = None,
        clock: Clock = time.time,
        settings: KeeperSettings | None = None,
    ) -> None:
        self._node = node
        self._sender = sender
        self._organization = organization
        self._clock = clock
        self._settings = settings or KeeperSettings()
        self._follower = Follower(node, organization, first=first)
        self._desk = Desk(node, sender)
        self._teller = Teller(notices or MemoryNotices(), tell)
        self._report_log = ReportLog(_log)
        self._funds_at = float("-inf")
        self._funds: str | None = None
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
        except LaggingError as error:
            report.complain(ProblemKind.LAGGING, error)
        except BursarError as error:
            report.complain(ProblemKind.NO_ANSWER, error)
        except Exception as error:  # noqa: BLE001 - the loop goes on, whatever it was
            _log.exception("A fault of the keeper's own.")
            report.complain(ProblemKind.FAULT, repr(error))
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
        if self._is_fresh(view, report) and not stop.is_set():
            self._work(view, report, dry_run, stop)
        self._check_funds(report)
        if not dry_run:
            report.notices += self._teller.tell_all(
                lambda text: report.complain(ProblemKind.NOTICE, text)
            )

    def _look(self, report: CycleReport) -> View:
        view = self._follower.catch_up()
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

    def _is_fresh(self, view: View, report: CycleReport) -> bool:
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

    def _check_role(self, view: View, report: CycleReport) -> None:
        address = self._sender.address
        if Role.KEEPER not in view.state.roles(address):
            report.complain(
                ProblemKind.NOT_A_KEEPER,
                f"{address} is no keeper of {self._organization}: it can execute, not cancel, and "
                "its heartbeat does not count. The treasury has to set it with set_keeper.",
            )

    def _check_funds(self, report: CycleReport) -> None:
        if self._clock() >= self._funds_at + self._settings.funds_every:
            try:
                self._funds = self._find_lack_of_funds()
            except ChainError as error:
                report.complain(ProblemKind.NO_ANSWER, error)
            self._funds_at = self._clock()
        if self._funds is not None:
            report.complain(ProblemKind.FUNDS, self._funds)

    def _find_lack_of_funds(self) -> str | None:
        address = self._sender.address
        wei, price = self._node.fetch_holding(NATIVE, address), self._node.fetch_gas_price()
        count = count_affordable(wei, price, USUAL_GAS)
        if count >= self._settings.least_transactions:
            return None
        return (
            f"The keeper's account {address} holds {wei} wei, enough for about {count} "
            f"transactions at {price} wei per gas. Send it some of the chain's own currency: "
            "without it nothing is executed, and a missing heartbeat stops every wallet."
        )

    def _work(self, view: View, report: CycleReport, dry_run: bool, stop: threading.Event) -> None:
        beat = self._plan_heartbeat(view, report)
        verdicts = list(self._desk.judge(view))
        plans = [verdict for verdict in verdicts if isinstance(verdict, Plan)]
        if dry_run or stop.is_set():
            report.heartbeat = Heartbeat.WOULD_SEND if beat else report.heartbeat
            report.payments += [_as_dry(v) if isinstance(v, Plan) else v for v in verdicts]
            return
        orders = [(plan.call, plan.gas) for plan in plans]
        sent = send_all(self._sender, [(beat, None), *orders] if beat else orders)
        if beat:
            self._conclude_heartbeat(report, sent.pop(0))
        results = iter(sent)
        report.payments += [
            self._desk.conclude(v, next(results), view.head.at) if isinstance(v, Plan) else v
            for v in verdicts
        ]
        self._remember(report)
        if orders:
            self._look(report)

    def _plan_heartbeat(self, view: View, report: CycleReport) -> Call | None:
        """
        The call, where it is time for one. Another keeper's counts as well.
        """
        state, at = view.state, view.head.at + view.rhythm
        report.heartbeat = Heartbeat.NOT_DUE
        if state.heartbeat_timeout == FOREVER:
            report.heartbeat = Heartbeat.OFF
        if not is_beat_due(state.last_heartbeat, state.heartbeat_timeout, at):
            return None
        try:
            last = self._node.fetch_last_heartbeat(self._organization)
            if not is_beat_due(last, state.heartbeat_timeout, at):
                return None
            call = Call(self._organization, organization_type().encode("heartbeat"))
            refusal = self._node.simulate(call, self._sender.address, at=at)
        except ChainError as error:
            self._fail_heartbeat(report, error)
            return None
        if refusal is not None:
            self._fail_heartbeat(report, refusal)
            return None
        return call

    def _fail_heartbeat(self, report: CycleReport, why: object) -> None:
        report.heartbeat = Heartbeat.FAILED
        report.complain(ProblemKind.HEARTBEAT, f"The heartbeat is due and cannot be sent: {why}")

    def _conclude_heartbeat(self, report: CycleReport, sent: Receipt | ChainError) -> None:
        if isinstance(sent, Receipt):
            report.heartbeat = Heartbeat.SENT
        else:
            self._fail_heartbeat(report, sent)

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
