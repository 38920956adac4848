# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Rolling
@author Bursar contributors
@license MIT
@notice What a rolling budget has spent in each of the 24 hours before the one that runs. Holds no
        state.
@dev One more word, the ring, touched only when the hour changes. From the lowest bit:

         24 buckets of 10 | the step's exponent 5 | unused 9 | coarse 1 | in use 1

     The lowest bucket is the youngest hour. Each counts steps of 2^exponent units, rounded up, so
     that a finished hour counts as more than was spent, by less than a step, and never as less.
     The budget's `before` is the buckets' sum, so that a payment is checked as in a UTC day.
     "Coarse" says that `daily` by itself would ask for a smaller unit or step: after a cut, for as
     long as what was spent before it counts.
     "In use" keeps the word from ever being 0, which would cost 17,100 gas more to leave.
"""

from modules import figures

HOUR: constant(uint256) = 3600
HOURS_A_DAY: constant(uint256) = 24

BUCKETS: constant(uint256) = 24
WIDTH: constant(uint256) = 10
M10: constant(uint256) = 2**10 - 1
ALL_BUCKETS: constant(uint256) = 2**240 - 1
STEP: constant(uint256) = 240
COARSE: constant(uint256) = 1 << 254
IN_USE: constant(uint256) = 1 << 255

# 1 and 1,023 in each of twelve lanes of 20 bits: two buckets to a lane.
ONES: constant(uint256) = (2**240 - 1) // (2**20 - 1)
EVEN: constant(uint256) = (2**240 - 1) // (2**20 - 1) * 1023
LAST_LANE: constant(uint256) = 220


@internal
@pure
def _sum(ring: uint256) -> uint256:
    """
    @dev What all buckets hold together, in units: pairs into lanes, then all lanes into the last
         one by a multiplication. No lane overflows: 24 * 1,023 is less than 2^20.
    """
    lanes: uint256 = unsafe_add(ring & EVEN, (ring >> WIDTH) & EVEN)
    steps: uint256 = (unsafe_mul(lanes, ONES) >> LAST_LANE) & figures.M20
    return steps << ((ring >> STEP) & figures.M5)


@internal
@view
def _advanced(word: uint256, ring: uint256) -> (uint256, uint256):
    """
    @dev Word and ring moved to the current hour, which must be later than theirs: the finished one
         becomes a bucket, and what is older than 24 hours is gone.
    """
    hour: uint256 = unsafe_div(block.timestamp, HOUR)
    then: uint256 = (word >> figures.HOUR_AT) & figures.M20
    step: uint256 = (ring >> STEP) & figures.M5
    bucket: uint256 = unsafe_sub(unsafe_add(word & figures.M30, 1 << step), 1) >> step
    elapsed: uint256 = unsafe_sub(hour, then)
    new_ring: uint256 = ring & ~ALL_BUCKETS
    if elapsed <= BUCKETS:
        moved: uint256 = ((ring << WIDTH) | bucket) << unsafe_mul(unsafe_sub(elapsed, 1), WIDTH)
        new_ring |= moved & ALL_BUCKETS

    new_word: uint256 = (word & ~(2**80 - 1)) | (hour << figures.HOUR_AT)
    if unsafe_div(hour, HOURS_A_DAY) != unsafe_div(then, HOURS_A_DAY):
        new_word &= ~(figures.M14 << figures.COUNT)
    if ring & COARSE != 0:
        new_word, new_ring = self._refined(new_word, new_ring)
        step = (new_ring >> STEP) & figures.M5
    # As in `_sum`, which it saves a call to.
    lanes: uint256 = unsafe_add(new_ring & EVEN, (new_ring >> WIDTH) & EVEN)
    before: uint256 = ((unsafe_mul(lanes, ONES) >> LAST_LANE) & figures.M20) << step
    # What `before` cannot hold is more than any limit, too.
    if before > figures.M30:
        before = figures.M30
    return new_word | (before << figures.BEFORE), new_ring


@internal
@pure
def _refined(word: uint256, ring: uint256) -> (uint256, uint256):
    """
    @dev Word and ring in the smallest unit and step that fit, in an hour in which nothing was spent
         yet.
    """
    exponent: uint256 = (word >> figures.EXPONENT) & figures.M5
    unit: uint256 = pow_mod256(10, exponent)
    daily: uint256 = unsafe_mul((word >> figures.DAILY) & figures.M30, unit)
    spent: uint256 = unsafe_mul(self._sum(ring), unit)
    fitting: uint256 = min(figures._fitting_exponent(daily, spent), exponent)
    new_unit: uint256 = pow_mod256(10, fitting)
    new_daily: uint256 = unsafe_div(daily, new_unit)
    new_ring: uint256 = self._converted(ring, unit, new_unit, new_daily, 0)
    return figures._rescaled(word, fitting), self._marked(new_ring, new_daily, fitting)


@internal
@pure
def _marked(ring: uint256, daily: uint256, exponent: uint256) -> uint256:
    """
    @dev The ring, fresh, with its mark of being coarse for a budget of `daily` units.
    """
    step: uint256 = (ring >> STEP) & figures.M5
    if step != 0 and daily <= M10 << unsafe_sub(step, 1):
        return ring | COARSE
    if exponent != 0 and unsafe_mul(daily, 10) < figures.NEVER:
        return ring | COARSE
    return ring


@internal
@pure
def _converted(
    ring: uint256, unit: uint256, new_unit: uint256, most: uint256, spent_before: uint256
) -> uint256:
    """
    @dev The ring in new units and the smallest step that fits.
    @param unit Base units in a unit of `ring`.
    @param most What a bucket must be able to hold, in new units.
    @param spent_before Base units to add to the youngest bucket.
    """
    # Base units stay below 2^150: 24 * 1,023 * 2^21 * 10^31.
    old_step: uint256 = unit << ((ring >> STEP) & figures.M5)
    held: uint256[24] = empty(uint256[24])
    greatest: uint256 = 0
    for i: uint256 in range(BUCKETS):
        held[i] = unsafe_mul((ring >> unsafe_mul(WIDTH, i)) & M10, old_step)
        if i == 0:
            held[i] = unsafe_add(held[i], spent_before)
        greatest = max(greatest, held[i])

    needed: uint256 = max(most, figures._units_up(greatest, new_unit))
    step: uint256 = 0
    for _: uint256 in range(31):
        if needed <= M10 << step:
            break
        step = unsafe_add(step, 1)

    converted: uint256 = (step << STEP) | IN_USE
    for i: uint256 in range(BUCKETS):
        converted |= figures._units_up(held[i], new_unit << step) << unsafe_mul(WIDTH, i)
    return converted
