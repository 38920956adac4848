# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Budgets
@author Bursar contributors
@license MIT
@notice What one agent may spend of one token for one category, and what was spent of it.
@dev A budget's word is laid out in `figures`. A second word belongs to it while it is rolling
     (`rolling`) or has a share (`shares`), never both; other payments do not touch it.
"""

from interfaces import IHotWallet
from modules import figures
from modules import rolling
from modules import shares

HOUR: constant(uint256) = 3600

# What becomes of a charge. The numbers are `preview`'s.
FITS: constant(uint256) = 0
WAITS: constant(uint256) = 1
NO_BUDGET: constant(uint256) = 3
AMOUNT: constant(uint256) = 4
RECIPIENT: constant(uint256) = 5
OVER_HOURLY: constant(uint256) = 6
OVER_DAILY: constant(uint256) = 7
OVER_COUNT: constant(uint256) = 8

# A payment's charge to a budget.
struct Charge:
    number: uint256          # FITS, WAITS, or why it is refused
    word: uint256            # to store when it fits
    hour_remaining: uint256  # after it, in base units
    day_remaining: uint256   # likewise

# A budget with a share as a charge finds it today.
struct Shared:
    word: uint256            # to charge: its `daily` is cut to the share
    cut: uint256             # what to flip in the charged word to undo that cut
    second: uint256          # the second word to store along with a charge; 0: leave it

# A budget's word, by `_slot`.
_words: HashMap[bytes32, uint256]

# Its second word: the ring of a rolling one, else its share and the day's balance.
_seconds: HashMap[bytes32, uint256]


@internal
@pure
def _slot(agent: address, token: address, category: bytes32) -> bytes32:
    return keccak256(abi_encode(agent, token, category))


# Charging


@internal
@view
def _shared(slot: bytes32, word: uint256, balance: uint256) -> Shared:
    """
    @dev A budget with a share, today.
    @param balance What the wallet holds of the token now, in base units, where that counts.
    """
    shared: Shared = empty(Shared)
    second: uint256 = self._seconds[slot]
    if not shares._is_of_today(second):
        second = shares._with_balance(second, balance)
        shared.second = second
    moved: uint256 = figures._moved(word)
    shared.word = shares._limited(moved, second)
    shared.cut = shared.word ^ moved
    return shared


@internal
@view
def _charged(word: uint256, amount: uint256, may_receive: bool, has_waited: bool) -> Charge:
    """
    @dev Charge one payment to a budget.
    @param word The budget, as stored.
    @param amount Base units.
    @param may_receive Whether the recipient is one that the budget may pay.
    @param has_waited Whether it is not to wait (again).
    """
    charge: Charge = empty(Charge)
    if block.timestamp >= unsafe_mul((word >> figures.EXPIRY) & figures.M20, HOUR):
        charge.number = NO_BUDGET
        return charge

    moved: uint256 = figures._moved(word)
    unit: uint256 = pow_mod256(10, (moved >> figures.EXPONENT) & figures.M5)
    if amount == 0 or amount > unsafe_mul((moved >> figures.PER_PAYMENT) & figures.M30, unit):
        charge.number = AMOUNT
        return charge
    if not may_receive:
        charge.number = RECIPIENT
        return charge
    # "None waits" is more than any amount.
    if not has_waited and amount >= unsafe_mul((moved >> figures.QUEUE_FROM) & figures.M30, unit):
        charge.number = WAITS
        return charge

    # A payment is at most per_payment, so that no sum here comes near 2^256.
    units: uint256 = unsafe_div(unsafe_sub(unsafe_add(amount, unit), 1), unit)
    in_hour: uint256 = unsafe_add(moved & figures.M30, units)
    hourly: uint256 = (moved >> figures.HOURLY) & figures.M30
    if in_hour > hourly:
        charge.number = OVER_HOURLY
        return charge
    in_day: uint256 = unsafe_add(in_hour, (moved >> figures.BEFORE) & figures.M30)
    daily: uint256 = (moved >> figures.DAILY) & figures.M30
    if in_day > daily:
        charge.number = OVER_DAILY
        return charge
    if (moved >> figures.COUNT) & figures.M14 >= (moved >> figures.MAX_COUNT) & figures.M14:
        charge.number = OVER_COUNT
        return charge

    # Both counters are below what their bits hold: the sum carries nothing over.
    charge.word = unsafe_add(moved, unsafe_add(units, figures.ONE_PAYMENT))
    charge.hour_remaining = unsafe_mul(unsafe_sub(hourly, in_hour), unit)
    charge.day_remaining = unsafe_mul(unsafe_sub(daily, in_day), unit)
    return charge


@internal
@view
def _charged_batch(word: uint256, total: uint256, count: uint256) -> Charge:
    """
    @dev Charge `count` payments of `total` base units, rounded up once. What concerns each of them
         was checked.
    """
    moved: uint256 = figures._moved(word)
    # As one payment, with per_payment out of the way and all but one counted. A count or a total
    # that its bits do not hold is more than any limit.
    counted: uint256 = unsafe_sub(unsafe_add((moved >> figures.COUNT) & figures.M14, count), 1)
    alone: uint256 = moved | (figures.M30 << figures.PER_PAYMENT)
    alone = (alone & ~(figures.M14 << figures.COUNT)) | (min(counted, figures.M14) << figures.COUNT)
    charge: Charge = self._charged(alone, total, True, True)
    if charge.number == AMOUNT:
        charge.number = OVER_HOURLY
    charge.word ^= (alone ^ moved) & (figures.M30 << figures.PER_PAYMENT)
    return charge


@internal
@view
def _remaining(word: uint256) -> (uint256, uint256, uint256):
    """
    @dev What is left of the hour and of the day, in base units, and payments of the day. A lowered
         limit can be below what was spent: then nothing is.
    """
    if not figures._is_alive(word):
        return 0, 0, 0

    moved: uint256 = figures._moved(word)
    unit: uint256 = figures._unit(moved)
    spent: figures.Counters = figures._counters(moved)
    in_day: uint256 = unsafe_add(spent.in_hour, spent.before)
    hourly: uint256 = (moved >> figures.HOURLY) & figures.M30
    daily: uint256 = (moved >> figures.DAILY) & figures.M30
    most: uint256 = (moved >> figures.MAX_COUNT) & figures.M14
    return (
        unsafe_mul(unsafe_sub(hourly, min(hourly, spent.in_hour)), unit),
        unsafe_mul(unsafe_sub(daily, min(daily, in_day)), unit),
        unsafe_sub(most, min(most, spent.count)),
    )


# Setting


@internal
@view
def _budget(slot: bytes32) -> IHotWallet.Budget:
    """
    @dev The figures in base units; zeros for a budget that was never set or was removed.
    """
    word: uint256 = self._words[slot]
    share_bps: uint256 = 0
    if word & figures.SHARE != 0:
        share_bps = shares._bps(self._seconds[slot])
    return figures._budget(word, share_bps)


@internal
def _move(old: bytes32, new: bytes32):
    """
    @dev Move a budget with its counters.
    """
    self._words[new] = self._words[old]
    self._words[old] = 0
    second: uint256 = self._seconds[old]
    if second != 0:
        self._seconds[new] = second
        self._seconds[old] = 0


@internal
def _log_set(slot: bytes32, agent: address, token: address, category: bytes32):
    """
    @dev Tell what was stored, and what was spent before.
    """
    spent: figures.Counters = figures._counters(self._words[slot])
    unit: uint256 = figures._unit(self._words[slot])
    log IHotWallet.BudgetSet(
        agent=agent,
        token=token,
        category=category,
        budget=self._budget(slot),
        hour_spent=unsafe_mul(spent.in_hour, unit),
        day_spent=unsafe_mul(unsafe_add(spent.in_hour, spent.before), unit),
    )
