# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Queue
@author Bursar contributors
@license MIT
@notice Payments that wait. Each is a commitment to its arguments; nothing of a budget is used by
        waiting, and nothing but its own arguments can block or unblock it.
@dev One word a payment: agent 160 | ready_at 40 | grace 22 | epoch 34, and one word for the
     settings: payment delay 200 | grace 22 | epoch 34, both from the lowest bit, so that a
     payment takes over the high ones as they are. At 30,000 gas a new epoch, nobody ever sees
     the last of 2^34.
"""

from interfaces import IHotWallet
from modules import reasons

# Shorter gives a keeper no time to look.
MIN_PAYMENT_DELAY: public(constant(uint256)) = 60

# A payment that waits longer than a week belongs in front of the signers.
MAX_PAYMENT_DELAY: public(constant(uint256)) = 7 * 86400

# Shorter, and one slow keeper lets payments expire.
MIN_GRACE: public(constant(uint256)) = 3600

# Longer, and a forgotten payment comes back as a surprise.
MAX_GRACE: public(constant(uint256)) = 30 * 86400

DEFAULT_PAYMENT_DELAY: constant(uint256) = 10 * 60
DEFAULT_GRACE: constant(uint256) = 86400

M160: constant(uint256) = 2**160 - 1
M40: constant(uint256) = 2**40 - 1
M34: constant(uint256) = 2**34 - 1
M22: constant(uint256) = 2**22 - 1
READY_AT: constant(uint256) = 160
GRACE: constant(uint256) = 200
EPOCH: constant(uint256) = 222
ONE_EPOCH: constant(uint256) = 1 << 222
M200: constant(uint256) = 2**200 - 1

struct Entry:
    agent: address
    ready_at: uint256
    expires_at: uint256

# How long payments wait and stay executable, and the queue's epoch.
_settings: uint256

# Waiting payments by id; gone when executed or cancelled.
_entries: HashMap[bytes32, uint256]


@deploy
def __init__():
    self._settings = DEFAULT_PAYMENT_DELAY | (DEFAULT_GRACE << GRACE)
    log IHotWallet.PaymentDelaySet(seconds=DEFAULT_PAYMENT_DELAY)
    log IHotWallet.GraceSet(seconds=DEFAULT_GRACE)


@external
@view
def payment_delay() -> uint256:
    """
    @notice How long a queued payment waits, in seconds.
    """
    return self._payment_delay()


@external
@view
def grace() -> uint256:
    """
    @notice How long a due payment stays executable, in seconds.
    """
    return self._grace()


@external
@view
def epoch() -> uint256:
    """
    @notice How often the whole queue was voided.
    """
    return self._epoch()


@external
@view
def payment_id(
    agent: address, token: address, to: address, amount: uint256, category: bytes32, ref: bytes32
) -> bytes32:
    """
    @notice The id that this payment has in the queue, in the current epoch.
    """
    return self._id(self._epoch(), agent, token, to, amount, category, ref)


@internal
def _add(id: bytes32, agent: address, settings: uint256) -> uint256:
    """
    @dev Let a payment wait. One that is identical must have gone, expired or been cancelled.
    @return From when it can be executed.
    """
    if block.timestamp < self._expires_at(self._entries[id]):
        reasons._refuse("queue: already waiting")

    ready_at: uint256 = unsafe_add(block.timestamp, settings & M200)
    self._entries[id] = convert(agent, uint256) | (ready_at << READY_AT) | (settings & ~M200)
    return ready_at


@internal
def _take(id: bytes32):
    """
    @dev Take a payment that is due, of the current epoch, out of the queue, so that it can be
         made.
    """
    word: uint256 = self._entries[id]
    if word == 0:
        reasons._refuse("queue: no such payment")
    if block.timestamp < (word >> READY_AT) & M40:
        reasons._refuse("queue: not due yet")
    if block.timestamp >= self._expires_at(word):
        reasons._refuse("queue: expired")

    self._entries[id] = 0


@internal
def _cancel(id: bytes32, reason: String[64]):
    self._entries[id] = 0
    log IHotWallet.PaymentCancelled(id=id, by=msg.sender, reason=reason)


@internal
def _void_all(reason: String[64]):
    """
    @dev Start a new epoch, in which no id of the old one means anything.
    """
    self._settings += ONE_EPOCH
    log IHotWallet.QueueVoided(by=msg.sender, epoch=self._epoch(), reason=reason)


@internal
def _set_payment_delay(seconds: uint256):
    self._settings = (self._settings & ~M200) | seconds
    log IHotWallet.PaymentDelaySet(seconds=seconds)


@internal
def _set_grace(seconds: uint256):
    self._settings = (self._settings & ~(M22 << GRACE)) | (seconds << GRACE)
    log IHotWallet.GraceSet(seconds=seconds)


@internal
@view
def _payment_delay() -> uint256:
    return self._settings & M200


@internal
@view
def _grace() -> uint256:
    return (self._settings >> GRACE) & M22


@internal
@view
def _epoch() -> uint256:
    return self._settings >> EPOCH


@internal
@view
def _entry(id: bytes32) -> Entry:
    """
    @dev The payment with this id, if it is of the current epoch; it may have expired.
    """
    word: uint256 = self._entries[id]
    if word >> EPOCH != self._epoch() or word == 0:
        return empty(Entry)
    return Entry(
        agent=convert(word & M160, address),
        ready_at=(word >> READY_AT) & M40,
        expires_at=self._expires_at(word),
    )


@internal
@pure
def _expires_at(word: uint256) -> uint256:
    return unsafe_add((word >> READY_AT) & M40, (word >> GRACE) & M22)


@internal
@pure
def _id(
    epoch: uint256,
    agent: address,
    token: address,
    to: address,
    amount: uint256,
    category: bytes32,
    ref: bytes32,
) -> bytes32:
    return keccak256(abi_encode(epoch, agent, token, to, amount, category, ref))


@internal
@pure
def _check_payment_delay(seconds: uint256):
    if not (seconds >= MIN_PAYMENT_DELAY and seconds <= MAX_PAYMENT_DELAY):
        reasons._refuse("queue: delay out of bounds")


@internal
@pure
def _check_grace(seconds: uint256):
    if not (seconds >= MIN_GRACE and seconds <= MAX_GRACE):
        reasons._refuse("queue: grace out of bounds")
