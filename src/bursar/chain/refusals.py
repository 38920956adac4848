"""
Why a node does not take a transaction: each client has words of its own for the same few causes.
"""

import re
from enum import Enum, auto
from typing import Final

from bursar.chain.errors import RpcError


class Refusal(Enum):
    """
    A cause. REPLACES_NOTHING: another transaction has the nonce and does not offer enough less.
    KNOWN is none: the node has this very transaction.
    """

    KNOWN = auto()
    NONCE_TAKEN = auto()
    NONCE_GAP = auto()
    REPLACES_NOTHING = auto()
    NO_MONEY = auto()
    OTHER = auto()


# geth and its kin (op-geth, bsc), erigon, nethermind, besu, reth, anvil, hardhat; first match wins.
_WORDS: Final = (
    (Refusal.KNOWN, r"already ?known|known transaction|already (imported|in the (mem)?pool)"),
    (Refusal.NO_MONEY, r"insufficient ?(funds|balance)|upfront cost|doesn't have enough funds"),
    (Refusal.REPLACES_NOTHING, r"replacement|not replace|(enough|too low) to replace"),
    (
        Refusal.NONCE_GAP,
        r"nonce ?(too high|gap)|nonce.*too distant|nonce (is )?too far|noncetoofar",
    ),
    (Refusal.NONCE_TAKEN, r"nonce (too low|is too low)|old ?nonce|invalid nonce|nonce.*already"),
)


def read_refusal(error: RpcError) -> Refusal:
    """
    What the node's words mean.
    """
    words = error.message.lower()
    for refusal, pattern in _WORDS:
        if re.search(pattern, words):
            return refusal
    return Refusal.OTHER
