# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Timelock
@author Bursar contributors
@license MIT
@notice Changes that loosen wait here. One is pending per subject: target, setter and the
        setter's key arguments.
@dev A change dies without a word when it was vetoed with all others, or when it concerns an
     agent and that agent was disturbed after it was scheduled: a budget changed directly, a
     rotation, a stop. So what was scheduled on Monday cannot undo Tuesday's emergency. Both
     are counters that a change remembers from when it was scheduled.
"""

from interfaces import IOrganization
from modules import stops

uses: stops

# Shorter gives nobody time to look.
MIN_CHANGE_DELAY: public(constant(uint256)) = 3600

# A mistyped tightening of the delay takes as long to undo as the delay itself.
MAX_CHANGE_DELAY: public(constant(uint256)) = 30 * 86400

# How long a change stays applicable. Nobody remembers why after a week.
CHANGE_GRACE: public(constant(uint256)) = 7 * 86400

# The setters that may be scheduled, with how many key arguments name the subject. Those of the
# organisation first, then those of wallets.
SET_GUARDIAN: constant(bytes4) = method_id("set_guardian(address,bool)", output_type=bytes4)
SET_HEARTBEAT_TIMEOUT: constant(bytes4) = method_id("set_heartbeat_timeout(uint256)", output_type=bytes4)
SET_CHANGE_DELAY: constant(bytes4) = method_id("set_change_delay(uint256)", output_type=bytes4)
SET_BUDGET: constant(bytes4) = method_id(
    "set_budget(address,address,bytes32,(uint256,uint256,uint256,uint256,uint256,uint256,uint256,bool,bool))",
    output_type=bytes4,
)
SET_WALLET_LIMIT: constant(bytes4) = method_id("set_wallet_limit(address,uint256)", output_type=bytes4)
SET_MAX_BALANCE: constant(bytes4) = method_id("set_max_balance(address,uint256)", output_type=bytes4)
SET_RECIPIENTS: constant(bytes4) = method_id("set_recipients(address[],bool)", output_type=bytes4)
SET_PAYMENT_DELAY: constant(bytes4) = method_id("set_payment_delay(uint256)", output_type=bytes4)
SET_GRACE: constant(bytes4) = method_id("set_grace(uint256)", output_type=bytes4)

# Most recipients in one call of `set_recipients`.
MAX_RECIPIENTS: constant(uint256) = 25

struct Change:
    subject: bytes32
    ready_at: uint256
    vetoes: uint256            # how often everything had been vetoed when it was scheduled
    agent: address             # whom it concerns; zero: no agent
    disturbances: uint256      # of that agent, when it was scheduled
    removes_guardian: bool

# How long a change waits, in seconds.
_change_delay: uint256

# Pending and dead changes, by id. Entries go when they are applied, vetoed or replaced.
_changes: HashMap[bytes32, Change]

# The id of the change that is pending on a subject.
_pending: HashMap[bytes32, bytes32]

# How often everything was vetoed.
_vetoes: uint256


@deploy
def __init__(change_delay: uint256):
    self._check_delay(change_delay)

    self._change_delay = change_delay


@external
@view
def change_delay() -> uint256:
    """
    @notice How long a change that loosens waits, in seconds.
    """
    return self._change_delay


@external
@view
def change_id(target: address, call: Bytes[1024]) -> bytes32:
    """
    @notice The id of the change that calls `target` with `call`.
    """
    return self._change_id(target, call)


@external
@view
def ready_at(id: bytes32) -> uint256:
    """
    @notice From when the change can be applied, in Unix seconds; 0: there is none (any more).
    """
    if self._is_live(id):
        return self._changes[id].ready_at
    return 0


@internal
def _schedule(target: address, call: Bytes[1024]) -> bytes32:
    """
    @dev Start the clock for a change, replacing what was pending on its subject.
    """
    id: bytes32 = self._change_id(target, call)
    key: bytes32 = self._key(target, call)
    agent: address = self._concerned(call)
    change: Change = Change(
        subject=self._subject(target, key),
        ready_at=block.timestamp + self._change_delay,
        vetoes=self._vetoes,
        agent=agent,
        disturbances=stops._disturbances(agent),
        removes_guardian=self._removes_guardian(call),
    )

    self._void(change.subject)
    self._changes[id] = change
    self._pending[change.subject] = id
    log IOrganization.ChangeScheduled(
        id=id,
        target=target,
        call=call,
        ready_at=change.ready_at,
        expires_at=change.ready_at + CHANGE_GRACE,
    )
    return id


@internal
def _take(id: bytes32):
    """
    @dev Take a change that is due off the list, so that it can be made.
    """
    change: Change = self._changes[id]
    assert self._is_alive(change), "timelock: no such change"
    assert block.timestamp >= change.ready_at, "timelock: not due yet"
    assert block.timestamp < change.ready_at + CHANGE_GRACE, "timelock: expired"

    self._drop(id, change.subject)
    log IOrganization.ChangeApplied(id=id, by=msg.sender)


@internal
def _veto(id: bytes32, by_treasury: bool, reason: String[64]):
    """
    @dev Drop one change. Only the treasury may save a guardian from removal, or one bad
         guardian would stay for ever.
    """
    change: Change = self._changes[id]
    assert self._is_live(id), "timelock: no such change"
    assert by_treasury or not change.removes_guardian, "timelock: only the treasury may veto this"

    self._drop(id, change.subject)
    log IOrganization.ChangeVetoed(id=id, by=msg.sender, reason=reason)


@internal
def _veto_all(reason: String[64]):
    """
    @dev Kill every change that is pending now, except removals of guardians.
    """
    self._vetoes += 1
    log IOrganization.ChangesVetoed(by=msg.sender, reason=reason)


@internal
def _void(subject: bytes32):
    """
    @dev Drop what is pending on `subject`, because something newer says what it shall be.
    """
    id: bytes32 = self._pending[subject]
    if id == empty(bytes32):
        return
    if self._is_live(id):
        log IOrganization.ChangeVoided(id=id)
    self._drop(id, subject)


@internal
def _drop(id: bytes32, subject: bytes32):
    self._changes[id] = empty(Change)
    self._pending[subject] = empty(bytes32)


@internal
def _set_delay(seconds: uint256):
    """
    @dev Set how long changes wait. Those already scheduled keep their time.
    """
    self._change_delay = seconds
    log IOrganization.ChangeDelaySet(seconds=seconds)


@internal
@pure
def _check_delay(seconds: uint256):
    assert seconds >= MIN_CHANGE_DELAY, "timelock: delay out of bounds"
    assert seconds <= MAX_CHANGE_DELAY, "timelock: delay out of bounds"


@internal
@view
def _is_live(id: bytes32) -> bool:
    """
    @dev Whether a change can still be applied, now or later.
    """
    change: Change = self._changes[id]
    return self._is_alive(change) and block.timestamp < change.ready_at + CHANGE_GRACE


@internal
@view
def _is_alive(change: Change) -> bool:
    """
    @dev Whether nothing has killed the change since it was scheduled; it may have expired.
    """
    if change.ready_at == 0:
        return False
    if change.vetoes != self._vetoes and not change.removes_guardian:
        return False
    # Without an agent nothing can disturb it: the zero address, too, is a scope that can be stopped.
    if change.agent == empty(address):
        return True
    return change.disturbances == stops._disturbances(change.agent)


@internal
@view
def _key(target: address, call: Bytes[1024]) -> bytes32:
    """
    @dev What a setter's call is about: keccak256 of its selector and key arguments. Calldata must be
         exactly what the ABI makes of the arguments, so that signers cannot be shown one reading
         of it while the setter follows another.
    """
    assert len(call) >= 4, "timelock: not a timelocked setter"

    selector: bytes4 = convert(slice(call, 0, 4), bytes4)
    keys: uint256 = 0
    words: uint256 = 0
    keys, words = self._shape(target == self, selector)
    if selector == SET_RECIPIENTS:
        words += self._list_length(call)
    assert len(call) == 4 + 32 * words, "timelock: malformed call"
    # Every first key argument is an address, and so is a budget's second. With dirty upper bytes it
    # would be another subject here than in the setter.
    if keys >= 1:
        assert self._word(call, 4) >> 160 == 0, "timelock: malformed call"
    if keys == 3:
        assert self._word(call, 36) >> 160 == 0, "timelock: malformed call"
    return keccak256(slice(call, 0, 4 + 32 * keys))


@internal
@pure
def _shape(of_organization: bool, selector: bytes4) -> (uint256, uint256):
    """
    @dev How many arguments of a setter name its subject, and how many words it takes (a list: when
         it is empty). Reverts for what may not be scheduled.
    """
    if of_organization:
        if selector == SET_GUARDIAN:
            return 1, 2
        if selector == SET_HEARTBEAT_TIMEOUT or selector == SET_CHANGE_DELAY:
            return 0, 1
    else:
        if selector == SET_BUDGET:
            return 3, 12
        if selector == SET_WALLET_LIMIT or selector == SET_MAX_BALANCE:
            return 1, 2
        if selector == SET_RECIPIENTS:
            return 0, 3
        if selector == SET_PAYMENT_DELAY or selector == SET_GRACE:
            return 0, 1
    raise "timelock: not a timelocked setter"


@internal
@pure
def _list_length(call: Bytes[1024]) -> uint256:
    """
    @dev How many recipients follow; a list that does not start right after the arguments is none.
    """
    assert len(call) >= 4 + 32 * 3, "timelock: malformed call"
    assert self._word(call, 4) == 64, "timelock: malformed call"

    length: uint256 = self._word(call, 68)
    assert length <= MAX_RECIPIENTS, "timelock: malformed call"
    return length


@internal
@pure
def _concerned(call: Bytes[1024]) -> address:
    """
    @dev The agent that a change concerns; zero: none.
    """
    if convert(slice(call, 0, 4), bytes4) != SET_BUDGET:
        return empty(address)
    return convert(self._word(call, 4), address)


@internal
@pure
def _removes_guardian(call: Bytes[1024]) -> bool:
    if convert(slice(call, 0, 4), bytes4) != SET_GUARDIAN:
        return False
    return self._word(call, 36) == 0


@internal
@pure
def _word(call: Bytes[1024], start: uint256) -> uint256:
    return convert(slice(call, start, 32), uint256)


@internal
@pure
def _subject(target: address, key: bytes32) -> bytes32:
    return keccak256(abi_encode(target, key))


@internal
@pure
def _change_id(target: address, call: Bytes[1024]) -> bytes32:
    return keccak256(abi_encode(target, call))
