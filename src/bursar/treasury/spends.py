"""
What left the wallets, each with the limits that held when it did. Pure.

    events → find_spends → Spend …

An agent whose key was rotated is one agent: its spends are under its present address.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from bursar.budgets import NO_BUDGET, Budget
from bursar.events import AgentRotated, BudgetSet, Event, Paid, PaymentExecuted
from bursar.types import Address, Bytes32

Key: TypeAlias = tuple[Address, Address, Address, Bytes32]
"""Wallet, agent, token and category of a budget."""


class Spend(NamedTuple):
    """
    A payment that left, in base units. `daily` and `queue_from` are those of its budget then;
    `waited` tells whether it was queued before.
    """

    at: int
    wallet: Address
    agent: Address
    token: Address
    to: Address
    amount: int
    category: Bytes32
    ref: Bytes32
    daily: int
    queue_from: int
    waited: bool
    event: Paid | PaymentExecuted


def find_spends(events: Iterable[Event]) -> list[Spend]:
    """
    Every spend of a history that starts with the organisation, in the order of the chain.
    """
    history = list(events)
    budgets: dict[Key, Budget] = {}
    found = []
    for event in history:
        if isinstance(event, BudgetSet):
            key = event.emitter, event.agent, event.token, event.category
            budgets[key] = event.budget
        elif isinstance(event, AgentRotated):
            _move(budgets, event)
        elif isinstance(event, Paid | PaymentExecuted):
            found.append(_spend(event, budgets))
    successors = find_successors(history)
    return [one._replace(agent=present_agent(successors, one)) for one in found]


def _spend(event: Paid | PaymentExecuted, budgets: dict[Key, Budget]) -> Spend:
    key = event.emitter, event.agent, event.token, event.category
    budget = budgets.get(key, NO_BUDGET)
    return Spend(
        at=event.at,
        wallet=event.emitter,
        agent=event.agent,
        token=event.token,
        to=event.to,
        amount=event.amount,
        category=event.category,
        ref=event.ref,
        daily=budget.daily,
        queue_from=budget.queue_from,
        waited=isinstance(event, PaymentExecuted),
        event=event,
    )


def _move(budgets: dict[Key, Budget], event: AgentRotated) -> None:
    for key in [key for key in budgets if key[:2] == (event.emitter, event.old)]:
        budgets[event.emitter, event.new, key[2], key[3]] = budgets.pop(key)


def find_successors(events: Iterable[Event]) -> dict[tuple[Address, Address], Address]:
    """
    By wallet and retired agent: who has its budgets since.
    """
    return {
        (event.emitter, event.old): event.new for event in events if isinstance(event, AgentRotated)
    }


def present_agent(successors: dict[tuple[Address, Address], Address], spend: Spend) -> Address:
    """
    The address that the agent of a spend has today. Nobody is listed twice, so this ends.
    """
    agent = spend.agent
    while (spend.wallet, agent) in successors:
        agent = successors[spend.wallet, agent]
    return agent
