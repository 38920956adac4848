"""
Sending to a node: sign, broadcast, wait, and say why where it was refused.

    Call + key → estimate → sign → broadcast → Receipt, or RevertedError with the contract's reason
"""

import time
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from bursar.chain.errors import NoAnswerError, RevertedError, RpcError
from bursar.chain.reader import Call, RawLog, Reader, as_revert, transaction_fields
from bursar.types import Address, Bytes32, checksummed

# Between the estimate and the block, an hour may begin: then a payment writes to fresh slots.
_GAS_MARGIN_PERCENT: Final = 25
# A base fee at most doubles within six full blocks; what is not needed is not charged.
_FEE_HEADROOM: Final = 2
_FIRST_POLL: Final = 0.002
_LONGEST_POLL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    A transaction that was mined and did not revert. `at` is its block's timestamp.
    """

    transaction: Bytes32
    block: int
    at: int
    gas_used: int
    created: Address | None
    logs: tuple[RawLog, ...]


class Client(Reader):
    """
    A node at `url`, to read from and to send to. Keys are handed in with each transaction, and none
    is kept.

    timeout: seconds to wait for an answer, and for a transaction to be mined.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        super().__init__(url, timeout=timeout)
        self._timeout = timeout

    def send(self, key: LocalAccount, call: Call, *, gas: int | None = None) -> Receipt:
        """
        Send `call` from `key`'s account and wait until it is mined.

        gas: the limit; None estimates it, and what would revert is refused without being sent.
        Raises RevertedError, and NoAnswerError where it is not mined in time.
        """
        return self._send(key, transaction_fields(call, checksummed(key.address)), gas)

    def deploy(self, key: LocalAccount, creation_code: bytes, *, gas: int | None = None) -> Receipt:
        """
        Create a contract; `created` of the receipt is its address. Raises as `send` does.
        """
        fields = {"from": key.address, "data": f"0x{creation_code.hex()}"}
        return self._send(key, fields, gas)

    def _send(self, key: LocalAccount, fields: dict[str, str], gas: int | None) -> Receipt:
        limit = self._estimate(fields) if gas is None else gas
        signed = key.sign_transaction(self._complete(fields, limit))
        raw = "0x" + signed.raw_transaction.hex().removeprefix("0x")
        try:
            transaction = self.rpc.request("eth_sendRawTransaction", raw)
        except RpcError as error:
            raise as_revert(error) from error
        return self._wait(transaction, fields)

    def _estimate(self, fields: dict[str, str]) -> int:
        try:
            gas = int(self.rpc.request("eth_estimateGas", fields), 16)
        except RpcError as error:
            raise as_revert(error) from error
        return gas * (100 + _GAS_MARGIN_PERCENT) // 100

    def _complete(self, fields: dict[str, str], gas: int) -> dict[str, Any]:
        sender = fields["from"]
        block = self.rpc.request("eth_getBlockByNumber", "latest", False)
        tip = int(self.rpc.request("eth_maxPriorityFeePerGas"), 16)
        complete: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": int(self.rpc.request("eth_getTransactionCount", sender, "pending"), 16),
            "gas": gas,
            "maxPriorityFeePerGas": tip,
            "maxFeePerGas": int(block["baseFeePerGas"], 16) * _FEE_HEADROOM + tip,
            "value": int(fields.get("value", "0x0"), 16),
            "data": fields["data"],
        }
        return complete | ({"to": fields["to"]} if "to" in fields else {})

    def _wait(self, transaction: str, fields: dict[str, str]) -> Receipt:
        receipt = self._poll(transaction)
        if int(receipt["status"], 16) == 0:
            revert = self.explain_revert(fields, receipt)
            raise RevertedError(revert, Bytes32(bytes.fromhex(transaction[2:])))
        created = receipt.get("contractAddress")
        return Receipt(
            transaction=Bytes32(bytes.fromhex(transaction[2:])),
            block=int(receipt["blockNumber"], 16),
            at=self.fetch_timestamp(receipt["blockHash"]),
            gas_used=int(receipt["gasUsed"], 16),
            created=checksummed(created) if created else None,
            logs=tuple(receipt["logs"]),
        )

    def _poll(self, transaction: str) -> dict[str, Any]:
        """
        The receipt; a node that mines at once may still answer before there is one.
        """
        deadline = time.monotonic() + self._timeout
        pause = _FIRST_POLL
        while True:
            receipt: dict[str, Any] | None = self.rpc.request(
                "eth_getTransactionReceipt", transaction
            )
            if receipt is not None:
                return receipt
            if time.monotonic() > deadline:
                raise NoAnswerError(
                    f"Transaction {transaction} was sent and is not mined after "
                    f"{self._timeout:g} s. It may still be: look before sending it again."
                )
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_POLL)
