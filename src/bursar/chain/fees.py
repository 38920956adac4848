"""
What a transaction offers for its gas (EIP-1559), and never more than a ceiling.

    eth_feeHistory → fetch_fees → Fees → raise_fees (a replacement) → Fees | None
"""

from dataclasses import dataclass
from statistics import median_low
from typing import Any, Final

from bursar.chain.errors import BadAnswerError, CostTooHighError, RpcError
from bursar.chain.rpc import Rpc

GWEI: Final = 10**9

_BLOCKS: Final = 10
_MIDDLE: Final = 50
# The base fee at most doubles within six full blocks; what is not needed is not charged.
_HEADROOM: Final = 2
# Miners take what is new over what they know; without any tip some leave it lying.
_LEAST_TIP: Final = GWEI // 1_000
# Nodes ask for 10 % more to replace a transaction, some for 12.5 %.
_RAISE_NUMERATOR: Final = 9
_RAISE_DENOMINATOR: Final = 8


@dataclass(frozen=True, slots=True)
class Fees:
    """
    Wei per gas: what is paid at most, and what of it goes to whoever mines it.
    """

    max_fee: int
    tip: int


@dataclass(frozen=True, slots=True)
class Ceilings:
    """
    The most that a transaction may offer, whatever a node says: wei per gas, and units of gas.
    A `max_tip` is exceeded by replacements only.
    """

    max_fee: int = 500 * GWEI
    max_tip: int = 20 * GWEI
    max_gas: int = 5_000_000


def fetch_fees(rpc: Rpc, ceilings: Ceilings) -> Fees:
    """
    What gets a transaction into one of the next blocks. Raises CostTooHighError above the ceiling.
    """
    base, tip = _fetch_market(rpc)
    if base > ceilings.max_fee:
        raise CostTooHighError(
            f"The base fee is {base / GWEI:g} gwei, the ceiling {ceilings.max_fee / GWEI:g} gwei. "
            "Wait until it falls, or set a higher ceiling; nothing was signed."
        )
    tip = min(max(tip, _LEAST_TIP), ceilings.max_tip, ceilings.max_fee)
    return Fees(min(base * _HEADROOM + tip, ceilings.max_fee), tip)


def raise_fees(offered: Fees, market: Fees, ceilings: Ceilings) -> Fees | None:
    """
    What replaces a transaction that offered `offered`: an eighth more of both, or what the market
    asks for if that is more. None where the ceiling forbids it.
    """
    max_fee, tip = _raised(offered.max_fee), _raised(offered.tip)
    if max_fee > ceilings.max_fee:
        return None
    max_fee = max(max_fee, market.max_fee)
    return Fees(max_fee, min(max(tip, market.tip), max_fee))


def _raised(wei: int) -> int:
    return -(-wei * _RAISE_NUMERATOR // _RAISE_DENOMINATOR)


def _fetch_market(rpc: Rpc) -> tuple[int, int]:
    """
    The next block's base fee, and the median of what recent blocks' middle transactions tipped.
    """
    try:
        history = rpc.request_object("eth_feeHistory", hex(_BLOCKS), "latest", [_MIDDLE])
    except RpcError:
        return _fetch_plain_market(rpc)
    method = "eth_feeHistory"
    bases, rewards = (history or {}).get("baseFeePerGas"), (history or {}).get("reward")
    if not isinstance(bases, list) or not bases:
        raise _no_market(rpc, history)
    tips = [rpc.read_number(method, row[0]) for row in rewards or [] if row]
    return rpc.read_number(method, bases[-1]), median_low(tips) if tips else 0


def _fetch_plain_market(rpc: Rpc) -> tuple[int, int]:
    """
    The same of a node that keeps no history.
    """
    block = rpc.request_object("eth_getBlockByNumber", "latest", False) or {}
    if "baseFeePerGas" not in block:
        raise _no_market(rpc, block)
    base = rpc.read_number("eth_getBlockByNumber", block["baseFeePerGas"])
    return base, rpc.request_number("eth_maxPriorityFeePerGas")


def _no_market(rpc: Rpc, answer: Any) -> BadAnswerError:
    return BadAnswerError(
        f"{rpc.name} tells no base fee ({str(answer)[:80]}): Bursar needs a chain with EIP-1559."
    )
