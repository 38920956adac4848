"""
Starting again: `unpause`, bound to the stop that the signers looked at.
"""

import pytest

from tests.contracts.organization.company import (
    ROLES,
    SCOPES,
    TIMEOUT,
    ZERO,
    Company,
    logged,
    refused,
)
from tests.harness.world import MAX


@pytest.mark.parametrize("duration", [0, 600])
@pytest.mark.parametrize("scope", SCOPES)
def test_unpause__by_the_treasury__starts_and_logs(
    company: Company, scope: str, duration: int
) -> None:
    """
    A stop ends at once, timed or not; the event names the stop that it ended.
    """
    target = company.scope(scope)
    number = company.pause(target, duration).only("Paused").number

    receipt = company.organization.unpause(target, number, "key replaced", sender=company.treasury)

    assert receipt.events == [
        logged(
            company.organization,
            "Unpaused",
            scope=target,
            by=company.treasury,
            number=number,
            reason="key replaced",
        )
    ]
    assert company.organization.paused_until(target) == 0
    assert company.organization.pause_number(target) == number
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", [role for role in ROLES if role != "treasury"])
def test_unpause__by_anyone_else__reverts(company: Company, scope: str, role: str) -> None:
    """
    Stopping is easy, starting is the treasury's: not even who stopped may start again.
    """
    target = company.scope(scope)
    number = company.pause(target).only("Paused").number

    with refused("roles: not the treasury"):
        company.act(role, company.organization, "unpause", target, number, "ok")

    assert company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
def test_unpause__stopped_again_since__reverts(company: Company, scope: str) -> None:
    """
    Signers release the stop that they looked at and no other; the earlier number is worth nothing.
    """
    target = company.scope(scope)
    first = company.pause(target).only("Paused").number
    second = company.pause(target, 1, by=company.keeper).only("Paused").number
    for seen in (0, first, second + 1, second + 2**64, MAX):
        with refused("stops: not the stop that was seen"):
            company.organization.unpause(target, seen, "ok", sender=company.treasury)
    assert company.is_stopped()

    company.organization.unpause(target, second, "ok", sender=company.treasury)
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", ["agent", "organization"])
@pytest.mark.parametrize("seen", [0, 1, MAX])
def test_unpause__never_stopped__reverts(company: Company, scope: str, seen: int) -> None:
    """
    There is no stop number 0, so what was never stopped cannot be released in advance.
    """
    target = company.scope(scope)
    with refused("stops: never stopped"):
        company.organization.unpause(target, seen, "ok", sender=company.treasury)

    company.pause(target)
    company.organization.unpause(target, 1, "ok", sender=company.treasury)


def test_unpause__unknown_addresses__were_never_stopped(untouched: Company) -> None:
    """
    Zero, a role or a stranger is an address like any other.
    """
    for scope in (ZERO, untouched.treasury, untouched.guardian, untouched.stranger):
        with refused("stops: never stopped"):
            untouched.organization.unpause(scope, 0, "ok", sender=untouched.treasury)


@pytest.mark.parametrize("scope", SCOPES)
def test_unpause__repeated__is_harmless(company: Company, scope: str) -> None:
    """
    The number stays, so a second call with it passes, is logged and releases nothing else.
    """
    company.pause(company.other_agent)
    target = company.scope(scope)
    number = company.pause(target).only("Paused").number

    for _ in range(3):
        receipt = company.organization.unpause(target, number, "ok", sender=company.treasury)
        assert receipt.names() == ["Unpaused"]

    assert not company.is_stopped()
    assert company.is_stopped(company.other_agent)
    assert company.organization.pause_number(target) == number


@pytest.mark.parametrize("scope", SCOPES)
def test_unpause__stop_that_has_ended__is_harmless(company: Company, scope: str) -> None:
    """
    Unpausing what has ended by itself, cleared or not, releases nothing else either.
    """
    company.pause(company.other_agent)
    target = company.scope(scope)
    number = company.pause(target, 60).only("Paused").number
    company.evm.warp(by=60)
    company.organization.clear(target, sender=company.stranger)

    company.organization.unpause(target, number, "ok", sender=company.treasury)

    assert company.organization.paused_until(target) == 0
    assert not company.is_stopped()
    assert company.is_stopped(company.other_agent)


@pytest.mark.parametrize("released", SCOPES)
def test_unpause__one_scope__leaves_the_others_stopped(company: Company, released: str) -> None:
    """
    With all three scopes stopped, an agent pays again only when each of them is released.
    """
    for scope in SCOPES:
        company.pause(company.scope(scope))

    company.unpause(company.scope(released))

    assert company.is_stopped()
    for scope in SCOPES:
        until = company.organization.paused_until(company.scope(scope))
        assert until == (0 if scope == released else MAX)
    for scope in SCOPES:
        if scope != released:
            assert company.is_stopped()
            company.unpause(company.scope(scope))
    assert not company.is_stopped()


def test_unpause__lapsed_heartbeat__is_not_touched(company: Company) -> None:
    """
    A lapse is nobody's stop: unpausing whatever else is stopped does not end it.
    """
    company.pause(company.organization.address)
    company.evm.warp(by=TIMEOUT + 1)

    company.unpause(company.organization.address)

    assert company.is_stopped()
    company.organization.heartbeat(sender=company.keeper)
    assert not company.is_stopped()


@pytest.mark.parametrize("reason", ["", "x" * 64])
def test_unpause__reason_of_up_to_64_bytes__is_logged(company: Company, reason: str) -> None:
    """
    The reason may be empty.
    """
    company.pause(company.agent)

    receipt = company.organization.unpause(company.agent, 1, reason, sender=company.treasury)

    assert receipt.only("Unpaused").reason == reason


def test_unpause__reason_that_is_too_long__reverts(company: Company) -> None:
    """
    65 bytes are malformed calldata.
    """
    company.pause(company.agent)
    with refused(""):
        company.organization.unpause(company.agent, 1, "x" * 65, sender=company.treasury)


def test_unpause__several_things_wrong__says_the_first(unsealed: Company) -> None:
    """
    Caller, then whether there was a stop, then its number, then whether the wallet is sealed.
    """
    organization, wallet = unsealed.organization, unsealed.operations.address
    with refused("roles: not the treasury"):
        organization.unpause(unsealed.agent, 1, "ok", sender=unsealed.guardian)
    with refused("stops: never stopped"):
        organization.unpause(unsealed.agent, 1, "ok", sender=unsealed.treasury)
    with refused("stops: not the stop that was seen"):
        organization.unpause(wallet, 2, "ok", sender=unsealed.treasury)
    with refused("stops: wallet is not sealed"):
        organization.unpause(wallet, 1, "ok", sender=unsealed.treasury)

    unsealed.operations.seal(sender=unsealed.treasury)
    organization.unpause(wallet, 1, "ok", sender=unsealed.treasury)


def test_unpause__agent_of_an_unsealed_wallet__needs_no_seal(unsealed: Company) -> None:
    """
    Only a wallet's own stop waits for its seal.
    """
    for scope in (unsealed.agent, unsealed.organization.address):
        unsealed.pause(scope)
        unsealed.unpause(scope)

    assert unsealed.is_stopped()


def test_unpause__keeper_key_stolen__is_beaten_by_removing_it_first(company: Company) -> None:
    """
    A stolen keeper can stop again before every unpause. Removing it in a transaction of its own
    works whatever it does, and then the number stands still.
    """
    organization = company.organization
    thief, scope = company.keeper, company.agent
    seen = company.pause(scope, by=thief).only("Paused").number
    for _ in range(3):
        company.pause(scope, by=thief)
        with refused("stops: not the stop that was seen"):
            organization.unpause(scope, seen, "theft", sender=company.treasury)
        seen = organization.pause_number(scope)

    company.pause(scope, by=thief)
    organization.set_keeper(thief, False, sender=company.treasury)
    with refused("stops: not authorised"):
        company.pause(scope, by=thief)
    organization.unpause(scope, organization.pause_number(scope), "ok", sender=company.treasury)

    assert not company.is_stopped()


def test_unpause__removal_in_the_same_transaction__keeps_the_stolen_keeper(
    company: Company,
) -> None:
    """
    Why the removal must be on its own: in one batch, the unpause that a new stop makes revert takes
    the removal with it.
    """
    organization, treasury = company.another_organization()
    organization.pause(company.agent, 0, "theft", sender=company.keeper)
    removal = organization.calldata("set_keeper", company.keeper, False)
    release = organization.calldata("unpause", company.agent, 1, "ok")

    organization.pause(company.agent, 0, "again", sender=company.keeper)
    with refused("stops: not the stop that was seen"):
        treasury.does_both(organization, removal, release)
    assert organization.roles(company.keeper) == 4

    treasury.does(organization, "set_keeper", company.keeper, False)
    treasury.does(organization, "unpause", company.agent, 2, "ok")
    assert not organization.is_stopped(company.operations.address, company.agent)
