"""
Every function that changes something, called by everybody: who may and who may not.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    ROLES,
    TIMEOUT,
    Company,
    refused,
)
from tests.harness.evm import actor
from tests.harness.world import DAY

EVERYBODY = frozenset(ROLES)
TREASURY = frozenset({"treasury"})
STOPPERS = frozenset({"treasury", "guardian", "keeper"})
NOT_TREASURY = "roles: not the treasury"
NOT_GUARDIAN = "roles: not a guardian or the treasury"


class Row(NamedTuple):
    """
    A function, who may call it, what everybody else is told, and its arguments in a company where
    it would pass.
    """

    function: str
    allowed: frozenset[str]
    reason: str
    args: Callable[[Company], tuple[Any, ...]]


def _pending(company: Company) -> tuple[str, bytes]:
    """
    A change of a wallet's that is due, as arguments of `apply`.
    """
    company.schedule(company.operations, "set_grace", 2 * DAY)
    company.evm.warp(by=CHANGE_DELAY)
    return company.operations.address, company.operations.calldata("set_grace", 2 * DAY)


def _stopped(company: Company, scope: str, duration: int = 0) -> tuple[str, int, str]:
    """
    A stop, as arguments of `unpause`.
    """
    number = company.pause(company.scope(scope), duration).only("Paused").number
    return company.scope(scope), number, "ok"


def _ended(company: Company, scope: str) -> tuple[str]:
    """
    A stop that has ended, as arguments of `clear`.
    """
    company.pause(company.scope(scope), 60)
    company.evm.warp(by=60)
    return (company.scope(scope),)


def _removal(company: Company) -> bytes:
    return company.schedule(company.organization, "set_guardian", company.guardian, False)


TABLE = {
    "create_wallet": Row("create_wallet", TREASURY, NOT_TREASURY, lambda c: ("x", c.blueprint)),
    "set_guardian, add": Row(
        "set_guardian", TREASURY, NOT_TREASURY, lambda c: (c.second_guardian, True)
    ),
    "set_guardian, itself": Row(
        "set_guardian", TREASURY, NOT_TREASURY, lambda c: (c.guardian, True)
    ),
    "set_guardian, no guardian": Row(
        "set_guardian", TREASURY, NOT_TREASURY, lambda c: (c.stranger, False)
    ),
    "set_keeper, add": Row("set_keeper", TREASURY, NOT_TREASURY, lambda c: (c.second_keeper, True)),
    "set_keeper, remove": Row("set_keeper", TREASURY, NOT_TREASURY, lambda c: (c.keeper, False)),
    "pause, organisation": Row(
        "pause", STOPPERS, "stops: not authorised", lambda c: (c.scope("organization"), 60, "odd")
    ),
    "pause, wallet": Row(
        "pause", STOPPERS, "stops: not authorised", lambda c: (c.scope("wallet"), 60, "odd")
    ),
    "pause, agent": Row(
        "pause", STOPPERS | {"wallet"}, "stops: not authorised", lambda c: (c.agent, 60, "odd")
    ),
    "pause, stranger": Row(
        "pause", STOPPERS | {"wallet"}, "stops: not authorised", lambda c: (c.stranger, 0, "odd")
    ),
    "unpause, organisation": Row(
        "unpause", TREASURY, NOT_TREASURY, lambda c: _stopped(c, "organization")
    ),
    "unpause, wallet": Row("unpause", TREASURY, NOT_TREASURY, lambda c: _stopped(c, "wallet")),
    "unpause, agent": Row("unpause", TREASURY, NOT_TREASURY, lambda c: _stopped(c, "agent", 60)),
    "clear, organisation": Row("clear", EVERYBODY, "", lambda c: _ended(c, "organization")),
    "clear, wallet": Row("clear", EVERYBODY, "", lambda c: _ended(c, "wallet")),
    "clear, agent": Row("clear", EVERYBODY, "", lambda c: _ended(c, "agent")),
    "heartbeat": Row("heartbeat", frozenset({"keeper"}), "roles: not a keeper", lambda _: ()),
    "set_heartbeat_timeout": Row(
        "set_heartbeat_timeout", TREASURY, NOT_TREASURY, lambda _: (TIMEOUT - 1,)
    ),
    "set_change_delay": Row(
        "set_change_delay", TREASURY, NOT_TREASURY, lambda _: (CHANGE_DELAY + 1,)
    ),
    "schedule, organisation": Row(
        "schedule",
        TREASURY,
        NOT_TREASURY,
        lambda c: (
            c.organization.address,
            c.organization.calldata("set_guardian", c.stranger, True),
        ),
    ),
    "schedule, wallet": Row(
        "schedule",
        TREASURY,
        NOT_TREASURY,
        lambda c: (c.operations.address, c.operations.calldata("set_grace", 2 * DAY)),
    ),
    "apply": Row("apply", EVERYBODY, "", _pending),
    "veto": Row(
        "veto",
        frozenset({"treasury", "guardian"}),
        NOT_GUARDIAN,
        lambda c: (c.schedule_raise(), "no"),
    ),
    "veto_all": Row(
        "veto_all", frozenset({"treasury", "guardian"}), NOT_GUARDIAN, lambda _: ("no",)
    ),
    "changed": Row(
        "changed",
        frozenset({"wallet"}),
        "registry: not a wallet",
        lambda c: (b"\1" * 32, c.agent),
    ),
    "rotated": Row(
        "rotated",
        frozenset({"wallet"}),
        "registry: not a wallet",
        lambda c: (c.agent, actor("new key")),
    ),
}


def test_table__any__leaves_no_function_out(company: Company) -> None:
    """
    Whoever adds a function says here who may call it.
    """
    functions = company.organization.artifact.functions
    changing = {name for name, function in functions.items() if function.mutates}
    assert {row.function for row in TABLE.values()} == changing


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE)
def test_function__called_by_everybody__passes_for_whom_it_is(
    company: Company, row: str, role: str
) -> None:
    """
    Each function passes for exactly those roles that the interface names.
    """
    function, allowed, reason, args = TABLE[row]
    given = args(company)

    if role in allowed:
        company.act(role, company.organization, function, *given)
    else:
        with refused(reason):
            company.act(role, company.organization, function, *given)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
def test_veto__removal_of_a_guardian_by_everybody__is_refused(company: Company, role: str) -> None:
    """
    A guardian is told why, everybody else that they may not veto at all.
    """
    id = _removal(company)
    reason = NOT_GUARDIAN
    if role == "guardian":
        reason = "timelock: only the treasury may veto this"

    with refused(reason):
        company.act(role, company.organization, "veto", id, "no")

    assert company.is_live(id)


@pytest.mark.parametrize("role", ["guardian", "keeper"])
@pytest.mark.parametrize("row", TABLE)
def test_function__called_by_a_former_member__is_refused_unless_it_is_everybodys(
    company: Company, row: str, role: str
) -> None:
    """
    Who was removed is a stranger.
    """
    function, allowed, reason, args = TABLE[row]
    given = args(company)
    former = getattr(company, role)
    _dismiss(company, role)

    if allowed == EVERYBODY:
        company.organization.call(function, *given, sender=former)
    else:
        with refused(reason):
            company.organization.call(function, *given, sender=former)


def _dismiss(company: Company, role: str) -> None:
    """
    Take a role away; a guardian's removal waits first.
    """
    if role == "keeper":
        company.organization.set_keeper(company.keeper, False, sender=company.treasury)
        return
    _removal(company)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(company.organization, "set_guardian", company.guardian, False)


def test_function__called_by_a_guardian_who_is_a_keeper_too__has_both_rights(
    company: Company,
) -> None:
    """
    Roles add up, and each brings its own rights.
    """
    both = company.guardian
    company.organization.set_keeper(both, True, sender=company.treasury)
    company.organization.heartbeat(sender=both)
    company.organization.veto(company.schedule_raise(), "no", sender=both)

    company.organization.set_keeper(both, False, sender=company.treasury)

    with refused("roles: not a keeper"):
        company.organization.heartbeat(sender=both)
    company.organization.veto(company.schedule_raise(), "no", sender=both)
