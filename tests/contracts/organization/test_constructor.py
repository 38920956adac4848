"""
Founding an organisation.
"""

from typing import Any

import pytest

from tests.contracts.organization.company import ZERO, logged, refused
from tests.contracts.organization.puppet import new_puppet
from tests.harness.evm import Contract, Evm, actor, compiled
from tests.harness.world import DAY, HOUR, MAX

GUARDIAN = actor("guardian")
KEEPER = actor("keeper")
TREASURY = actor("treasury")


def _found(evm: Evm | None = None, **kwargs: Any) -> Contract:
    """
    An organisation whose treasury has code, unless said otherwise.
    """
    evm = evm or Evm()
    treasury = kwargs.get("treasury", TREASURY)
    if "treasury" not in kwargs:
        evm.set_code(treasury, b"\0")
    return evm.deploy(
        compiled("Organization.vy"),
        treasury,
        kwargs.get("guardians", [GUARDIAN]),
        kwargs.get("keepers", [KEEPER]),
        kwargs.get("change_delay", DAY),
        kwargs.get("heartbeat_timeout", HOUR),
        sender=actor("deployer"),
        value=kwargs.get("value", 0),
    )


def test_constructor__any__logs_everything_it_was_given() -> None:
    """
    All state can be rebuilt from logs, so the constructor logs each of its values, in order.
    """
    guardians = [actor("guardian"), actor("second guardian")]
    keepers = [actor("keeper"), actor("second keeper")]

    made = _found(guardians=guardians, keepers=keepers)

    assert made.evm.events() == [
        logged(made, "OrganizationCreated", treasury=TREASURY, change_delay=DAY),
        logged(made, "HeartbeatTimeoutSet", seconds=HOUR),
        *[logged(made, "GuardianSet", who=who, on=True) for who in guardians],
        *[logged(made, "KeeperSet", who=who, on=True) for who in keepers],
    ]


def test_constructor__any__leaves_what_the_views_say() -> None:
    """
    Nothing is stopped, no wallet is there, and the block's timestamp is the last heartbeat.
    """
    evm = Evm()
    evm.warp(by=12_345)

    made = _found(evm)

    assert made.treasury() == TREASURY
    assert made.change_delay() == DAY
    assert made.heartbeat_timeout() == HOUR
    assert made.last_heartbeat() == evm.at
    assert [made.roles(who) for who in (TREASURY, GUARDIAN, KEEPER)] == [1, 2, 4]
    assert made.wallet_count() == 0
    assert made.paused_until(made.address) == made.pause_number(made.address) == 0
    assert not made.is_stopped(actor("wallet"), actor("agent"))


def test_constructor__treasury_without_code__reverts() -> None:
    """
    A treasury behind one key is what Bursar exists to prevent, so it must be a contract.
    """
    evm = Evm()
    with refused("roles: treasury has no code"):
        _found(evm, treasury=actor("somebody's key"))
    with refused("roles: treasury has no code"):
        _found(evm, treasury=ZERO)

    contract = new_puppet(evm).address
    assert _found(evm, treasury=contract).treasury() == contract


@pytest.mark.parametrize("seconds", [0, 1, HOUR - 1, 30 * DAY + 1, 2**64, MAX])
def test_constructor__change_delay_out_of_bounds__reverts(seconds: int) -> None:
    """
    A change waits one hour at least and thirty days at most.
    """
    with refused("timelock: delay out of bounds"):
        _found(change_delay=seconds)


@pytest.mark.parametrize("seconds", [HOUR, HOUR + 1, 30 * DAY - 1, 30 * DAY])
def test_constructor__change_delay_at_its_bounds__is_set(seconds: int) -> None:
    """
    Both bounds belong to what is allowed.
    """
    assert _found(change_delay=seconds).change_delay() == seconds


@pytest.mark.parametrize(
    "seconds", [0, 1, 599, 30 * DAY + 1, 2**64 - 1, 2**64, 2**64 + 600, MAX - 1]
)
def test_constructor__heartbeat_timeout_out_of_bounds__reverts(seconds: int) -> None:
    """
    Ten minutes at least and thirty days at most; zero is not "off".
    """
    with refused("stops: timeout out of bounds"):
        _found(heartbeat_timeout=seconds)


@pytest.mark.parametrize("seconds", [600, 601, 30 * DAY - 1, 30 * DAY, MAX])
def test_constructor__heartbeat_timeout_at_its_bounds__is_set_and_logged(seconds: int) -> None:
    """
    Both bounds are allowed, and so is the maximum, which means off and is shown as such.
    """
    made = _found(heartbeat_timeout=seconds)

    assert made.evm.events()[1] == logged(made, "HeartbeatTimeoutSet", seconds=seconds)
    assert made.heartbeat_timeout() == seconds


@pytest.mark.parametrize("role", ["guardians", "keepers"])
@pytest.mark.parametrize("members", [[ZERO], [GUARDIAN, ZERO], [ZERO, GUARDIAN]])
def test_constructor__zero_among_the_members__reverts(role: str, members: list[str]) -> None:
    """
    The zero address gets no role, wherever in the list it stands.
    """
    with refused("roles: zero address"):
        _found(**{role: members})

    _found(**{role: [who for who in members if who != ZERO]})


@pytest.mark.parametrize("role", ["guardians", "keepers"])
def test_constructor__nine_members_of_a_role__reverts(role: str) -> None:
    """
    Eight guardians and eight keepers at first; more are added one at a time.
    """
    members = [actor(f"member {i}") for i in range(9)]
    with refused(""):
        _found(**{role: members})

    made = _found(**{role: members[:8]})
    assert {made.roles(who) for who in members[:8]} == {2 if role == "guardians" else 4}


def test_constructor__nobody_but_the_treasury__is_allowed() -> None:
    """
    An organisation may have no guardian and no keeper yet.
    """
    made = _found(guardians=[], keepers=[])

    assert [event.name for event in made.evm.events()] == [
        "OrganizationCreated",
        "HeartbeatTimeoutSet",
    ]


def test_constructor__one_account_in_several_roles__has_them_all() -> None:
    """
    Roles add up, also for the treasury; naming somebody twice changes nothing.
    """
    made = _found(guardians=[GUARDIAN, TREASURY, GUARDIAN], keepers=[GUARDIAN, KEEPER])

    assert made.roles(GUARDIAN) == 2 + 4
    assert made.roles(TREASURY) == 1 + 2
    assert made.roles(KEEPER) == 4


def test_constructor__money_sent_along__reverts() -> None:
    """
    An organisation holds no money, from the start.
    """
    evm = Evm()
    evm.fund(actor("deployer"), 1)
    with refused(""):
        _found(evm, value=1)

    _found(evm)


def test_constructor__two_values_out_of_bounds__says_the_delay_first() -> None:
    """
    The change delay is checked before the heartbeat timeout, and both before the members.
    """
    with refused("timelock: delay out of bounds"):
        _found(change_delay=0, heartbeat_timeout=0, guardians=[ZERO])
    with refused("stops: timeout out of bounds"):
        _found(heartbeat_timeout=0, guardians=[ZERO])


@pytest.mark.parametrize("other", [{"change_delay": 0}, {"heartbeat_timeout": 0}])
def test_constructor__no_code_and_another_fault__says_the_treasury_first(
    other: dict[str, int],
) -> None:
    """
    Whether the treasury has code is checked before anything else.
    """
    with refused("roles: treasury has no code"):
        _found(treasury=actor("somebody's key"), **other)


def test_constructor__treasury_that_only_delegates__reverts() -> None:
    """
    An account that delegates to a contract (EIP-7702) has code and is still one key. Code of the
    same length that is no delegation is a contract's.
    """
    evm = Evm()
    one_key, contract = actor("one key"), actor("a small contract")
    evm.set_code(one_key, b"\xef\x01\x00" + b"\x11" * 20)
    evm.set_code(contract, b"\x60\x01\x00" + b"\x11" * 20)
    with refused("roles: treasury has no code"):
        _found(evm, treasury=one_key)

    assert _found(evm, treasury=contract).treasury() == contract
