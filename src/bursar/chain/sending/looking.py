"""
What a node knows of transactions that were signed here.
"""

from typing import Any

from bursar.chain.client import Receipt
from bursar.chain.errors import BadAnswerError
from bursar.chain.reader import Reader
from bursar.chain.sending.flights import Flight
from bursar.chain.sending.intents import Mined, SignedTransaction
from bursar.types import Bytes32


class Look:
    """
    Asks a node about flights, and changes nothing.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._rpc = reader.rpc

    def is_known(self, transaction: SignedTransaction) -> bool:
        """
        Whether the node has it, whatever it said: some report what they took as failed.
        """
        return self._find("eth_getTransactionByHash", transaction.hash) is not None

    def knows_any(self, flight: Flight) -> bool:
        """
        Whether the node has anything that was signed for it.
        """
        return any(map(self.is_known, flight.signed))

    def fetch_height(self) -> int:
        """
        The latest block's number.
        """
        return self._reader.fetch_height()

    def find_receipt(self, flight: Flight) -> dict[str, Any] | None:
        """
        Of whichever of its transactions was mined.
        """
        for transaction in reversed(flight.signed):
            receipt = self._find("eth_getTransactionReceipt", transaction.hash)
            if receipt is not None:
                return receipt
        return None

    def read_mined(self, flight: Flight, receipt: dict[str, Any]) -> tuple[Mined, bool]:
        """
        Where it was mined, and whether it did what it was to do. Raises BadAnswerError where the
        receipt is another transaction's, or none.
        """
        try:
            hash = Bytes32(bytes.fromhex(receipt["transactionHash"][2:]))
            if hash not in {signed.hash for signed in flight.signed}:
                raise ValueError("another transaction's")
            mined = Mined(hash, int(receipt["blockNumber"], 16), str(receipt["blockHash"]))
            return mined, int(receipt["status"], 16) == 1
        except (KeyError, TypeError, ValueError) as error:
            raise self._unusable(error) from error

    def build_receipt(self, receipt: dict[str, Any]) -> Receipt:
        """
        For whoever sent it.
        """
        try:
            return Receipt(
                transaction=Bytes32(bytes.fromhex(receipt["transactionHash"][2:])),
                block=int(receipt["blockNumber"], 16),
                at=self._reader.fetch_timestamp(receipt["blockHash"]),
                gas_used=int(receipt["gasUsed"], 16),
                created=None,
                logs=tuple(receipt["logs"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> BadAnswerError:
        return BadAnswerError(f"{self._rpc.name} answers no usable receipt: {error}")

    def _find(self, method: str, hash: Bytes32) -> dict[str, Any] | None:
        return self._rpc.request_object(method, f"0x{hash.hex()}")
