import pytest

from tests.contracts.wallet.support import GRACE, PAYMENT_DELAY, logged, reverts, waited
from tests.harness.evm import MONDAY, actor
from tests.harness.world import DAY, HOUR, MAX, World

MUST_WAIT = "timelock: must be scheduled"
DELAY_BOUNDS = "queue: delay out of bounds"
GRACE_BOUNDS = "queue: grace out of bounds"


def test_defaults__of_a_new_wallet__are_ten_minutes_and_a_day(fresh: World) -> None:
    """
    What nobody has set is safe, and is told in the wallet's own first events.
    """
    receipt = fresh.organization.create_wallet("trading", fresh.blueprint, sender=fresh.treasury)

    assert (fresh.wallet.payment_delay(), fresh.wallet.grace()) == (PAYMENT_DELAY, GRACE)
    assert [(event.emitter, event.name, event.args) for event in receipt.events[:2]] == [
        (receipt.result, "PaymentDelaySet", {"seconds": PAYMENT_DELAY}),
        (receipt.result, "GraceSet", {"seconds": GRACE}),
    ]


def test_bounds__of_delay_and_grace__can_be_read(fresh: World) -> None:
    """
    One minute to seven days; one hour to thirty days.
    """
    bounds = ("MIN_PAYMENT_DELAY", "MAX_PAYMENT_DELAY", "MIN_GRACE", "MAX_GRACE")

    assert [fresh.wallet.view(name) for name in bounds] == [60, 7 * DAY, HOUR, 30 * DAY]


@pytest.mark.parametrize(
    ("seconds", "refusal"),
    [
        (0, DELAY_BOUNDS),
        (59, DELAY_BOUNDS),
        (60, MUST_WAIT),
        (PAYMENT_DELAY - 1, MUST_WAIT),
        (PAYMENT_DELAY, ""),
        (PAYMENT_DELAY + 1, ""),
        (7 * DAY, ""),
        (7 * DAY + 1, DELAY_BOUNDS),
        (2**32 + PAYMENT_DELAY, DELAY_BOUNDS),
        (MAX, DELAY_BOUNDS),
    ],
)
def test_set_payment_delay__once_sealed__grows_at_once_and_shrinks_through_the_timelock(
    world: World, seconds: int, refusal: str
) -> None:
    """
    A longer delay gives more time to look and is set at once; a shorter one waits.
    """
    if not refusal:
        receipt = world.wallet.set_payment_delay(seconds, sender=world.treasury)
        assert receipt.events == [logged(world.wallet, "PaymentDelaySet", seconds=seconds)]
        assert (world.wallet.payment_delay(), world.wallet.grace()) == (seconds, GRACE)
        return

    with reverts(refusal):
        world.wallet.set_payment_delay(seconds, sender=world.treasury)
    assert world.wallet.payment_delay() == PAYMENT_DELAY
    if refusal == MUST_WAIT:
        receipt = waited(world, world.wallet, "set_payment_delay", seconds)
        assert receipt.names() == ["ChangeApplied", "PaymentDelaySet"]
        assert (world.wallet.payment_delay(), world.wallet.grace()) == (seconds, GRACE)
    else:
        with reverts(refusal):
            waited(world, world.wallet, "set_payment_delay", seconds)


@pytest.mark.parametrize(
    ("seconds", "refusal"),
    [
        (0, GRACE_BOUNDS),
        (HOUR - 1, GRACE_BOUNDS),
        (HOUR, ""),
        (GRACE - 1, ""),
        (GRACE, ""),
        (GRACE + 1, MUST_WAIT),
        (30 * DAY, MUST_WAIT),
        (30 * DAY + 1, GRACE_BOUNDS),
        (2**32 + GRACE, GRACE_BOUNDS),
        (MAX, GRACE_BOUNDS),
    ],
)
def test_set_grace__once_sealed__shrinks_at_once_and_grows_through_the_timelock(
    world: World, seconds: int, refusal: str
) -> None:
    """
    A shorter grace lets less through and is set at once; a longer one waits.
    """
    if not refusal:
        receipt = world.wallet.set_grace(seconds, sender=world.treasury)
        assert receipt.events == [logged(world.wallet, "GraceSet", seconds=seconds)]
        assert (world.wallet.payment_delay(), world.wallet.grace()) == (PAYMENT_DELAY, seconds)
        return

    with reverts(refusal):
        world.wallet.set_grace(seconds, sender=world.treasury)
    assert world.wallet.grace() == GRACE
    if refusal == MUST_WAIT:
        receipt = waited(world, world.wallet, "set_grace", seconds)
        assert receipt.names() == ["ChangeApplied", "GraceSet"]
        assert (world.wallet.payment_delay(), world.wallet.grace()) == (PAYMENT_DELAY, seconds)
    else:
        with reverts(refusal):
            waited(world, world.wallet, "set_grace", seconds)


@pytest.mark.parametrize("ends", [(60, HOUR), (7 * DAY, 30 * DAY), (60, 30 * DAY), (7 * DAY, HOUR)])
def test_delay_and_grace__before_sealing__go_either_way(
    fresh: World, ends: tuple[int, int]
) -> None:
    """
    While it is being set up, the treasury sets both as it likes; neither touches the other, nor
    the epoch.
    """
    fresh.wallet.cancel_all("", sender=fresh.keeper)
    for delay, grace in ((DAY, DAY), ends):
        fresh.wallet.set_payment_delay(delay, sender=fresh.treasury)
        fresh.wallet.set_grace(grace, sender=fresh.treasury)

    assert (fresh.wallet.payment_delay(), fresh.wallet.grace()) == ends
    assert fresh.wallet.epoch() == 1


@pytest.mark.parametrize("role", ["guardian", "keeper", "agent", "stranger"])
def test_delay_and_grace__set_by_anybody_else__are_refused(fresh: World, role: str) -> None:
    """
    Both are the treasury's, whichever way they go.
    """
    for seconds in (0, PAYMENT_DELAY, DAY, MAX):
        with reverts("access: not the treasury"):
            fresh.wallet.set_payment_delay(seconds, sender=actor(role))
        with reverts("access: not the treasury"):
            fresh.wallet.set_grace(seconds, sender=actor(role))


def test_delay_and_grace__changed_directly__void_what_was_scheduled_for_them(world: World) -> None:
    """
    A direct change voids the pending change of this setter and no other; a call that changes
    nothing voids nothing.
    """
    wallet, organization = world.wallet, world.organization
    delay = world.schedule(wallet, "set_payment_delay", 60)
    grace = world.schedule(wallet, "set_grace", 2 * DAY)

    assert wallet.set_payment_delay(PAYMENT_DELAY, sender=world.treasury).names() == [
        "PaymentDelaySet"
    ]
    assert wallet.set_grace(GRACE, sender=world.treasury).names() == ["GraceSet"]
    assert organization.ready_at(delay) == organization.ready_at(grace) == MONDAY + 2 * DAY

    assert wallet.set_payment_delay(DAY, sender=world.treasury).events == [
        logged(wallet, "PaymentDelaySet", seconds=DAY),
        logged(organization, "ChangeVoided", id=delay),
    ]
    assert (organization.ready_at(delay), organization.ready_at(grace)) == (0, MONDAY + 2 * DAY)

    assert wallet.set_grace(HOUR, sender=world.treasury).events == [
        logged(wallet, "GraceSet", seconds=HOUR),
        logged(organization, "ChangeVoided", id=grace),
    ]
    assert organization.ready_at(grace) == 0
