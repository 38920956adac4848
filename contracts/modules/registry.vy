# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Registry
@author Bursar contributors
@license MIT
@notice The hot wallets that an organisation has created, in order.
"""

from interfaces import IOrganization

# Where an ERC-5202 blueprint of version 0 without preamble data starts. Checked, so that a
# mistyped address is refused instead of being run as creation code.
BLUEPRINT_PREAMBLE: constant(Bytes[3]) = x"FE7100"

# The wallets, by index; never removed, because a retired wallet's history still matters.
_wallets: HashMap[uint256, address]

# How many wallets there are.
_wallet_count: uint256

# Whether an address is one of the wallets.
_is_wallet: HashMap[address, bool]


@external
@view
def wallet_count() -> uint256:
    """
    @notice How many wallets were ever created.
    """
    return self._wallet_count


@external
@view
def wallets(i: uint256) -> address:
    """
    @notice The wallet created as number `i`, from 0; zero when out of range.
    """
    return self._wallets[i]


@external
@view
def is_wallet(wallet: address) -> bool:
    """
    @notice Whether this organisation created `wallet`.
    """
    return self._is_wallet[wallet]


@internal
def _create_wallet(name: String[32], blueprint: address) -> address:
    """
    @dev Deploy a wallet from `blueprint` and register it.
    """
    assert blueprint.codesize > 3, "registry: not a blueprint"
    assert slice(blueprint.code, 0, 3) == BLUEPRINT_PREAMBLE, "registry: not a blueprint"

    wallet: address = create_from_blueprint(blueprint, name, code_offset=3)
    self._wallets[self._wallet_count] = wallet
    self._wallet_count += 1
    self._is_wallet[wallet] = True
    log IOrganization.WalletCreated(wallet=wallet, name=name, blueprint=blueprint)
    return wallet


@internal
@view
def _check_wallet(who: address):
    assert self._is_wallet[who], "registry: not a wallet"
