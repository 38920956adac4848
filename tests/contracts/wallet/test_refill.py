import pytest

from tests.contracts.wallet.support import (
    hostile_token,
    logged,
    moved,
    observed,
    opened,
    reverts,
)
from tests.harness.evm import Reverted, actor
from tests.harness.world import HOUR, MAX, NATIVE, USDC, World, ref

STOPPED = "refill: stopped"
ABOVE = "refill: above max_balance"
WRONG_VALUE = "transfers: wrong value"


@pytest.fixture
def rich() -> World:
    """
    A treasury with a million of each money, approving nothing; the wallet has 5,000 of 100,000.
    """
    world = opened({"token": NATIVE})
    world.token.mint(world.treasury, 1_000_000 * USDC, sender=world.deployer)
    world.evm.fund(world.treasury, 1_000_000 * USDC)
    return world


def refill(world: World, amount: int, **kwargs: object) -> object:
    """
    As the treasury does it: approve exactly the amount, then bring it.
    """
    world.token.approve(world.wallet.address, amount, sender=world.treasury)
    return world.wallet.refill(world.token.address, amount, ref(3), sender=world.treasury, **kwargs)


def test_refill__token__brings_what_was_approved(rich: World) -> None:
    """
    The treasury approves an amount and the wallet fetches it; no approval is left over.
    """
    rich.token.approve(rich.wallet.address, 1_000 * USDC, sender=rich.treasury)

    receipt = rich.wallet.refill(rich.token.address, 1_000 * USDC, ref(3), sender=rich.treasury)

    assert receipt.events == [
        moved(rich.token, rich.treasury, rich.wallet.address, 1_000 * USDC),
        logged(
            rich.wallet,
            "Refilled",
            token=rich.token.address,
            amount=1_000 * USDC,
            balance=6_000 * USDC,
            ref=ref(3),
        ),
    ]
    assert rich.token.balanceOf(rich.wallet.address) == 6_000 * USDC
    assert rich.token.balanceOf(rich.treasury) == 999_000 * USDC
    assert rich.token.allowance(rich.treasury, rich.wallet.address) == 0


def test_refill__native__takes_the_value_sent_along(rich: World) -> None:
    """
    Native currency comes with the call itself.
    """
    receipt = rich.wallet.refill(
        NATIVE, 1_000 * USDC, ref(3), sender=rich.treasury, value=1_000 * USDC
    )

    assert receipt.events == [
        logged(
            rich.wallet,
            "Refilled",
            token=NATIVE,
            amount=1_000 * USDC,
            balance=6_000 * USDC,
            ref=ref(3),
        )
    ]
    assert rich.evm.balance(rich.wallet.address) == 6_000 * USDC
    assert rich.evm.balance(rich.treasury) == 999_000 * USDC


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (0, ""),
        (1, ""),
        (95_000 * USDC - 1, ""),
        (95_000 * USDC, ""),
        (95_000 * USDC + 1, ABOVE),
        (1_000_000 * USDC, ABOVE),
    ],
)
def test_refill__around_the_largest_balance__passes_up_to_it(
    rich: World, amount: int, refusal: str
) -> None:
    """
    What lies in the wallet afterwards is at most `max_balance`; above it nothing moves at all.
    """
    if not refusal:
        refill(rich, amount)
        rich.wallet.refill(NATIVE, amount, ref(3), sender=rich.treasury, value=amount)
        assert rich.token.balanceOf(rich.wallet.address) == 5_000 * USDC + amount
        assert rich.evm.balance(rich.wallet.address) == 5_000 * USDC + amount
        return

    before = observed(rich)
    with reverts(refusal):
        refill(rich, amount)
    with reverts(refusal):
        rich.wallet.refill(NATIVE, amount, ref(3), sender=rich.treasury, value=amount)
    assert observed(rich) == before
    assert rich.token.balanceOf(rich.treasury) == rich.evm.balance(rich.treasury) == 10**12


def test_refill__no_largest_balance_set__is_refused(rich: World) -> None:
    """
    Zero is zero: a token without a `max_balance` is not refilled.
    """
    rich.wallet.set_max_balance(rich.token.address, 0, sender=rich.treasury)
    with reverts(ABOVE):
        refill(rich, 1)

    rich.wallet.sweep(rich.token.address, "", sender=rich.treasury)
    refill(rich, 0)
    with reverts(ABOVE):
        refill(rich, 1)


def test_refill__with_no_limit_on_balance__brings_any_amount(fresh: World) -> None:
    """
    The largest `max_balance` never overflows.
    """
    fresh.wallet.set_max_balance(fresh.token.address, MAX, sender=fresh.treasury)
    fresh.open()
    fresh.token.mint(fresh.treasury, MAX, sender=fresh.deployer)

    refill(fresh, MAX)

    assert fresh.token.balanceOf(fresh.wallet.address) == MAX


@pytest.mark.parametrize(
    ("token", "amount", "value"),
    [
        ("token", 5, 5),
        ("token", 5, 1),
        ("token", 0, 1),
        (NATIVE, 5, 0),
        (NATIVE, 5, 4),
        (NATIVE, 5, 6),
        (NATIVE, 0, 1),
    ],
)
def test_refill__value_that_does_not_match__is_refused(
    rich: World, token: str, amount: int, value: int
) -> None:
    """
    Native currency comes with exactly its amount, a token with none.
    """
    address = rich.token.address if token == "token" else token
    rich.token.approve(rich.wallet.address, amount, sender=rich.treasury)

    with reverts(WRONG_VALUE):
        rich.wallet.refill(address, amount, ref(3), sender=rich.treasury, value=value)

    rich.wallet.refill(
        address, amount, ref(3), sender=rich.treasury, value=amount if address == NATIVE else 0
    )


@pytest.mark.parametrize("allowance", [0, 999])
def test_refill__approved_too_little__is_refused_by_the_token(rich: World, allowance: int) -> None:
    """
    Without an approval a wallet takes nothing from its treasury.
    """
    rich.token.approve(rich.wallet.address, allowance, sender=rich.treasury)

    with reverts("token: insufficient allowance"):
        rich.wallet.refill(rich.token.address, 1_000, ref(3), sender=rich.treasury)

    refill(rich, 1_000)


def test_refill__treasury_too_poor__is_refused_by_the_token(rich: World) -> None:
    """
    An approval alone is no money.
    """
    with reverts("token: insufficient balance"):
        refill(rich, 1_000_000 * USDC + 1)


def test_refill__not_sealed__is_refused(fresh: World) -> None:
    """
    A wallet that is still being set up takes no refill.
    """
    fresh.enable()
    fresh.token.mint(fresh.treasury, USDC, sender=fresh.deployer)
    with reverts("wallet: not sealed"):
        refill(fresh, USDC)

    fresh.wallet.seal(sender=fresh.treasury)
    with reverts(STOPPED):
        refill(fresh, USDC)

    fresh.organization.unpause(fresh.wallet.address, 1, "", sender=fresh.treasury)
    refill(fresh, USDC)


@pytest.mark.parametrize("scope", ["wallet", "organization"])
def test_refill__wallet_or_organisation_stopped__is_refused(rich: World, scope: str) -> None:
    """
    Nothing goes into a wallet that is stopped; its agents' own stops do not matter.
    """
    target = getattr(rich, scope).address
    rich.organization.pause(target, HOUR, "", sender=rich.keeper)
    with reverts(STOPPED):
        refill(rich, USDC)
    with reverts(STOPPED):
        rich.wallet.refill(NATIVE, 1, ref(3), sender=rich.treasury, value=1)

    rich.evm.warp(by=HOUR - 1)
    with reverts(STOPPED):
        refill(rich, USDC)
    rich.evm.warp(by=1)
    refill(rich, USDC)


def test_refill__heartbeat_lapsed__is_refused(rich: World) -> None:
    """
    Nothing goes into a wallet that nobody watches.
    """
    rich.organization.set_heartbeat_timeout(HOUR, sender=rich.treasury)
    rich.evm.warp(by=HOUR)
    refill(rich, USDC)

    rich.evm.warp(by=1)
    with reverts(STOPPED):
        refill(rich, USDC)
    rich.organization.heartbeat(sender=rich.keeper)
    refill(rich, USDC)


def test_refill__agent_stopped__works(rich: World) -> None:
    """
    One stopped agent is no reason not to fund the others.
    """
    rich.organization.pause(rich.agent, 0, "", sender=rich.keeper)

    refill(rich, USDC)


@pytest.mark.parametrize("role", ["guardian", "keeper", "agent", "stranger", "deployer"])
def test_refill__by_anybody_else__is_refused(rich: World, role: str) -> None:
    """
    Only the treasury refills, even where its approval stands and where others would pay.
    """
    rich.token.approve(rich.wallet.address, MAX, sender=rich.treasury)
    rich.evm.fund(actor(role), USDC)

    with reverts("access: not the treasury"):
        rich.wallet.refill(rich.token.address, USDC, ref(3), sender=actor(role))
    with reverts("access: not the treasury"):
        rich.wallet.refill(NATIVE, USDC, ref(3), sender=actor(role), value=USDC)

    assert rich.token.balanceOf(rich.treasury) == 1_000_000 * USDC


def test_refill__checks__come_in_their_order(fresh: World) -> None:
    """
    First the caller, then sealed, then stopped, then the value, then the token, then the balance.
    """
    fresh.token.mint(fresh.treasury, USDC, sender=fresh.deployer)
    fresh.evm.fund(fresh.treasury, USDC)
    wrong = (fresh.token.address, USDC, ref(1))

    with reverts("access: not the treasury"):
        fresh.wallet.refill(*wrong, sender=fresh.guardian)
    with reverts("wallet: not sealed"):
        fresh.wallet.refill(*wrong, sender=fresh.treasury, value=1)
    fresh.wallet.seal(sender=fresh.treasury)
    with reverts(STOPPED):
        fresh.wallet.refill(*wrong, sender=fresh.treasury, value=1)
    fresh.organization.unpause(fresh.wallet.address, 1, "", sender=fresh.treasury)
    with reverts(WRONG_VALUE):
        fresh.wallet.refill(*wrong, sender=fresh.treasury, value=1)
    with reverts("token: insufficient allowance"):
        fresh.wallet.refill(*wrong, sender=fresh.treasury)
    with reverts(ABOVE):
        refill(fresh, USDC)


def test_refill__token_not_enabled__works(rich: World) -> None:
    """
    What may lie in a wallet and what may leave it are two things.
    """
    rich.wallet.set_wallet_limit(rich.token.address, 0, sender=rich.treasury)

    refill(rich, USDC)


def test_refill__money_that_was_sent_otherwise__counts(rich: World) -> None:
    """
    Anyone can send money in, also above `max_balance`; a refill looks at all that is there.
    """
    rich.fund(95_000 * USDC - 1)
    refill(rich, 1)
    rich.fund(1)

    with reverts(ABOVE):
        refill(rich, 0)


def test_refill__charges_no_window(rich: World) -> None:
    """
    Money coming in is not spending.
    """
    before = observed(rich)

    refill(rich, 7)

    assert observed(rich) == before | {"token": before["token"] + 7}


def test_refill__token_takes_a_fee__logs_what_arrived(fresh: World) -> None:
    """
    `Refilled.amount` is what arrived, not what was sent.
    """
    token = hostile_token(fresh)
    fresh.open()
    token.mint(fresh.treasury, 1_000, sender=fresh.deployer)
    token.approve(fresh.wallet.address, 1_000, sender=fresh.treasury)
    token.set_fee(100, sender=fresh.deployer)

    receipt = fresh.wallet.refill(token.address, 1_000, ref(3), sender=fresh.treasury)

    refilled = receipt.only("Refilled")
    assert (refilled.amount, refilled.balance) == (990, 5_000 * USDC + 990)


def test_refill__token_moves_nothing_and_says_yes__logs_zero(fresh: World) -> None:
    """
    A token that only claims to have paid is seen through.
    """
    token = hostile_token(fresh)
    fresh.open()
    token.approve(fresh.wallet.address, 1_000, sender=fresh.treasury)
    token.set_moves(False, sender=fresh.deployer)

    receipt = fresh.wallet.refill(token.address, 1_000, ref(3), sender=fresh.treasury)

    assert receipt.only("Refilled").amount == 0


def test_refill__token_takes_money_out_instead__is_refused(fresh: World) -> None:
    """
    A token whose transfer leaves the wallet with less than before makes the refill fail.
    """
    token = hostile_token(fresh)
    fresh.open()
    token.mint(fresh.treasury, 1_000, sender=fresh.deployer)
    token.approve(fresh.wallet.address, 1_000, sender=fresh.treasury)
    token.set_fee(10_000, sender=fresh.deployer)
    fresh.wallet.refill(token.address, 500, ref(3), sender=fresh.treasury)

    burn = token.calldata("burn", fresh.wallet.address, 1)
    token.react(token.address, burn, sender=fresh.deployer)
    with pytest.raises(Reverted):
        fresh.wallet.refill(token.address, 500, ref(3), sender=fresh.treasury)
