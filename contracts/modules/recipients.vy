# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Recipients
@author Bursar contributors
@license MIT
@notice The wallet's list of recipients, for budgets that pay nobody else.
"""

from interfaces import IHotWallet

# Whether an address is on the list.
_allowed: HashMap[address, bool]


@external
@view
def is_recipient(who: address) -> bool:
    """
    @notice Whether `who` is on the wallet's list of recipients.
    """
    return self._allowed[who]


@internal
def _set(who: DynArray[address, 25], allowed: bool):
    """
    @dev Put all of `who` on the list, or take them off.
    """
    for recipient: address in who:
        self._allowed[recipient] = allowed
        log IHotWallet.RecipientSet(who=recipient, allowed=allowed)


@internal
@view
def _differs(who: DynArray[address, 25], allowed: bool) -> bool:
    """
    @dev Whether the list says otherwise of any of `who`.
    """
    for recipient: address in who:
        if self._allowed[recipient] != allowed:
            return True
    return False
