"""
What is due goes out: judged on the chain one by one, sent together.

    View → find_due → simulate `execute` → decide → Plan → send → PaymentReport

A payment leaves in the first block in which it is due. For that it has to be on its way before
there is such a block, so it is judged at the time that the next block will have at least. Guessed
too early, it reverts (`queue: not due yet`), which costs gas and nothing else.

Keepers that share a store judge the payments of a wallet one at a time. Others need no agreement:
the contract executes a payment once. A keeper does not send where the node's pending block shows
that somebody else has, and one that comes second all the same is told so by the chain, which is no
error.

Nothing is cancelled as long as another keeper's signature could still execute it: the same
arguments may be queued again, under the same id, and that signature would be good for them.

What is under way is judged again like everything else: a plan for it is the same order under the
same key, and goes on with it.
"""

from collections.abc import Collection, Iterator
from typing import Final, TypeAlias

from bursar.chain.client import Receipt
from bursar.chain.errors import ChainError, NotMinedError, RevertedError
from bursar.chain.reader import Call
from bursar.chain.sending import HandedOverError
from bursar.keeper.decisions import (
    LOOK_AGAIN,
    Action,
    Decision,
    Due,
    asks_balance,
    decide,
    find_due,
)
from bursar.keeper.orders import (
    Order,
    Sent,
    build_cancel,
    build_execute,
    cancel_key,
    execute_key,
    execute_stem,
)
from bursar.keeper.plans import Plan
from bursar.keeper.ports import ChainView, Node, Sender, Sharing
from bursar.keeper.report import Outcome, PaymentReport
from bursar.reasons import Reason
from bursar.types import Address, Bytes32

# Nodes keep at least 16 pending transactions of one account.
MOST_AT_ONCE: Final = 16
# A stranger's transaction that is pending and never mined must not keep a payment for long.
DEFERENCE: Final = 60
# For nodes that cannot estimate what is not due yet. An `execute` needs 85,000 with a usual token;
# what is not used is not charged, and one that needs more reverts and is estimated later.
FORESEEN_GAS: Final = 500_000

_Key: TypeAlias = tuple[Address, Bytes32, int]

_SOMEBODY: Final = "somebody else deals with it"
_ANOTHER: Final = "another keeper deals with its wallet"
_BURNT: Final = "it reverted although it should not have: tried again later"
_NO_ROLE: Final = "this key may not cancel: the treasury has to set it as a keeper"


class Desk:
    """
    Decides on due payments. Remembers only what spares the node: when to look again, what was sent.
    """

    def __init__(self, node: Node, sender: Sender, sharing: Sharing) -> None:
        self._node = node
        self._sender = sender
        self._sharing = sharing
        self._waits: dict[_Key, Decision] = {}
        self._burnt: dict[_Key, int] = {}
        self._mined: dict[_Key, int] = {}

    def judge(
        self, view: ChainView, under_way: Collection[str], mine: Collection[Address]
    ) -> Iterator[Plan | PaymentReport]:
        """
        For each due payment what to send, or why nothing. `under_way` has the keys of what is sent
        already, `mine` the wallets that no other keeper deals with.
        """
        at = view.head.at + view.rhythm
        due = find_due(view.state, at)
        self._forget_all_but({entry.key for entry in due})
        plans = 0
        for entry in due:
            if entry.wallet not in mine:
                yield PaymentReport(entry, Outcome.LEFT, _ANOTHER)
                continue
            if plans == MOST_AT_ONCE:
                yield PaymentReport(entry, Outcome.LATER)
                continue
            verdict = self._judge(view, entry, at, under_way)
            plans += isinstance(verdict, Plan)
            yield verdict

    def conclude(self, plan: Plan, sent: Sent, at: int) -> PaymentReport:
        """
        What became of a plan that was sent, judged at time `at`.
        """
        if isinstance(sent, Receipt):
            self._mined[plan.due.key] = sent.block
            done = Outcome.EXECUTED if plan.action is Action.EXECUTE else Outcome.CANCELLED
            return PaymentReport(plan.due, done, plan.why, sent.transaction, sent.block)
        if isinstance(sent, NotMinedError):
            return PaymentReport(plan.due, Outcome.UNDER_WAY, str(sent))
        if isinstance(sent, HandedOverError):
            return PaymentReport(plan.due, Outcome.LEFT, _ANOTHER)
        if not isinstance(sent, RevertedError):
            return PaymentReport(plan.due, Outcome.FAILED, str(sent))
        return self._conclude_revert(plan, sent, at)

    def _conclude_revert(self, plan: Plan, sent: RevertedError, at: int) -> PaymentReport:
        """
        Between the look and the block something changed, which the next look will see. Where it
        sees nothing, gas is not burnt again at once.
        """
        reason = sent.revert.reason
        if reason is Reason.QUEUE_NO_SUCH_PAYMENT:
            return PaymentReport(plan.due, Outcome.LEFT, _SOMEBODY, sent.transaction)
        if reason is not Reason.QUEUE_NOT_DUE and sent.transaction is not None:
            self._burnt[plan.due.key] = at + LOOK_AGAIN
        outcome = Outcome.FAILED if reason is None else Outcome.WAITING
        return PaymentReport(plan.due, outcome, str(sent), sent.transaction)

    def _forget_all_but(self, keys: set[_Key]) -> None:
        for memory in (self._waits, self._burnt, self._mined):
            for key in memory.keys() - keys:
                del memory[key]

    def _judge(
        self, view: ChainView, entry: Due, at: int, under_way: Collection[str]
    ) -> Plan | PaymentReport:
        block = self._mined.get(entry.key, 0)
        if view.head.number < block:
            return PaymentReport(entry, Outcome.LEFT, f"dealt with in block {block}")
        try:
            decision = self._decide(view, entry, at)
            return self._act(view, entry, decision, at, under_way)
        except RevertedError as error:  # something changed between two questions
            return PaymentReport(entry, Outcome.WAITING, str(error))
        except ChainError as error:
            return PaymentReport(entry, Outcome.FAILED, str(error))

    def _decide(self, view: ChainView, entry: Due, at: int) -> Decision:
        before = self._waits.get(entry.key)
        if before is not None and at < before.again_at:
            return before
        payment, state = entry.payment, view.state
        if state.is_stopped(entry.wallet, payment.agent, at):
            return Decision(Action.WAIT, Reason.PAYMENTS_STOPPED)
        call = build_execute(entry)
        refusal = self._node.simulate(call, self._sender.address, at=at)
        decision = decide(
            payment,
            refusal,
            at=at,
            wallet_limit=state.wallet(entry.wallet).wallet_limit(payment.token),
            balance=self._find_balance(entry) if asks_balance(refusal) else None,
        )
        self._waits[entry.key] = decision
        return decision

    def _find_balance(self, entry: Due) -> int | None:
        """
        None where the token has no balance to tell: it is somebody else's contract.
        """
        try:
            return self._node.fetch_holding(entry.payment.token, entry.wallet)
        except RevertedError:
            return None

    def _act(
        self,
        view: ChainView,
        entry: Due,
        decision: Decision,
        at: int,
        under_way: Collection[str],
    ) -> Plan | PaymentReport:
        if decision.action is Action.EXECUTE:
            return self._execute(entry, at, under_way)
        if decision.action is Action.CANCEL:
            return self._cancel(view, entry, decision, under_way)
        leaves = decision.action is Action.LEAVE
        outcome = Outcome.LEFT if leaves else Outcome.WAITING
        return PaymentReport(entry, outcome, decision.why, told=decision.told)

    def _execute(self, entry: Due, at: int, under_way: Collection[str]) -> Plan | PaymentReport:
        call, key = build_execute(entry), execute_key(entry)
        expires_at = entry.payment.expires_at
        if key in under_way:
            return Plan(entry, Action.EXECUTE, "", Order(key, call, None, expires_at))
        if at < self._burnt.get(entry.key, 0):
            return PaymentReport(entry, Outcome.WAITING, _BURNT)
        if at - entry.payment.ready_at < DEFERENCE and self._is_taken(call, at):
            return PaymentReport(entry, Outcome.LEFT, _SOMEBODY)
        gas = self._node.estimate(call, self._sender.address, at=at)
        gas = FORESEEN_GAS if gas is None else gas
        return Plan(entry, Action.EXECUTE, "", Order(key, call, gas, expires_at))

    def _is_taken(self, call: Call, at: int) -> bool:
        """
        Whether somebody's transaction that is not mined yet does it already, as far as is known.
        """
        try:
            refusal = self._node.simulate(call, self._sender.address, at=at, pending=True)
        except ChainError:
            return False
        return refusal is not None and refusal.reason is Reason.QUEUE_NO_SUCH_PAYMENT

    def _cancel(
        self, view: ChainView, entry: Due, decision: Decision, under_way: Collection[str]
    ) -> Plan | PaymentReport:
        """
        Nothing is cancelled that is only foreseen not to fit, nothing without the right to, and
        nothing that another keeper's signature may still execute.
        """
        if view.head.at < entry.payment.ready_at:
            return PaymentReport(entry, Outcome.WAITING, decision.why)
        if not view.state.has_role(self._sender.address):
            return PaymentReport(entry, Outcome.FAILED, f"{decision.why}; {_NO_ROLE}")
        call, key = build_cancel(entry, decision.why), cancel_key(entry)
        if key not in under_way and (obstacle := self._sharing.find_obstacle(execute_stem(entry))):
            return PaymentReport(entry, Outcome.WAITING, f"{decision.why}; {obstacle}")
        order = Order(key, call, None, entry.payment.expires_at)
        return Plan(entry, Action.CANCEL, decision.why, order)
