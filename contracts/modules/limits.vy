# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Limits
@author Bursar contributors
@license MIT
@notice What a whole wallet may spend of a token per UTC day, and how much it may be refilled to.
@dev One word a token: spent 112 | the day 24 | daily limit 112, from the lowest bit.
"""

from interfaces import IHotWallet

DAY: constant(uint256) = 86400

# What 112 bits hold: 5 * 10^15 whole tokens of 18 decimals a day.
MAX_WALLET_LIMIT: constant(uint256) = 2**112 - 1

M112: constant(uint256) = 2**112 - 1
M24: constant(uint256) = 2**24 - 1
DAY_AT: constant(uint256) = 112
LIMIT: constant(uint256) = 136

# A token's daily limit and what was spent of it; layout in the head of this file.
_words: HashMap[address, uint256]

# Most of a token that a refill may leave in the wallet, in base units.
_max_balances: HashMap[address, uint256]


@external
@view
def wallet_limit(token: address) -> uint256:
    """
    @notice Most of `token` that leaves per UTC day, in base units; 0: the token is disabled.
    """
    return self._limit(self._words[token])


@external
@view
def wallet_remaining(token: address) -> uint256:
    """
    @notice What is left of the wallet's UTC day, in base units.
    """
    word: uint256 = self._words[token]
    limit: uint256 = self._limit(word)
    return limit - min(limit, self._spent(word))


@external
@view
def max_balance(token: address) -> uint256:
    """
    @notice Most of `token` that a refill may leave in the wallet, in base units.
    """
    return self._max_balances[token]


@internal
def _set_limit(token: address, daily: uint256):
    """
    @dev Set a token's daily limit. What was spent today stays spent.
    """
    word: uint256 = self._words[token]
    self._words[token] = self._pack(daily, self._spent(word))
    log IHotWallet.WalletLimitSet(token=token, daily=daily)


@internal
def _set_max_balance(token: address, amount: uint256):
    self._max_balances[token] = amount
    log IHotWallet.MaxBalanceSet(token=token, amount=amount)


@internal
@pure
def _limit(word: uint256) -> uint256:
    return word >> LIMIT


@internal
@view
def _spent(word: uint256) -> uint256:
    """
    @dev What was spent in the current UTC day.
    """
    if (word >> DAY_AT) & M24 != unsafe_div(block.timestamp, DAY):
        return 0
    return word & M112


@internal
@view
def _pack(limit: uint256, spent: uint256) -> uint256:
    day: uint256 = block.timestamp // DAY
    assert limit <= M112 and spent <= M112 and day <= M24
    return spent | (day << DAY_AT) | (limit << LIMIT)
