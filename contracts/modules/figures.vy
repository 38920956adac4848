# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Figures
@author Bursar contributors
@license MIT
@notice A budget's word: where each figure and counter lies, and what a unit is. Holds no state.
@dev One word a budget, because every payment reads and writes it. From the lowest bit:

         spent in the hour 30 | spent before in the day 30 | the hour 20 | payments in the day 14
         per_payment 30 | hourly 30 | daily 30 | queue_from 30 | max_payments 14
         expiry hour 20 | unit exponent 5 | rolling 1 | allowlist only 1 | share 1

     Amounts are held in units of 10^exponent base units, the smallest that fit: figures
     exactly, and charges rounded up. The exponent follows `daily`, or what was spent where
     that is more.
"""

from interfaces import IHotWallet

HOUR: constant(uint256) = 3600
HOURS_A_DAY: constant(uint256) = 24

# "None waits", and one more than the greatest figure that fits.
NEVER: constant(uint256) = 2**30 - 1

# The greatest unit: 10^31 base units, so that 10^9 whole tokens of any sane decimals fit.
MAX_EXPONENT: constant(uint256) = 31

SHARE_OFF: constant(uint256) = 10_000

M30: constant(uint256) = 2**30 - 1
M20: constant(uint256) = 2**20 - 1
M14: constant(uint256) = 2**14 - 1
M5: constant(uint256) = 2**5 - 1

BEFORE: constant(uint256) = 30
HOUR_AT: constant(uint256) = 60
COUNT: constant(uint256) = 80
PER_PAYMENT: constant(uint256) = 94
HOURLY: constant(uint256) = 124
DAILY: constant(uint256) = 154
QUEUE_FROM: constant(uint256) = 184
MAX_COUNT: constant(uint256) = 214
EXPIRY: constant(uint256) = 228
EXPONENT: constant(uint256) = 248

# The flags are the three highest bits, so that one comparison tells whether any is set.
ROLLING: constant(uint256) = 1 << 253
ALLOWLIST_ONLY: constant(uint256) = 1 << 254
SHARE: constant(uint256) = 1 << 255

# Counters in the low bits, figures in the high ones.
COUNTERS: constant(uint256) = 2**94 - 1
EXPONENT_MASK: constant(uint256) = 31 << 248
ONE_PAYMENT: constant(uint256) = 1 << 80

# What was spent of a budget in the windows that run now.
struct Counters:
    in_hour: uint256     # units, in this UTC hour
    before: uint256      # units, earlier in this UTC day; rolling: in the 24 hours before
    hour: uint256        # number of the hour, timestamp // 3600
    count: uint256       # payments in this UTC day


@internal
@view
def _is_alive(word: uint256) -> bool:
    """
    @dev A budget that was never set or was removed has expired at 0.
    """
    return block.timestamp < unsafe_mul((word >> EXPIRY) & M20, HOUR)


@internal
@view
def _is_past(word: uint256) -> bool:
    """
    @dev Whether the counters are of an hour that is over.
    """
    return (word >> HOUR_AT) & M20 != unsafe_div(block.timestamp, HOUR)


@internal
@pure
def _unit(word: uint256) -> uint256:
    """
    @dev How many base units one unit of this word is.
    """
    return pow_mod256(10, (word >> EXPONENT) & M5)


@internal
@pure
def _units_up(amount: uint256, unit: uint256) -> uint256:
    """
    @dev Neither comes near 2^256, and no unit is 0.
    """
    return unsafe_div(unsafe_sub(unsafe_add(amount, unit), 1), unit)


@internal
@pure
def _fitting_exponent(daily: uint256, spent: uint256) -> uint256:
    """
    @dev The smallest exponent in whose units both are below what 30 bits hold; `spent` counts
         rounded up.
    """
    exponent: uint256 = 0
    end: uint256 = NEVER
    last: uint256 = NEVER - 1
    for _: uint256 in range(MAX_EXPONENT):
        if daily < end and spent <= last:
            break
        exponent = unsafe_add(exponent, 1)
        end = unsafe_mul(end, 10)
        last = unsafe_mul(last, 10)
    return exponent


@internal
@view
def _moved(word: uint256) -> uint256:
    """
    @dev The word with its counters moved to the current hour. On a later day they are gone, and
         the unit is again as small as `daily` allows. A rolling one is there already.
    """
    hour: uint256 = unsafe_div(block.timestamp, HOUR)
    then: uint256 = (word >> HOUR_AT) & M20
    if hour == then:
        return word

    hour_at: uint256 = (hour & M20) << HOUR_AT
    if unsafe_div(hour, HOURS_A_DAY) == unsafe_div(then, HOURS_A_DAY):
        spent: uint256 = unsafe_add(word & M30, (word >> BEFORE) & M30)
        return (word & ~(2**80 - 1)) | (spent << BEFORE) | hour_at
    fresh: uint256 = (word & ~COUNTERS) | hour_at
    if word & EXPONENT_MASK == 0:
        return fresh
    return self._refined(fresh)


@internal
@pure
def _refined(word: uint256) -> uint256:
    """
    @dev The word in the smallest unit that fits `daily`, for a day in which nothing is spent. It
         is in it already unless the budget was cut on a day when more was spent.
    """
    daily: uint256 = (word >> DAILY) & M30
    if unsafe_mul(daily, 10) >= NEVER:
        return word
    fitting: uint256 = self._fitting_exponent(unsafe_mul(daily, self._unit(word)), 0)
    return self._rescaled(word, fitting)


@internal
@pure
def _rescaled(word: uint256, fitting: uint256) -> uint256:
    """
    @dev The word with its figures in the smaller unit that `fitting` is the exponent of; they
         must fit, and the counters must be 0.
    """
    # Times the factor none of them grows out of its bits; "none waits" stays what it is.
    scaled: uint256 = ((1 << 90) - 1) << PER_PAYMENT
    if (word >> QUEUE_FROM) & M30 != NEVER:
        scaled |= M30 << QUEUE_FROM
    factor: uint256 = pow_mod256(10, unsafe_sub((word >> EXPONENT) & M5, fitting))
    return (
        (word & ~scaled & ~EXPONENT_MASK)
        | unsafe_mul(word & scaled, factor)
        | (fitting << EXPONENT)
    )


@internal
@pure
def _counters(word: uint256) -> Counters:
    return Counters(
        in_hour=word & M30,
        before=(word >> BEFORE) & M30,
        hour=(word >> HOUR_AT) & M20,
        count=(word >> COUNT) & M14,
    )


@internal
@pure
def _budget(word: uint256, share_bps: uint256) -> IHotWallet.Budget:
    """
    @dev The figures in base units; zeros for a budget that was never set or was removed.
    @param share_bps What counts where the word says that there is a share.
    """
    expiry: uint256 = (word >> EXPIRY) & M20
    if expiry == 0:
        return empty(IHotWallet.Budget)

    unit: uint256 = self._unit(word)
    queue_from: uint256 = max_value(uint256)
    if (word >> QUEUE_FROM) & M30 != NEVER:
        queue_from = unsafe_mul((word >> QUEUE_FROM) & M30, unit)
    share: uint256 = SHARE_OFF
    if word & SHARE != 0:
        share = share_bps
    return IHotWallet.Budget(
        per_payment=unsafe_mul((word >> PER_PAYMENT) & M30, unit),
        hourly=unsafe_mul((word >> HOURLY) & M30, unit),
        daily=unsafe_mul((word >> DAILY) & M30, unit),
        queue_from=queue_from,
        max_payments=(word >> MAX_COUNT) & M14,
        expires_at=unsafe_mul(expiry, HOUR),
        share_bps=share,
        rolling=word & ROLLING != 0,
        allowlist_only=word & ALLOWLIST_ONLY != 0,
    )
