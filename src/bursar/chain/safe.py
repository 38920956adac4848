"""
The treasury: a Safe 1.4.1. People sign one transaction, anybody may then send it.

    calls → SafeTransaction → sign, by enough owners → Safe.execute → Receipt

A service that prepares a transaction needs `build` only; the owners sign elsewhere.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

from eth_abi.abi import decode
from eth_account.signers.local import LocalAccount

from bursar.chain.client import Client, Receipt
from bursar.chain.contracts import Contract
from bursar.chain.errors import ChainError, RevertedError, RpcError
from bursar.chain.reader import Call, RawLog
from bursar.chain.reverts import Revert, decode_revert
from bursar.chain.safe_multi_send import is_call_only, pack_calls
from bursar.chain.safe_outcome import OUTCOMES, Execution, read_execution
from bursar.chain.safe_transaction import (
    CALL,
    DELEGATE_CALL,
    SafeTransaction,
    Signature,
    join_signatures,
    load_safe_artifact,
    safe_contract_type,
)
from bursar.types import ZERO_ADDRESS, Address, Bytes32, checksummed, keccak

# The first and last element of a Safe's linked lists.
SENTINEL: Final = Address("0x0000000000000000000000000000000000000001")
_GUARD_SLOT: Final = int.from_bytes(keccak(b"guard_manager.guard.address"), "big")
# More than anybody enables; one page.
_MODULES: Final = 100
# Below that a node that refuses does so for another reason than the number of blocks.
_FEWEST_BLOCKS: Final = 16
# What a Safe says when the call that it makes reverts: the call's own reason is lost.
_INNER_FAILED: Final = "GS013"
_MEANINGS: Final = {
    "GS013": "the call that the Safe makes fails",
    "GS020": "fewer signatures than the Safe asks for",
    "GS024": "a signature is not valid",
    "GS025": "an owner who is named has not approved this transaction",
    "GS026": "a signature is of no owner or of another transaction, or they are not in order",
    "GS104": "the caller is no module of the Safe",
}


@cache
def _telling_multi_send() -> bytes:
    """
    The code of a MultiSend that passes on why a call failed. That of 1.4.1 keeps it to itself, so
    a simulation looks at the batch through the next version's.
    """
    code = load_safe_artifact("MultiSendCallOnly", "1.5.0")["deployedBytecode"]
    return bytes.fromhex(code.removeprefix("0x"))


class Safe:
    """
    A Safe at `address`, which batches through the MultiSendCallOnly contract at `multi_send`.
    """

    def __init__(self, client: Client, address: Address, multi_send: Address) -> None:
        self.client = client
        self.address = address
        self._contract = Contract(client, safe_contract_type("Safe"), address)
        self.multi_send = multi_send

    def fetch_owners(self) -> tuple[Address, ...]:
        """
        Who signs.
        """
        owners: tuple[Address, ...] = self._contract.view("getOwners")
        return owners

    def fetch_threshold(self) -> int:
        """
        How many must sign.
        """
        return int(self._contract.view("getThreshold"))

    def fetch_modules(self) -> tuple[Address, ...]:
        """
        Contracts that may act for the Safe without any signature. A treasury should have none.
        """
        modules, rest = self._contract.view("getModulesPaginated", SENTINEL, _MODULES)
        if rest not in (SENTINEL, ZERO_ADDRESS):
            raise ChainError(f"The Safe {self.address} has more than {_MODULES} modules.")
        return tuple(modules)

    def fetch_guard(self) -> Address:
        """
        The contract that may forbid transactions; zero where there is none.
        """
        word = self.client.fetch_storage(self.address, _GUARD_SLOT)
        return checksummed(f"0x{word:040x}")

    def fetch_nonce(self) -> int:
        """
        The nonce that the next *executed* transaction has. Those that are signed and wait are not
        seen: whoever keeps them adds their number.
        """
        return int(self._contract.view("nonce"))

    def fetch_version(self) -> str:
        """
        The version that the contract says it is of.
        """
        return str(self._contract.view("VERSION"))

    def fetch_hash(self, transaction: SafeTransaction) -> Bytes32:
        """
        What the contract itself wants to see signed.
        """
        found: Bytes32 = self._contract.view(
            "getTransactionHash",
            *(transaction.to, transaction.value, transaction.data, transaction.operation),
            *(transaction.safe_tx_gas, transaction.base_gas, transaction.gas_price),
            *(transaction.gas_token, transaction.refund_receiver, transaction.nonce),
        )
        return found

    def has_approved(self, owner: Address, hash: Bytes32) -> bool:
        """
        Whether that owner has approved a transaction by a call of its own, `approveHash`.
        """
        return bool(self._contract.view("approvedHashes", owner, hash))

    def delegates_to_known(self, transaction: SafeTransaction) -> bool:
        """
        Whether the code at what the transaction delegates to is that of a MultiSendCallOnly.
        """
        return is_call_only(self.client.fetch_code(transaction.to))

    def find_execution(self, transaction: SafeTransaction, first: int) -> Execution | None:
        """
        Where the transaction was executed, in block `first` or later; None where it was not.
        """
        logs = self._fetch_outcomes(transaction.hash, first, self.client.fetch_height())
        return read_execution(logs[-1]) if logs else None

    def _fetch_outcomes(self, hash: Bytes32, first: int, last: int) -> list[RawLog]:
        """
        In halves where a node refuses so many blocks at once.
        """
        try:
            return self.client.fetch_logs([self.address], OUTCOMES, [hash], first=first, last=last)
        except RpcError:
            if last - first < _FEWEST_BLOCKS:
                raise
        middle = (first + last) // 2
        parts = ((first, middle), (middle + 1, last))
        return [log for part in parts for log in self._fetch_outcomes(hash, *part)]

    def build(self, *calls: Call, nonce: int | None = None) -> SafeTransaction:
        """
        A transaction that makes one call, or several in this order, all or none.

        nonce: None takes the chain's, which a transaction that is signed and waits may have, too.
        """
        if not calls:
            raise ValueError("A Safe transaction needs a call.")
        call, operation = calls[0], CALL
        if len(calls) > 1:
            call, operation = Call(self.multi_send, pack_calls(calls)), DELEGATE_CALL
        return SafeTransaction(
            safe=self.address,
            chain_id=self.client.chain_id,
            to=call.to,
            value=call.value,
            data=call.data,
            operation=operation,
            nonce=self.fetch_nonce() if nonce is None else nonce,
        )

    def execute(
        self,
        key: LocalAccount,
        transaction: SafeTransaction,
        signatures: Iterable[Signature],
        *,
        gas: int | None = None,
    ) -> Receipt:
        """
        Send what the owners signed; `key` pays the gas and need not be an owner's.

        Raises RevertedError with the reason of the innermost call that failed, where one did.
        """
        call = self.build_execution(transaction, signatures)
        try:
            return self.client.send(key, call, gas=gas)
        except RevertedError as error:
            raise self.explain(transaction, error) from error

    def build_execution(
        self, transaction: SafeTransaction, signatures: Iterable[Signature]
    ) -> Call:
        """
        The call of `execTransaction`.
        """
        return self._contract.build_call(
            "execTransaction",
            *(transaction.to, transaction.value, transaction.data, transaction.operation),
            *(transaction.safe_tx_gas, transaction.base_gas, transaction.gas_price),
            *(transaction.gas_token, transaction.refund_receiver),
            join_signatures(signatures),
        )

    def simulate(self, transaction: SafeTransaction) -> Revert | None:
        """
        How the calls of `transaction` would fail now, signatures aside; None where they would not.
        """
        if transaction.operation == CALL:
            return self._simulate_call(transaction)
        # Runs as the Safe itself, and reverts with what came of it: success, length, what it said.
        asked = self._contract.build_call("simulateAndRevert", transaction.to, transaction.data)
        telling = {self.multi_send: _telling_multi_send()}
        try:
            self.client.call(asked, codes=telling)
        except RevertedError as error:
            return _read_simulation(error.revert.data)
        raise ChainError(f"{self.address} is no Safe: it did not revert when it had to.")

    def _simulate_call(self, transaction: SafeTransaction) -> Revert | None:
        call = Call(transaction.to, transaction.data, transaction.value)
        try:
            self.client.call(call, sender=self.address)
        except RevertedError as error:
            return error.revert
        return None

    def explain(self, transaction: SafeTransaction, error: RevertedError) -> RevertedError:
        """
        Why an execution reverted, with the reason of the innermost call that failed, where one did.
        """
        return RevertedError(self._explain(transaction, error.revert), error.transaction)

    def _explain(self, transaction: SafeTransaction, revert: Revert) -> Revert:
        if revert.text == _INNER_FAILED:
            inner = self.simulate(transaction)
            if inner is not None:
                return inner
        meaning = _MEANINGS.get(revert.text)
        return Revert(f"{revert.text}: {meaning}") if meaning else revert


def _read_simulation(data: bytes) -> Revert | None:
    succeeded, length = decode(["bool", "uint256"], data)
    return None if succeeded else decode_revert(data[64 : 64 + length])
