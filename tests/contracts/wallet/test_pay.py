import pytest

from tests.contracts.wallet.support import (
    AMOUNT,
    BALANCE,
    COUNT,
    DAILY,
    HOURLY,
    NO_BUDGET,
    NOT_ENABLED,
    NOTHING,
    PAY,
    PAYROLL,
    QUEUE,
    RECIPIENT,
    STOPPED,
    TOKEN_SHORT,
    WALLET,
    ZERO,
    judge,
    left,
    logged,
    moved,
    observed,
    opened,
    waited,
)
from tests.harness.evm import actor
from tests.harness.world import GENERAL, HOUR, MAX, REFUND, USDC, World, ref


def test_pay__within_limits__moves_the_money_and_says_what_is_left(world: World) -> None:
    """
    A payment inside every limit is made at once and leaves the windows shorter by its amount. It
    is logged before money moves, and nothing else is.
    """
    receipt = world.pay(40 * USDC, ref=ref(7))

    assert receipt.result == NOTHING
    assert world.token.balanceOf(world.recipient) == 40 * USDC
    assert world.token.balanceOf(world.wallet.address) == 4_960 * USDC
    assert receipt.events == [
        logged(
            world.wallet,
            "Paid",
            agent=world.agent,
            token=world.token.address,
            to=world.recipient,
            amount=40 * USDC,
            category=GENERAL,
            ref=ref(7),
            hour_remaining=260 * USDC,
            day_remaining=960 * USDC,
        ),
        moved(world.token, world.wallet.address, world.recipient, 40 * USDC),
    ]
    assert left(world) == (260 * USDC, 960 * USDC, 99)
    assert world.wallet.wallet_remaining(world.token.address) == 9_960 * USDC


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (0, AMOUNT),
        (1, PAY),
        (100 * USDC - 1, PAY),
        (100 * USDC, PAY),
        (100 * USDC + 1, AMOUNT),
        (2**255, AMOUNT),
        (MAX, AMOUNT),
    ],
)
def test_pay__around_the_limit_per_payment__passes_up_to_it(
    world: World, amount: int, verdict: int
) -> None:
    """
    A payment is more than nothing and at most `per_payment`.
    """
    judge(world, verdict, amount)


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (1, PAY),
        (100 * USDC - 1, PAY),
        (100 * USDC, PAY),
        (100 * USDC + 1, HOURLY),
        (300 * USDC, HOURLY),
    ],
)
def test_pay__around_what_is_left_of_the_hour__passes_up_to_it(amount: int, verdict: int) -> None:
    """
    What an hour's payments add up to is at most `hourly`, to the base unit.
    """
    world = opened(per_payment=300 * USDC)
    world.pay(200 * USDC)

    judge(world, verdict, amount)


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (1, PAY),
        (100 * USDC - 1, PAY),
        (100 * USDC, PAY),
        (100 * USDC + 1, DAILY),
        (300 * USDC, DAILY),
    ],
)
def test_pay__around_what_is_left_of_the_day__passes_up_to_it(amount: int, verdict: int) -> None:
    """
    What a day's payments add up to, over all of its hours, is at most `daily`.
    """
    world = opened(per_payment=300 * USDC, daily=700 * USDC)
    for _ in range(2):
        world.pay(300 * USDC)
        world.evm.warp(by=HOUR)

    judge(world, verdict, amount)


@pytest.mark.parametrize("field", ["per_payment", "hourly", "daily"])
def test_pay__used_up_to_the_last_base_unit__passes_nothing_more(field: str) -> None:
    """
    With a window used up, even one base unit more is refused, each limit in its own words.
    """
    figures = {"per_payment": 100 * USDC, "hourly": 100 * USDC, "daily": 100 * USDC}
    wider = {"per_payment": {}, "hourly": {"daily": 200 * USDC}, "daily": {}}
    world = opened(**(figures | wider[field]))
    world.pay(100 * USDC)

    judge(world, HOURLY, 1)
    world.evm.warp(by=HOUR)
    judge(world, PAY if field == "hourly" else DAILY, 1)


@pytest.mark.parametrize(("payments", "verdict"), [(0, PAY), (1, PAY), (2, PAY), (3, COUNT)])
def test_pay__around_the_number_of_payments__passes_up_to_it(payments: int, verdict: int) -> None:
    """
    At most `max_payments` payments a day, of whatever amount.
    """
    world = opened(max_payments=3)
    for _ in range(payments):
        world.pay(1)

    judge(world, verdict, 1)


def test_pay__one_payment_a_day__is_the_smallest_number() -> None:
    """
    `max_payments` 1 lets one through, and the next on the next day.
    """
    world = opened(max_payments=1)
    world.pay(1)

    judge(world, COUNT, 1)
    world.evm.warp(by=24 * HOUR)
    judge(world, PAY, 1)


def test_pay__the_most_payments_that_fit__are_counted_to_the_last() -> None:
    """
    The counter holds `max_payments` 16,383 and stops there; it never runs over.
    """
    world = opened(max_payments=16_383)
    payment = world.wallet.calldata("pay", *world.payment(1))
    for _ in range(16_382):
        world.evm.transact(world.agent, world.wallet.address, payment)

    assert left(world)[2] == 1
    judge(world, PAY, 1)
    assert left(world)[2] == 0
    judge(world, COUNT, 1)


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (1, PAY),
        (50 * USDC - 1, PAY),
        (50 * USDC, PAY),
        (50 * USDC + 1, WALLET),
        (100 * USDC, WALLET),
    ],
)
def test_pay__around_what_is_left_of_the_wallets_day__passes_up_to_it(
    amount: int, verdict: int
) -> None:
    """
    What all of a wallet's agents pay of a token in a UTC day is at most the wallet's limit.
    """
    world = opened({"agent": actor("other agent")}, wallet_limit=150 * USDC)
    world.pay(100 * USDC, sender=world.other_agent)

    judge(world, verdict, amount)


@pytest.mark.parametrize("limit", [1, 100 * USDC - 1, 100 * USDC, 100 * USDC + 1, 2**112 - 1])
def test_pay__around_the_wallets_limit__compares_to_the_base_unit(limit: int) -> None:
    """
    The wallet's limit is held exactly, whatever the unit of a budget, up to its largest.
    """
    world = opened(wallet_limit=limit)

    judge(world, PAY if limit >= 100 * USDC else WALLET, 100 * USDC)


def test_pay__token_disabled__is_refused_for_that() -> None:
    """
    A wallet's limit of 0 disables the token, which is another reason than a limit used up.
    """
    world = opened()
    world.wallet.set_wallet_limit(world.token.address, 1, sender=world.treasury)
    judge(world, PAY, 1)
    judge(world, WALLET, 1)

    world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)
    judge(world, WALLET, 1, reason=NOT_ENABLED)


@pytest.mark.parametrize(
    ("amount", "verdict"), [(70 * USDC - 1, PAY), (70 * USDC, PAY), (70 * USDC + 1, BALANCE)]
)
def test_pay__around_the_balance__passes_up_to_it(amount: int, verdict: int) -> None:
    """
    A wallet pays what it has and no more; a token refuses by itself, in its own words.
    """
    judge(opened(funds=70 * USDC), verdict, amount, reason=TOKEN_SHORT)


def test_pay__empty_wallet__is_refused() -> None:
    """
    Nothing can be paid out of nothing, not even one base unit.
    """
    judge(opened(funds=0), BALANCE, 1, reason=TOKEN_SHORT)


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (0, AMOUNT),
        (1, PAY),
        (50 * USDC - 1, PAY),
        (50 * USDC, QUEUE),
        (50 * USDC + 1, QUEUE),
        (100 * USDC, QUEUE),
        (100 * USDC + 1, AMOUNT),
        (MAX, AMOUNT),
    ],
)
def test_pay__around_queue_from__waits_from_it_on(
    waiting: World, amount: int, verdict: int
) -> None:
    """
    A payment of at least `queue_from` waits; above `per_payment` it is refused at once.
    """
    judge(waiting, verdict, amount)


@pytest.mark.parametrize(
    ("queue_from", "smallest", "largest"),
    [
        (0, QUEUE, QUEUE),
        (1, QUEUE, QUEUE),
        (2, PAY, QUEUE),
        (100 * USDC, PAY, QUEUE),
        (100 * USDC + 1, PAY, PAY),
        (MAX, PAY, PAY),
    ],
)
def test_pay__queue_from_at_its_ends__makes_all_wait_or_none(
    queue_from: int, smallest: int, largest: int
) -> None:
    """
    With `queue_from` 0 every payment waits; above `per_payment` none does.
    """
    world = opened(queue_from=queue_from)

    judge(world, smallest, 1)
    judge(world, largest, 100 * USDC)


def test_pay__allowlist_only__pays_those_on_the_list() -> None:
    """
    A budget that is `allowlist_only` pays recipients on the wallet's list and nobody else.
    """
    world = opened(allowlist_only=True)
    judge(world, RECIPIENT, 1)

    waited(world, world.wallet, "set_recipients", [world.recipient], True)

    judge(world, PAY, 1)
    judge(world, RECIPIENT, 1, to=world.stranger)


def test_pay__on_no_list__does_not_matter_to_other_budgets(world: World) -> None:
    """
    A budget without `allowlist_only` pays anyone.
    """
    judge(world, PAY, 1, to=world.stranger)


def test_pay__to_nobody_or_itself__is_refused_even_from_the_list() -> None:
    """
    Neither the zero address nor the wallet itself is ever a recipient.
    """
    world = World()
    nowhere = [ZERO, world.wallet.address]
    world.enable()
    world.set_budget(allowlist_only=True)
    world.set_budget(category=REFUND)
    world.wallet.set_recipients(nowhere, True, sender=world.treasury)
    world.open()
    world.fund()

    for to in nowhere:
        judge(world, RECIPIENT, 1, to=to)
        judge(world, RECIPIENT, 1, to=to, category=REFUND)


def test_pay__to_roles_and_contracts__passes(world: World) -> None:
    """
    Who a recipient is does not matter otherwise: the treasury, the agent, the token are paid.
    """
    everyone = [
        world.treasury,
        world.guardian,
        world.agent,
        world.organization.address,
        world.token.address,
    ]
    for to in everyone:
        judge(world, PAY, 1, to=to)
        assert world.token.balanceOf(to) == 1


def test_pay__no_such_budget__is_refused(world: World) -> None:
    """
    A budget is one agent's, for one token and one category; next to it there is nothing.
    """
    judge(world, NO_BUDGET, 1, sender=world.other_agent)
    judge(world, NO_BUDGET, 1, token=world.new_token().address)
    judge(world, NO_BUDGET, 1, category=REFUND)
    judge(world, NO_BUDGET, 1, category=b"general".rjust(32, b"\0"))
    judge(world, PAY, 1)


def test_pay__the_same_payment_twice__pays_twice(world: World) -> None:
    """
    `ref` is no idempotency key: two identical payments are two payments.
    """
    world.pay(USDC, ref=ref(1))
    world.pay(USDC, ref=ref(1))

    assert world.token.balanceOf(world.recipient) == 2 * USDC


def test_pay__another_wallets_money__stays_there(world: World) -> None:
    """
    What is paid from one wallet moves neither money nor counters of another, and a budget in one
    is none in the other.
    """
    other = world.new_wallet("trading")
    world.enable(wallet=other)
    world.set_budget(agent=world.other_agent, wallet=other)
    world.open(other)
    world.fund(wallet=other)
    before = observed(world, other)

    world.pay(100 * USDC)
    judge(world, NO_BUDGET, 1, wallet=other)
    judge(world, NO_BUDGET, 1, sender=world.other_agent)

    assert observed(world, other) == before
    judge(world, PAY, 1, sender=world.other_agent, wallet=other)


# Each step of this ladder breaks a rule; a payment is told of the first that it breaks. The
# rules are in the order of the table of reasons.
LADDER = [
    STOPPED,
    NO_BUDGET,
    AMOUNT,
    RECIPIENT,
    HOURLY,
    DAILY,
    COUNT,
    "not enabled",
    WALLET,
    BALANCE,
]


@pytest.mark.parametrize("first", range(len(LADDER)), ids=[str(rule) for rule in LADDER])
def test_pay__several_rules_broken__names_the_first(first: int) -> None:
    """
    Rules are checked in one order: with this one and all later ones broken, this one is named.
    """
    broken = set(LADDER[first:])
    most = 100 * USDC if DAILY in broken else 1_000 * USDC
    world = opened(
        per_payment=100 * USDC,
        hourly=most,
        daily=most,
        max_payments=1 if COUNT in broken else 2,
        wallet_limit=100 * USDC if WALLET in broken else 200 * USDC,
        funds=100 * USDC if BALANCE in broken else 200 * USDC,
    )
    world.pay(100 * USDC)
    if HOURLY not in broken:
        world.evm.warp(by=HOUR)
    if "not enabled" in broken:
        world.wallet.set_wallet_limit(world.token.address, 0, sender=world.treasury)
    if STOPPED in broken:
        world.organization.pause(world.wallet.address, 0, "", sender=world.guardian)

    rule = LADDER[first]
    verdict, reason = (WALLET, NOT_ENABLED) if rule == "not enabled" else (rule, "")
    judge(
        world,
        verdict,
        101 * USDC if AMOUNT in broken else 100 * USDC,
        reason=reason or (TOKEN_SHORT if rule == BALANCE else ""),
        to=ZERO if RECIPIENT in broken else world.recipient,
        category=PAYROLL if NO_BUDGET in broken else GENERAL,
    )
