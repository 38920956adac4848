"""
Revert data → what the contract said, and the typed reason if it is one of ours.
"""

from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from bursar.reasons import MEANINGS, Reason

# The selectors of Solidity's Error(string), which Vyper's reasons use too, and Panic(uint256).
_ERROR: Final = bytes.fromhex("08c379a0")
_PANIC: Final = bytes.fromhex("4e487b71")


@dataclass(frozen=True, slots=True)
class Revert:
    """
    A refusal. `text` is the contract's own string, empty for a revert without data; `reason` is
    None for strings that are not Bursar's, such as a token's or a Safe's.
    """

    text: str
    reason: Reason | None = None
    data: bytes = b""

    def __str__(self) -> str:
        if self.reason is not None:
            return f"{self.text} ({MEANINGS[self.reason]})"
        return self.text or "no reason given"


def decode_revert(data: bytes) -> Revert:
    """
    What `data`, returned by a call that reverted, says. Never raises: it may be anybody's.
    """
    text = _read_text(data)
    return Revert(text, find_reason(text), data)


def find_reason(text: str) -> Reason | None:
    """
    The typed reason whose revert string is `text`, or None.
    """
    try:
        return Reason(text)
    except ValueError:
        return None


def _read_text(data: bytes) -> str:
    try:
        if data[:4] == _ERROR:
            return str(decode(["bytes"], data[4:])[0].decode(errors="backslashreplace"))
        if data[:4] == _PANIC:
            return f"panic 0x{decode(['uint256'], data[4:])[0]:02x}"
    except DecodingError:
        pass
    return f"0x{data.hex()}" if data else ""
