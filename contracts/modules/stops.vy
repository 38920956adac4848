# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Stops
@author Bursar contributors
@license MIT
@notice What is stopped, until when, and whether somebody is still watching.
@dev Every payment asks `_is_stopped`, so the answer comes from one word as long as no wallet
     and no agent is stopped:

         organisation's paused_until 48 | last heartbeat 48 | timeout 48
         number of the organisation's stops 64 | stopped scopes 48

     Each other scope has one more word, read only while the number of stopped scopes is not 0:

         paused_until 48 | number of its stops 64 | disturbances 64 | counted 1

     Disturbances are what makes scheduled changes that concern an agent void (see `timelock`).
     They stand here because stopping an agent is one, and must cost no further word.
"""

from interfaces import IOrganization

# Short enough that a forgotten heartbeat stops an organisation within a shift, and long enough
# for a keeper to be restarted.
MIN_HEARTBEAT_TIMEOUT: public(constant(uint256)) = 10 * 60

# Longer would be no watch at all; who wants none says so with the maximum.
MAX_HEARTBEAT_TIMEOUT: public(constant(uint256)) = 30 * 86400

# A longer timed pause is more likely a slip of units than a plan; it then has no end.
MAX_TIMED_PAUSE: public(constant(uint256)) = 365 * 86400

# "Until unpaused" and "no heartbeat asked for", as they are stored in 48 bits.
FOREVER: constant(uint256) = 2**48 - 1

M48: constant(uint256) = 2**48 - 1
M64: constant(uint256) = 2**64 - 1

# Where what stands in the switch.
HEARTBEAT: constant(uint256) = 48
TIMEOUT: constant(uint256) = 96
OWN_NUMBER: constant(uint256) = 144
SCOPES: constant(uint256) = 208
ONE_OWN_STOP: constant(uint256) = 1 << 144
ONE_SCOPE: constant(uint256) = 1 << 208

# Where what stands in a scope's word.
NUMBER: constant(uint256) = 48
DISTURBANCES: constant(uint256) = 112
COUNTED: constant(uint256) = 1 << 176
ONE_STOP: constant(uint256) = 1 << 48
ONE_DISTURBANCE: constant(uint256) = 1 << 112

# The word that every payment reads; layout in the head of this file.
_switch: uint256

# What is known of each scope but the organisation's own.
_scopes: HashMap[address, uint256]


@deploy
def __init__(heartbeat_timeout: uint256):
    self._check_timeout(heartbeat_timeout)

    self._store(block.timestamp, min(heartbeat_timeout, FOREVER))
    log IOrganization.HeartbeatTimeoutSet(seconds=heartbeat_timeout)


@external
@view
def paused_until(scope: address) -> uint256:
    """
    @notice When the stop of `scope` ends or ended, in Unix seconds; the maximum: when the
            treasury unpauses; 0: never stopped, or unpaused.
    """
    return self._widened(self._word(scope) & M48)


@external
@view
def pause_number(scope: address) -> uint256:
    """
    @notice How often `scope` was stopped. Who unpauses names the stop that they looked at.
    """
    return self._number(scope)


@external
@view
def last_heartbeat() -> uint256:
    """
    @notice When a keeper last proved that it watches, in Unix seconds.
    """
    return (self._switch >> HEARTBEAT) & M48


@external
@view
def heartbeat_timeout() -> uint256:
    """
    @notice After how many seconds without a heartbeat every wallet stops; the maximum: never.
    """
    return self._timeout()


@external
def clear(scope: address):
    """
    @notice Take a stop that has ended by itself off the count, so that payments become cheaper
            again. Anyone may; it changes nothing else.
    """
    word: uint256 = self._word(scope)
    assert block.timestamp >= word & M48, "stops: still stopped"

    if scope != self:
        self._uncount(scope, word)


@internal
def _pause(scope: address, until: uint256, reason: String[64]):
    """
    @dev Stop `scope` until `until`. A stop never shortens one that is already running, so that a
         second call is harmless, and every call counts. No counter here ever overflows: its
         callers would have to pay for 2^48 calls.
    """
    kept: uint256 = 0
    number: uint256 = 0
    if scope == self:
        switch: uint256 = self._switch
        kept = max(switch & M48, until)
        number = unsafe_add((switch >> OWN_NUMBER) & M64, 1)
        self._switch = unsafe_add((switch & ~M48) | kept, ONE_OWN_STOP)
    else:
        word: uint256 = self._scopes[scope]
        kept = max(word & M48, until)
        number = unsafe_add((word >> NUMBER) & M64, 1)
        # From running to stopped: changes scheduled before must not undo what comes now. A
        # repeated stop does not count, or a stolen keeper could block changes for ever.
        if block.timestamp >= word & M48:
            word = unsafe_add(word, ONE_DISTURBANCE)
        if word & COUNTED == 0:
            word |= COUNTED
            self._switch = unsafe_add(self._switch, ONE_SCOPE)
        self._scopes[scope] = unsafe_add((word & ~M48) | kept, ONE_STOP)
    if kept == FOREVER:
        kept = max_value(uint256)
    log IOrganization.Paused(
        scope=scope, by=msg.sender, until=kept, number=number, reason=reason
    )


@internal
@view
def _until(duration: uint256) -> uint256:
    """
    @dev When a stop of `duration` seconds ends; 0, or more than a year, is until unpaused.
    """
    # 0 less 1 is more than any maximum.
    if unsafe_sub(duration, 1) < MAX_TIMED_PAUSE:
        return unsafe_add(block.timestamp, duration)
    return FOREVER


@internal
def _pause_like(old: address, new: address, reason: String[64]):
    """
    @dev Stop `new` at least as long as `old` is, if it is.
    """
    until: uint256 = self._scopes[old] & M48
    if block.timestamp < until:
        self._pause(new, until, reason)


@internal
def _unpause(scope: address, seen: uint256, reason: String[64]):
    """
    @dev End the stop with the number `seen`; not another one that came since.
    """
    number: uint256 = self._number(scope)
    assert number != 0, "stops: never stopped"
    assert seen == number, "stops: not the stop that was seen"

    if scope == self:
        self._switch &= ~M48
    else:
        self._uncount(scope, self._scopes[scope] & ~M48)
    log IOrganization.Unpaused(scope=scope, by=msg.sender, number=number, reason=reason)


@internal
def _uncount(scope: address, word: uint256):
    """
    @dev Store `word`, and take its scope off the number of stopped ones.
    """
    if word & COUNTED != 0:
        self._switch -= ONE_SCOPE
    self._scopes[scope] = word & ~COUNTED


@internal
@view
def _word(scope: address) -> uint256:
    """
    @dev The word whose lowest bits say until when `scope` is stopped.
    """
    if scope == self:
        return self._switch
    return self._scopes[scope]


@internal
@view
def _number(scope: address) -> uint256:
    """
    @dev How often `scope` was stopped.
    """
    if scope == self:
        return (self._switch >> OWN_NUMBER) & M64
    return (self._scopes[scope] >> NUMBER) & M64


@internal
def _disturb(agent: address):
    """
    @dev Void the scheduled changes that concern `agent`.
    """
    self._scopes[agent] += ONE_DISTURBANCE


@internal
@view
def _disturbances(agent: address) -> uint256:
    return (self._scopes[agent] >> DISTURBANCES) & M64


@internal
def _beat():
    """
    @dev Somebody watches, now.
    """
    self._store(block.timestamp, (self._switch >> TIMEOUT) & M48)
    log IOrganization.HeartbeatSent(by=msg.sender)


@internal
def _set_timeout(seconds: uint256):
    """
    @dev Set after how many seconds without a heartbeat everything stops.
    """
    self._store((self._switch >> HEARTBEAT) & M48, min(seconds, FOREVER))
    log IOrganization.HeartbeatTimeoutSet(seconds=seconds)


@internal
@view
def _timeout() -> uint256:
    return self._widened((self._switch >> TIMEOUT) & M48)


@internal
@pure
def _check_timeout(seconds: uint256):
    if seconds != max_value(uint256):
        assert seconds >= MIN_HEARTBEAT_TIMEOUT, "stops: timeout out of bounds"
        assert seconds <= MAX_HEARTBEAT_TIMEOUT, "stops: timeout out of bounds"


@internal
@view
def _is_stopped(wallet: address, agent: address) -> bool:
    """
    @dev Whether `agent` is stopped in `wallet`: by itself, with its wallet, with everything, or
         because nobody watches. `timeout` off is 2^48 - 1, which no clock gets past.
    """
    switch: uint256 = self._switch
    if block.timestamp < switch & M48:
        return True
    if block.timestamp > unsafe_add((switch >> HEARTBEAT) & M48, (switch >> TIMEOUT) & M48):
        return True
    if switch >> SCOPES == 0:
        return False
    if block.timestamp < self._scopes[wallet] & M48:
        return True
    return block.timestamp < self._scopes[agent] & M48


@internal
@pure
def _widened(seconds: uint256) -> uint256:
    """
    @dev The 48-bit "for ever" as the maximum that views and events show.
    """
    if seconds == FOREVER:
        return max_value(uint256)
    return seconds


@internal
def _store(last_heartbeat: uint256, timeout: uint256):
    """
    @dev Replace both in the switch.
    """
    assert last_heartbeat <= M48 and timeout <= M48
    kept: uint256 = self._switch & ~((M48 << HEARTBEAT) | (M48 << TIMEOUT))
    self._switch = kept | (last_heartbeat << HEARTBEAT) | (timeout << TIMEOUT)
