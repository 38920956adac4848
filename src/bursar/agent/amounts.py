"""
Amounts as agents write them → base units, exactly or not at all.
"""

from bursar.agent.errors import AmountError
from bursar.config.amounts import format_amount, parse_amount, to_base_units
from bursar.config.problems import WrongError
from bursar.types import MAX_UINT256


def read_amount(amount: str | int, symbol: str, decimals: int) -> int:
    """
    Base units: a string is whole tokens ("10.50"), an int is base units already.

    Raises AmountError for a float (0.1 + 0.2 is not 0.3), a sign, an exponent, more decimals than
    the token has, and what does not fit into 256 bits. Zero is left for the wallet to deny.
    """
    if isinstance(amount, bool) or not isinstance(amount, str | int):
        raise AmountError(
            f"An amount is text in whole {symbol}, such as "
            f'"10.50", or an int in base units; found {type(amount).__name__} {amount!r}.'
        )
    if isinstance(amount, int):
        if not 0 <= amount <= MAX_UINT256:
            raise AmountError(f"{amount} base units: an amount is 0 or more, and fits 256 bits.")
        return amount
    try:
        return to_base_units(parse_amount(amount), decimals)
    except WrongError as wrong:
        raise AmountError(
            f"Amount {amount[:100]!r} in {symbol}: {wrong.message}; {wrong.fix}."
        ) from None


def show_amount(amount: int, symbol: str, decimals: int) -> str:
    """
    As people read it: "10.5 USDC".
    """
    return f"{format_amount(amount, decimals)} {symbol}"
