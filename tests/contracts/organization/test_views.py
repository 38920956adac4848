"""
What the organisation answers to anyone.
"""

import pytest
from eth_abi import decode, encode
from eth_utils import keccak

from tests.contracts.organization.company import (
    CHANGE_DELAY,
    CHANGE_GRACE,
    ROLES,
    SCOPES,
    TIMEOUT,
    ZERO,
    Company,
    refused,
)
from tests.harness.world import DAY, HOUR, MAX, World


def test_constants__any__are_what_the_interface_says(untouched: Company) -> None:
    """
    Bounds are public, so that whoever prepares a call can check it first.
    """
    organization = untouched.organization
    assert organization.MIN_CHANGE_DELAY() == HOUR
    assert organization.MAX_CHANGE_DELAY() == 30 * DAY
    assert organization.CHANGE_GRACE() == 7 * DAY == CHANGE_GRACE
    assert organization.MIN_HEARTBEAT_TIMEOUT() == 600
    assert organization.MAX_HEARTBEAT_TIMEOUT() == 30 * DAY
    assert organization.MAX_TIMED_PAUSE() == 365 * DAY


@pytest.mark.parametrize("i", [3, 4, 2**64, MAX])
def test_wallets__out_of_range__is_zero(untouched: Company, i: int) -> None:
    """
    Indices go from 0 to one below the count; beyond there is nobody.
    """
    assert untouched.organization.wallet_count() == 3
    assert untouched.organization.wallets(i) == ZERO
    assert untouched.organization.wallets(2) == untouched.puppet.address


def test_wallets__none_yet__is_zero(company: Company) -> None:
    """
    A new organisation has none.
    """
    organization, _ = company.another_organization()
    assert organization.wallet_count() == 0
    assert organization.wallets(0) == ZERO


def test_is_wallet__anything_else__is_false(company: Company) -> None:
    """
    Neither people nor contracts nor the organisation itself nor a wallet of another one.
    """
    organization = company.organization
    other, treasury = company.another_organization()
    theirs = treasury.does(other, "create_wallet", "theirs", company.blueprint)
    for who in (company.operations, company.trading, company.puppet):
        assert organization.is_wallet(who.address)
        assert not other.is_wallet(who.address)
    strangers = [organization.address, company.blueprint, company.token.address, ZERO]
    people = [company.treasury, company.guardian, company.keeper, company.agent]
    for address in (*strangers, *people, theirs.only("WalletCreated").wallet):
        assert not organization.is_wallet(address)


@pytest.mark.parametrize("scope", SCOPES)
def test_stopped__asked_by_a_wallet__is_what_is_stopped_says_of_it(
    company: Company, scope: str
) -> None:
    """
    `stopped` answers for the wallet that asks, `is_stopped` for the one that is named.
    """
    organization, puppet = company.organization, company.puppet

    def answers(agent: str) -> tuple[bool, bool]:
        output = puppet.does(organization, "stopped", agent).result
        return bool(int.from_bytes(output)), organization.is_stopped(puppet.address, agent)

    assert answers(company.agent) == (False, False)
    company.pause(puppet.address if scope == "wallet" else company.scope(scope))

    assert answers(company.agent) == (True, True)
    assert answers(company.other_agent) == ((False, False) if scope == "agent" else (True, True))
    assert company.is_stopped(company.other_agent) == (scope == "organization")


def test_stopped__heartbeat_lapsed__is_true_for_all(company: Company) -> None:
    """
    A lapse stops every wallet, whoever asks.
    """
    company.evm.warp(by=TIMEOUT)
    assert not company.organization.stopped(company.agent)
    company.evm.warp(by=1)
    assert company.organization.stopped(company.agent)
    assert company.organization.is_stopped(ZERO, ZERO)


def test_is_stopped__agent_and_wallet__are_not_mixed_up(company: Company) -> None:
    """
    Both arguments are scopes, and either one being stopped is enough.
    """
    wallet, agent = company.operations.address, company.agent
    company.pause(agent)
    assert company.organization.is_stopped(wallet, agent)
    assert company.organization.is_stopped(agent, wallet)
    assert not company.organization.is_stopped(wallet, company.other_agent)
    company.unpause(agent)
    company.pause(wallet)
    assert company.organization.is_stopped(wallet, company.other_agent)
    assert not company.organization.is_stopped(company.trading.address, agent)


def test_paused_until__never_stopped__is_zero(untouched: Company) -> None:
    """
    Zero: never stopped, or unpaused.
    """
    for scope in (untouched.agent, untouched.stranger, untouched.organization.address, ZERO):
        assert untouched.organization.paused_until(scope) == 0
        assert untouched.organization.pause_number(scope) == 0


def test_paused_until__ended__says_when_it_was(company: Company) -> None:
    """
    A stop that has ended by itself still tells when.
    """
    for scope in SCOPES:
        company.pause(company.scope(scope), 60)
    ended = company.now + 60
    company.evm.warp(by=DAY)

    for scope in SCOPES:
        assert company.organization.paused_until(company.scope(scope)) == ended


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 100, 1024])
def test_change_id__any_target_and_call__is_the_hash_of_both(untouched: Company, size: int) -> None:
    """
    `keccak256(abi_encode(target, call))`, for anything, whether it can be scheduled or not.
    """
    for target in (ZERO, untouched.operations.address, untouched.stranger):
        call = bytes(i % 251 for i in range(size))
        expected = keccak(encode(["address", "bytes"], [target, call]))
        assert untouched.organization.change_id(target, call) == expected


def test_change_id__longer_than_a_call_can_be__reverts(untouched: Company) -> None:
    """
    1,025 bytes are malformed calldata.
    """
    with refused(""):
        untouched.organization.change_id(untouched.operations.address, b"\0" * 1025)


def test_ready_at__of_a_change__is_its_time_while_it_lives(company: Company) -> None:
    """
    From scheduling until the last second of the grace, and 0 before and after.
    """
    call = company.operations.calldata("set_grace", 2 * DAY)
    id = company.organization.change_id(company.operations.address, call)
    assert company.organization.ready_at(id) == 0

    company.schedule(company.operations, "set_grace", 2 * DAY)
    ready_at = company.now + CHANGE_DELAY
    for at in (company.now, ready_at - 1, ready_at, ready_at + CHANGE_GRACE - 1):
        company.evm.warp(at)
        assert company.organization.ready_at(id) == ready_at
    company.evm.warp(ready_at + CHANGE_GRACE)
    assert company.organization.ready_at(id) == 0


def test_ready_at__id_of_nothing__is_zero(untouched: Company) -> None:
    """
    Zero: there is none.
    """
    for id in (b"\0" * 32, b"\xff" * 32):
        assert untouched.organization.ready_at(id) == 0


BUDGET = (1, 1, 1, 1, 1, HOUR, 10_000, False, False)

VIEWS = {
    "budget_after": (0, 0, BUDGET),
    "treasury": (),
    "roles": (ZERO,),
    "wallet_count": (),
    "wallets": (MAX,),
    "is_wallet": (ZERO,),
    "paused_until": (ZERO,),
    "pause_number": (ZERO,),
    "last_heartbeat": (),
    "heartbeat_timeout": (),
    "change_delay": (),
    "change_id": (ZERO, b""),
    "ready_at": (b"\xff" * 32,),
    "stopped": (ZERO,),
    "is_stopped": (ZERO, ZERO),
    "MIN_HEARTBEAT_TIMEOUT": (),
    "MAX_HEARTBEAT_TIMEOUT": (),
    "MAX_TIMED_PAUSE": (),
    "MIN_CHANGE_DELAY": (),
    "MAX_CHANGE_DELAY": (),
    "CHANGE_GRACE": (),
}


def test_views__table__is_complete(untouched: Company) -> None:
    """
    No view is left out below.
    """
    functions = untouched.organization.artifact.functions
    assert set(VIEWS) == {name for name in functions if not functions[name].mutates}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", VIEWS)
def test_view__asked_by_anyone__answers(untouched: Company, name: str, role: str) -> None:
    """
    Views are open to all and never revert, whatever they are asked (`budget_after`: figures that a
    budget can have); they change nothing.
    """
    receipt = untouched.act(role, untouched.organization, name, *VIEWS[name])

    assert receipt.events == []


def test_treasury__asked_during_a_call__answers(company: Company) -> None:
    """
    No view is behind a lock: a wallet's constructor asks for the treasury while the organisation
    creates it, and during `apply` a wallet may ask anything.
    """
    puppet, organization = company.puppet, company.organization
    call = company.operations.calldata("set_grace", 2 * DAY)
    organization.schedule(puppet.address, call, sender=company.treasury)
    company.evm.warp(by=CHANGE_DELAY)
    puppet.when_called(organization, organization.calldata("treasury"))

    organization.apply(puppet.address, call, sender=company.stranger)

    output = puppet.does(organization, "treasury").result
    assert decode(["address"], output)[0] == company.treasury.lower()


def test_money__sent_to_the_organization__is_refused(world: World) -> None:
    """
    The organisation holds no money: neither a plain transfer nor any function takes native
    currency.
    """
    organization = world.organization
    world.evm.fund(world.treasury, 1)
    with refused(""):
        world.evm.transact(world.treasury, organization.address, b"", value=1)
    calls = {
        "set_keeper": (world.keeper, True),
        "set_guardian": (world.guardian, True),
        "pause": (world.agent, 0, ""),
        "clear": (world.stranger,),
        "veto_all": ("",),
        "set_heartbeat_timeout": (MAX,),
        "set_change_delay": (2 * DAY,),
        "create_wallet": ("x", world.blueprint),
        "schedule": (world.wallet.address, world.wallet.calldata("set_grace", 2 * DAY)),
    }
    for name, args in calls.items():
        with refused(""):
            organization.call(name, *args, sender=world.treasury, value=1)
        organization.call(name, *args, sender=world.treasury)
    assert world.evm.balance(organization.address) == 0


def test_call__that_is_no_function__reverts(world: World) -> None:
    """
    A mistyped call never seems to succeed.
    """
    for data in (b"", b"\0", b"\0\0\0\0", b"\xff" * 36, world.wallet.calldata("seal")):
        with refused(""):
            world.evm.transact(world.treasury, world.organization.address, data)
