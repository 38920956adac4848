"""
Revert data → what was said, and the typed reason.
"""

import pytest
from eth_abi.abi import encode

from bursar.chain.reverts import decode_revert
from bursar.reasons import MEANINGS, Reason

ERROR = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


@pytest.mark.parametrize("reason", list(Reason), ids=str)
def test_decode_revert__our_reason__is_typed_and_explained(reason: Reason) -> None:
    """
    Every reason of the contracts comes back as itself, with its meaning for people.
    """
    revert = decode_revert(ERROR + encode(["string"], [reason.value]))

    assert revert.reason is reason
    assert str(revert) == f"{reason.value} ({MEANINGS[reason]})"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (
            ERROR + encode(["string"], ["token: insufficient balance"]),
            "token: insufficient balance",
        ),
        (ERROR + encode(["bytes"], [b"caf\xe9"]), "caf\\xe9"),
        (PANIC + encode(["uint256"], [0x11]), "panic 0x11"),
        (bytes.fromhex("deadbeef") + bytes(32), "0xdeadbeef" + "00" * 32),
        (ERROR, "0x08c379a0"),
        (ERROR + bytes([255]) * 64, "0x08c379a0" + "ff" * 64),
    ],
    ids=["nothing", "a token's", "broken UTF-8", "panic", "custom error", "cut off", "nonsense"],
)
def test_decode_revert__anything_else__is_told_without_a_reason(data: bytes, text: str) -> None:
    """
    Whatever a contract returns is shown and never raises.
    """
    revert = decode_revert(data)

    assert (revert.text, revert.reason, revert.data) == (text, None, data)


def test_revert__without_data__says_so() -> None:
    """
    A person reads a sentence, not an empty string.
    """
    assert str(decode_revert(b"")) == "no reason given"
