"""
The treasury: a Safe 1.4.1. People sign one transaction, anybody may then send it.

    calls → SafeTransaction → sign, by enough owners → Safe.execute → Receipt

A service that prepares a transaction needs `build` only; the owners sign elsewhere.
"""

from collections.abc import Iterable
from typing import Final

from eth_account.signers.local import LocalAccount

from bursar.chain.client import Client, Receipt
from bursar.chain.contracts import Contract
from bursar.chain.errors import ChainError, RevertedError, RpcError
from bursar.chain.reader import Call, RawLog
from bursar.chain.reverts import Revert
from bursar.chain.safe_contract_owners import handed_over, is_accepted
from bursar.chain.safe_failures import INNER_FAILED, say_meaning, simulate
from bursar.chain.safe_hash import SafeText
from bursar.chain.safe_multi_send import is_call_only, pack_calls
from bursar.chain.safe_outcome import OUTCOMES, Execution, read_execution
from bursar.chain.safe_transaction import (
    CALL,
    DELEGATE_CALL,
    SafeTransaction,
    Signature,
    join_signatures,
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

    def is_accepted_by(
        self, owner: Address, transaction: SafeTransaction, signature: bytes
    ) -> bool:
        """
        Whether an owner that is a contract takes `signature` for its own, asked as the Safe asks.
        """
        return is_accepted(self.client, self.fetch_version(), owner, transaction, signature)

    def fetch_owners_text(self, owner: Address, transaction: SafeTransaction) -> SafeText | None:
        """
        What the owners of `owner` sign for it, if that is a Safe; None where it has no code.
        """
        if not self.client.fetch_code(owner):
            return None
        handed = handed_over(self.fetch_version(), transaction)
        return SafeText(transaction.chain_id, owner, handed)

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
        return simulate(self._contract, self.multi_send, transaction)

    def explain(self, transaction: SafeTransaction, error: RevertedError) -> RevertedError:
        """
        Why an execution reverted, with the reason of the innermost call that failed, where one did.
        """
        revert = error.revert
        inner = self.simulate(transaction) if revert.text == INNER_FAILED else None
        return RevertedError(inner or say_meaning(revert), error.transaction)
