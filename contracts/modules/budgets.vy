# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Budgets
@author Bursar contributors
@license MIT
@notice What one agent may spend of one token for one category: limits, and what was spent.
@dev One word a budget, because every payment reads and writes it. From the lowest bit:

         spent in the hour 30 | spent before in the day 30 | the hour 20 | payments in the day 14
         per_payment 30 | hourly 30 | daily 30 | queue_from 30 | max_payments 14
         expiry hour 20 | unit exponent 5 | rolling 1 | allowlist only 1 | share 1

     Amounts are held in units of 10^exponent base units, the smallest that fit: figures
     exactly, and charges rounded up. The exponent follows `daily`, or what was spent where
     that is more, until the UTC day ends.
     Rolling and share are laid out here and refused when set until they are built.
"""

from interfaces import IHotWallet
from modules import reasons

HOUR: constant(uint256) = 3600
DAY: constant(uint256) = 86400
HOURS_A_DAY: constant(uint256) = 24

# "None waits", and one more than the greatest figure that fits.
NEVER: constant(uint256) = 2**30 - 1

# The greatest unit: 10^31 base units, so that 10^9 whole tokens of any sane decimals fit.
MAX_EXPONENT: constant(uint256) = 31

MAX_PAYMENTS: constant(uint256) = 16_383
EXPIRY_END: constant(uint256) = 2**20
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
ALLOWLIST: constant(uint256) = 254
ALLOWLIST_ONLY: constant(uint256) = 1 << 254

# Counters in the low bits, figures in the high ones.
COUNTERS: constant(uint256) = 2**94 - 1
EXPONENT_MASK: constant(uint256) = 31 << 248
ONE_PAYMENT: constant(uint256) = 1 << 80

# What becomes of a charge. The numbers are `preview`'s.
FITS: constant(uint256) = 0
WAITS: constant(uint256) = 1
NO_BUDGET: constant(uint256) = 3
AMOUNT: constant(uint256) = 4
RECIPIENT: constant(uint256) = 5
OVER_HOURLY: constant(uint256) = 6
OVER_DAILY: constant(uint256) = 7
OVER_COUNT: constant(uint256) = 8

# What was spent of a budget in the windows that run now.
struct Counters:
    in_hour: uint256     # units, in this UTC hour
    before: uint256      # units, earlier in this UTC day
    hour: uint256        # number of the hour, timestamp // 3600
    count: uint256       # payments in this UTC day

# A payment's charge to a budget.
struct Charge:
    number: uint256          # FITS, WAITS, or why it is refused
    word: uint256            # to store when it fits
    hour_remaining: uint256  # after it, in base units
    day_remaining: uint256   # likewise

# A budget's word, by `_slot`.
_words: HashMap[bytes32, uint256]


@internal
@pure
def _slot(agent: address, token: address, category: bytes32) -> bytes32:
    return keccak256(abi_encode(agent, token, category))


@internal
@view
def _is_alive(word: uint256) -> bool:
    """
    @dev A budget that was never set or was removed has expired at 0.
    """
    return block.timestamp < ((word >> EXPIRY) & M20) * HOUR


@internal
@pure
def _unit(word: uint256) -> uint256:
    """
    @dev How many base units one unit of this word is.
    """
    return pow_mod256(10, (word >> EXPONENT) & M5)


@internal
@pure
def _in_base_units(figure: uint256, unit: uint256) -> uint256:
    """
    @dev A `queue_from` as it is read back: "none" is the maximum.
    """
    if figure == NEVER:
        return max_value(uint256)
    return figure * unit


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
    if block.timestamp >= unsafe_mul((word >> EXPIRY) & M20, HOUR):
        charge.number = NO_BUDGET
        return charge

    rolled: uint256 = self._rolled(word)
    unit: uint256 = pow_mod256(10, (rolled >> EXPONENT) & M5)
    if amount == 0 or amount > unsafe_mul((rolled >> PER_PAYMENT) & M30, unit):
        charge.number = AMOUNT
        return charge
    if not may_receive:
        charge.number = RECIPIENT
        return charge
    # "None waits" is more than any amount.
    if not has_waited and amount >= unsafe_mul((rolled >> QUEUE_FROM) & M30, unit):
        charge.number = WAITS
        return charge

    # A payment is at most per_payment, so that no sum here comes near 2^256.
    units: uint256 = unsafe_div(unsafe_sub(unsafe_add(amount, unit), 1), unit)
    in_hour: uint256 = unsafe_add(rolled & M30, units)
    hourly: uint256 = (rolled >> HOURLY) & M30
    if in_hour > hourly:
        charge.number = OVER_HOURLY
        return charge
    in_day: uint256 = unsafe_add(in_hour, (rolled >> BEFORE) & M30)
    daily: uint256 = (rolled >> DAILY) & M30
    if in_day > daily:
        charge.number = OVER_DAILY
        return charge
    if (rolled >> COUNT) & M14 >= (rolled >> MAX_COUNT) & M14:
        charge.number = OVER_COUNT
        return charge

    # Both counters are below what their bits hold: the sum carries nothing over.
    charge.word = unsafe_add(rolled, unsafe_add(units, ONE_PAYMENT))
    charge.hour_remaining = unsafe_mul(unsafe_sub(hourly, in_hour), unit)
    charge.day_remaining = unsafe_mul(unsafe_sub(daily, in_day), unit)
    return charge


@internal
@view
def _rolled(word: uint256) -> uint256:
    """
    @dev The word with its counters moved to the current hour. On a later day they are gone, and
         the unit is again as small as `daily` allows.
    """
    hour: uint256 = unsafe_div(block.timestamp, HOUR)
    then: uint256 = (word >> HOUR_AT) & M20
    if hour == then:
        return word

    hour_at: uint256 = (hour & M20) << HOUR_AT
    if unsafe_div(hour, HOURS_A_DAY) == unsafe_div(then, HOURS_A_DAY):
        spent: uint256 = unsafe_add(word & M30, (word >> BEFORE) & M30)
        return (word & ~(2**80 - 1)) | (spent << BEFORE) | hour_at
    figures: uint256 = (word & ~COUNTERS) | hour_at
    if word & EXPONENT_MASK == 0:
        return figures
    return self._refined(figures)


@internal
@pure
def _refined(figures: uint256) -> uint256:
    """
    @dev The figures in the smallest unit that fits `daily`, for a day in which nothing is spent.
         They are in it already unless the budget was cut on a day when more was spent.
    """
    exponent: uint256 = (figures >> EXPONENT) & M5
    daily: uint256 = (figures >> DAILY) & M30
    if daily * 10 >= NEVER:
        return figures

    fitting: uint256 = self._fitting_exponent(daily * 10 ** exponent, 0)
    # Times the factor none of them grows out of its bits; "none waits" stays what it is.
    scaled: uint256 = ((1 << 90) - 1) << PER_PAYMENT
    if (figures >> QUEUE_FROM) & M30 != NEVER:
        scaled |= M30 << QUEUE_FROM
    return (
        (figures & ~scaled & ~EXPONENT_MASK)
        | unsafe_mul(figures & scaled, 10 ** (exponent - fitting))
        | (fitting << EXPONENT)
    )


@internal
@view
def _remaining(word: uint256) -> (uint256, uint256, uint256):
    """
    @dev What is left of the hour and of the day, in base units, and payments of the day.
    """
    if not self._is_alive(word):
        return 0, 0, 0

    rolled: uint256 = self._rolled(word)
    count: uint256 = (rolled >> COUNT) & M14
    most: uint256 = (rolled >> MAX_COUNT) & M14
    hour_remaining: uint256 = 0
    day_remaining: uint256 = 0
    hour_remaining, day_remaining = self._left(rolled)
    return hour_remaining, day_remaining, most - min(most, count)


@internal
@pure
def _left(rolled: uint256) -> (uint256, uint256):
    """
    @dev What is left of the hour and of the day of a rolled word, in base units. A lowered limit
         can be below what was spent: then nothing is.
    """
    unit: uint256 = self._unit(rolled)
    in_hour: uint256 = rolled & M30
    spent: uint256 = unsafe_add(in_hour, (rolled >> BEFORE) & M30)
    hourly: uint256 = (rolled >> HOURLY) & M30
    daily: uint256 = (rolled >> DAILY) & M30
    return (
        unsafe_mul(unsafe_sub(hourly, min(hourly, in_hour)), unit),
        unsafe_mul(unsafe_sub(daily, min(daily, spent)), unit),
    )


# Setting


@internal
@pure
def _checked(given: IHotWallet.Budget, word: uint256) -> IHotWallet.Budget:
    """
    @dev The figures to set: all zeros for a removal, and `queue_from` the maximum where no
         payment is large enough to wait.
    """
    if given.expires_at == 0:
        if word == 0:
            reasons._refuse("budgets: no such budget")
        return empty(IHotWallet.Budget)

    self._check_figures(given)
    budget: IHotWallet.Budget = given
    if budget.queue_from > budget.per_payment:
        budget.queue_from = max_value(uint256)
    return budget


@internal
@pure
def _check_figures(budget: IHotWallet.Budget):
    """
    @dev Refuse figures that contradict each other or cannot be held.
    """
    if not (budget.expires_at % HOUR == 0):
        reasons._refuse("budgets: expiry not a full hour")
    if not (budget.expires_at // HOUR < EXPIRY_END):
        reasons._refuse("budgets: expiry too far")
    if not (budget.max_payments >= 1 and budget.max_payments <= MAX_PAYMENTS):
        reasons._refuse("budgets: max_payments invalid")
    if not (budget.share_bps >= 1 and budget.share_bps <= SHARE_OFF):
        reasons._refuse("budgets: share out of bounds")
    if budget.rolling:
        reasons._refuse("budgets: rolling not available")
    if budget.share_bps != SHARE_OFF:
        reasons._refuse("budgets: share not available")
    if not (budget.per_payment <= budget.hourly and budget.hourly <= budget.daily):
        reasons._refuse("budgets: limits contradict")
    if budget.daily >= NEVER * 10 ** MAX_EXPONENT:
        reasons._refuse("budgets: limit too large")


@internal
@view
def _tightens(old: IHotWallet.Budget, new: IHotWallet.Budget) -> bool:
    """
    @dev Whether every figure of `new` lets through the same or less. Removing always does, and a
         budget that comes alive never.
    """
    if new.expires_at == 0:
        return True
    if block.timestamp < new.expires_at and block.timestamp >= old.expires_at:
        return False
    if new.per_payment > old.per_payment or new.hourly > old.hourly or new.daily > old.daily:
        return False
    # With the new per_payment below the old queue_from, nothing that waited passes now.
    if new.queue_from > old.queue_from and new.per_payment >= old.queue_from:
        return False
    if new.max_payments > old.max_payments or new.expires_at > old.expires_at:
        return False
    if new.share_bps > old.share_bps:
        return False
    return not (old.rolling and not new.rolling) and not (old.allowlist_only and not new.allowlist_only)


@internal
@view
def _reset(word: uint256, new: IHotWallet.Budget, tightens: bool) -> uint256:
    """
    @dev The word with the figures of `new`; what was spent stays. Where figures are finer than the
         unit, one that tightens is rounded down, so that an emergency cut never fails.
    """
    rolled: uint256 = self._rolled(word)
    spent: Counters = self._counters(rolled)
    unit: uint256 = self._unit(rolled)
    hour_spent: uint256 = spent.in_hour * unit
    day_spent: uint256 = (spent.in_hour + spent.before) * unit
    stored: IHotWallet.Budget = self._rounded(new, 10 ** self._fitting_exponent(new.daily, day_spent), tightens)

    # Rounding down can make a smaller unit fit. What was spent is rounded up once each, the day as
    # a whole.
    exponent: uint256 = self._fitting_exponent(stored.daily, day_spent)
    spent.in_hour = self._units_up(hour_spent, 10 ** exponent)
    spent.before = self._units_up(day_spent, 10 ** exponent) - spent.in_hour
    return self._pack_counters(spent) | self._pack_figures(stored, exponent)


@internal
@pure
def _rounded(budget: IHotWallet.Budget, unit: uint256, tightens: bool) -> IHotWallet.Budget:
    """
    @dev The figures as multiples of `unit`; finer ones are refused unless they tighten.
    """
    stored: IHotWallet.Budget = budget
    stored.per_payment -= budget.per_payment % unit
    stored.hourly -= budget.hourly % unit
    stored.daily -= budget.daily % unit
    if budget.queue_from != max_value(uint256):
        stored.queue_from -= budget.queue_from % unit
    if not tightens:
        is_exact: bool = stored.per_payment == budget.per_payment and stored.hourly == budget.hourly
        is_exact = is_exact and stored.daily == budget.daily
        is_exact = is_exact and stored.queue_from == budget.queue_from
        if not is_exact:
            reasons._refuse("budgets: figure too fine")
    return stored


@internal
@pure
def _fitting_exponent(daily: uint256, spent: uint256) -> uint256:
    """
    @dev The smallest exponent in whose units both are below what 30 bits hold; `spent` counts
         rounded up.
    """
    exponent: uint256 = 0
    for _: uint256 in range(MAX_EXPONENT):
        unit: uint256 = 10 ** exponent
        if daily < NEVER * unit and spent <= (NEVER - 1) * unit:
            break
        exponent += 1
    return exponent


@internal
@pure
def _units_up(amount: uint256, unit: uint256) -> uint256:
    return (amount + unit - 1) // unit


@internal
def _move(old: bytes32, new: bytes32):
    """
    @dev Move a budget with its counters.
    """
    self._words[new] = self._words[old]
    self._words[old] = 0


@internal
def _log_set(agent: address, token: address, category: bytes32, budget: IHotWallet.Budget, word: uint256):
    """
    @dev Tell what was stored, and what was spent before.
    """
    spent: Counters = self._counters(word)
    unit: uint256 = self._unit(word)
    log IHotWallet.BudgetSet(
        agent=agent,
        token=token,
        category=category,
        budget=budget,
        hour_spent=spent.in_hour * unit,
        day_spent=(spent.in_hour + spent.before) * unit,
    )


# Packing


@internal
@pure
def _pack_counters(spent: Counters) -> uint256:
    assert spent.in_hour <= M30 and spent.before <= M30
    assert spent.hour <= M20 and spent.count <= M14
    return spent.in_hour | (spent.before << BEFORE) | (spent.hour << HOUR_AT) | (spent.count << COUNT)


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
def _pack_figures(budget: IHotWallet.Budget, exponent: uint256) -> uint256:
    """
    @dev Figures into the high bits; they are multiples of the unit. `queue_from` is the maximum
         where nothing waits.
    """
    unit: uint256 = 10 ** exponent
    queue_from: uint256 = NEVER
    if budget.queue_from != max_value(uint256):
        queue_from = budget.queue_from // unit
    assert budget.daily // unit < NEVER and budget.hourly <= budget.daily
    assert budget.per_payment <= budget.hourly and queue_from <= NEVER
    assert budget.max_payments <= M14 and budget.expires_at // HOUR <= M20 and exponent <= M5
    return (
        ((budget.per_payment // unit) << PER_PAYMENT)
        | ((budget.hourly // unit) << HOURLY)
        | ((budget.daily // unit) << DAILY)
        | (queue_from << QUEUE_FROM)
        | (budget.max_payments << MAX_COUNT)
        | ((budget.expires_at // HOUR) << EXPIRY)
        | (exponent << EXPONENT)
        | (convert(budget.allowlist_only, uint256) << ALLOWLIST)
    )


@internal
@pure
def _budget(word: uint256) -> IHotWallet.Budget:
    """
    @dev The figures in base units; zeros for a budget that was never set or was removed.
    """
    expiry: uint256 = (word >> EXPIRY) & M20
    if expiry == 0:
        return empty(IHotWallet.Budget)

    unit: uint256 = self._unit(word)
    return IHotWallet.Budget(
        per_payment=((word >> PER_PAYMENT) & M30) * unit,
        hourly=((word >> HOURLY) & M30) * unit,
        daily=((word >> DAILY) & M30) * unit,
        queue_from=self._in_base_units((word >> QUEUE_FROM) & M30, unit),
        max_payments=(word >> MAX_COUNT) & M14,
        expires_at=expiry * HOUR,
        share_bps=SHARE_OFF,
        rolling=False,
        allowlist_only=(word >> ALLOWLIST) & 1 == 1,
    )
