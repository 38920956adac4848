"""
Whether what a node answers has the shape of what was asked for, before anything reads it.
"""

from operator import itemgetter
from typing import Any, Final

from bursar.chain.errors import BadAnswerError

_TEXTS: Final = itemgetter(
    "address", "blockHash", "blockNumber", "data", "logIndex", "transactionHash"
)
_ONLY_TEXT: Final = {str}
# "0x" and a word.
_TOPIC_DIGITS: Final = 66


def is_log(log: Any) -> bool:
    """
    Whether `log` has everything that is read of one. Tens of thousands a second are looked at.
    """
    try:
        topics = log["topics"]
        if type(topics) is not list or len("".join(topics)) != _TOPIC_DIGITS * len(topics):
            return False
        return {*map(type, _TEXTS(log))} == _ONLY_TEXT
    except (KeyError, TypeError):
        return False


def read_quantity(text: Any) -> int:
    """
    A number as nodes write it. Raises BadAnswerError where it is none.
    """
    try:
        return int(text, 16)
    except (TypeError, ValueError) as error:
        raise BadAnswerError(f"The node answers {text!r} for a number.") from error
