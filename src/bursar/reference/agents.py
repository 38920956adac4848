"""
The wallet's agents: their budgets, their rotation, and an agent that stops itself.
"""

from bursar.budgets import (
    Budget,
    BudgetLine,
    changed_budget,
    check_figures,
    figures,
    normalised,
    tightens,
)
from bursar.budgets import spent as spent_of
from bursar.changes import Subject
from bursar.events import AgentRotated, BudgetSet
from bursar.reasons import Reason
from bursar.reference.setters import check_waiting
from bursar.reference.timelock import set_directly
from bursar.reference.turn import PLAIN, Accepted, Decision, Refused, Turn, is_long, on_wallet
from bursar.types import MAX_BUDGETS_PER_AGENT, ZERO_ADDRESS, Address, Bytes32


@on_wallet
def set_budget(
    turn: Turn, agent: Address, token: Address, category: Bytes32, budget: Budget
) -> Decision:
    """
    Set, change or remove (`expires_at` 0) what an agent may spend of a token for a category.
    """
    line = turn.wallet.line(agent, token, category)
    reason = (
        _check_caller(turn, agent)
        or _check_agent(turn, agent)
        or _check_budget(line, budget)
        or _check_loosening(turn, line, budget)
    )
    if reason is not None:
        return Refused(reason)
    new = changed_budget(line, budget, turn.now)
    if isinstance(new, Reason):
        return Refused(new)
    if line is None and turn.wallet.budget_count(agent) >= MAX_BUDGETS_PER_AGENT:
        return Refused(Reason.AGENTS_FULL)
    event = _budget_set(turn, agent, token, category, new)
    subject = Subject(turn.target, "set_budget", (agent, token, category))
    return set_directly(turn, (event,), subject, event.budget != figures(line))


def _check_caller(turn: Turn, agent: Address) -> Reason | None:
    allowed = turn.is_treasury or turn.is_applied or turn.is_guardian or turn.sender == agent
    return None if allowed else Reason.ACCESS


def _check_agent(turn: Turn, agent: Address) -> Reason | None:
    if agent == ZERO_ADDRESS:
        return Reason.AGENTS_ZERO
    return Reason.AGENTS_RETIRED if agent in turn.wallet.retired else None


def _check_budget(line: BudgetLine | None, budget: Budget) -> Reason | None:
    if budget.expires_at == 0:
        return Reason.BUDGETS_NO_SUCH if line is None else None
    return check_figures(budget)


def _check_loosening(turn: Turn, line: BudgetLine | None, budget: Budget) -> Reason | None:
    """
    Deny what loosens: to guardians and agents always, to the treasury until it has waited.
    """
    if tightens(figures(line), normalised(budget)):
        return None
    if not (turn.is_treasury or turn.is_applied):
        return Reason.ACCESS_TIGHTEN
    return check_waiting(turn, loosens=True)


def _budget_set(
    turn: Turn, agent: Address, token: Address, category: Bytes32, line: BudgetLine
) -> BudgetSet:
    hour_spent, day_spent = spent_of(line, turn.now)
    return BudgetSet(
        emitter=turn.target,
        at=turn.now,
        agent=agent,
        token=token,
        category=category,
        budget=figures(line),
        hour_spent=hour_spent,
        day_spent=day_spent,
    )


@on_wallet
def rotate_agent(turn: Turn, old: Address, new: Address) -> Decision:
    """
    Move every budget of `old` to `new`, and its stop; `old` never comes back.
    """
    reason = _check_rotation(turn, old, new)
    if reason is not None:
        return Refused(reason)
    event = AgentRotated(emitter=turn.target, at=turn.now, old=old, new=new)
    reported = turn.call(turn.state.organization, "rotated", old, new)
    if isinstance(reported, Refused):
        return reported
    return Accepted((event, *reported.events))


def _check_rotation(turn: Turn, old: Address, new: Address) -> Reason | None:
    state, wallet = turn.state, turn.wallet
    if not turn.is_treasury:
        return Reason.ACCESS_TREASURY
    if not wallet.is_agent(old):
        return Reason.AGENTS_NO_SUCH
    known = new in wallet.lines or state.has_role(new) or state.is_wallet(new)
    if known or new in (ZERO_ADDRESS, state.organization):
        return Reason.AGENTS_NOT_NEW
    return None


@on_wallet
def pause_self(turn: Turn, duration: int, reason: str) -> Decision:
    """
    An agent stops itself, in every wallet.
    """
    if is_long(reason):
        return Refused(PLAIN)
    if not turn.wallet.is_agent(turn.sender):
        return Refused(Reason.ACCESS_AGENT)
    return turn.call(turn.state.organization, "pause", turn.sender, duration, reason)
