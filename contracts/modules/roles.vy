# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Roles
@author Bursar contributors
@license MIT
@notice Who may do what in an organisation: the treasury, guardians and keepers.
@dev The treasury is an immutable and cannot be granted. It must be a contract, because a
     treasury behind one key is what Bursar exists to prevent.
"""

from interfaces import IOrganization

# What the code of a delegating account looks like (EIP-7702): a prefix and an address.
DELEGATION_PREFIX: constant(Bytes[3]) = x"EF0100"
DELEGATION_SIZE: constant(uint256) = 23

TREASURY: immutable(address)

# Roles that were granted, per account; the treasury's own is added when read.
_granted: HashMap[address, IOrganization.Role]


@deploy
def __init__(treasury: address, guardians: DynArray[address, 8], keepers: DynArray[address, 8]):
    TREASURY = treasury
    for guardian: address in guardians:
        self._set_guardian(guardian, True)
    for keeper: address in keepers:
        self._set_keeper(keeper, True)


@external
@view
def treasury() -> address:
    """
    @notice The multisig that everything which loosens comes from.
    """
    return TREASURY


@external
@view
def roles(who: address) -> IOrganization.Role:
    """
    @notice What `who` may do: TREASURY 1, GUARDIAN 2, KEEPER 4, added up.
    """
    return self._roles(who)


@internal
def _set_guardian(who: address, on: bool):
    """
    @dev Make `who` a guardian, or no longer one.
    """
    self._set(who, IOrganization.Role.GUARDIAN, on)
    log IOrganization.GuardianSet(who=who, on=on)


@internal
def _set_keeper(who: address, on: bool):
    """
    @dev Make `who` a keeper, or no longer one.
    """
    self._set(who, IOrganization.Role.KEEPER, on)
    log IOrganization.KeeperSet(who=who, on=on)


@internal
def _set(who: address, role: IOrganization.Role, on: bool):
    assert who != empty(address), "roles: zero address"

    if on:
        self._granted[who] |= role
    else:
        self._granted[who] &= ~role


@internal
@view
def _check_can_be_treasury(who: address):
    assert who.is_contract, "roles: treasury has no code"
    # One key that has delegated to a contract (EIP-7702) has code, and is still one key.
    if who.codesize == DELEGATION_SIZE:
        assert slice(who.code, 0, 3) != DELEGATION_PREFIX, "roles: treasury has no code"


@internal
@view
def _check_treasury(who: address):
    assert who == TREASURY, "roles: not the treasury"


@internal
@view
def _check_guardian_or_treasury(who: address):
    if who != TREASURY:
        assert self._is_guardian(who), "roles: not a guardian or the treasury"


@internal
@view
def _is_guardian(who: address) -> bool:
    return IOrganization.Role.GUARDIAN in self._granted[who]


@internal
@view
def _is_keeper(who: address) -> bool:
    return IOrganization.Role.KEEPER in self._granted[who]


@internal
@view
def _roles(who: address) -> IOrganization.Role:
    if who == TREASURY:
        return self._granted[who] | IOrganization.Role.TREASURY
    return self._granted[who]
