"""
Batches: what is packed is read back, and the only contract that may be delegated to is known by its
code.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.chain.reader import Call
from bursar.chain.safe_multi_send import (
    CANONICAL,
    BatchError,
    is_call_only,
    pack_calls,
    unpack_calls,
)
from bursar.chain.safe_transaction import load_safe_artifact
from bursar.types import MAX_UINT256, ZERO_ADDRESS, checksummed, keccak

# Of the contract at CANONICAL, as safe-deployments has it for every chain.
DEPLOYED = "ecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939"

addresses = (
    st.binary(min_size=20, max_size=20)
    .map(lambda raw: checksummed(f"0x{raw.hex()}"))
    .filter(lambda address: address != ZERO_ADDRESS)
)
calls = st.lists(
    st.tuples(addresses, st.binary(max_size=100), st.integers(0, MAX_UINT256)).map(
        lambda parts: Call(*parts)
    ),
    max_size=6,
)


def code_of(name: str, version: str) -> bytes:
    """
    A Safe contract's code, as it is deployed.
    """
    return bytes.fromhex(load_safe_artifact(name, version)["deployedBytecode"].removeprefix("0x"))


def test_multi_send_call_only__is_known_by_the_code_that_is_deployed() -> None:
    """
    The one that Safe has put on public chains, and not the MultiSend that may delegate.
    """
    code = code_of("MultiSendCallOnly", "1.4.1")

    assert keccak(code).hex() == DEPLOYED
    assert checksummed(CANONICAL) == CANONICAL
    assert is_call_only(code)
    for other in (code_of("MultiSend", "1.4.1"), code_of("MultiSend", "1.5.0"), b"", code[:-1]):
        assert not is_call_only(other)


@settings(deadline=None)
@given(calls)
def test_batch__packed__is_read_back(made: list[Call]) -> None:
    """
    Any calls, in their order.
    """
    assert unpack_calls(pack_calls(made)) == tuple(made)


@settings(deadline=None)
@given(calls, st.integers(0, 400), st.integers(1, 255))
def test_batch__with_one_byte_changed__is_other_calls_or_refused(
    made: list[Call], at: int, by: int
) -> None:
    """
    Never the same calls from other bytes: what signers read is what is executed.
    """
    data = bytearray(pack_calls(made))
    data[at % len(data)] ^= by
    try:
        found = unpack_calls(bytes(data))
    except BatchError:
        return
    assert found != tuple(made)


def test_batch__to_the_zero_address__is_refused() -> None:
    """
    One version takes it for the Safe itself.
    """
    with pytest.raises(BatchError, match="zero address"):
        unpack_calls(pack_calls([Call(ZERO_ADDRESS, b"")]))
