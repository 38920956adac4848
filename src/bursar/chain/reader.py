"""
Reading from a node: contracts, balances, code, blocks, logs.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from bursar.chain.errors import NoAnswerError, RevertedError, RpcError
from bursar.chain.reverts import Revert, decode_revert
from bursar.chain.rpc import Rpc
from bursar.types import Address

RawLog: TypeAlias = Mapping[str, Any]
"""A log as the node gives it."""

Block: TypeAlias = int | str
"""A block's number, or `latest` and the like."""


class Call(NamedTuple):
    """
    What a transaction does: calldata for a contract, or plain money. `value` is in wei.
    """

    to: Address
    data: bytes
    value: int = 0


class Reader:
    """
    A node at `url`, to read from.

    timeout: seconds to wait for an answer.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self.rpc = Rpc(url, timeout=timeout)

    @cached_property
    def chain_id(self) -> int:
        """
        The chain's id, asked for once.
        """
        return int(self.rpc.request("eth_chainId"), 16)

    def call(
        self,
        call: Call,
        *,
        sender: Address | None = None,
        block: Block = "latest",
        codes: Mapping[Address, bytes] | None = None,
    ) -> bytes:
        """
        What `call` returns, without sending it. Raises RevertedError.

        codes: contracts to look at as if they had another code, for this call only.
        """
        pretended = {who: {"code": f"0x{code.hex()}"} for who, code in (codes or {}).items()}
        asked = [transaction_fields(call, sender), _block(block), *([pretended] if codes else [])]
        try:
            output = self.rpc.request("eth_call", *asked)
        except RpcError as error:
            raise as_revert(error) from error
        return bytes.fromhex(output[2:])

    def fetch_balance(self, who: Address, block: Block = "latest") -> int:
        """
        The native currency of `who`, in wei.
        """
        return int(self.rpc.request("eth_getBalance", who, _block(block)), 16)

    def fetch_code(self, who: Address) -> bytes:
        """
        The code at an address; empty where there is no contract.
        """
        return bytes.fromhex(self.rpc.request("eth_getCode", who, "latest")[2:])

    def fetch_storage(self, who: Address, slot: int) -> int:
        """
        One word of a contract's storage.
        """
        return int(self.rpc.request("eth_getStorageAt", who, hex(slot), "latest"), 16)

    def fetch_now(self) -> int:
        """
        The latest block's timestamp.
        """
        return int(self.rpc.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def fetch_height(self) -> int:
        """
        The latest block's number.
        """
        return int(self.rpc.request("eth_blockNumber"), 16)

    def fetch_timestamp(self, block_hash: str) -> int:
        """
        The timestamp of a block. Raises NoAnswerError where the node no longer has it.
        """
        block = self.rpc.request("eth_getBlockByHash", block_hash, False)
        if block is None:
            raise NoAnswerError(f"Block {block_hash} is gone: the chain was reorganised.")
        return int(block["timestamp"], 16)

    def fetch_logs(
        self,
        emitters: Iterable[Address] | None = None,
        topics: Iterable[bytes] | None = None,
        *,
        first: Block = 0,
        last: Block = "latest",
    ) -> list[RawLog]:
        """
        Logs of any of `emitters` with any of `topics` as their first, in the chain's order.

        None stands for all. Both ends are included.
        """
        wanted: dict[str, Any] = {"fromBlock": _block(first), "toBlock": _block(last)}
        if emitters is not None:
            wanted["address"] = list(emitters)
        if topics is not None:
            wanted["topics"] = [[f"0x{topic.hex()}" for topic in topics]]
        logs: list[RawLog] = self.rpc.request("eth_getLogs", wanted)
        return sorted(logs, key=_position)


def transaction_fields(call: Call, sender: Address | None) -> dict[str, str]:
    """
    `call` as a node wants it.
    """
    fields = {"to": str(call.to), "data": f"0x{call.data.hex()}", "value": hex(call.value)}
    return fields if sender is None else fields | {"from": str(sender)}


def _block(block: Block) -> str:
    return block if isinstance(block, str) else hex(block)


def _position(log: RawLog) -> tuple[int, int]:
    return int(log["blockNumber"], 16), int(log["logIndex"], 16)


def as_revert(error: RpcError) -> RevertedError:
    """
    The refusal that an answer reports. Raises `error` itself where it reports something else.
    """
    revert = find_revert(error)
    if revert is None:
        raise error
    return RevertedError(revert)


def find_revert(error: RpcError) -> Revert | None:
    """
    What a contract said, if it was a contract that refused and not the node.
    """
    if error.data is None and "revert" not in error.message.lower():
        return None
    return decode_revert(error.data or b"")
