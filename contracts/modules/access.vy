# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Access
@author Bursar contributors
@license MIT
@notice Whom a hot wallet obeys: its treasury, and what its organisation says of roles.
"""

from interfaces import IOrganization
from modules import reasons

ORGANIZATION: immutable(IOrganization)
TREASURY: immutable(address)

# Whether setting up is over: from then on what loosens waits.
_sealed: bool


@deploy
def __init__():
    ORGANIZATION = IOrganization(msg.sender)
    TREASURY = staticcall IOrganization(msg.sender).treasury()


@external
@view
def organization() -> address:
    """
    @notice The switchboard that created this wallet and can stop it.
    """
    return ORGANIZATION.address


@external
@view
def treasury() -> address:
    """
    @notice The multisig that this wallet belongs to.
    """
    return TREASURY


@external
@view
def sealed() -> bool:
    """
    @notice Whether setting up is over: what loosens waits, and the wallet can be unpaused.
    """
    return self._sealed


@internal
@view
def _check_treasury():
    if msg.sender != TREASURY:
        reasons._refuse("access: not the treasury")


@internal
@view
def _check_guardian_or_treasury():
    if msg.sender != TREASURY:
        if not self._is_guardian(msg.sender):
            reasons._refuse("access: not guardian or treasury")


@internal
@view
def _check_any_role():
    if not (staticcall ORGANIZATION.roles(msg.sender) != empty(IOrganization.Role)):
        reasons._refuse("access: not authorised")


@internal
@view
def _check_setter():
    """
    @dev A setter is the treasury's, and for a change that has waited the organisation's.
    """
    if msg.sender != ORGANIZATION.address:
        self._check_treasury()


@internal
@view
def _check_waited(loosens: bool):
    """
    @dev Once the wallet is sealed, what loosens comes from the timelock alone.
    """
    if loosens and self._sealed:
        if msg.sender != ORGANIZATION.address:
            reasons._refuse("timelock: must be scheduled")


@internal
@view
def _is_guardian(who: address) -> bool:
    return IOrganization.Role.GUARDIAN in staticcall ORGANIZATION.roles(who)


@internal
def _tell_changed(key: Bytes[100], agent: address):
    """
    @dev A setting was changed: unless the change has waited, what is pending on it is void.
    """
    if msg.sender != ORGANIZATION.address:
        extcall ORGANIZATION.changed(keccak256(key), agent)
