"""
How long a sender waits for what.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """
    Seconds: how long a transaction may take, after how long it is replaced by one that offers more,
    how long a node may lag behind, and how often it is asked.

    final_after: how many blocks have to follow before a mined transaction is taken for final; until
    then it is looked at again, and sent again where its block has gone. With 0 whoever sent it has
    to look.
    """

    timeout: float = 120.0
    replace_after: float = 20.0
    lag: float = 3.0
    poll: float = 0.5
    final_after: int = 0
