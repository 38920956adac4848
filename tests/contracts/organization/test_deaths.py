"""
What kills a scheduled change: so that what was scheduled on Monday cannot undo Tuesday's emergency.
"""

from collections.abc import Callable

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    GENERAL_BUDGET,
    LIMIT,
    REFUND_BUDGET,
    SMALL,
    ZERO,
    Company,
    logged,
    refused,
)
from tests.contracts.organization.setters import LOOSENING, Case, one_of_each
from tests.harness.evm import actor
from tests.harness.world import DAY, GENERAL, HOUR, MAX, REFUND, USDC

NEW_KEY = actor("new key")


def _is_dead(company: Company, id: bytes, **kwargs: object) -> bool:
    """
    Whether the raise that `schedule_raise` has scheduled can neither be applied nor vetoed, now or
    once it would have been due.
    """
    assert company.organization.ready_at(id) == 0
    with refused("timelock: no such change"):
        company.organization.veto(id, "no", sender=company.treasury)
    with refused("timelock: no such change"):
        company.apply_raise(**kwargs)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("timelock: no such change"):
        company.apply_raise(**kwargs)
    return True


def _lower(company: Company, by: str, **kwargs: object) -> None:
    """
    Cut the agent's daily limit directly.
    """
    wallet = kwargs.pop("wallet", company.operations)
    args = company.budget_args(daily=900 * USDC, **kwargs)
    wallet.set_budget(*args, sender=by)


# A direct change of one of the agent's budgets


@pytest.mark.parametrize("by", ["treasury", "guardian", "agent"])
@pytest.mark.parametrize("wallet", ["operations", "trading"])
def test_change__budget_of_its_agent_lowered_directly__is_dead(
    company: Company, by: str, wallet: str
) -> None:
    """
    A direct change of any budget of the agent's, in any wallet and by anyone who may, kills what
    was scheduled for that agent, in silence unless it is the very same subject.
    """
    id = company.schedule_raise()
    where = getattr(company, wallet)

    receipt = where.set_budget(*company.budget_args(daily=900 * USDC), sender=getattr(company, by))

    voided = [logged(company.organization, "ChangeVoided", id=id)] if wallet == "operations" else []
    assert receipt.events[1:] == voided
    assert _is_dead(company, id)


def test_change__other_category_changed_directly__is_dead(company: Company) -> None:
    """
    Every category of the agent's counts, and so does removing a budget.
    """
    id = company.schedule_raise()
    args = company.budget_args(category=REFUND, expires_at=0)

    receipt = company.operations.set_budget(*args, sender=company.guardian)

    assert receipt.names() == ["BudgetSet"]
    assert _is_dead(company, id)


def test_change__other_token_changed_directly__is_dead(company: Company) -> None:
    """
    Every token counts.
    """
    other = company.new_token()
    args = company.budget_args(token=other.address)
    company.schedule(company.operations, "set_budget", *args)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(company.operations, "set_budget", *args)
    id = company.schedule_raise()

    _lower(company, company.agent, token=other.address)

    assert _is_dead(company, id)


def test_change__budget_in_an_unsealed_wallet_raised_directly__is_dead(company: Company) -> None:
    """
    Any direct change counts, also one that loosens while another wallet is being set up.
    """
    id = company.schedule_raise()
    wallet = company.new_wallet("later")

    company.set_budget(wallet=wallet)

    assert _is_dead(company, id)


def test_change__direct_call_that_changes_nothing__stays_alive(company: Company) -> None:
    """
    A budget set to what it is already kills nothing, also where "none waits" is written in another
    way: an agent cannot block its own raise for free, nor a guardian by accident.
    """
    id = company.schedule_raise()
    for by in (company.treasury, company.guardian, company.agent):
        for wallet in (company.operations, company.trading):
            wallet.set_budget(*company.budget_args(), sender=by)
        args = company.budget_args(REFUND_BUDGET, category=REFUND, queue_from=101 * USDC)
        company.operations.set_budget(*args, sender=by)

    assert company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


def test_change__refused_direct_call__stays_alive(company: Company) -> None:
    """
    What reverts has not happened.
    """
    id = company.schedule_raise()
    with refused("timelock: must be scheduled"):
        company.operations.set_budget(
            *company.budget_args(hourly=301 * USDC), sender=company.treasury
        )
    with refused("access: not authorised"):
        _lower(company, company.keeper)

    assert company.is_live(id)


def test_change__payments_of_its_agent__leave_it_alive(company: Company) -> None:
    """
    Spending, queueing, executing and cancelling change no budget.
    """
    id = company.schedule_raise()
    company.pay(SMALL)
    company.queue(1)
    company.operations.cancel(company.queue(2), "no", sender=company.agent)
    company.evm.warp(by=HOUR)
    company.execute(1)
    company.operations.cancel_all("all", sender=company.keeper)

    assert company.is_live(id)


def test_change__scheduled_after_the_direct_change__is_alive(company: Company) -> None:
    """
    Only what was scheduled before dies.
    """
    _lower(company, company.guardian)
    id = company.schedule_raise()

    assert company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


# Rotation of a key


@pytest.mark.parametrize("wallet", ["operations", "trading"])
def test_change__old_key_rotated__is_dead(company: Company, wallet: str) -> None:
    """
    Rotating an agent's key in one wallet kills what was scheduled for it in any.
    """
    id = company.schedule_raise()

    receipt = getattr(company, wallet).rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.names() == ["AgentRotated"]
    assert _is_dead(company, id)


def test_change__new_key_rotated_in__is_dead(company: Company) -> None:
    """
    What was scheduled for the new key was meant for somebody else.
    """
    id = company.schedule_raise(agent=NEW_KEY)

    company.trading.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert _is_dead(company, id, agent=NEW_KEY)


def test_change__scheduled_for_the_new_key_afterwards__is_made(company: Company) -> None:
    """
    After a rotation the new key gets its raise like any agent.
    """
    company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)
    company.schedule_raise(agent=NEW_KEY)
    company.evm.warp(by=CHANGE_DELAY)

    company.apply_raise(agent=NEW_KEY)

    assert company.operations.budget(NEW_KEY, company.token.address, GENERAL)[2] == 2_000 * USDC


# The agent is stopped


STOPS_OF_AN_AGENT: dict[str, Callable[[Company], object]] = {
    "guardian": lambda c: c.pause(c.agent),
    "keeper": lambda c: c.pause(c.agent, 1, by=c.keeper),
    "treasury": lambda c: c.pause(c.agent, MAX, by=c.treasury),
    "itself": lambda c: c.operations.pause_self(60, "leaked", sender=c.agent),
    "itself, elsewhere": lambda c: c.trading.pause_self(60, "leaked", sender=c.agent),
    "rotation of a stopped key to it": lambda c: (
        c.pause(c.other_agent),
        c.puppet.does(c.organization, "rotated", c.other_agent, c.agent),
    ),
}


@pytest.mark.parametrize("by", STOPS_OF_AN_AGENT)
def test_change__its_agent_is_stopped__is_dead(company: Company, by: str) -> None:
    """
    An agent's scope going from running to stopped kills what was scheduled for it, whoever stops it
    and however shortly.
    """
    id = company.schedule_raise()

    STOPS_OF_AN_AGENT[by](company)

    assert _is_dead(company, id)


def test_change__its_agent_is_unpaused_again__stays_dead(company: Company) -> None:
    """
    What is dead does not come back when the stop ends; the treasury schedules anew.
    """
    id = company.schedule_raise()
    company.pause(company.agent)
    company.unpause(company.agent)
    assert not company.is_live(id)

    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


def test_change__stopped_agent_is_stopped_again__stays_alive(company: Company) -> None:
    """
    A repeated stop does not count, or a stolen keeper could block changes for ever.
    """
    company.pause(company.agent, 10 * DAY)
    id = company.schedule_raise()
    for duration in (1, 20 * DAY, 0):
        company.pause(company.agent, duration, by=company.keeper)
    company.operations.pause_self(0, "again", sender=company.agent)

    assert company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


def test_change__stopped_again_at_the_end_of_a_stop__is_dead(company: Company) -> None:
    """
    In its last second a stop still runs and another one does not count; at its end the scope runs,
    and the next stop does.
    """
    paused = company.pause(company.agent, 600).only("Paused")
    id = company.schedule_raise()
    company.evm.warp(paused.until - 1)
    company.pause(company.agent, 1)
    assert company.is_live(id)

    company.evm.warp(paused.until)
    assert company.is_live(id)
    company.pause(company.agent, 1)

    assert not company.is_live(id)


def test_change__unpaused_and_stopped_again__is_dead(company: Company) -> None:
    """
    After an unpause the scope runs: the next stop counts.
    """
    company.pause(company.agent)
    id = company.schedule_raise()
    company.unpause(company.agent)
    assert company.is_live(id)

    company.pause(company.agent)

    assert not company.is_live(id)


@pytest.mark.parametrize("scope", ["wallet", "organization"])
def test_change__other_scope_is_stopped__stays_alive(company: Company, scope: str) -> None:
    """
    Only the agent's own scope counts: a stop of everything is no verdict on one agent.
    """
    id = company.schedule_raise()
    company.pause(company.scope(scope))
    company.pause(company.other_agent)
    company.unpause(company.scope(scope))
    company.pause(company.scope(scope))

    assert company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


def test_change__stop_of_its_agent_ended_or_cleared__kills_nothing_more(
    company: Company,
) -> None:
    """
    Neither the end of a stop nor its clearing nor a heartbeat concerns a change.
    """
    company.pause(company.agent, 600)
    id = company.schedule_raise()
    company.evm.warp(by=600)
    company.organization.clear(company.agent, sender=company.stranger)
    company.unpause(company.agent)
    company.organization.heartbeat(sender=company.keeper)

    assert company.is_live(id)


# Whom it concerns


DISTURBANCES: dict[str, Callable[[Company], object]] = {
    "direct change": lambda c: _lower(c, c.guardian),
    "stop": lambda c: c.pause(c.agent),
    "rotation": lambda c: c.operations.rotate_agent(c.agent, NEW_KEY, sender=c.treasury),
}


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_change__of_another_agent__survives(company: Company, disturbance: str) -> None:
    """
    What happens to one agent touches no change of another's.
    """
    ids = [
        company.schedule_raise(agent=company.other_agent),
        company.schedule_raise(agent=company.other_agent, wallet=company.trading),
        company.schedule_raise(agent=company.stranger),
    ]

    DISTURBANCES[disturbance](company)

    assert all(company.is_live(id) for id in ids)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise(agent=company.other_agent)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_change__that_concerns_no_agent__survives(company: Company, disturbance: str) -> None:
    """
    Changes of the organisation and of a wallet as a whole outlive whatever happens to agents.
    """
    cases = [case for case in one_of_each(LOOSENING) if case.function != "set_budget"]
    ids = [case.schedule(company) for case in cases]

    DISTURBANCES[disturbance](company)

    assert all(company.is_live(id) for id in ids)
    company.evm.warp(by=CHANGE_DELAY)
    for case in cases:
        case.apply(company)


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_change__all_of_an_agents__die_together(company: Company, disturbance: str) -> None:
    """
    One disturbance is enough for everything that is scheduled for an agent, in every wallet.
    """
    ids = [
        company.schedule_raise(),
        company.schedule_raise(category=REFUND),
        company.schedule_raise(token=company.stranger),
        company.schedule_raise(wallet=company.trading),
        company.schedule_raise(wallet=company.trading, category=REFUND),
    ]
    assert all(company.is_live(id) for id in ids)

    DISTURBANCES[disturbance](company)

    assert not any(company.is_live(id) for id in ids)


@pytest.mark.parametrize("by", ["keeper", "guardian", "treasury"])
@pytest.mark.parametrize(
    "case",
    [case for case in one_of_each(LOOSENING) if case.function != "set_budget"],
    ids=lambda case: case.function,
)
def test_change__zero_address_is_stopped__survives(company: Company, case: Case, by: str) -> None:
    """
    A change that concerns no agent concerns no zero address either: stopping that one must not give
    a keeper, or the guardian who is being removed, a veto that nobody sees.
    """
    id = case.schedule(company)
    for _ in range(2):
        company.pause(ZERO, 1, by=getattr(company, by))
        company.evm.warp(by=1)

    assert company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)
    case.apply(company)


def test_change__budget_of_the_zero_address__is_nobodys(company: Company) -> None:
    """
    It concerns no agent, so that nothing can disturb it; it can be scheduled, and comes to nothing.
    """
    args = company.budget_args(agent=ZERO)
    id = company.schedule(company.operations, "set_budget", *args)
    company.pause(ZERO)
    assert company.is_live(id)
    company.evm.warp(by=CHANGE_DELAY)

    with refused("agents: zero address"):
        company.apply(company.operations, "set_budget", *args)


# Scheduled again


@pytest.mark.parametrize("disturbance", ["direct change", "stop"])
def test_change__scheduled_again_after_its_death__waits_in_full(
    company: Company, disturbance: str
) -> None:
    """
    A dead change is no news when it is replaced, and the new one lives under the same id.
    """
    id = company.schedule_raise(wallet=company.trading)
    DISTURBANCES[disturbance](company)
    call = company.trading.calldata("set_budget", *company.budget_args(daily=2_000 * USDC))

    receipt = company.organization.schedule(company.trading.address, call, sender=company.treasury)

    assert receipt.names() == ["ChangeScheduled"]
    assert receipt.result == id
    company.evm.warp(by=CHANGE_DELAY - 1)
    with refused("timelock: not due yet"):
        company.apply_raise(wallet=company.trading)
    company.evm.warp(by=1)
    company.apply_raise(wallet=company.trading)


def test_change__dead_one_whose_subject_is_changed_directly__is_no_news(company: Company) -> None:
    """
    `ChangeVoided` is for what could still have been applied.
    """
    company.schedule_raise()
    company.pause(company.agent)

    receipt = company.operations.set_budget(
        *company.budget_args(daily=900 * USDC), sender=company.guardian
    )

    assert receipt.names() == ["BudgetSet"]


def test_change__subject_changed_directly_by_another_wallet__survives(company: Company) -> None:
    """
    A subject belongs to its wallet: the same setting of another one is another subject.
    """
    token = company.token.address
    id = company.schedule(company.operations, "set_wallet_limit", token, 2 * LIMIT)

    receipt = company.trading.set_wallet_limit(token, 1, sender=company.treasury)

    assert receipt.names() == ["WalletLimitSet"]
    assert company.is_live(id)
    company.operations.set_max_balance(token, 1, sender=company.treasury)
    assert company.is_live(id)
    voided = company.operations.set_wallet_limit(token, 1, sender=company.treasury)
    assert voided.events[1:] == [logged(company.organization, "ChangeVoided", id=id)]


def test_change__monday_and_tuesday__the_emergency_stands(company: Company) -> None:
    """
    1. On Monday the treasury schedules a raise. 2. On Tuesday the agent is caught and a guardian
    cuts its budget to nothing. 3. On Wednesday the raise would be due: there is nothing to apply.
    """
    company.schedule_raise()
    company.evm.warp(by=DAY)
    cut = GENERAL_BUDGET._replace(per_payment=0, hourly=0, daily=0)
    company.operations.set_budget(*company.budget_args(cut), sender=company.guardian)
    company.evm.warp(by=DAY)

    with refused("timelock: no such change"):
        company.apply_raise()

    assert company.operations.budget(company.agent, company.token.address, GENERAL)[2] == 0
    with refused("payments: amount out of bounds"):
        company.pay(1)
