"""
Stopping changes before they are made: `veto` and `veto_all`.
"""

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    CHANGE_GRACE,
    ROLES,
    Company,
    logged,
    refused,
)
from tests.contracts.organization.setters import LOOSENING, Case, one_of_each
from tests.harness.evm import actor
from tests.harness.world import DAY, HOUR

SETTERS = one_of_each(LOOSENING)
VETOABLE = [case for case in SETTERS if case.function != "set_guardian"]
VETOERS = ("guardian", "treasury")


def _remove_guardian(company: Company) -> bytes:
    return company.schedule(company.organization, "set_guardian", company.guardian, False)


@pytest.mark.parametrize("by", VETOERS)
@pytest.mark.parametrize("case", VETOABLE, ids=lambda case: case.function)
def test_veto__by_who_may__drops_the_change(company: Company, case: Case, by: str) -> None:
    """
    A guardian or the treasury drops any change for good; the event says who and why.
    """
    id = case.schedule(company)

    receipt = company.organization.veto(id, "too much", sender=actor(by))

    assert receipt.events == [
        logged(company.organization, "ChangeVetoed", id=id, by=actor(by), reason="too much")
    ]
    assert company.organization.ready_at(id) == 0
    company.evm.warp(by=CHANGE_DELAY)
    with refused("timelock: no such change"):
        case.apply(company)


@pytest.mark.parametrize("role", [role for role in ROLES if role not in VETOERS])
def test_veto__by_anyone_else__reverts(company: Company, role: str) -> None:
    """
    A keeper's key is in a service and may be stolen: it stops payments, not the treasury's plans.
    """
    id = company.schedule_raise()

    with refused("roles: not a guardian or the treasury"):
        company.act(role, company.organization, "veto", id, "no")
    with refused("roles: not a guardian or the treasury"):
        company.act(role, company.organization, "veto_all", "no")

    assert company.is_live(id)


def test_veto__removal_of_a_guardian__is_the_treasurys_alone(company: Company) -> None:
    """
    Or one bad guardian would stay for ever. No guardian can, neither the one concerned nor another.
    """
    organization = company.organization
    organization.set_guardian(company.second_guardian, True, sender=company.treasury)
    id = _remove_guardian(company)
    for guardian in (company.guardian, company.second_guardian):
        with refused("timelock: only the treasury may veto this"):
            organization.veto(id, "no", sender=guardian)
    assert company.is_live(id)

    receipt = organization.veto(id, "a mistake", sender=company.treasury)

    assert receipt.events == [
        logged(organization, "ChangeVetoed", id=id, by=company.treasury, reason="a mistake")
    ]
    company.evm.warp(by=CHANGE_DELAY)
    with refused("timelock: no such change"):
        company.apply(organization, "set_guardian", company.guardian, False)


def test_veto__removal_of_somebody_who_is_no_guardian_yet__is_a_removal(
    company: Company,
) -> None:
    """
    What counts is what the call says, whoever is a guardian by then.
    """
    id = company.schedule(company.organization, "set_guardian", company.stranger, False)

    with refused("timelock: only the treasury may veto this"):
        company.organization.veto(id, "no", sender=company.guardian)
    company.organization.veto_all("no", sender=company.guardian)

    assert company.is_live(id)
    company.organization.veto(id, "no", sender=company.treasury)
    assert not company.is_live(id)


def test_veto__adding_of_a_guardian__is_open_to_guardians(company: Company) -> None:
    """
    Only removals are spared. The treasury can still add somebody directly.
    """
    args = (company.second_guardian, True)
    id = company.schedule(company.organization, "set_guardian", *args)
    company.organization.veto(id, "no", sender=company.guardian)
    assert not company.is_live(id)

    id = company.schedule(company.organization, "set_guardian", *args)
    company.organization.veto_all("no", sender=company.guardian)
    assert not company.is_live(id)


def test_veto__change_that_never_was__reverts(company: Company) -> None:
    """
    An id that nothing was scheduled under, zero included.
    """
    live = company.schedule_raise()
    for id in (b"\0" * 32, b"\1" * 32, live[::-1]):
        for by in VETOERS:
            with refused("timelock: no such change"):
                company.organization.veto(id, "no", sender=actor(by))

    company.organization.veto(live, "no", sender=company.guardian)


def test_veto__twice__reverts(company: Company) -> None:
    """
    What was vetoed is gone.
    """
    id = company.schedule_raise()
    company.organization.veto(id, "no", sender=company.guardian)

    with refused("timelock: no such change"):
        company.organization.veto(id, "no", sender=company.treasury)


def test_veto__due_change__is_dropped_until_its_last_second(company: Company) -> None:
    """
    A change can be vetoed as long as it can be applied, and not once it has expired.
    """
    for by in (0, CHANGE_DELAY, CHANGE_DELAY + CHANGE_GRACE - 1):
        id = company.schedule_raise()
        company.evm.warp(by=by)
        company.organization.veto(id, "no", sender=company.guardian)

    id = company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE)
    with refused("timelock: no such change"):
        company.organization.veto(id, "no", sender=company.guardian)


def test_veto__applied_replaced_or_dead_change__reverts(company: Company) -> None:
    """
    There is no telling apart, and no need to: none of them can be applied.
    """
    applied = company.schedule(company.operations, "set_grace", 2 * DAY)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(company.operations, "set_grace", 2 * DAY)
    replaced = company.schedule(company.operations, "set_grace", 3 * DAY)
    company.schedule(company.operations, "set_grace", 4 * DAY)
    disturbed = company.schedule_raise()
    company.pause(company.agent)
    vetoed = company.schedule(company.organization, "set_change_delay", HOUR)
    company.organization.veto_all("no", sender=company.guardian)

    for id in (applied, replaced, disturbed, vetoed):
        with refused("timelock: no such change"):
            company.organization.veto(id, "no", sender=company.treasury)


def test_veto__several_things_wrong__says_the_first(company: Company) -> None:
    """
    Caller, then whether the change is there, then whose veto it is.
    """
    id = _remove_guardian(company)
    with refused("roles: not a guardian or the treasury"):
        company.organization.veto(b"\0" * 32, "no", sender=company.keeper)
    with refused("roles: not a guardian or the treasury"):
        company.organization.veto(id, "no", sender=company.keeper)
    company.evm.warp(by=CHANGE_DELAY + CHANGE_GRACE)
    with refused("timelock: no such change"):
        company.organization.veto(id, "no", sender=company.guardian)


@pytest.mark.parametrize("by", VETOERS)
def test_veto_all__by_who_may__drops_every_change(company: Company, by: str) -> None:
    """
    One call for the moment when nobody knows what is planned: everything pending is dead, told by
    one event.
    """
    cases = VETOABLE
    ids = [case.schedule(company) for case in cases]
    assert all(company.is_live(id) for id in ids)

    receipt = company.organization.veto_all("breach", sender=actor(by))

    assert receipt.events == [
        logged(company.organization, "ChangesVetoed", by=actor(by), reason="breach")
    ]
    assert not any(company.is_live(id) for id in ids)
    company.evm.warp(by=CHANGE_DELAY)
    for case in cases:
        with refused("timelock: no such change"):
            case.apply(company)


@pytest.mark.parametrize("by", VETOERS)
def test_veto_all__removals_of_guardians__are_spared(company: Company, by: str) -> None:
    """
    Also when it is called again and again, by the guardian concerned or by the treasury itself.
    """
    id = _remove_guardian(company)
    ready_at = company.organization.ready_at(id)
    for _ in range(3):
        company.organization.veto_all("no", sender=actor(by))
        assert company.organization.ready_at(id) == ready_at
    with refused("timelock: only the treasury may veto this"):
        company.organization.veto(id, "no", sender=company.guardian)
    company.evm.warp(by=CHANGE_DELAY)

    company.apply(company.organization, "set_guardian", company.guardian, False)

    assert company.organization.roles(company.guardian) == 0


def test_veto_all__later_changes__are_not_touched(company: Company) -> None:
    """
    It drops what is pending now; what is scheduled afterwards, the same change included, waits and
    is made.
    """
    company.schedule_raise()
    company.organization.veto_all("breach", sender=company.guardian)

    args = company.budget_args(daily=2_000_000_000)
    call = company.operations.calldata("set_budget", *args)
    receipt = company.organization.schedule(
        company.operations.address, call, sender=company.treasury
    )

    assert receipt.names() == ["ChangeScheduled"]
    company.evm.warp(by=CHANGE_DELAY)
    company.apply_raise()


def test_veto_all__nothing_pending__is_harmless(company: Company) -> None:
    """
    It never refuses who may call it.
    """
    for _ in range(2):
        receipt = company.organization.veto_all("", sender=company.guardian)
        assert receipt.names() == ["ChangesVetoed"]


@pytest.mark.parametrize("reason", ["", "x" * 64])
def test_veto__reason_of_up_to_64_bytes__is_logged(company: Company, reason: str) -> None:
    """
    The reason may be empty.
    """
    id = company.schedule_raise()

    one = company.organization.veto(id, reason, sender=company.guardian)
    every = company.organization.veto_all(reason, sender=company.guardian)

    assert one.only("ChangeVetoed").reason == every.only("ChangesVetoed").reason == reason


def test_veto__reason_that_is_too_long__reverts(company: Company) -> None:
    """
    65 bytes are malformed calldata.
    """
    id = company.schedule_raise()
    with refused(""):
        company.organization.veto(id, "x" * 65, sender=company.guardian)
    with refused(""):
        company.organization.veto_all("x" * 65, sender=company.guardian)


def test_veto__guardian_that_was_removed__reverts(company: Company) -> None:
    """
    The last chance to veto is before the removal is applied.
    """
    _remove_guardian(company)
    company.evm.warp(by=CHANGE_DELAY)
    id = company.schedule_raise()
    company.organization.veto(id, "parting shot", sender=company.guardian)
    id = company.schedule_raise()
    company.apply(company.organization, "set_guardian", company.guardian, False)

    with refused("roles: not a guardian or the treasury"):
        company.organization.veto(id, "no", sender=company.guardian)
    assert company.is_live(id)


def test_veto__during_any_stop__is_open(company: Company) -> None:
    """
    Whoever watches can act while everything is stopped.
    """
    id = company.schedule_raise(agent=company.other_agent)
    for scope in ("agent", "wallet", "organization"):
        company.pause(company.scope(scope))

    company.organization.veto(id, "no", sender=company.guardian)

    assert not company.is_live(id)
