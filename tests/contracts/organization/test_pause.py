"""
Stopping: `pause`, in three scopes.
"""

import pytest

from tests.contracts.organization.company import ROLES, SCOPES, ZERO, Company, logged, refused
from tests.harness.evm import actor
from tests.harness.world import DAY, MAX

LONGEST = 365 * DAY
STOPPERS = ("guardian", "keeper", "treasury")


@pytest.mark.parametrize("by", STOPPERS)
@pytest.mark.parametrize("scope", SCOPES)
def test_pause__by_who_may__stops_and_logs(company: Company, scope: str, by: str) -> None:
    """
    A guardian, a keeper or the treasury stops any scope; the event says who, until when and why.
    """
    target = company.scope(scope)
    number = company.organization.pause_number(target)

    receipt = company.organization.pause(target, 600, "odd payments", sender=actor(by))

    until = company.now + 600
    assert receipt.events == [
        logged(
            company.organization,
            "Paused",
            scope=target,
            by=actor(by),
            until=until,
            number=number + 1,
            reason="odd payments",
        )
    ]
    assert company.organization.paused_until(target) == until
    assert company.organization.pause_number(target) == number + 1
    assert company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("duration", [1, 2, 600, LONGEST - 1, LONGEST])
def test_pause__timed__ends_by_itself_at_that_second(scope: str, duration: int) -> None:
    """
    Stopped while now < paused_until: the last second before it still is, and that second is not.
    """
    company = Company(heartbeat_timeout=MAX)
    target = company.scope(scope)

    receipt = company.pause(target, duration)

    until = company.now + duration
    assert receipt.only("Paused").until == company.organization.paused_until(target) == until
    company.evm.warp(until - 1)
    assert company.is_stopped()
    company.evm.warp(until)
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("duration", [0, LONGEST + 1, 2**64 - 1, 2**64, MAX - 1, MAX])
def test_pause__without_end__lasts_until_unpaused(scope: str, duration: int) -> None:
    """
    Zero, or more than a year, has no end, and is shown as the maximum.
    """
    company = Company(heartbeat_timeout=MAX)
    target = company.scope(scope)

    receipt = company.pause(target, duration)

    assert receipt.only("Paused").until == company.organization.paused_until(target) == MAX
    company.evm.warp(by=1_000 * 365 * DAY)
    assert company.is_stopped()
    company.unpause(target)
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
def test_pause__shorter_than_the_one_that_runs__shortens_nothing(
    company: Company, scope: str
) -> None:
    """
    A later stop keeps the greater end, logs that end and counts all the same.
    """
    target = company.scope(scope)
    first = company.pause(target, 1_000).only("Paused")
    company.evm.warp(by=500)

    second = company.pause(target, 499).only("Paused")
    third = company.pause(target, 1).only("Paused")

    assert first.until == second.until == third.until == company.organization.paused_until(target)
    assert (second.number, third.number) == (first.number + 1, first.number + 2)
    company.evm.warp(first.until - 1)
    assert company.is_stopped()
    company.evm.warp(first.until)
    assert not company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
def test_pause__longer_than_the_one_that_runs__extends_it(company: Company, scope: str) -> None:
    """
    A second longer is enough to move the end.
    """
    target = company.scope(scope)
    first = company.pause(target, 1_000).only("Paused")
    company.evm.warp(by=500)

    second = company.pause(target, 501).only("Paused")

    assert second.until == first.until + 1
    company.evm.warp(first.until)
    assert company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
def test_pause__timed_upon_one_without_end__changes_no_end(company: Company, scope: str) -> None:
    """
    A stop until unpaused stays one, however often somebody adds a timed one.
    """
    target = company.scope(scope)
    company.pause(target, 0)

    again = company.pause(target, LONGEST).only("Paused")

    assert again.until == company.organization.paused_until(target) == MAX


@pytest.mark.parametrize("scope", SCOPES)
def test_pause__after_one_that_ended__starts_anew(company: Company, scope: str) -> None:
    """
    An end that has passed does not count against a new stop.
    """
    target = company.scope(scope)
    first = company.pause(target, 100).only("Paused")
    company.evm.warp(by=100)
    assert not company.is_stopped()

    second = company.pause(target, 1).only("Paused")

    assert (second.until, second.number) == (company.now + 1, first.number + 1)
    assert company.is_stopped()


@pytest.mark.parametrize("scope", SCOPES)
def test_pause__after_an_unpause__starts_anew(company: Company, scope: str) -> None:
    """
    Unpausing forgets the end but not the number.
    """
    target = company.scope(scope)
    first = company.pause(target, 0).only("Paused")
    company.unpause(target)

    second = company.pause(target, 60).only("Paused")

    assert (second.until, second.number) == (company.now + 60, first.number + 1)


@pytest.mark.parametrize("by", STOPPERS)
@pytest.mark.parametrize("scope", SCOPES)
def test_pause__repeated_by_whoever_may__never_reverts(
    company: Company, scope: str, by: str
) -> None:
    """
    No legal stop can be made to revert, whatever was stopped before and for however long.
    """
    target = company.scope(scope)
    for n, duration in enumerate([MAX, 0, 1, LONGEST, LONGEST + 1, MAX], start=1):
        before = company.organization.pause_number(target)
        receipt = company.organization.pause(target, duration, "x" * n, sender=actor(by))
        assert receipt.only("Paused").number == before + 1


@pytest.mark.parametrize("by", STOPPERS)
def test_pause__address_that_is_nothing_yet__is_stopped_beforehand(
    company: Company, by: str
) -> None:
    """
    Anything that is neither the organisation nor a wallet counts as an agent, also before it is
    one: a key that is known to be stolen is stopped wherever it may be used next.
    """
    for scope in (actor("key to come"), ZERO, company.treasury, company.token.address):
        receipt = company.organization.pause(scope, 60, "early", sender=actor(by))
        assert receipt.only("Paused").number == 1
        assert company.is_stopped(scope)


@pytest.mark.parametrize("reason", ["", "x", "x" * 64])
def test_pause__reason_of_up_to_64_bytes__is_logged(company: Company, reason: str) -> None:
    """
    A reason may be empty: in an emergency nobody has to think of one.
    """
    receipt = company.organization.pause(company.agent, 0, reason, sender=company.keeper)

    assert receipt.only("Paused").reason == reason


def test_pause__reason_that_is_too_long__reverts(untouched: Company) -> None:
    """
    65 bytes are malformed calldata; whoever sends stops must cut reasons to 64.
    """
    with refused(""):
        untouched.organization.pause(untouched.agent, 0, "x" * 65, sender=untouched.keeper)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", [r for r in ROLES if r not in (*STOPPERS, "wallet")])
def test_pause__by_who_may_not__reverts(untouched: Company, scope: str, role: str) -> None:
    """
    Neither agents nor strangers nor the deployer stop anything, not even an agent itself here.
    """
    with refused("stops: not authorised"):
        untouched.pause(untouched.scope(scope), by=actor(role))

    assert not untouched.is_stopped()


def test_pause__by_a_wallet__names_agents_only(company: Company) -> None:
    """
    A wallet speaks for its agents: it may stop any agent, but neither a wallet, not even itself,
    nor the organisation.
    """
    organization, puppet = company.organization, company.puppet
    wallets = [company.operations.address, company.trading.address, puppet.address]
    for scope in (organization.address, *wallets):
        with refused("stops: not authorised"):
            puppet.does(organization, "pause", scope, 60, "all")

    receipt = puppet.does(organization, "pause", company.agent, 60, "mine")

    assert receipt.events == [
        logged(
            organization,
            "Paused",
            scope=company.agent,
            by=puppet.address,
            until=company.now + 60,
            number=1,
            reason="mine",
        )
    ]
    assert company.is_stopped()
    assert not company.is_stopped(company.other_agent)


def test_pause__by_a_wallet_of_another_organisation__reverts(company: Company) -> None:
    """
    A wallet speaks to the organisation that created it and to no other.
    """
    other, _ = company.another_organization()
    with refused("stops: not authorised"):
        company.puppet.does(other, "pause", company.agent, 60, "mine")

    company.puppet.does(company.organization, "pause", company.agent, 60, "mine")


def test_pause__by_a_role_that_is_a_wallet_too__is_not_limited(company: Company) -> None:
    """
    Whoever has a role may stop anything, whatever else they are.
    """
    organization = company.organization
    organization.set_keeper(company.puppet.address, True, sender=company.treasury)

    company.puppet.does(organization, "pause", organization.address, 60, "all")

    assert company.is_stopped()


def test_pause_self__by_an_agent__stops_it_in_every_wallet(company: Company) -> None:
    """
    An agent stops itself through one wallet and is stopped in all, by the wallet's word.
    """
    receipt = company.operations.pause_self(600, "my key leaked", sender=company.agent)

    assert receipt.events == [
        logged(
            company.organization,
            "Paused",
            scope=company.agent,
            by=company.operations.address,
            until=company.now + 600,
            number=1,
            reason="my key leaked",
        )
    ]
    for wallet in (company.operations, company.trading):
        assert company.is_stopped(wallet=wallet)
        assert not company.is_stopped(company.other_agent, wallet)


def test_pause_self__by_who_is_no_agent_of_the_wallet__reverts(company: Company) -> None:
    """
    A wallet passes on the word of its own agents only, and not of a key that was replaced.
    """
    new_key = actor("new key")
    for who in (company.stranger, company.guardian, company.treasury, new_key):
        with refused("access: not an agent"):
            company.operations.pause_self(60, "me", sender=who)

    company.operations.rotate_agent(company.agent, new_key, sender=company.treasury)
    with refused("access: not an agent"):
        company.operations.pause_self(60, "me", sender=company.agent)
    company.operations.pause_self(60, "me", sender=new_key)
    company.trading.pause_self(60, "me", sender=company.agent)


def test_pause_self__while_all_is_stopped__works(company: Company) -> None:
    """
    A stop can be added to whatever is stopped already.
    """
    for scope in SCOPES:
        company.pause(company.scope(scope))

    company.operations.pause_self(0, "my key leaked", sender=company.agent)

    assert company.organization.pause_number(company.agent) == 2


def test_pause__organization__touches_no_other_scope(company: Company) -> None:
    """
    Each scope has its own end and its own number.
    """
    company.pause(company.organization.address, 600)

    for scope in (company.agent, company.other_agent):
        assert company.organization.paused_until(scope) == 0
        assert company.organization.pause_number(scope) == 0
    assert company.organization.paused_until(company.operations.address) == 0
    assert company.organization.pause_number(company.operations.address) == 1
