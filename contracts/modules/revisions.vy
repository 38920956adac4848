# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Revisions
@author Bursar contributors
@license MIT
@notice What becomes of a budget when its figures are set: which figures it can have, whether they
        tighten, and how what was spent is carried over. Holds no state.
@dev The organisation answers this for its wallets, which have no room left for it in 24,576
     bytes. They trust it no further by that: every change that has waited comes from it anyway.
"""

from interfaces import IHotWallet
from interfaces import IOrganization
from modules import figures
from modules import reasons
from modules import rolling
from modules import shares

HOUR: constant(uint256) = 3600
MAX_PAYMENTS: constant(uint256) = 16_383
EXPIRY_END: constant(uint256) = 2**20


@external
@view
def budget_after(
    word: uint256, second: uint256, given: IHotWallet.Budget
) -> IOrganization.Revision:
    """
    @notice What a budget becomes when a wallet sets its figures to `given`. What was spent stays
            spent. Where figures are finer than the unit they are rounded down.
    @param word The budget as the wallet holds it, and `second`, its second word.
    """
    old: IHotWallet.Budget = self._budget(word, second)
    new: IHotWallet.Budget = self._checked(given, word)
    revision: IOrganization.Revision = self._revised(word, second, new)
    revision.tightens = self._tightens(old, new)
    stored: IHotWallet.Budget = self._budget(revision.word, revision.second)
    revision.is_exact = keccak256(abi_encode(stored)) == keccak256(abi_encode(new))
    revision.changes = keccak256(abi_encode(stored)) != keccak256(abi_encode(old))
    return revision


@internal
@pure
def _budget(word: uint256, second: uint256) -> IHotWallet.Budget:
    return figures._budget(word, shares._bps(second))


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
    if not (budget.share_bps >= 1 and budget.share_bps <= figures.SHARE_OFF):
        reasons._refuse("budgets: share out of bounds")
    if budget.rolling and budget.share_bps != figures.SHARE_OFF:
        reasons._refuse("budgets: rolling and share")
    if not (budget.per_payment <= budget.hourly and budget.hourly <= budget.daily):
        reasons._refuse("budgets: limits contradict")
    if budget.daily >= figures.NEVER * 10 ** figures.MAX_EXPONENT:
        reasons._refuse("budgets: limit too large")


@internal
@pure
def _tightens(old: IHotWallet.Budget, new: IHotWallet.Budget) -> bool:
    """
    @dev Whether every figure of `new` lets through the same or less. Removing always does; a
         budget that comes alive never, because its expiry is later than it was.
    """
    if new.expires_at == 0:
        return True
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
@pure
def _rounded_down(budget: IHotWallet.Budget, unit: uint256) -> IHotWallet.Budget:
    """
    @dev The figures as multiples of `unit`.
    """
    rounded: IHotWallet.Budget = budget
    rounded.per_payment -= budget.per_payment % unit
    rounded.hourly -= budget.hourly % unit
    rounded.daily -= budget.daily % unit
    if budget.queue_from != max_value(uint256):
        rounded.queue_from -= budget.queue_from % unit
    return rounded


@internal
@view
def _revised(word: uint256, second: uint256, new: IHotWallet.Budget) -> IOrganization.Revision:
    """
    @dev Both words with the figures of `new`.
    """
    was_rolling: bool = word & figures.ROLLING != 0
    moved: uint256 = 0
    ring: uint256 = 0
    spent: figures.Counters = empty(figures.Counters)
    if was_rolling:
        moved = word
        ring = second
        if figures._is_past(word):
            moved, ring = rolling._advanced(word, second)
        spent = figures._counters(moved)
        spent.before = rolling._sum(ring)
    else:
        moved = figures._moved(word)
        spent = figures._counters(moved)

    unit: uint256 = figures._unit(moved)
    hour_spent: uint256 = spent.in_hour * unit
    day_spent: uint256 = (spent.in_hour + spent.before) * unit
    fitting: uint256 = 10 ** figures._fitting_exponent(new.daily, day_spent)
    stored: IHotWallet.Budget = self._rounded_down(new, fitting)

    # Rounding down can make a smaller unit fit. What was spent is rounded up once each, the day as
    # a whole.
    exponent: uint256 = figures._fitting_exponent(stored.daily, day_spent)
    new_unit: uint256 = 10 ** exponent
    spent.in_hour = figures._units_up(hour_spent, new_unit)
    is_rolling: bool = new.rolling or (was_rolling and new.expires_at == 0)
    new_second: uint256 = 0
    if is_rolling:
        earlier: uint256 = 0
        if not was_rolling:
            earlier = spent.before * unit
        most: uint256 = max(stored.daily // new_unit, spent.in_hour)
        new_second = rolling._converted(ring, unit, new_unit, most, earlier)
        new_second = rolling._marked(new_second, stored.daily // new_unit, exponent)
        spent.before = min(rolling._sum(new_second), figures.M30)
    else:
        if not was_rolling:
            new_second = second
        new_second = shares._with_bps(new_second, new.share_bps)
        in_day: uint256 = figures._units_up(day_spent, new_unit)
        # Within the bits that it has when the hour is added to it, too.
        spent.before = min(in_day, figures.M30) - spent.in_hour
    return IOrganization.Revision(
        word=self._pack_counters(spent) | self._pack_figures(stored, exponent, is_rolling),
        second=new_second,
        tightens=False,
        is_exact=False,
        changes=False,
    )


@internal
@pure
def _pack_counters(spent: figures.Counters) -> uint256:
    assert spent.in_hour <= figures.M30 and spent.before <= figures.M30
    assert spent.hour <= figures.M20 and spent.count <= figures.M14
    return (
        spent.in_hour
        | (spent.before << figures.BEFORE)
        | (spent.hour << figures.HOUR_AT)
        | (spent.count << figures.COUNT)
    )


@internal
@pure
def _pack_figures(budget: IHotWallet.Budget, exponent: uint256, is_rolling: bool) -> uint256:
    """
    @dev Figures into the high bits; they are multiples of the unit. `queue_from` is the maximum
         where nothing waits. A removed budget can still be rolling underneath.
    """
    unit: uint256 = 10 ** exponent
    per_payment: uint256 = budget.per_payment // unit
    hourly: uint256 = budget.hourly // unit
    daily: uint256 = budget.daily // unit
    queue_from: uint256 = figures.NEVER
    if budget.queue_from != max_value(uint256):
        queue_from = budget.queue_from // unit
    expiry: uint256 = budget.expires_at // HOUR
    assert per_payment <= hourly and hourly <= daily and daily < figures.NEVER
    assert queue_from <= figures.NEVER
    assert budget.max_payments <= figures.M14 and expiry <= figures.M20 and exponent <= figures.M5
    flags: uint256 = 0
    if is_rolling:
        flags = figures.ROLLING
    if budget.allowlist_only:
        flags |= figures.ALLOWLIST_ONLY
    if budget.share_bps % figures.SHARE_OFF != 0:
        flags |= figures.SHARE
    return (
        (per_payment << figures.PER_PAYMENT)
        | (hourly << figures.HOURLY)
        | (daily << figures.DAILY)
        | (queue_from << figures.QUEUE_FROM)
        | (budget.max_payments << figures.MAX_COUNT)
        | (expiry << figures.EXPIRY)
        | (exponent << figures.EXPONENT)
        | flags
    )
