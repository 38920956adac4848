# pragma version 0.4.3
# pragma nonreentrancy off
# pragma optimize none
"""
@title TestToken
@author Bursar contributors
@license MIT
@notice A well-behaved ERC-20 token that anyone can mint: for tests, demos and local chains, where
        it stands for USDC. Its transfer costs what an OpenZeppelin ERC-20's does.
"""

from ethereum.ercs import IERC20

implements: IERC20

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

name: public(String[32])
symbol: public(String[8])
decimals: public(immutable(uint8))
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(name: String[32], symbol: String[8], decimals_: uint8):
    self.name = name
    self.symbol = symbol
    decimals = decimals_


@external
def transfer(to: address, amount: uint256) -> bool:
    """
    @notice Move `amount` base units of the caller's to `to`.
    """
    self._move(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Move `amount` base units of `owner`'s, who has approved the caller, to `to`.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert amount <= allowed, "token: insufficient allowance"

    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let `spender` move up to `amount` base units of the caller's.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True


@external
def mint(to: address, amount: uint256):
    """
    @notice Make `amount` base units out of nothing: this is a test token.
    """
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log Transfer(sender=empty(address), receiver=to, amount=amount)


@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "token: zero address"
    balance: uint256 = self.balanceOf[owner]
    assert amount <= balance, "token: insufficient balance"

    self.balanceOf[owner] = balance - amount
    self.balanceOf[to] += amount
    log Transfer(sender=owner, receiver=to, amount=amount)
