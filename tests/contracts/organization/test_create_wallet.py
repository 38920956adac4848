"""
Creating wallets.
"""

import pytest
from eth_utils import keccak, to_checksum_address

from tests.contracts.organization.company import ZERO, logged, refused
from tests.contracts.organization.puppet import artifact as puppet_artifact
from tests.harness.evm import compiled
from tests.harness.world import DAY, MAX, World, ready_world, ref


def _next_wallet(world: World) -> str:
    """
    Where the organisation's next wallet will be: an account counts from 1 what it creates.
    """
    nonce = world.organization.wallet_count() + 1
    account = bytes.fromhex(world.organization.address[2:])
    return to_checksum_address(keccak(b"\xd6\x94" + account + bytes([nonce]))[-20:])


def test_create_wallet__by_the_treasury__deploys_and_registers(world: World) -> None:
    """
    The wallet knows its name, its organisation and its treasury, and the registry knows it.
    """
    expected = _next_wallet(world)

    wallet = world.new_wallet("trading")

    assert wallet.address == expected
    assert wallet.name() == "trading"
    assert wallet.organization() == world.organization.address
    assert wallet.treasury() == world.treasury
    assert not wallet.sealed()
    assert world.organization.is_wallet(wallet.address)
    assert world.organization.wallet_count() == 2
    assert world.organization.wallets(1) == wallet.address


def test_create_wallet__any__logs_the_wallet_and_its_first_stop(world: World) -> None:
    """
    The wallet's own defaults come first, then its creation, then a real stop with number 1.
    """
    receipt = world.organization.create_wallet("trading", world.blueprint, sender=world.treasury)

    wallet = world.evm.at_address(compiled("HotWallet.vy"), receipt.result)
    assert receipt.events == [
        logged(wallet, "PaymentDelaySet", seconds=600),
        logged(wallet, "GraceSet", seconds=DAY),
        logged(
            world.organization,
            "WalletCreated",
            wallet=wallet.address,
            name="trading",
            blueprint=world.blueprint,
        ),
        logged(
            world.organization,
            "Paused",
            scope=wallet.address,
            by=world.treasury,
            until=MAX,
            number=1,
            reason="not sealed yet",
        ),
    ]
    assert world.organization.paused_until(wallet.address) == MAX
    assert world.organization.pause_number(wallet.address) == 1


def test_create_wallet__address_stopped_before__counts_on(world: World) -> None:
    """
    Somebody who stops the address of a wallet to come gains nothing: the number goes on from there,
    and a timed stop becomes one without an end.
    """
    future = _next_wallet(world)
    world.organization.pause(future, 60, "early", sender=world.keeper)
    world.organization.pause(future, 120, "early", sender=world.keeper)

    receipt = world.organization.create_wallet("trading", world.blueprint, sender=world.treasury)

    assert receipt.result == future
    assert receipt.only("Paused").number == 3
    assert receipt.only("Paused").until == MAX
    wallet = world.evm.at_address(compiled("HotWallet.vy"), future)
    world.open(wallet)
    assert not world.organization.is_stopped(future, world.agent)


def test_create_wallet__not_sealed__cannot_be_unpaused(fresh: World) -> None:
    """
    A wallet is stopped until it is sealed *and* unpaused: no setting up with money at stake.
    """
    with refused("stops: wallet is not sealed"):
        fresh.organization.unpause(fresh.wallet.address, 1, "go", sender=fresh.treasury)
    fresh.organization.pause(fresh.wallet.address, 60, "again", sender=fresh.guardian)
    with refused("stops: wallet is not sealed"):
        fresh.organization.unpause(fresh.wallet.address, 2, "go", sender=fresh.treasury)

    fresh.wallet.seal(sender=fresh.treasury)
    assert fresh.organization.is_stopped(fresh.wallet.address, fresh.agent)
    fresh.organization.unpause(fresh.wallet.address, 2, "go", sender=fresh.treasury)
    assert not fresh.organization.is_stopped(fresh.wallet.address, fresh.agent)


def test_create_wallet__before_seal_and_unpause__pays_nothing(fresh: World) -> None:
    """
    Sealing alone does not start a wallet, nor does anything but the treasury's unpause.
    """
    fresh.enable()
    fresh.set_budget()
    fresh.fund()
    with refused("payments: stopped"):
        fresh.pay(1)
    with refused("wallet: not sealed"):
        fresh.wallet.refill(fresh.token.address, 0, ref(0), sender=fresh.treasury)

    fresh.wallet.seal(sender=fresh.treasury)
    fresh.evm.warp(by=200 * DAY)
    with refused("stops: still stopped"):
        fresh.organization.clear(fresh.wallet.address, sender=fresh.stranger)
    assert fresh.wallet.preview(fresh.agent, *fresh.payment(1)[:4]) == 2
    with refused("refill: stopped"):
        fresh.wallet.refill(fresh.token.address, 0, ref(0), sender=fresh.treasury)
    fresh.organization.unpause(fresh.wallet.address, 1, "go", sender=fresh.treasury)
    fresh.pay(1)
    fresh.wallet.refill(fresh.token.address, 0, ref(0), sender=fresh.treasury)


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b"\xfe",
        b"\xfe\x71",
        b"\xfe\x71\x00",
        b"\xfe\x71\x01" + b"\x00" * 40,
        b"\xfe\x70\x00" + b"\x00" * 40,
        b"\xff\x71\x00" + b"\x00" * 40,
        b"\x60\x00\x60\x00\xfd",
    ],
    ids=lambda code: code[:3].hex() or "nothing",
)
def test_create_wallet__code_that_is_no_blueprint__reverts(world: World, code: bytes) -> None:
    """
    An address whose code does not start with 0xFE7100, or has nothing after it, is refused instead
    of being run as creation code.
    """
    mistyped = world.recipient
    world.evm.set_code(mistyped, code)
    with refused("registry: not a blueprint"):
        world.organization.create_wallet("trading", mistyped, sender=world.treasury)
    assert world.organization.wallet_count() == 1

    world.evm.set_code(mistyped, b"\xfe\x71\x00" + compiled("HotWallet.vy").initcode)
    world.organization.create_wallet("trading", mistyped, sender=world.treasury)
    assert world.organization.wallet_count() == 2


def test_create_wallet__known_addresses_that_are_no_blueprint__reverts(world: World) -> None:
    """
    Neither the zero address, a precompile, an account, the organisation nor one of its wallets.
    """
    precompile = "0x" + "00" * 19 + "04"
    known = [ZERO, precompile, world.treasury, world.organization.address, world.wallet.address]
    for mistyped in [*known, world.token.address]:
        with refused("registry: not a blueprint"):
            world.organization.create_wallet("trading", mistyped, sender=world.treasury)


def test_create_wallet__constructor_that_reverts__leaves_no_trace(world: World) -> None:
    """
    What cannot be created is not registered either.
    """
    initcode_that_reverts = b"\x60\x00\x60\x00\xfd"
    world.evm.set_code(world.recipient, b"\xfe\x71\x00" + initcode_that_reverts)
    future = _next_wallet(world)

    with refused(""):
        world.organization.create_wallet("trading", world.recipient, sender=world.treasury)

    assert world.organization.wallet_count() == 1
    assert not world.organization.is_wallet(future)
    assert world.organization.pause_number(future) == 0


@pytest.mark.parametrize("name", ["", "x", "x" * 31, "x" * 32, "trading für"])
def test_create_wallet__name_of_up_to_32_bytes__is_kept(world: World, name: str) -> None:
    """
    A name is up to 32 bytes and may be empty.
    """
    receipt = world.organization.create_wallet(name, world.blueprint, sender=world.treasury)

    wallet = world.evm.at_address(compiled("HotWallet.vy"), receipt.result)
    assert wallet.name() == receipt.only("WalletCreated").args["name"] == name


@pytest.mark.parametrize("name", ["x" * 33, "x" * 100])
def test_create_wallet__longer_name__reverts(world: World, name: str) -> None:
    """
    A longer name is malformed calldata; nothing is cut off silently.
    """
    with refused(""):
        world.organization.create_wallet(name, world.blueprint, sender=world.treasury)


def test_create_wallet__same_name_twice__makes_two_wallets(world: World) -> None:
    """
    A name is a label, not a key; wallets are listed in the order in which they were created.
    """
    first = world.new_wallet("twin")
    second = world.new_wallet("twin")

    assert first.address != second.address
    assert [world.organization.wallets(i) for i in range(3)] == [
        world.wallet.address,
        first.address,
        second.address,
    ]


def test_create_wallet__another_blueprint__is_what_is_deployed(world: World) -> None:
    """
    Each wallet may come from a blueprint of its own, so that a later version can be used.
    """
    blueprint = world.evm.deploy_code(puppet_artifact().blueprint, world.deployer)

    created = world.organization.create_wallet("later", blueprint, sender=world.treasury)

    assert created.only("WalletCreated").blueprint == blueprint
    assert world.evm.at_address(puppet_artifact(), created.result).sealed()


def test_create_wallet__while_all_is_stopped__works() -> None:
    """
    The treasury can prepare a new wallet in the middle of an emergency.
    """
    world = ready_world(heartbeat_timeout=600)
    world.organization.pause(world.organization.address, 0, "attack", sender=world.guardian)
    world.evm.warp(by=DAY)

    wallet = world.new_wallet("fresh start")

    assert world.organization.is_wallet(wallet.address)
