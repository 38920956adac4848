"""
The transaction that an event is in: who sent it, and what the Safe's owners signed in it.

    transaction's hash → CarrierReader.fetch → Carrier
"""

from functools import lru_cache
from typing import Any

from bursar.audit import Carrier, SafeSigning
from bursar.chain.client import Client
from bursar.chain.errors import NoAnswerError
from bursar.chain.safe_outcome import Execution, read_execution
from bursar.chain.safe_owners import Owners, SafeOwners
from bursar.chain.safe_signers import Attempt, find_attempts, recover_signers
from bursar.types import Address, Bytes32, checksummed

_REMEMBERED = 256


class CarrierReader:
    """
    Reads transactions that concern the Safe `safe`.
    """

    def __init__(self, client: Client, safe: Address) -> None:
        self._client = client
        self._safe = safe
        self._owners = SafeOwners(client, safe)
        self.fetch = lru_cache(maxsize=_REMEMBERED)(self._fetch)

    def fetch_balance(self, who: Address, block: int) -> int:
        """
        The native currency of an account after a block, in wei. Raises ChainError: RpcError where
        the node no longer has that state.
        """
        return self._client.fetch_balance(who, block)

    def _fetch(self, transaction: Bytes32) -> Carrier:
        """
        Without our events, which the caller knows. Raises ChainError; NoAnswerError where the node
        does not have the transaction, since what the audit says of it is said for good.
        """
        digits = f"0x{transaction.hex()}"
        sent = self._client.rpc.request_object("eth_getTransactionByHash", digits)
        receipt = self._client.rpc.request_object("eth_getTransactionReceipt", digits)
        if sent is None or receipt is None:
            raise NoAnswerError(
                f"{self._client.rpc.name} does not have transaction {digits}, and who authorised "
                "what it did is in it: use a node that keeps all transactions."
            )
        return Carrier(
            sender=checksummed(sent["from"]), signings=self._signings(sent, receipt["logs"])
        )

    def _signings(self, sent: dict[str, Any], logs: list[Any]) -> tuple[SafeSigning, ...] | None:
        ours = [log for log in logs if checksummed(log["address"]) == self._safe]
        executions = [done for log in ours if (done := read_execution(log)) and done.succeeded]
        if not executions:
            return ()
        owners = self._owners.fetch(int(sent["blockNumber"], 16), int(sent["transactionIndex"], 16))
        attempts = list(find_attempts(bytes.fromhex(sent["input"].removeprefix("0x"))))
        found = [_match(done, attempts, owners) for done in executions]
        return None if None in found else tuple(one for one in found if one is not None)


def _match(execution: Execution, attempts: list[Attempt], owners: Owners) -> SafeSigning | None:
    """
    The call that was signed as this hash; None where none of them was.
    """
    for attempt in attempts:
        signatures = attempt.signatures
        signers = recover_signers(execution.hash, signatures, owners.who, owners.threshold)
        if signers:
            return SafeSigning(execution.hash, signers, attempt.targets)
    return None
