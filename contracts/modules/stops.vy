# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Stops
@author Bursar contributors
@license MIT
@notice What is stopped, until when, and whether somebody is still watching.
@dev Every payment asks `_is_stopped`, so the answer comes from one word as long as no wallet
     and no agent is stopped:

         organisation's paused_until 64 | last heartbeat 64 | timeout 64 | stopped scopes 64

     Each scope has one more word, read only while the number of stopped scopes is not 0:

         paused_until 64 | number of its stops 64 | disturbances 64 | counted 1

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

# "Until unpaused" and "no heartbeat asked for", as they are stored in 64 bits.
FOREVER: constant(uint256) = 2**64 - 1

MASK: constant(uint256) = 2**64 - 1
COUNTED: constant(uint256) = 1 << 192
ONE_DISTURBANCE: constant(uint256) = 1 << 128
ONE_SCOPE: constant(uint256) = 1 << 192

struct Switch:
    paused_until: uint256
    last_heartbeat: uint256
    timeout: uint256
    stopped_scopes: uint256

struct Scope:
    paused_until: uint256
    number: uint256
    disturbances: uint256
    counted: bool

# The word that every payment reads; layout in the head of this file.
_switch: uint256

# What is known of each scope. The organisation's own `paused_until` stands in the switch.
_scopes: HashMap[address, uint256]


@deploy
def __init__(heartbeat_timeout: uint256):
    self._check_timeout(heartbeat_timeout)

    self._switch = self._pack_switch(
        Switch(
            paused_until=0,
            last_heartbeat=block.timestamp,
            timeout=min(heartbeat_timeout, FOREVER),
            stopped_scopes=0,
        )
    )
    log IOrganization.HeartbeatTimeoutSet(seconds=heartbeat_timeout)


@external
@view
def paused_until(scope: address) -> uint256:
    """
    @notice When the stop of `scope` ends or ended, in Unix seconds; the maximum: when the
            treasury unpauses; 0: never stopped, or unpaused.
    """
    if scope == self:
        return self._widened(self._unpack_switch(self._switch).paused_until)
    return self._widened(self._unpack_scope(self._scopes[scope]).paused_until)


@external
@view
def pause_number(scope: address) -> uint256:
    """
    @notice How often `scope` was stopped. Who unpauses names the stop that they looked at.
    """
    return self._unpack_scope(self._scopes[scope]).number


@external
@view
def last_heartbeat() -> uint256:
    """
    @notice When a keeper last proved that it watches, in Unix seconds.
    """
    return self._unpack_switch(self._switch).last_heartbeat


@external
@view
def heartbeat_timeout() -> uint256:
    """
    @notice After how many seconds without a heartbeat every wallet stops; the maximum: never.
    """
    return self._widened(self._unpack_switch(self._switch).timeout)


@external
def clear(scope: address):
    """
    @notice Take a stop that has ended by itself off the count, so that payments become cheaper
            again. Anyone may; it changes nothing else.
    """
    if scope == self:
        assert block.timestamp >= self._unpack_switch(self._switch).paused_until, "stops: still stopped"
        return

    scope_word: uint256 = self._scopes[scope]
    assert block.timestamp >= scope_word & MASK, "stops: still stopped"

    self._uncount(scope, scope_word)


@internal
def _pause(scope: address, duration: uint256, reason: String[64]):
    """
    @dev Stop `scope` for `duration` seconds, or until unpaused if it is 0 or more than a year.
    """
    until: uint256 = FOREVER
    if duration != 0 and duration <= MAX_TIMED_PAUSE:
        until = block.timestamp + duration
    self._pause_until(scope, until, reason)


@internal
def _pause_until(scope: address, until: uint256, reason: String[64]):
    """
    @dev Stop `scope` until `until`. A stop never shortens one that is already running, so that a
         second call is harmless, and every call counts.
    """
    details: Scope = self._unpack_scope(self._scopes[scope])
    kept: uint256 = 0
    if scope == self:
        switch: Switch = self._unpack_switch(self._switch)
        switch.paused_until = max(switch.paused_until, until)
        kept = switch.paused_until
        self._switch = self._pack_switch(switch)
    else:
        # From running to stopped: changes scheduled before must not undo what comes now. A
        # repeated stop does not count, or a stolen keeper could block changes for ever.
        if block.timestamp >= details.paused_until:
            details.disturbances += 1
        if not details.counted:
            details.counted = True
            self._switch += ONE_SCOPE
        details.paused_until = max(details.paused_until, until)
        kept = details.paused_until
    details.number += 1
    self._scopes[scope] = self._pack_scope(details)
    log IOrganization.Paused(
        scope=scope,
        by=msg.sender,
        until=self._widened(kept),
        number=details.number,
        reason=reason,
    )


@internal
def _pause_like(old: address, new: address, reason: String[64]):
    """
    @dev Stop `new` at least as long as `old` is, if it is.
    """
    until: uint256 = self._scopes[old] & MASK
    if block.timestamp < until:
        self._pause_until(new, until, reason)


@internal
def _unpause(scope: address, seen: uint256, reason: String[64]):
    """
    @dev End the stop with the number `seen`; not another one that came since.
    """
    scope_word: uint256 = self._scopes[scope]
    number: uint256 = self._unpack_scope(scope_word).number
    assert number != 0, "stops: never stopped"
    assert seen == number, "stops: not the stop that was seen"

    if scope == self:
        self._switch &= ~MASK
    else:
        self._uncount(scope, scope_word & ~MASK)
    log IOrganization.Unpaused(scope=scope, by=msg.sender, number=number, reason=reason)


@internal
def _uncount(scope: address, scope_word: uint256):
    """
    @dev Store `scope_word`, and take its scope off the number of stopped ones.
    """
    if scope_word & COUNTED != 0:
        self._switch -= ONE_SCOPE
    self._scopes[scope] = scope_word & ~COUNTED


@internal
def _disturb(agent: address):
    """
    @dev Void the scheduled changes that concern `agent`.
    """
    self._scopes[agent] += ONE_DISTURBANCE


@internal
@view
def _disturbances(agent: address) -> uint256:
    return self._unpack_scope(self._scopes[agent]).disturbances


@internal
def _beat():
    """
    @dev Somebody watches, now.
    """
    switch: Switch = self._unpack_switch(self._switch)
    switch.last_heartbeat = block.timestamp
    self._switch = self._pack_switch(switch)
    log IOrganization.HeartbeatSent(by=msg.sender)


@internal
def _set_timeout(seconds: uint256):
    """
    @dev Set after how many seconds without a heartbeat everything stops.
    """
    switch: Switch = self._unpack_switch(self._switch)
    switch.timeout = min(seconds, FOREVER)
    self._switch = self._pack_switch(switch)
    log IOrganization.HeartbeatTimeoutSet(seconds=seconds)


@internal
@view
def _timeout() -> uint256:
    return self._widened(self._unpack_switch(self._switch).timeout)


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
         because nobody watches. `timeout` off is 2^64 - 1, which no clock gets past.
    """
    switch: uint256 = self._switch
    if block.timestamp < switch & MASK:
        return True
    if block.timestamp > ((switch >> 64) & MASK) + ((switch >> 128) & MASK):
        return True
    if switch >> 192 == 0:
        return False
    if block.timestamp < self._scopes[wallet] & MASK:
        return True
    return block.timestamp < self._scopes[agent] & MASK


@internal
@pure
def _widened(seconds: uint256) -> uint256:
    """
    @dev The 64-bit "for ever" as the maximum that views and events show.
    """
    if seconds == FOREVER:
        return max_value(uint256)
    return seconds


@internal
@pure
def _pack_switch(switch: Switch) -> uint256:
    assert switch.paused_until <= MASK and switch.last_heartbeat <= MASK
    assert switch.timeout <= MASK and switch.stopped_scopes <= MASK
    return (
        switch.paused_until
        | (switch.last_heartbeat << 64)
        | (switch.timeout << 128)
        | (switch.stopped_scopes << 192)
    )


@internal
@pure
def _unpack_switch(word: uint256) -> Switch:
    return Switch(
        paused_until=word & MASK,
        last_heartbeat=(word >> 64) & MASK,
        timeout=(word >> 128) & MASK,
        stopped_scopes=word >> 192,
    )


@internal
@pure
def _pack_scope(scope: Scope) -> uint256:
    assert scope.paused_until <= MASK and scope.number <= MASK and scope.disturbances <= MASK
    return (
        scope.paused_until
        | (scope.number << 64)
        | (scope.disturbances << 128)
        | (convert(scope.counted, uint256) << 192)
    )


@internal
@pure
def _unpack_scope(word: uint256) -> Scope:
    return Scope(
        paused_until=word & MASK,
        number=(word >> 64) & MASK,
        disturbances=(word >> 128) & MASK,
        counted=word & COUNTED != 0,
    )
