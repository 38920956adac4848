"""
Reading from a node: contracts, balances, code, blocks, logs.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from bursar.chain.errors import BadAnswerError, NoAnswerError, RevertedError, RpcError
from bursar.chain.reverts import Revert, decode_revert
from bursar.chain.rpc import Rpc
from bursar.types import Address, Bytes32

RawLog: TypeAlias = Mapping[str, Any]
"""A log as the node gives it."""

Block: TypeAlias = int | str
"""A block's number, or `latest` and the like."""


AccessList: TypeAlias = tuple[tuple[Address, tuple[Bytes32, ...]], ...]
"""EIP-2930: contracts and storage slots that a transaction names beforehand."""


class Call(NamedTuple):
    """
    What a transaction does: calldata for a contract, or plain money. `value` is in wei.
    """

    to: Address
    data: bytes
    value: int = 0
    access_list: AccessList = ()


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
        return self.fetch_chain_id()

    def fetch_chain_id(self) -> int:
        """
        The chain's id, asked for now.
        """
        return self.rpc.request_number("eth_chainId")

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
            return self.rpc.request_bytes("eth_call", *asked)
        except RpcError as error:
            raise as_revert(error) from error

    def fetch_balance(self, who: Address, block: Block = "latest") -> int:
        """
        The native currency of `who`, in wei.
        """
        return self.rpc.request_number("eth_getBalance", who, _block(block))

    def fetch_code(self, who: Address) -> bytes:
        """
        The code at an address; empty where there is no contract.
        """
        return self.rpc.request_bytes("eth_getCode", who, "latest")

    def fetch_storage(self, who: Address, slot: int) -> int:
        """
        One word of a contract's storage.
        """
        return self.rpc.request_number("eth_getStorageAt", who, hex(slot), "latest")

    def fetch_now(self) -> int:
        """
        The latest block's timestamp.
        """
        block = self.rpc.request_object("eth_getBlockByNumber", "latest", False)
        if block is None:
            raise BadAnswerError(f"{self.rpc.name} has no latest block: is it still syncing?")
        return self.rpc.read_number("eth_getBlockByNumber", block.get("timestamp"))

    def fetch_height(self) -> int:
        """
        The latest block's number.
        """
        return self.rpc.request_number("eth_blockNumber")

    def fetch_timestamp(self, block_hash: str) -> int:
        """
        The timestamp of a block. Raises NoAnswerError where the node no longer has it.
        """
        block = self.rpc.request_object("eth_getBlockByHash", block_hash, False)
        if block is None:
            raise NoAnswerError(f"Block {block_hash} is gone: the chain was reorganised.")
        return self.rpc.read_number("eth_getBlockByHash", block.get("timestamp"))

    def fetch_logs(
        self,
        emitters: Iterable[Address] | None = None,
        topics: Iterable[bytes] | None = None,
        indexed: Sequence[bytes | None] = (),
        *,
        first: Block = 0,
        last: Block = "latest",
    ) -> list[RawLog]:
        """
        Logs of any of `emitters` with any of `topics` as their first, in the chain's order.

        None stands for all. Both ends are included.

        indexed: what the following topics are, an event's indexed arguments in their order.
        """
        wanted: dict[str, Any] = {"fromBlock": _block(first), "toBlock": _block(last)}
        if emitters is not None:
            wanted["address"] = list(emitters)
        if topics is not None:
            wanted["topics"] = [[f"0x{topic.hex()}" for topic in topics]]
            wanted["topics"] += [value and f"0x{value.hex()}" for value in indexed]
        logs: list[RawLog] = self.rpc.request_list("eth_getLogs", wanted)
        try:
            return sorted(logs, key=_position)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswerError(f"{self.rpc.name} answers logs without a position.") from error

    def explain_revert(self, fields: Mapping[str, str], receipt: Mapping[str, Any]) -> Revert:
        """
        Why a mined transaction reverted, which no receipt tells: asked again at its own block's
        time, on the block before, then with what else its block changed.
        """
        block = int(receipt["blockNumber"], 16)
        at = {"time": hex(self.fetch_timestamp(receipt["blockHash"])), "number": hex(block)}
        for state in (block - 1, block):
            try:
                self.rpc.request("eth_call", fields, hex(state), {}, at)
            except RpcError as error:
                return find_revert(error) or Revert(f"the reason cannot be had: {error.message}")
        return Revert("not reproducible: out of gas, or another transaction came between")


def transaction_fields(call: Call, sender: Address | None) -> dict[str, Any]:
    """
    `call` as a node wants it.
    """
    fields: dict[str, Any] = {
        "to": str(call.to),
        "data": f"0x{call.data.hex()}",
        "value": hex(call.value),
    }
    if call.access_list:
        fields["accessList"] = list_fields(call.access_list)
    return fields if sender is None else fields | {"from": str(sender)}


def list_fields(access_list: AccessList) -> list[dict[str, Any]]:
    """
    An access list as nodes and signers want it.
    """
    return [
        {"address": address, "storageKeys": [f"0x{slot.hex()}" for slot in slots]}
        for address, slots in access_list
    ]


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
