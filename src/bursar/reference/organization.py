"""
The organisation's constructor, roles, heartbeat and registry of wallets.
"""

from collections.abc import Sequence

from bursar.changes import Subject
from bursar.events import (
    Event,
    GraceSet,
    GuardianSet,
    HeartbeatSent,
    HeartbeatTimeoutSet,
    KeeperSet,
    OrganizationCreated,
    PaymentDelaySet,
    WalletCreated,
)
from bursar.reasons import Reason
from bursar.reference.stops import paused
from bursar.reference.timelock import set_directly
from bursar.reference.turn import (
    PLAIN,
    Accepted,
    Chain,
    Decision,
    Refused,
    Turn,
    is_long,
    on_organization,
)
from bursar.types import (
    FIRST_PAYMENT_DELAY,
    FIRST_PAYMENT_GRACE,
    FOREVER,
    MAX_CHANGE_DELAY,
    MAX_FIRST_GUARDIANS,
    MAX_FIRST_KEEPERS,
    MAX_HEARTBEAT_TIMEOUT,
    MAX_NAME_BYTES,
    MIN_CHANGE_DELAY,
    MIN_HEARTBEAT_TIMEOUT,
    ZERO_ADDRESS,
    Address,
    checksummed,
    keccak,
)


def create_organization(
    organization: Address,
    treasury: Address,
    guardians: Sequence[Address],
    keepers: Sequence[Address],
    change_delay: int,
    heartbeat_timeout: int,
    *,
    now: int,
    chain: Chain,
) -> Decision:
    """
    Decide the constructor, which is to be deployed at `organization`.
    """
    if len(guardians) > MAX_FIRST_GUARDIANS or len(keepers) > MAX_FIRST_KEEPERS:
        return Refused(PLAIN)
    if not chain.has_code(treasury) or chain.is_delegated(treasury):
        return Refused(Reason.ROLES_TREASURY_CODE)
    if not MIN_CHANGE_DELAY <= change_delay <= MAX_CHANGE_DELAY:
        return Refused(Reason.TIMELOCK_DELAY_BOUNDS)
    if not _is_timeout(heartbeat_timeout):
        return Refused(Reason.STOPS_TIMEOUT_BOUNDS)
    if ZERO_ADDRESS in (*guardians, *keepers):
        return Refused(Reason.ROLES_ZERO)
    first: list[Event] = [
        OrganizationCreated(
            emitter=organization, at=now, treasury=treasury, change_delay=change_delay
        ),
        HeartbeatTimeoutSet(emitter=organization, at=now, seconds=heartbeat_timeout),
    ]
    first += [GuardianSet(emitter=organization, at=now, who=g, on=True) for g in guardians]
    first += [KeeperSet(emitter=organization, at=now, who=k, on=True) for k in keepers]
    return Accepted(tuple(first), organization)


def _is_timeout(seconds: int) -> bool:
    return MIN_HEARTBEAT_TIMEOUT <= seconds <= MAX_HEARTBEAT_TIMEOUT or seconds == FOREVER


@on_organization
def set_guardian(turn: Turn, who: Address, on: bool) -> Decision:
    """
    Adding at once, removing through the timelock.
    """
    if not (turn.is_treasury or turn.is_applied):
        return Refused(Reason.ROLES_TREASURY)
    if who == ZERO_ADDRESS:
        return Refused(Reason.ROLES_ZERO)
    was = who in turn.state.guardians
    if was and not on and not turn.is_applied:
        return Refused(Reason.TIMELOCK_SCHEDULE)
    event = GuardianSet(emitter=turn.target, at=turn.now, who=who, on=on)
    return set_directly(turn, (event,), Subject(turn.target, "set_guardian", (who,)), was != on)


@on_organization
def set_keeper(turn: Turn, who: Address, on: bool) -> Decision:
    """
    At once either way: a keeper only stops, and is replaceable.
    """
    if not turn.is_treasury:
        return Refused(Reason.ROLES_TREASURY)
    if who == ZERO_ADDRESS:
        return Refused(Reason.ROLES_ZERO)
    return Accepted((KeeperSet(emitter=turn.target, at=turn.now, who=who, on=on),))


@on_organization
def heartbeat(turn: Turn) -> Decision:
    """
    A keeper says that it watches.
    """
    if turn.sender not in turn.state.keepers:
        return Refused(Reason.ROLES_KEEPER)
    return Accepted((HeartbeatSent(emitter=turn.target, at=turn.now, by=turn.sender),))


@on_organization
def set_heartbeat_timeout(turn: Turn, seconds: int) -> Decision:
    """
    Shorter at once, longer or off through the timelock. The treasury's direct call is a heartbeat.
    """
    if not (turn.is_treasury or turn.is_applied):
        return Refused(Reason.ROLES_TREASURY)
    if not _is_timeout(seconds):
        return Refused(Reason.STOPS_TIMEOUT_BOUNDS)
    old = turn.state.heartbeat_timeout
    if seconds > old and not turn.is_applied:
        return Refused(Reason.TIMELOCK_SCHEDULE)
    logged: tuple[Event, ...] = (
        HeartbeatTimeoutSet(emitter=turn.target, at=turn.now, seconds=seconds),
    )
    if not turn.is_applied:
        logged += (HeartbeatSent(emitter=turn.target, at=turn.now, by=turn.sender),)
    subject = Subject(turn.target, "set_heartbeat_timeout", ())
    return set_directly(turn, logged, subject, seconds != old)


@on_organization
def create_wallet(turn: Turn, name: str, blueprint: Address) -> Decision:
    """
    Deploy and register a wallet, which starts stopped.
    """
    if is_long(name, MAX_NAME_BYTES):
        return Refused(PLAIN)
    if not turn.is_treasury:
        return Refused(Reason.ROLES_TREASURY)
    if not turn.chain.is_blueprint(blueprint):
        return Refused(Reason.REGISTRY_BLUEPRINT)
    wallet = wallet_address(turn.target, turn.state.wallet_count() + 1)
    now = turn.now
    logged = (
        PaymentDelaySet(emitter=wallet, at=now, seconds=FIRST_PAYMENT_DELAY),
        GraceSet(emitter=wallet, at=now, seconds=FIRST_PAYMENT_GRACE),
        WalletCreated(emitter=turn.target, at=now, wallet=wallet, name=name, blueprint=blueprint),
        paused(turn, wallet, FOREVER, "not sealed yet"),
    )
    return Accepted(logged, wallet)


@on_organization
def __default__(turn: Turn) -> Decision:  # noqa: N807 - the contract's own name
    """
    The organisation holds no money and takes none.
    """
    return Refused(PLAIN)


def wallet_address(organization: Address, number: int) -> Address:
    """
    Where CREATE puts the organisation's `number`-th wallet, from 1. It deploys nothing else, so
    that is its nonce.
    """
    nonce = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if number > 0x7F:
        nonce = bytes([0x80 + len(nonce)]) + nonce
    body = b"\x94" + bytes.fromhex(organization[2:]) + nonce
    return checksummed("0x" + keccak(bytes([0xC0 + len(body)]) + body)[12:].hex())
