"""
Who is a guardian or a keeper: `set_guardian`, `set_keeper`, `roles`.
"""

import pytest

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    ZERO,
    Company,
    logged,
    refused,
)
from tests.harness.evm import actor

TREASURY, GUARDIAN, KEEPER = 1, 2, 4


def test_set_guardian__new_one__may_act_at_once(company: Company) -> None:
    """
    Adding a guardian only adds somebody who can stop, so it takes effect at once.
    """
    new = company.second_guardian
    with refused("stops: not authorised"):
        company.pause(company.agent, by=new)

    receipt = company.organization.set_guardian(new, True, sender=company.treasury)

    assert receipt.events == [logged(company.organization, "GuardianSet", who=new, on=True)]
    assert company.organization.roles(new) == GUARDIAN
    company.pause(company.agent, by=new)
    company.sweep(by=new)


def test_set_guardian__removing_directly__must_be_scheduled(company: Company) -> None:
    """
    A guardian is there to stop the treasury's own mistakes too: removing one waits.
    """
    with refused("timelock: must be scheduled"):
        company.organization.set_guardian(company.guardian, False, sender=company.treasury)
    assert company.organization.roles(company.guardian) == GUARDIAN

    company.schedule(company.organization, "set_guardian", company.guardian, False)
    company.evm.warp(by=CHANGE_DELAY)
    company.pause(company.agent)
    receipt = company.apply(company.organization, "set_guardian", company.guardian, False)
    assert receipt.events[1:] == [
        logged(company.organization, "GuardianSet", who=company.guardian, on=False)
    ]
    assert company.organization.roles(company.guardian) == 0


def test_set_guardian__removed__has_no_power_left(company: Company) -> None:
    """
    From the moment it is removed, a guardian is a stranger.
    """
    company.schedule(company.organization, "set_guardian", company.guardian, False)
    company.evm.warp(by=CHANGE_DELAY)
    id = company.schedule_raise()
    company.apply(company.organization, "set_guardian", company.guardian, False)

    with refused("stops: not authorised"):
        company.pause(company.agent)
    with refused("roles: not a guardian or the treasury"):
        company.organization.veto(id, "no", sender=company.guardian)
    with refused("roles: not a guardian or the treasury"):
        company.organization.veto_all("no", sender=company.guardian)
    with refused("access: not guardian or treasury"):
        company.sweep(by=company.guardian)


@pytest.mark.parametrize("on", [True, False])
def test_set_guardian__zero_address__reverts(company: Company, on: bool) -> None:
    """
    The zero address gets no role and cannot lose one.
    """
    with refused("roles: zero address"):
        company.organization.set_guardian(ZERO, on, sender=company.treasury)

    company.organization.set_guardian("0x" + "00" * 19 + "01", on, sender=company.treasury)


def test_set_guardian__nothing_changes__is_logged_all_the_same(company: Company) -> None:
    """
    Naming a guardian again, or removing somebody who is none, is logged and changes nothing.
    """
    organization = company.organization

    again = organization.set_guardian(company.guardian, True, sender=company.treasury)
    none = organization.set_guardian(company.keeper, False, sender=company.treasury)

    assert again.events == [logged(organization, "GuardianSet", who=company.guardian, on=True)]
    assert none.events == [logged(organization, "GuardianSet", who=company.keeper, on=False)]
    assert organization.roles(company.guardian) == GUARDIAN
    assert organization.roles(company.keeper) == KEEPER


def test_set_guardian__removed_and_added_again__is_a_guardian(company: Company) -> None:
    """
    Nobody is banned: the treasury may name a former guardian again, at once.
    """
    company.schedule(company.organization, "set_guardian", company.guardian, False)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(company.organization, "set_guardian", company.guardian, False)

    company.organization.set_guardian(company.guardian, True, sender=company.treasury)

    company.pause(company.agent)


def test_set_guardian__bool_that_is_none__reverts(company: Company) -> None:
    """
    A flag other than 0 and 1 is malformed calldata.
    """
    call = bytearray(company.organization.calldata("set_guardian", company.guardian, True))
    call[-1] = 2
    with refused(""):
        company.evm.transact(company.treasury, company.organization.address, bytes(call))


@pytest.mark.parametrize("on", [True, False])
def test_set_keeper__either_way__takes_effect_at_once(company: Company, on: bool) -> None:
    """
    A keeper is a service whose key may be stolen: it is replaced without waiting.
    """
    who = company.second_keeper if on else company.keeper

    receipt = company.organization.set_keeper(who, on, sender=company.treasury)

    assert receipt.events == [logged(company.organization, "KeeperSet", who=who, on=on)]
    assert company.organization.roles(who) == (KEEPER if on else 0)
    if on:
        company.organization.heartbeat(sender=who)
        company.pause(company.agent, by=who)
    else:
        with refused("roles: not a keeper"):
            company.organization.heartbeat(sender=who)
        with refused("stops: not authorised"):
            company.pause(company.agent, by=who)
        with refused("access: not authorised"):
            company.operations.cancel_all("mine", sender=who)


@pytest.mark.parametrize("on", [True, False])
def test_set_keeper__zero_address__reverts(company: Company, on: bool) -> None:
    """
    The zero address gets no role and cannot lose one.
    """
    with refused("roles: zero address"):
        company.organization.set_keeper(ZERO, on, sender=company.treasury)

    company.organization.set_keeper("0x" + "00" * 19 + "01", on, sender=company.treasury)


def test_set_keeper__nothing_changes__is_logged_all_the_same(company: Company) -> None:
    """
    Naming a keeper again, or removing somebody who is none, is logged and changes nothing.
    """
    organization = company.organization

    again = organization.set_keeper(company.keeper, True, sender=company.treasury)
    none = organization.set_keeper(company.guardian, False, sender=company.treasury)

    assert again.events == [logged(organization, "KeeperSet", who=company.keeper, on=True)]
    assert none.events == [logged(organization, "KeeperSet", who=company.guardian, on=False)]
    assert organization.roles(company.keeper) == KEEPER
    assert organization.roles(company.guardian) == GUARDIAN


def test_roles__several_at_once__add_up_and_go_one_by_one(company: Company) -> None:
    """
    Roles are flags: each is granted and taken without touching the others.
    """
    organization, who = company.organization, company.keeper
    organization.set_guardian(who, True, sender=company.treasury)
    assert organization.roles(who) == GUARDIAN + KEEPER

    organization.set_keeper(who, False, sender=company.treasury)
    assert organization.roles(who) == GUARDIAN

    organization.set_keeper(who, True, sender=company.treasury)
    company.schedule(organization, "set_guardian", who, False)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(organization, "set_guardian", who, False)
    assert organization.roles(who) == KEEPER


def test_roles__of_the_treasury__always_carry_treasury(company: Company) -> None:
    """
    Whatever else the treasury is given or loses, it stays the treasury.
    """
    organization, treasury = company.organization, company.treasury
    assert organization.roles(treasury) == TREASURY

    organization.set_guardian(treasury, True, sender=treasury)
    organization.set_keeper(treasury, True, sender=treasury)
    assert organization.roles(treasury) == TREASURY + GUARDIAN + KEEPER

    organization.heartbeat(sender=treasury)
    organization.set_keeper(treasury, False, sender=treasury)
    company.schedule(organization, "set_guardian", treasury, False)
    company.evm.warp(by=CHANGE_DELAY)
    company.apply(organization, "set_guardian", treasury, False)
    assert organization.roles(treasury) == TREASURY
    organization.set_keeper(company.second_keeper, True, sender=treasury)


def test_roles__nobody__is_zero(untouched: Company) -> None:
    """
    Agents, wallets, the organisation itself, its deployer and the zero address have no role.
    """
    nobody = [untouched.agent, untouched.operations.address, untouched.organization.address]
    for who in [*nobody, untouched.deployer, untouched.stranger, ZERO, actor("anyone")]:
        assert untouched.organization.roles(who) == 0


def test_set_guardian__stranger_with_a_zero_address__says_the_role_first(
    untouched: Company,
) -> None:
    """
    Who calls is checked before what is asked for.
    """
    with refused("roles: not the treasury"):
        untouched.organization.set_guardian(ZERO, False, sender=untouched.guardian)
    with refused("roles: not the treasury"):
        untouched.organization.set_keeper(ZERO, False, sender=untouched.keeper)
