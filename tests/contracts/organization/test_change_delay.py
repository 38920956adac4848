"""
How long changes wait: `set_change_delay`.
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
from tests.harness.world import DAY, HOUR, MAX

LONGEST = 30 * DAY
OUT_OF_BOUNDS = (0, 1, HOUR - 1, LONGEST + 1, 2**64, MAX)
IN_BOUNDS = (HOUR, HOUR + 1, CHANGE_DELAY, LONGEST - 1, LONGEST)


@pytest.mark.parametrize("seconds", [s for s in IN_BOUNDS if s >= CHANGE_DELAY])
def test_set_change_delay__longer__is_set_at_once(company: Company, seconds: int) -> None:
    """
    Waiting longer tightens, and equal changes nothing; both are logged.
    """
    receipt = company.organization.set_change_delay(seconds, sender=company.treasury)

    assert receipt.events == [logged(company.organization, "ChangeDelaySet", seconds=seconds)]
    assert company.organization.change_delay() == seconds


@pytest.mark.parametrize("seconds", [s for s in IN_BOUNDS if s < CHANGE_DELAY])
def test_set_change_delay__shorter__waits_for_the_old_one(company: Company, seconds: int) -> None:
    """
    A shorter delay goes through the timelock under the delay that it shortens.
    """
    organization = company.organization
    with refused("timelock: must be scheduled"):
        organization.set_change_delay(seconds, sender=company.treasury)
    id = company.schedule(organization, "set_change_delay", seconds)
    company.evm.warp(by=CHANGE_DELAY - 1)
    with refused("timelock: not due yet"):
        company.apply(organization, "set_change_delay", seconds)
    company.evm.warp(by=1)

    receipt = company.apply(organization, "set_change_delay", seconds)

    assert receipt.events == [
        logged(organization, "ChangeApplied", id=id, by=company.stranger),
        logged(organization, "ChangeDelaySet", seconds=seconds),
    ]
    assert organization.change_delay() == seconds


@pytest.mark.parametrize("seconds", OUT_OF_BOUNDS)
def test_set_change_delay__out_of_bounds__reverts(company: Company, seconds: int) -> None:
    """
    One hour to thirty days, directly and through the timelock.
    """
    organization = company.organization
    with refused("timelock: delay out of bounds"):
        organization.set_change_delay(seconds, sender=company.treasury)
    id = company.schedule(organization, "set_change_delay", seconds)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("timelock: delay out of bounds"):
        company.apply(organization, "set_change_delay", seconds)

    assert organization.change_delay() == CHANGE_DELAY
    assert company.is_live(id)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
@pytest.mark.parametrize("seconds", [0, HOUR, CHANGE_DELAY, LONGEST])
def test_set_change_delay__by_anyone_else__reverts(
    untouched: Company, role: str, seconds: int
) -> None:
    """
    Who calls is checked before the figure.
    """
    with refused("roles: not the treasury"):
        untouched.act(role, untouched.organization, "set_change_delay", seconds)


def test_set_change_delay__longer__leaves_what_waits_its_time(company: Company) -> None:
    """
    A change keeps the time it was scheduled with, its grace included; the next one waits longer.
    """
    id = company.schedule_raise()
    ready_at = company.organization.ready_at(id)

    company.organization.set_change_delay(LONGEST, sender=company.treasury)

    assert company.organization.ready_at(id) == ready_at
    later = company.schedule(company.operations, "set_grace", 2 * DAY)
    assert company.organization.ready_at(later) == company.now + LONGEST
    company.evm.warp(ready_at - 1)
    with refused("timelock: not due yet"):
        company.apply_raise()
    company.evm.warp(ready_at)
    company.apply_raise()
    with refused("timelock: not due yet"):
        company.apply(company.operations, "set_grace", 2 * DAY)


def test_set_change_delay__shorter__leaves_what_waits_its_time(company: Company) -> None:
    """
    Nothing that was scheduled under a long delay becomes due earlier because the delay was lowered.
    """
    organization = company.organization
    company.schedule(organization, "set_change_delay", HOUR)
    company.evm.warp(by=CHANGE_DELAY)
    id = company.schedule_raise()
    ready_at = company.now + CHANGE_DELAY

    company.apply(organization, "set_change_delay", HOUR)

    assert organization.ready_at(id) == ready_at
    company.evm.warp(by=HOUR)
    with refused("timelock: not due yet"):
        company.apply_raise()
    soon = company.schedule(company.operations, "set_grace", 2 * DAY)
    assert organization.ready_at(soon) == company.now + HOUR
    company.evm.warp(ready_at)
    company.apply_raise()


def test_set_change_delay__changed_in_between__moves_no_expiry(company: Company) -> None:
    """
    The grace counts from when the change was due, whatever the delay is by then.
    """
    company.schedule_raise()
    expires_at = company.now + CHANGE_DELAY + CHANGE_GRACE
    company.organization.set_change_delay(LONGEST, sender=company.treasury)

    company.evm.warp(expires_at - 1)
    company.apply_raise()

    company.schedule_raise(max_payments=101)
    company.evm.warp(by=LONGEST + CHANGE_GRACE)
    with refused("timelock: expired"):
        company.apply_raise(max_payments=101)
