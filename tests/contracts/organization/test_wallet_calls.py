"""
What wallets tell their organisation: `changed` and `rotated`.
"""

from itertools import pairwise

import pytest
from eth_utils import keccak

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    GENERAL_BUDGET,
    ROLES,
    ZERO,
    Company,
    logged,
    refused,
)
from tests.contracts.organization.puppet import new_puppet, new_puppet_wallet
from tests.harness.evm import actor
from tests.harness.world import DAY, MAX

NEW_KEY = actor("new key")
GRACE_KEY = keccak(text="set_grace(uint256)")[:4]


def _key(call: bytes, words: int) -> bytes:
    """
    How a wallet names one of its subjects: selector and key arguments, hashed.
    """
    return keccak(call[: 4 + 32 * words])


@pytest.mark.parametrize("role", [role for role in ROLES if role != "wallet"])
def test_changed_and_rotated__by_anyone_but_a_wallet__reverts(company: Company, role: str) -> None:
    """
    Only wallets of this organisation can speak of their changes, not even the treasury.
    """
    id = company.schedule_raise()
    with refused("registry: not a wallet"):
        company.act(role, company.organization, "changed", b"\0" * 32, company.agent)
    with refused("registry: not a wallet"):
        company.act(role, company.organization, "rotated", company.agent, NEW_KEY)

    assert company.is_live(id)
    company.puppet.does(company.organization, "changed", b"\0" * 32, company.agent)
    assert not company.is_live(id)


def test_changed_and_rotated__by_a_contract_that_is_no_wallet__reverts(company: Company) -> None:
    """
    Code alone makes no wallet, nor does belonging to another organisation.
    """
    other, treasury = company.another_organization()
    for caller in (new_puppet(company.evm), treasury):
        with refused("registry: not a wallet"):
            caller.does(company.organization, "changed", b"\0" * 32, company.agent)
        with refused("registry: not a wallet"):
            caller.does(company.organization, "rotated", company.agent, NEW_KEY)
    with refused("registry: not a wallet"):
        company.puppet.does(other, "changed", b"\0" * 32, company.agent)


def test_changed__subject_of_the_caller__voids_what_was_pending(company: Company) -> None:
    """
    The pending change of (caller, key) is dropped and told.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_grace", 2 * DAY)
    id = organization.schedule(puppet.address, call, sender=company.treasury).result

    receipt = puppet.does(organization, "changed", keccak(GRACE_KEY), ZERO)

    assert receipt.events == [logged(organization, "ChangeVoided", id=id)]
    assert not company.is_live(id)


def test_changed__other_wallets_subject__voids_nothing(company: Company) -> None:
    """
    A wallet cannot speak of another wallet's settings, nor of the organisation's.
    """
    puppet, organization = company.puppet, company.organization
    ids = [
        company.schedule(company.operations, "set_grace", 2 * DAY),
        company.schedule(organization, "set_change_delay", 3600),
    ]
    for key in (keccak(GRACE_KEY), keccak(keccak(text="set_change_delay(uint256)")[:4])):
        receipt = puppet.does(organization, "changed", key, ZERO)
        assert receipt.events == []

    assert all(company.is_live(id) for id in ids)


def test_changed__nothing_pending__logs_nothing(company: Company) -> None:
    """
    A key that nothing is pending on is no mistake.
    """
    for key in (b"\0" * 32, b"\xff" * 32, keccak(GRACE_KEY)):
        for agent in (ZERO, company.agent):
            receipt = company.puppet.does(company.organization, "changed", key, agent)
            assert receipt.events == []


def test_changed__change_that_has_expired__logs_nothing(company: Company) -> None:
    """
    Up to its last second a pending change is voided with an event, afterwards without one.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_grace", 2 * DAY)
    for waited, names in ((9 * DAY - 1, ["ChangeVoided"]), (9 * DAY, [])):
        organization.schedule(puppet.address, call, sender=company.treasury)
        company.evm.warp(by=waited)
        receipt = puppet.does(organization, "changed", keccak(GRACE_KEY), ZERO)
        assert receipt.names() == names


def test_changed__without_an_agent__kills_no_agents_changes(company: Company) -> None:
    """
    Most settings concern nobody in particular.
    """
    id = company.schedule_raise()

    company.puppet.does(company.organization, "changed", b"\0" * 32, ZERO)

    assert company.is_live(id)


def test_changed__with_an_agent__kills_its_changes_everywhere(company: Company) -> None:
    """
    In silence: the wallet's own event tells of it.
    """
    mine = [company.schedule_raise(), company.schedule_raise(wallet=company.trading)]
    other = company.schedule_raise(agent=company.other_agent)

    receipt = company.puppet.does(company.organization, "changed", b"\0" * 32, company.agent)

    assert receipt.events == []
    assert not any(company.is_live(id) for id in mine)
    assert company.is_live(other)


def test_changed__budget_of_the_agent__is_voided_before_it_is_dead(company: Company) -> None:
    """
    Voiding comes first, so that the subject's own change is told of.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_budget", *company.budget_args())
    id = organization.schedule(puppet.address, call, sender=company.treasury).result

    receipt = puppet.does(organization, "changed", _key(call, 3), company.agent)

    assert receipt.events == [logged(organization, "ChangeVoided", id=id)]


def test_changed__any__stops_nobody(company: Company) -> None:
    """
    A wallet gone bad can drop plans, and no more.
    """
    company.puppet.does(company.organization, "changed", b"\0" * 32, company.agent)

    assert not company.is_stopped()
    assert company.organization.pause_number(company.agent) == 0
    company.pay(1)


# Rotation


def test_rotated__old_key_running__logs_and_stops_nothing(company: Company) -> None:
    """
    A new key for an agent that runs, runs.
    """
    receipt = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.events == [
        logged(company.operations, "AgentRotated", old=company.agent, new=NEW_KEY)
    ]
    assert company.organization.pause_number(NEW_KEY) == 0
    company.pay(1, sender=NEW_KEY)


@pytest.mark.parametrize("duration", [0, 600])
def test_rotated__old_key_stopped__stops_the_new_one_as_long(
    company: Company, duration: int
) -> None:
    """
    A rotation lifts no stop: the new key is stopped until when the old one is, by the wallet's
    word, and the old one stays so.
    """
    organization = company.organization
    until = company.pause(company.agent, duration).only("Paused").until
    company.evm.warp(by=100)

    receipt = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.events == [
        logged(company.operations, "AgentRotated", old=company.agent, new=NEW_KEY),
        logged(
            organization,
            "Paused",
            scope=NEW_KEY,
            by=company.operations.address,
            until=until,
            number=1,
            reason="rotated",
        ),
    ]
    assert organization.paused_until(NEW_KEY) == organization.paused_until(company.agent) == until
    assert organization.pause_number(company.agent) == 1
    with refused("payments: stopped"):
        company.pay(1, sender=NEW_KEY)


def test_rotated__timed_stop__ends_for_both_at_once(company: Company) -> None:
    """
    The stop that moves along ends when it would have ended.
    """
    paused = company.pause(company.agent, 600).only("Paused")
    company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    company.evm.warp(paused.until - 1)
    assert company.is_stopped(NEW_KEY)
    company.evm.warp(paused.until)
    assert not company.is_stopped(NEW_KEY)
    company.pay(1, sender=NEW_KEY)


@pytest.mark.parametrize("waited", [600, 601])
def test_rotated__stop_of_the_old_key_has_ended__stops_nothing(
    company: Company, waited: int
) -> None:
    """
    From the second at which a stop ends there is none to move along.
    """
    company.pause(company.agent, 600)
    company.evm.warp(by=waited)

    receipt = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.names() == ["AgentRotated"]
    assert company.organization.pause_number(NEW_KEY) == 0


def test_rotated__last_second_of_the_old_keys_stop__still_moves_along(company: Company) -> None:
    """
    One second earlier there was.
    """
    company.pause(company.agent, 600)
    company.evm.warp(by=599)

    receipt = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.names() == ["AgentRotated", "Paused"]
    assert company.is_stopped(NEW_KEY)


@pytest.mark.parametrize(("old", "new"), [(600, 900), (900, 600), (0, 600), (600, 0)])
def test_rotated__both_keys_stopped__keeps_the_longer_stop(
    company: Company, old: int, new: int
) -> None:
    """
    The new key is stopped at least as long as the old one and never shorter than it was.
    """
    company.pause(NEW_KEY, new)
    company.pause(company.agent, old)
    longer = max(duration or MAX for duration in (old, new))
    until = longer if longer == MAX else company.now + longer

    paused = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury).only(
        "Paused"
    )

    assert paused.until == company.organization.paused_until(NEW_KEY) == until
    assert paused.number == 2


def test_rotated__new_key_stopped_and_old_one_running__stays_stopped(company: Company) -> None:
    """
    What is known of the new key is not forgotten.
    """
    company.pause(NEW_KEY)

    receipt = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.names() == ["AgentRotated"]
    assert company.is_stopped(NEW_KEY)


def test_rotated__stopped_wallet_or_organization__is_no_stop_of_the_key(company: Company) -> None:
    """
    Only the agent's own stop moves along; the others cover the new key anyway.
    """
    for scope in ("wallet", "organization"):
        company.pause(company.scope(scope))

    receipt = company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert receipt.names() == ["AgentRotated"]
    for scope in ("wallet", "organization"):
        assert company.is_stopped(NEW_KEY)
        company.unpause(company.scope(scope))
    assert not company.is_stopped(NEW_KEY)


def test_rotated__in_a_second_wallet__stops_again_and_harms_nothing(company: Company) -> None:
    """
    An agent of several wallets is rotated in each; every rotation counts as a stop of its own.
    """
    company.pause(company.agent)
    company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    again = company.trading.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)

    assert again.only("Paused").number == 2
    company.unpause(NEW_KEY)
    for wallet in (company.operations, company.trading):
        company.pay(1, sender=NEW_KEY, wallet=wallet)
    with refused("payments: stopped"):
        company.pay(1)


def test_rotated__then_unpaused__releases_the_new_key_alone(company: Company) -> None:
    """
    Each key is released on its own, each with its own number.
    """
    company.pause(company.agent)
    company.pause(company.agent)
    company.operations.rotate_agent(company.agent, NEW_KEY, sender=company.treasury)
    with refused("stops: not the stop that was seen"):
        company.organization.unpause(NEW_KEY, 2, "ok", sender=company.treasury)

    company.organization.unpause(NEW_KEY, 1, "ok", sender=company.treasury)

    assert not company.is_stopped(NEW_KEY)
    assert company.is_stopped()


def test_rotated__chain_of_rotations__carries_the_stop_all_the_way(company: Company) -> None:
    """
    However often a key is replaced, the stop goes along.
    """
    keys = [company.agent, *(actor(f"key {i}") for i in range(4))]
    company.pause(company.agent)

    for old, new in pairwise(keys):
        company.operations.rotate_agent(old, new, sender=company.treasury)

    assert all(company.is_stopped(key) for key in keys)


def test_rotated__to_somebody_with_power__is_refused_by_the_wallet(company: Company) -> None:
    """
    No stop can be moved to the organisation, a wallet or anyone with a role: a wallet takes none of
    them for a new agent.
    """
    company.pause(company.agent)
    taken = [company.organization.address, company.trading.address, company.operations.address]
    roles = [company.guardian, company.keeper, company.treasury]
    for new in (*taken, *roles, ZERO, company.other_agent):
        with refused("agents: not a new agent"):
            company.operations.rotate_agent(company.agent, new, sender=company.treasury)


@pytest.mark.parametrize("case", ["old", "new", "unrelated"])
def test_rotated__changes_of_both_keys__die(company: Company, case: str) -> None:
    """
    Told by a wallet, a rotation disturbs the old and the new key and nobody else.
    """
    agent = {"old": company.agent, "new": NEW_KEY, "unrelated": company.other_agent}[case]
    id = company.schedule_raise(agent=agent)

    receipt = company.puppet.does(company.organization, "rotated", company.agent, NEW_KEY)

    assert receipt.events == []
    assert company.is_live(id) == (case == "unrelated")


def test_set_budget__applied__tells_the_organization_nothing(company: Company) -> None:
    """
    What comes from the timelock is no direct change: other changes of the same agent wait on.
    """
    other = company.schedule_raise(wallet=company.trading)
    company.schedule_raise()
    company.evm.warp(by=CHANGE_DELAY)

    receipt = company.apply_raise()

    assert receipt.names() == ["ChangeApplied", "BudgetSet"]
    assert receipt.only("BudgetSet").budget == tuple(GENERAL_BUDGET._replace(daily=2_000_000_000))
    assert company.is_live(other)


@pytest.mark.parametrize("scope", ["organization", "operations"])
def test_rotated__by_a_wallet_gone_bad__names_agents_only(company: Company, scope: str) -> None:
    """
    Like `pause`, a wallet cannot stop the organisation or another wallet by way of a rotation.
    """
    bad = new_puppet_wallet(company)
    company.pause(company.agent, 0)
    target = getattr(company, scope).address

    with refused("stops: not authorised"):
        bad.does(company.organization, "rotated", company.agent, target)
    bad.does(company.organization, "rotated", company.agent, NEW_KEY)

    assert company.organization.pause_number(target) == (0 if scope == "organization" else 1)
    assert company.organization.pause_number(NEW_KEY) == 1
