# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Shares
@author Bursar contributors
@license MIT
@notice A budget that may spend at most a share of the wallet's balance a UTC day: of the balance
        before its first charge of the day, until the day ends. Holds no state.
@dev One more word, from the lowest bit: balance 218 | the day it is of 24 | share in bps 14.
"""

from modules import figures

DAY: constant(uint256) = 86400

BALANCE: constant(uint256) = 2**218 - 1
M24: constant(uint256) = 2**24 - 1
DAY_AT: constant(uint256) = 218
BPS: constant(uint256) = 242


@internal
@pure
def _bps(word: uint256) -> uint256:
    return word >> BPS


@internal
@pure
def _balance(word: uint256) -> uint256:
    return word & BALANCE


@internal
@pure
def _with_bps(word: uint256, share_bps: uint256) -> uint256:
    """
    @dev The word with another share; the balance that the day began with stays.
    """
    return (word & (2**242 - 1)) | (share_bps << BPS)


@internal
@view
def _is_of_today(word: uint256) -> bool:
    """
    @dev Whether the balance is this UTC day's.
    """
    return (word >> DAY_AT) & M24 == unsafe_div(block.timestamp, DAY)


@internal
@view
def _with_balance(word: uint256, balance: uint256) -> uint256:
    """
    @dev The word with today's balance.
    """
    day: uint256 = unsafe_div(block.timestamp, DAY) & M24
    return min(balance, BALANCE) | (day << DAY_AT) | (self._bps(word) << BPS)


@internal
@pure
def _limited(budget: uint256, word: uint256) -> uint256:
    """
    @dev The budget's word with `daily` cut to the share.
    """
    share: uint256 = unsafe_div(unsafe_mul(word & BALANCE, self._bps(word)), figures.SHARE_OFF)
    most: uint256 = unsafe_div(share, figures._unit(budget))
    daily: uint256 = (budget >> figures.DAILY) & figures.M30
    return (budget & ~(figures.M30 << figures.DAILY)) | (min(daily, most) << figures.DAILY)
