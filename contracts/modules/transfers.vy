# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Transfers
@author Bursar contributors
@license MIT
@notice Moves money out and in: ERC-20 tokens, and native currency under its ERC-7528 address.
@dev Tokens that return nothing are believed, tokens that return false are not, and an address
     without code is no token. What a hostile recipient of native currency returns is not read.
"""

from ethereum.ercs import IERC20
from modules import reasons

# ERC-7528
NATIVE: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE


@internal
def _send(token: address, to: address, amount: uint256):
    """
    @dev Send `amount` base units to `to`, or revert.
    """
    if token == NATIVE:
        if self.balance < amount:
            reasons._refuse("payments: balance too low")
        sent: bool = raw_call(to, b"", value=amount, revert_on_failure=False)
        if not sent:
            reasons._refuse("transfers: recipient refused")
    else:
        sent: bool = extcall IERC20(token).transfer(to, amount, default_return_value=True)
        if not sent:
            reasons._refuse("transfers: token refused")


@internal
@payable
def _receive(token: address, sender: address, amount: uint256) -> uint256:
    """
    @dev Take `amount` base units from `sender`: native currency from the call itself.
    @return What arrived, which is less when the token takes a fee.
    """
    if token == NATIVE:
        if msg.value != amount:
            reasons._refuse("transfers: wrong value")
        return amount

    if msg.value != 0:
        reasons._refuse("transfers: wrong value")
    before: uint256 = self._balance(token)
    moved: bool = extcall IERC20(token).transferFrom(
        sender, self, amount, default_return_value=True
    )
    if not moved:
        reasons._refuse("transfers: token refused")
    return self._balance(token) - before


@internal
@view
def _balance(token: address) -> uint256:
    """
    @dev What this wallet holds, in base units.
    """
    if token == NATIVE:
        return self.balance
    return staticcall IERC20(token).balanceOf(self)


@internal
@view
def _balance_or_zero(token: address) -> uint256:
    """
    @dev The same, and 0 for what does not answer as a token does.
    """
    if token == NATIVE:
        return self.balance
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        token,
        abi_encode(self, method_id=method_id("balanceOf(address)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if success and len(answer) == 32:
        return convert(answer, uint256)
    return 0
