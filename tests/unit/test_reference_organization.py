"""
The organisation as the reference has it: constructor, roles, registry, stops and heartbeat.
"""

from typing import Any

import pytest

from bursar.errors import UnknownCallError
from bursar.reasons import Reason
from bursar.reference import (
    PLAIN,
    Accepted,
    Call,
    Ledger,
    Refused,
    create_organization,
    decide,
    wallet_address,
)
from bursar.types import DAY, FOREVER, HOUR, ZERO_ADDRESS, Address, checksummed, keccak
from tests.unit.office import (
    AGENT,
    BLUEPRINT,
    GUARDIAN,
    KEEPER,
    NOON,
    ORGANIZATION,
    OTHER_AGENT,
    RECIPIENT,
    STRANGER,
    TOKEN,
    TREASURY,
    Office,
    actor,
    budget,
)


def create(**given: Any) -> Accepted | Refused:
    """
    Decide the constructor with ordinary arguments, except for those given.
    """
    arguments: dict[str, Any] = {
        "treasury": TREASURY,
        "guardians": [GUARDIAN],
        "keepers": [KEEPER],
        "change_delay": 2 * DAY,
        "heartbeat_timeout": HOUR,
    }
    chain = Ledger(contracts={TREASURY})
    return create_organization(ORGANIZATION, **arguments | given, now=NOON, chain=chain)


# Constructor


def test_constructor__ordinary_arguments__logs_all_of_them():
    """Constructor values can be rebuilt from logs, in a fixed order."""
    decision = create(guardians=[GUARDIAN, STRANGER])
    assert isinstance(decision, Accepted)
    assert [type(event).__name__ for event in decision.events] == [
        "OrganizationCreated",
        "HeartbeatTimeoutSet",
        "GuardianSet",
        "GuardianSet",
        "KeeperSet",
    ]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"treasury": STRANGER}, Reason.ROLES_TREASURY_CODE),
        ({"change_delay": HOUR - 1}, Reason.TIMELOCK_DELAY_BOUNDS),
        ({"change_delay": 30 * DAY + 1}, Reason.TIMELOCK_DELAY_BOUNDS),
        ({"heartbeat_timeout": 599}, Reason.STOPS_TIMEOUT_BOUNDS),
        ({"heartbeat_timeout": 30 * DAY + 1}, Reason.STOPS_TIMEOUT_BOUNDS),
        ({"heartbeat_timeout": FOREVER - 1}, Reason.STOPS_TIMEOUT_BOUNDS),
        ({"guardians": [GUARDIAN, ZERO_ADDRESS]}, Reason.ROLES_ZERO),
        ({"keepers": [ZERO_ADDRESS]}, Reason.ROLES_ZERO),
        ({"keepers": [KEEPER] * 9}, PLAIN),
    ],
)
def test_constructor__argument_past_its_bound__is_refused(given, reason):
    """Each argument is checked, in the order of the signature."""
    assert create(**given) == Refused(reason)


@pytest.mark.parametrize(
    "given",
    [
        {"change_delay": HOUR},
        {"change_delay": 30 * DAY},
        {"heartbeat_timeout": 600},
        {"heartbeat_timeout": 30 * DAY},
        {"heartbeat_timeout": FOREVER},
        {"keepers": [KEEPER] * 8},
        {"guardians": [], "keepers": []},
    ],
)
def test_constructor__argument_at_its_bound__is_accepted(given):
    """The nearest neighbours of the refused ones pass."""
    assert isinstance(create(**given), Accepted)


def test_constructor__treasury_that_only_delegates__is_refused():
    """An account that delegates (EIP-7702) has code and is one key still."""
    chain = Ledger(delegated={TREASURY})
    arguments = (ORGANIZATION, TREASURY, [GUARDIAN], [KEEPER], 2 * DAY, HOUR)
    decision = create_organization(*arguments, now=NOON, chain=chain)
    assert decision == Refused(Reason.ROLES_TREASURY_CODE)


# Roles


def test_roles__treasury_given_other_roles__carries_them_all():
    """The treasury always is the treasury, along with whatever else it was given."""
    office = Office()
    office.do(TREASURY, ORGANIZATION, "set_guardian", TREASURY, True)
    office.do(TREASURY, ORGANIZATION, "set_keeper", TREASURY, True)
    assert office.view(ORGANIZATION, "roles", TREASURY) == 7
    assert office.view(ORGANIZATION, "roles", GUARDIAN) == 2
    assert office.view(ORGANIZATION, "roles", KEEPER) == 4
    assert office.view(ORGANIZATION, "roles", STRANGER) == 0


@pytest.mark.parametrize("setter", ["set_guardian", "set_keeper"])
def test_set_role__by_anyone_else_or_for_nobody__is_refused(setter):
    """Only the treasury hands out roles, and never to the zero address."""
    office = Office()
    for caller in (GUARDIAN, KEEPER, STRANGER, AGENT):
        assert office.refused(caller, ORGANIZATION, setter, STRANGER, True) == Reason.ROLES_TREASURY
    assert office.refused(TREASURY, ORGANIZATION, setter, ZERO_ADDRESS, True) == Reason.ROLES_ZERO


def test_set_guardian__removing__waits_and_adding_does_not():
    """A guardian is added at once and removed through the timelock; removing nobody is harmless."""
    office = Office()
    assert (
        office.refused(TREASURY, ORGANIZATION, "set_guardian", GUARDIAN, False)
        == Reason.TIMELOCK_SCHEDULE
    )
    assert office.events(TREASURY, ORGANIZATION, "set_guardian", STRANGER, False) == ["GuardianSet"]
    assert office.events(TREASURY, ORGANIZATION, "set_guardian", STRANGER, True) == ["GuardianSet"]
    assert office.view(ORGANIZATION, "roles", STRANGER) == 2


def test_set_keeper__removing__is_done_at_once():
    """A stolen keeper goes without waiting."""
    office = Office()
    office.do(TREASURY, ORGANIZATION, "set_keeper", KEEPER, False)
    assert office.refused(KEEPER, ORGANIZATION, "pause", ORGANIZATION, 0, "") == Reason.STOPS_ACCESS


# Registry


def test_create_wallet__by_the_treasury__starts_stopped_and_listed():
    """A wallet logs its constructor, its registration and a real first stop."""
    office = Office()
    logged = office.events(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    assert logged == ["PaymentDelaySet", "GraceSet", "WalletCreated", "Paused"]
    second = office.view(ORGANIZATION, "wallets", 1)
    assert second == wallet_address(ORGANIZATION, 2)
    assert office.view(ORGANIZATION, "wallet_count") == 2
    assert office.view(ORGANIZATION, "wallets", 2) == ZERO_ADDRESS
    assert office.view(ORGANIZATION, "paused_until", second) == FOREVER
    assert office.view(ORGANIZATION, "pause_number", second) == 1
    assert office.view(second, "name") == "second"
    assert office.view(second, "payment_delay") == 600
    assert office.view(second, "grace") == DAY
    assert office.view(second, "sealed") is False
    assert office.view(second, "treasury") == TREASURY
    assert office.view(second, "organization") == ORGANIZATION


def test_create_wallet__others_no_blueprint_or_a_long_name__is_refused():
    """The treasury deploys from blueprints, under names of at most 32 bytes."""
    office = Office()
    refused = office.refused
    assert refused(GUARDIAN, ORGANIZATION, "create_wallet", "x", BLUEPRINT) == Reason.ROLES_TREASURY
    assert refused(TREASURY, ORGANIZATION, "create_wallet", "x", TOKEN) == Reason.REGISTRY_BLUEPRINT
    assert refused(TREASURY, ORGANIZATION, "create_wallet", "ü" * 17, BLUEPRINT) == PLAIN
    office.do(TREASURY, ORGANIZATION, "create_wallet", "ü" * 16, BLUEPRINT)


def test_create_wallet__address_stopped_before__counts_on():
    """The number is 1 unless somebody stopped the address before it existed."""
    office = Office()
    office.do(KEEPER, ORGANIZATION, "pause", wallet_address(ORGANIZATION, 2), HOUR, "early")
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    assert office.view(ORGANIZATION, "pause_number", second) == 2
    assert office.view(ORGANIZATION, "paused_until", second) == FOREVER


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 65_535])
def test_wallet_address__any_number__is_where_create_puts_it(number):
    """The last 20 bytes of the hash of the RLP of deployer and nonce."""
    deployer = bytes.fromhex(ORGANIZATION[2:])
    assert wallet_address(ORGANIZATION, number) == reference_create(deployer, number)


def test_wallet_address__a_known_deployer__is_the_known_contract():
    """The first two contracts of the address that anvil and hardhat deploy from by default."""
    deployer = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    assert wallet_address(deployer, 1) == "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
    assert wallet_address(deployer, 2) == "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"


def reference_create(deployer: bytes, nonce: int) -> Address:
    """
    CREATE's address, spelled out apart for each length of the nonce.
    """
    if nonce < 0x80:
        encoded = b"\xd6\x94" + deployer + bytes([nonce])
    elif nonce < 0x100:
        encoded = b"\xd7\x94" + deployer + b"\x81" + bytes([nonce])
    else:
        encoded = b"\xd8\x94" + deployer + b"\x82" + nonce.to_bytes(2, "big")
    return checksummed("0x" + keccak(encoded)[12:].hex())


# Stops


@pytest.mark.parametrize(
    ("duration", "until"),
    [
        (0, FOREVER),
        (1, NOON + 1),
        (365 * DAY, NOON + 365 * DAY),
        (365 * DAY + 1, FOREVER),
        (FOREVER, FOREVER),
    ],
)
def test_pause__any_duration__never_reverts_for_a_legal_caller(duration, until):
    """0, or more than a year, means until unpaused."""
    office = Office()
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, duration, "")
    assert office.view(ORGANIZATION, "paused_until", AGENT) == until


def test_pause__while_stopped__counts_and_never_shortens():
    """Every stop counts and logs; the later end is kept."""
    office = Office()
    for duration, until in ((HOUR, NOON + HOUR), (60, NOON + HOUR), (DAY, NOON + DAY)):
        assert office.events(GUARDIAN, ORGANIZATION, "pause", AGENT, duration, "") == ["Paused"]
        assert office.view(ORGANIZATION, "paused_until", AGENT) == until
    assert office.view(ORGANIZATION, "pause_number", AGENT) == 3


def test_pause__last_second_and_end__is_stopped_until_then():
    """A scope is stopped while `now < paused_until`."""
    office = Office()
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, HOUR, "")
    office.now += HOUR - 1
    assert office.view(ORGANIZATION, "is_stopped", STRANGER, AGENT) is True
    assert office.refused(STRANGER, ORGANIZATION, "clear", AGENT) == Reason.STOPS_RUNNING
    office.now += 1
    assert office.view(ORGANIZATION, "is_stopped", STRANGER, AGENT) is False
    assert office.events(STRANGER, ORGANIZATION, "clear", AGENT) == []
    assert office.view(ORGANIZATION, "paused_until", AGENT) == NOON + HOUR
    assert office.view(ORGANIZATION, "pause_number", AGENT) == 1


@pytest.mark.parametrize("scope", [ORGANIZATION, AGENT, STRANGER, ZERO_ADDRESS])
def test_pause__who_may__is_everyone_with_a_role_for_any_scope(scope):
    """Guardian, keeper and treasury stop anything; agents and strangers nothing."""
    office = Office()
    for caller in (GUARDIAN, KEEPER, TREASURY):
        office.do(caller, ORGANIZATION, "pause", scope, 0, "")
    for caller in (AGENT, STRANGER):
        assert office.refused(caller, ORGANIZATION, "pause", scope, 0, "") == Reason.STOPS_ACCESS


def test_pause__by_a_wallet__names_agents_only():
    """A wallet stops on behalf of its agent, never a wallet or everything."""
    office = Office()
    wallet = office.wallet
    office.do(wallet, ORGANIZATION, "pause", AGENT, 0, "")
    for scope in (ORGANIZATION, wallet):
        assert office.refused(wallet, ORGANIZATION, "pause", scope, 0, "") == Reason.STOPS_ACCESS


def test_is_stopped__each_scope__stops_its_own():
    """The organisation's stop covers everything, a wallet's its agents, an agent's all wallets."""
    office = Office().open()
    second = office.do(TREASURY, ORGANIZATION, "create_wallet", "second", BLUEPRINT)
    office.do(TREASURY, second, "seal")
    office.do(TREASURY, ORGANIZATION, "unpause", second, 1, "")
    pairs = [(office.wallet, AGENT), (office.wallet, OTHER_AGENT), (second, AGENT)]
    for scope, stopped in (
        (AGENT, [True, False, True]),
        (office.wallet, [True, True, False]),
        (ORGANIZATION, [True, True, True]),
        (RECIPIENT, [False, False, False]),
    ):
        number = office.view(ORGANIZATION, "pause_number", scope) + 1
        office.do(KEEPER, ORGANIZATION, "pause", scope, 0, "")
        assert [office.view(ORGANIZATION, "is_stopped", *pair) for pair in pairs] == stopped
        office.do(TREASURY, ORGANIZATION, "unpause", scope, number, "")
        assert not any(office.view(ORGANIZATION, "is_stopped", *pair) for pair in pairs)


def test_unpause__its_refusals__come_in_order():
    """Only the treasury, only a stop there was, only the one the signers saw, only when sealed."""
    office = Office()
    refused, wallet = office.refused, office.wallet
    assert refused(GUARDIAN, ORGANIZATION, "unpause", wallet, 1, "") == Reason.ROLES_TREASURY
    assert refused(TREASURY, ORGANIZATION, "unpause", AGENT, 0, "") == Reason.STOPS_NEVER
    office.do(KEEPER, ORGANIZATION, "pause", wallet, 0, "")
    for seen in (0, 1, 3):
        assert refused(TREASURY, ORGANIZATION, "unpause", wallet, seen, "") == Reason.STOPS_SEEN
    assert refused(TREASURY, ORGANIZATION, "unpause", wallet, 2, "") == Reason.STOPS_NOT_SEALED
    office.do(TREASURY, wallet, "seal")
    office.do(TREASURY, ORGANIZATION, "unpause", wallet, 2, "")
    assert office.view(ORGANIZATION, "paused_until", wallet) == 0


def test_unpause__repeated__is_harmless():
    """The number stays, so a repeated call finds what it saw."""
    office = Office()
    office.do(KEEPER, ORGANIZATION, "pause", AGENT, 0, "")
    for _ in range(2):
        office.do(TREASURY, ORGANIZATION, "unpause", AGENT, 1, "")
    assert office.view(ORGANIZATION, "pause_number", AGENT) == 1


# Heartbeat


def test_heartbeat__lapse__stops_everything_until_the_next():
    """Alive while `now <= last + timeout`; unpausing does not touch a lapse."""
    office = Office(heartbeat_timeout=HOUR).open()
    office.now += HOUR
    assert not office.view(ORGANIZATION, "is_stopped", office.wallet, AGENT)
    office.now += 1
    assert office.pay_refused(1) == Reason.PAYMENTS_STOPPED
    office.do(TREASURY, ORGANIZATION, "unpause", office.wallet, 1, "")
    assert office.view(ORGANIZATION, "is_stopped", office.wallet, AGENT)
    for caller in (TREASURY, GUARDIAN, AGENT, STRANGER):
        assert office.refused(caller, ORGANIZATION, "heartbeat") == Reason.ROLES_KEEPER
    assert office.events(KEEPER, ORGANIZATION, "heartbeat") == ["HeartbeatSent"]
    assert office.view(ORGANIZATION, "last_heartbeat") == office.now
    office.pay(1)


def test_set_heartbeat_timeout__directly__shortens_only_and_counts_as_one():
    """Shorter or equal at once, and the treasury's direct call is a heartbeat."""
    office = Office(heartbeat_timeout=HOUR)
    office.now += 2 * HOUR
    refused = office.refused
    name = "set_heartbeat_timeout"
    assert refused(KEEPER, ORGANIZATION, name, HOUR) == Reason.ROLES_TREASURY
    assert refused(TREASURY, ORGANIZATION, name, 599) == Reason.STOPS_TIMEOUT_BOUNDS
    assert refused(TREASURY, ORGANIZATION, name, HOUR + 1) == Reason.TIMELOCK_SCHEDULE
    assert refused(TREASURY, ORGANIZATION, name, FOREVER) == Reason.TIMELOCK_SCHEDULE
    logged = ["HeartbeatTimeoutSet", "HeartbeatSent"]
    assert office.events(TREASURY, ORGANIZATION, name, HOUR) == logged
    assert office.view(ORGANIZATION, "last_heartbeat") == office.now
    assert office.events(TREASURY, ORGANIZATION, name, 600) == logged
    assert office.view(ORGANIZATION, "heartbeat_timeout") == 600


def test_set_heartbeat_timeout__applied__is_no_heartbeat():
    """A longer timeout that has waited ends a lapse by being longer, not by being a heartbeat."""
    office = Office(heartbeat_timeout=HOUR)
    call = office.schedule(ORGANIZATION, "set_heartbeat_timeout", FOREVER)
    office.now += 2 * DAY
    logged = office.events(STRANGER, ORGANIZATION, "apply", ORGANIZATION, call)
    assert logged == ["ChangeApplied", "HeartbeatTimeoutSet"]
    assert office.view(ORGANIZATION, "last_heartbeat") == NOON
    assert office.view(ORGANIZATION, "heartbeat_timeout") == FOREVER


# The edge


def test_decide__strings_past_the_abis_bound__revert_plainly():
    """A reason has at most 64 bytes, whoever calls."""
    office = Office().open()
    wallet = office.wallet
    calls: list[tuple[Address, str, tuple[Any, ...]]] = [
        (ORGANIZATION, "pause", (AGENT, 0)),
        (ORGANIZATION, "unpause", (AGENT, 1)),
        (ORGANIZATION, "veto", (b"\0" * 32,)),
        (ORGANIZATION, "veto_all", ()),
        (wallet, "cancel", (b"\0" * 32,)),
        (wallet, "cancel_all", ()),
        (wallet, "sweep", (TOKEN,)),
        (wallet, "pause_self", (0,)),
    ]
    for target, function, arguments in calls:
        assert office.refused(STRANGER, target, function, *arguments, "x" * 65) == PLAIN
        assert office.refused(STRANGER, target, function, *arguments, "é" * 33) == PLAIN
        assert office.refused(STRANGER, target, function, *arguments, "x" * 64) != PLAIN


def test_decide__value_sent_to_what_is_not_payable__reverts_plainly():
    """Only `refill` and a plain transfer to a wallet take native currency."""
    office = Office().open()
    for target, function, arguments in (
        (ORGANIZATION, "heartbeat", ()),
        (ORGANIZATION, "__default__", ()),
        (office.wallet, "seal", ()),
    ):
        call = Call(KEEPER, target, function, arguments, value=1)
        assert decide(office.state, call, now=office.now, chain=office.ledger) == Refused(PLAIN)
    office.do(STRANGER, office.wallet, "__default__", value=1)


def test_decide__wallets_reports_by_anyone_else__are_refused():
    """`changed` and `rotated` are for wallets."""
    office = Office()
    for function, arguments in (("changed", (b"\0" * 32, AGENT)), ("rotated", (AGENT, STRANGER))):
        for caller in (TREASURY, GUARDIAN, KEEPER, STRANGER):
            assert (
                office.refused(caller, ORGANIZATION, function, *arguments) == Reason.REGISTRY_WALLET
            )


def test_decide__unknown_target_or_function__raises():
    """A typing error is a failure, not a refusal."""
    office = Office()
    with pytest.raises(UnknownCallError):
        office.decide(TREASURY, actor("nobody"), "pay")
    with pytest.raises(UnknownCallError):
        office.decide(TREASURY, ORGANIZATION, "pay")
    with pytest.raises(UnknownCallError):
        office.view(ORGANIZATION, "name")
    with pytest.raises(UnknownCallError):
        office.view(office.wallet, "roles")


def test_decide__any_call__changes_nothing():
    """Deciding is asking: only the fold of what was logged changes the state."""
    office = Office().open()
    before = office.state.copy()
    office.decide(TREASURY, office.wallet, "set_budget", AGENT, TOKEN, b"\1" * 32, budget())
    office.decide(AGENT, office.wallet, "pay", TOKEN, RECIPIENT, 1, b"\1" * 32, b"\0" * 32)
    office.decide(KEEPER, ORGANIZATION, "pause", AGENT, 0, "")
    assert office.state == before
