"""
Whether somebody still watches: `heartbeat`, `set_heartbeat_timeout` and the lapse.
"""

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    ROLES,
    SMALL,
    TIMEOUT,
    Company,
    logged,
    refused,
)
from tests.harness.evm import actor
from tests.harness.world import DAY, HOUR, MAX

LONGEST = 30 * DAY
SHORTEST = 10 * 60
IN_BOUNDS = (SHORTEST, SHORTEST + 1, LONGEST - 1, LONGEST, MAX)
OUT_OF_BOUNDS = (0, 1, SHORTEST - 1, LONGEST + 1, 2**64 - 1, 2**64, 2**64 + SHORTEST, MAX - 1)


def test_heartbeat__by_a_keeper__is_logged_and_remembered(company: Company) -> None:
    """
    A heartbeat carries its block's time.
    """
    company.evm.warp(by=1_234)

    receipt = company.organization.heartbeat(sender=company.keeper)

    assert receipt.events == [logged(company.organization, "HeartbeatSent", by=company.keeper)]
    assert company.organization.last_heartbeat() == company.now
    company.organization.heartbeat(sender=company.keeper)
    assert company.organization.last_heartbeat() == company.now


@pytest.mark.parametrize("role", [role for role in ROLES if role != "keeper"])
def test_heartbeat__by_anyone_else__reverts(company: Company, role: str) -> None:
    """
    It proves that a keeper watches, so nobody else sends it, not even the treasury.
    """
    company.evm.warp(by=60)
    before = company.organization.last_heartbeat()

    with refused("roles: not a keeper"):
        company.act(role, company.organization, "heartbeat")

    assert company.organization.last_heartbeat() == before


def test_heartbeat__several_keepers__any_of_them_is_enough(company: Company) -> None:
    """
    One keeper that watches keeps an organisation alive.
    """
    company.organization.set_keeper(company.second_keeper, True, sender=company.treasury)
    for keeper in (company.keeper, company.second_keeper, company.keeper):
        company.evm.warp(by=TIMEOUT)
        company.organization.heartbeat(sender=keeper)
        assert not company.is_stopped()


@pytest.mark.parametrize("timeout", [SHORTEST, HOUR, LONGEST])
def test_lapse__one_second_after_the_timeout__stops_every_wallet(timeout: int) -> None:
    """
    Alive while now <= last + timeout; one second later every agent in every wallet is stopped,
    until the next heartbeat.
    """
    company = Company(heartbeat_timeout=timeout)
    last = company.organization.last_heartbeat()
    everywhere = [
        (agent, wallet)
        for agent in (company.agent, company.other_agent)
        for wallet in (company.operations, company.trading)
    ]

    company.evm.warp(last + timeout)
    assert not any(company.is_stopped(*pair) for pair in everywhere)
    company.pay(SMALL)
    company.evm.warp(last + timeout + 1)
    assert all(company.is_stopped(*pair) for pair in everywhere)
    with refused("payments: stopped"):
        company.pay(SMALL)

    company.organization.heartbeat(sender=company.keeper)
    assert not any(company.is_stopped(*pair) for pair in everywhere)
    company.evm.warp(by=timeout)
    assert not company.is_stopped()
    company.evm.warp(by=1)
    assert company.is_stopped()


def test_lapse__is_no_pause__and_counts_as_none(company: Company) -> None:
    """
    No number and no end belong to a lapse, and nobody can clear or unpause it.
    """
    company.evm.warp(by=TIMEOUT + 1)
    organization = company.organization

    assert organization.paused_until(organization.address) == 0
    assert organization.pause_number(organization.address) == 0
    organization.clear(organization.address, sender=company.stranger)
    with refused("stops: never stopped"):
        organization.unpause(organization.address, 0, "ok", sender=company.treasury)
    assert company.is_stopped()


def test_heartbeat__while_paused__ends_no_pause(company: Company) -> None:
    """
    Each of the two ends only by its own means.
    """
    for scope in ("agent", "wallet", "organization"):
        company.pause(company.scope(scope))
        company.evm.warp(by=TIMEOUT + 1)

        company.organization.heartbeat(sender=company.keeper)

        assert company.is_stopped()
        assert company.organization.paused_until(company.scope(scope)) == MAX
        company.unpause(company.scope(scope))
        assert not company.is_stopped()


def test_lapse__switched_off__never_comes() -> None:
    """
    The maximum means no watch: not in a year and not in a million.
    """
    company = Company(heartbeat_timeout=MAX)
    assert company.organization.heartbeat_timeout() == MAX

    for years in (1, 8_000, 1_000_000):
        company.evm.warp(by=years * 365 * DAY)
        assert not company.is_stopped()
    company.organization.heartbeat(sender=company.keeper)
    assert not company.is_stopped()


@pytest.mark.parametrize("seconds", [s for s in IN_BOUNDS if s < TIMEOUT])
def test_set_heartbeat_timeout__shorter__is_set_and_counts_as_a_heartbeat(
    company: Company, seconds: int
) -> None:
    """
    The treasury shortens at once, and is taken to watch right now, so that it stops nothing on the
    spot.
    """
    company.evm.warp(by=TIMEOUT - 1)

    receipt = company.organization.set_heartbeat_timeout(seconds, sender=company.treasury)

    assert receipt.events == [
        logged(company.organization, "HeartbeatTimeoutSet", seconds=seconds),
        logged(company.organization, "HeartbeatSent", by=company.treasury),
    ]
    assert company.organization.heartbeat_timeout() == seconds
    assert company.organization.last_heartbeat() == company.now
    company.evm.warp(by=seconds)
    assert not company.is_stopped()
    company.evm.warp(by=1)
    assert company.is_stopped()


def test_set_heartbeat_timeout__equal__counts_as_a_heartbeat_too(company: Company) -> None:
    """
    Setting what is set already is the treasury's way to say "we watch".
    """
    company.evm.warp(by=TIMEOUT + 1)
    assert company.is_stopped()

    company.organization.set_heartbeat_timeout(TIMEOUT, sender=company.treasury)

    assert company.organization.last_heartbeat() == company.now
    assert not company.is_stopped()


def test_set_heartbeat_timeout__from_off__is_a_tightening() -> None:
    """
    Off is longer than anything: from there every timeout is set at once, and off again is equal.
    """
    company = Company(heartbeat_timeout=MAX)
    organization = company.organization
    organization.set_heartbeat_timeout(MAX, sender=company.treasury)
    company.evm.warp(by=1_000 * DAY)

    organization.set_heartbeat_timeout(LONGEST, sender=company.treasury)

    assert organization.heartbeat_timeout() == LONGEST
    with refused("timelock: must be scheduled"):
        organization.set_heartbeat_timeout(MAX, sender=company.treasury)
    company.evm.warp(by=LONGEST + 1)
    assert company.is_stopped()


@pytest.mark.parametrize("seconds", [s for s in IN_BOUNDS if s > TIMEOUT])
def test_set_heartbeat_timeout__longer__waits_and_is_no_heartbeat(
    company: Company, seconds: int
) -> None:
    """
    Longer or off goes through the timelock, and whoever applies it proves nothing by it.
    """
    organization = company.organization
    last = organization.last_heartbeat()
    with refused("timelock: must be scheduled"):
        organization.set_heartbeat_timeout(seconds, sender=company.treasury)
    id = company.schedule(organization, "set_heartbeat_timeout", seconds)
    company.evm.warp(by=CHANGE_DELAY)

    receipt = company.apply(organization, "set_heartbeat_timeout", seconds)

    assert receipt.events == [
        logged(organization, "ChangeApplied", id=id, by=company.stranger),
        logged(organization, "HeartbeatTimeoutSet", seconds=seconds),
    ]
    assert organization.heartbeat_timeout() == seconds
    assert organization.last_heartbeat() == last


def test_set_heartbeat_timeout__longer_during_a_lapse__ends_it_when_applied(
    company: Company,
) -> None:
    """
    A lapse ends by a heartbeat or by a longer timeout that has waited, up to the new boundary.
    """
    last = company.organization.last_heartbeat()
    company.evm.warp(last + TIMEOUT - CHANGE_DELAY)
    company.schedule(company.organization, "set_heartbeat_timeout", TIMEOUT + DAY)
    company.evm.warp(last + TIMEOUT + 1)
    assert company.is_stopped()

    company.apply(company.organization, "set_heartbeat_timeout", TIMEOUT + DAY)

    assert not company.is_stopped()
    company.evm.warp(last + TIMEOUT + DAY)
    assert not company.is_stopped()
    company.evm.warp(by=1)
    assert company.is_stopped()


def test_set_heartbeat_timeout__shorter_through_the_timelock__is_no_heartbeat(
    company: Company,
) -> None:
    """
    Only the treasury's direct call counts as one: a shorter timeout that has waited stops at once
    when nobody has watched for that long.
    """
    company.schedule(company.organization, "set_heartbeat_timeout", DAY)
    company.evm.warp(by=CHANGE_DELAY)
    assert not company.is_stopped()

    receipt = company.apply(company.organization, "set_heartbeat_timeout", DAY)

    assert receipt.names() == ["ChangeApplied", "HeartbeatTimeoutSet"]
    assert company.is_stopped()


@pytest.mark.parametrize("seconds", OUT_OF_BOUNDS)
def test_set_heartbeat_timeout__out_of_bounds__reverts(company: Company, seconds: int) -> None:
    """
    Ten minutes to thirty days, or exactly the maximum; directly and through the timelock.
    """
    organization = company.organization
    with refused("stops: timeout out of bounds"):
        organization.set_heartbeat_timeout(seconds, sender=company.treasury)
    id = company.schedule(organization, "set_heartbeat_timeout", seconds)
    company.evm.warp(by=CHANGE_DELAY)
    with refused("stops: timeout out of bounds"):
        company.apply(organization, "set_heartbeat_timeout", seconds)

    assert organization.heartbeat_timeout() == TIMEOUT
    assert company.is_live(id)


@pytest.mark.parametrize("seconds", IN_BOUNDS)
def test_set_heartbeat_timeout__in_bounds__can_be_reached(company: Company, seconds: int) -> None:
    """
    Both bounds and off are allowed, whichever way they are from here.
    """
    company.schedule(company.organization, "set_heartbeat_timeout", seconds)
    company.evm.warp(by=CHANGE_DELAY)

    company.apply(company.organization, "set_heartbeat_timeout", seconds)

    assert company.organization.heartbeat_timeout() == seconds


@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
@pytest.mark.parametrize("seconds", [0, SHORTEST, MAX])
def test_set_heartbeat_timeout__by_anyone_else__reverts(
    untouched: Company, role: str, seconds: int
) -> None:
    """
    Neither way, nor with a bad figure: who calls is checked first.
    """
    with refused("roles: not the treasury"):
        untouched.act(role, untouched.organization, "set_heartbeat_timeout", seconds)


def test_set_heartbeat_timeout__keeps_what_is_paused(company: Company) -> None:
    """
    Stops and the watch share a word and do not disturb each other.
    """
    organization = company.organization
    company.pause(organization.address, 12_345)
    company.pause(company.agent)
    until = organization.paused_until(organization.address)
    company.organization.set_heartbeat_timeout(LONGEST - DAY * 15, sender=company.treasury)
    company.organization.heartbeat(sender=company.keeper)

    assert organization.paused_until(organization.address) == until
    assert company.is_stopped(company.stranger)
    company.evm.warp(until)
    assert not company.is_stopped(company.stranger)
    assert company.is_stopped()
    assert organization.heartbeat_timeout() == 15 * DAY


def test_heartbeat__by_a_keeper_that_was_removed__reverts(company: Company) -> None:
    """
    With its last keeper gone, an organisation lapses unless the treasury names another.
    """
    company.organization.set_keeper(company.keeper, False, sender=company.treasury)
    with refused("roles: not a keeper"):
        company.organization.heartbeat(sender=company.keeper)
    company.evm.warp(by=TIMEOUT + 1)
    assert company.is_stopped()

    company.organization.set_keeper(actor("keeper to come"), True, sender=company.treasury)
    company.organization.heartbeat(sender=actor("keeper to come"))
    assert not company.is_stopped()
