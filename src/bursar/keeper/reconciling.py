"""
What is due, compared with what is under way: the difference is burned or sent.

    View, under way → share → judge → find_unwanted → burn → send → CycleReport

Where several keepers share the work, a part of it is judged and sent by the one whose it is. The
heartbeat is each keeper's own, and says that this one watches.
"""

import threading
from collections.abc import Collection, Sequence

from bursar.chain.errors import ChainError, NoAnswerError, NoGasMoneyError, NotMinedError, RpcError
from bursar.chain.sending import HandedOverError
from bursar.changes import Change
from bursar.keeper.changes import ChangeDesk, find_due_changes
from bursar.keeper.changes import keys_in_doubt as changes_in_doubt
from bursar.keeper.decisions import Action, find_due
from bursar.keeper.desk import Desk
from bursar.keeper.orders import Order, Sent, find_unwanted, part_of, send_all
from bursar.keeper.plans import Plan
from bursar.keeper.plans import keys_in_doubt as payments_in_doubt
from bursar.keeper.ports import ChainView, Node, Sender, Sharing
from bursar.keeper.pulse import Pulse
from bursar.keeper.report import (
    ChangeReport,
    CycleReport,
    Heartbeat,
    Outcome,
    PaymentReport,
    ProblemKind,
)
from bursar.types import FOREVER, Address, Role


class Reconciler:
    """
    Acts on what one keeper sees of `organization`, with its one key.
    """

    def __init__(
        self, node: Node, sender: Sender, organization: Address, pulse: Pulse, sharing: Sharing
    ) -> None:
        self._sender = sender
        self._organization = organization
        self._pulse = pulse
        self._sharing = sharing
        self._desk = Desk(node, sender, sharing)
        self._changes = ChangeDesk(node, sender)

    def work(
        self,
        view: ChainView,
        report: CycleReport,
        *,
        lack: str | None,
        dry_run: bool,
        stop: threading.Event,
    ) -> bool:
        """
        Compare what is due with what is under way, and act on the difference. Whether there was
        anything to send but a heartbeat. `lack` says why the key could not pay for a stop.
        """
        under_way = self._sender.under_way()
        mine = self._take_share(view, under_way, dry_run)
        beat = self._plan_heartbeat(view, report, lack, first=self._organization in mine)
        verdicts = list(self._desk.judge(view, under_way, mine))
        changes = list(self._changes.judge(view)) if self._organization in mine else []
        if dry_run or stop.is_set():
            report.heartbeat = Heartbeat.WOULD_SEND if beat else report.heartbeat
            report.payments += [_as_dry(v) if isinstance(v, Plan) else v for v in verdicts]
            report.changes += [_as_dry_change(*pair) for pair in changes]
            return False
        orders = [v.order for v in verdicts if isinstance(v, Plan)]
        orders += [order for _, order in changes if isinstance(order, Order)]
        wanted = {order.key for order in orders}
        wanted |= payments_in_doubt(view.state, verdicts)
        wanted |= changes_in_doubt(view.state, changes)
        self._abandon(find_unwanted(sorted(under_way), wanted), report)
        sent = send_all(self._sender, [beat, *orders] if beat else orders)
        if any(map(_cannot_send, sent)) or _cannot_judge(verdicts):
            self._sharing.rest()
        if beat:
            self._conclude_heartbeat(report, sent.pop(0))
        self._conclude(view, report, verdicts, changes, sent)
        self._complain_of(self._sender.advance(), report)
        return bool(orders)

    def _take_share(
        self, view: ChainView, under_way: Collection[str], dry_run: bool
    ) -> Collection[Address]:
        """
        Of which wallets the payments are this keeper's to deal with, and whether the organisation
        is: its changes, and the heartbeat before all others.
        """
        state, at = view.state, view.head.at + view.rhythm
        parts = [self._organization, *state.registry]
        if dry_run:
            return parts
        wanted = {due.wallet for due in find_due(state, at)}
        if state.heartbeat_timeout != FOREVER or find_due_changes(state, at):
            wanted.add(self._organization)
        found = (part_of(self._organization, key) for key in under_way)
        busy = {part for part in found if part is not None}
        able = Role.KEEPER in state.roles(self._sender.address)
        return self._sharing.take(parts, wanted, busy, able=able)

    def _conclude(
        self,
        view: ChainView,
        report: CycleReport,
        verdicts: Sequence[Plan | PaymentReport],
        changes: Sequence[tuple[Change, Order | ChangeReport]],
        sent: Sequence[Sent],
    ) -> None:
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
            if not isinstance(error, HandedOverError):
                report.complain(ProblemKind.SENDING, error)

    def _plan_heartbeat(
        self, view: ChainView, report: CycleReport, lack: str | None, *, first: bool
    ) -> Order | None:
        report.heartbeat, order, trouble = self._pulse.plan(view, lack, first=first)
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


def _cannot_send(sent: Sent) -> bool:
    """
    Whether another keeper might have done better: the key has no money, or the node is no help.
    """
    if isinstance(sent, NotMinedError):
        return False
    return isinstance(sent, NoGasMoneyError | NoAnswerError | RpcError)


def _cannot_judge(verdicts: Sequence[Plan | PaymentReport]) -> bool:
    """
    Whether the node has said of none of the payments what would become of it.
    """
    others = (Outcome.LEFT, Outcome.LATER)
    judged = [v for v in verdicts if isinstance(v, Plan) or v.outcome not in others]
    failed = [v for v in judged if not isinstance(v, Plan) and v.outcome is Outcome.FAILED]
    return bool(failed) and len(failed) == len(judged)


def _as_dry(plan: Plan) -> PaymentReport:
    executes = plan.action is Action.EXECUTE
    outcome = Outcome.WOULD_EXECUTE if executes else Outcome.WOULD_CANCEL
    return PaymentReport(plan.due, outcome, plan.why)


def _as_dry_change(change: Change, verdict: Order | ChangeReport) -> ChangeReport:
    if isinstance(verdict, ChangeReport):
        return verdict
    return ChangeReport(change, Outcome.WOULD_APPLY)
