"""
From a call to a signed transaction that the account can pay for, and that no ceiling forbids.
"""

from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from bursar.chain.errors import CostTooHighError, NoGasMoneyError, RpcError
from bursar.chain.fees import Ceilings, Fees, fetch_fees, raise_fees
from bursar.chain.reader import AccessList, Call, Reader, as_revert, list_fields, transaction_fields
from bursar.chain.sending.intents import SignedTransaction
from bursar.types import Bytes32, checksummed

# Between the estimate and the block, an hour may begin: then a payment writes to fresh slots.
_GAS_MARGIN_PERCENT: Final = 25
# A plain transfer needs 21,000; rollups count more, and what is not used is not charged.
_BURN_GAS: Final = 100_000


class Signer:
    """
    Signs with `key` for chain `chain_id`, which every signature is bound to.
    """

    def __init__(
        self, reader: Reader, key: LocalAccount, chain_id: int, ceilings: Ceilings
    ) -> None:
        self.address = checksummed(key.address)
        self._reader = reader
        self._key = key
        self._chain_id = chain_id
        self._ceilings = ceilings

    def estimate(self, call: Call) -> int:
        """
        A gas limit for `call`. Raises RevertedError where it would be refused.
        """
        try:
            fields = transaction_fields(call, self.address)
            gas = self._reader.rpc.request_number("eth_estimateGas", fields)
        except RpcError as error:
            raise as_revert(error) from error
        limit = gas * (100 + _GAS_MARGIN_PERCENT) // 100
        if limit > self._ceilings.max_gas:
            raise CostTooHighError(
                f"The node estimates {gas:,} gas, the ceiling is {self._ceilings.max_gas:,}. Ask "
                "another node, or set a higher ceiling; nothing was signed."
            )
        return limit

    def sign(self, nonce: int, call: Call, gas: int) -> SignedTransaction:
        """
        At the market's price. Raises CostTooHighError or NoGasMoneyError.
        """
        fees = fetch_fees(self._reader.rpc, self._ceilings)
        self._check_gas_money(call, gas, fees)
        return self.build(nonce, call, gas, fees, burns=False)

    def replace(self, before: SignedTransaction) -> SignedTransaction | None:
        """
        The same for enough more that nodes take it instead. None where a ceiling forbids it.
        """
        fees = self._raise(before)
        if fees is None:
            return None
        return self.build(before.nonce, before.call, before.gas, fees, burns=before.burns)

    def burn(self, before: SignedTransaction) -> SignedTransaction | None:
        """
        What uses up the nonce of `before` instead of it. None where a ceiling forbids it.
        """
        fees = self._raise(before)
        if fees is None:
            return None
        nothing = Call(self.address, b"")
        return self.build(before.nonce, nothing, _BURN_GAS, fees, burns=True)

    def fill(self, nonce: int) -> SignedTransaction:
        """
        What uses up a nonce that nothing has.
        """
        fees = fetch_fees(self._reader.rpc, self._ceilings)
        return self.build(nonce, Call(self.address, b""), _BURN_GAS, fees, burns=True)

    def is_outpriced(self, transaction: SignedTransaction) -> bool:
        """
        Whether the market asks for more than it offers, so that no node would take it again.
        """
        try:
            market = fetch_fees(self._reader.rpc, self._ceilings)
        except CostTooHighError:
            return False
        return market.max_fee > 2 * transaction.fees.max_fee

    def _raise(self, before: SignedTransaction) -> Fees | None:
        try:
            market = fetch_fees(self._reader.rpc, self._ceilings)
        except CostTooHighError:
            return None
        return raise_fees(before.fees, market, self._ceilings)

    def _check_gas_money(self, call: Call, gas: int, fees: Fees) -> None:
        needed = gas * fees.max_fee + call.value
        found = self._reader.fetch_balance(self.address)
        if found < needed:
            raise NoGasMoneyError(
                f"{self.address} has {found} wei and needs up to {needed} ({gas:,} gas at "
                f"{fees.max_fee} wei). Send it some of the chain's own currency; nothing was "
                "signed."
            )

    def build(
        self, nonce: int, call: Call, gas: int, fees: Fees, *, burns: bool = False
    ) -> SignedTransaction:
        """
        Exactly this transaction.
        """
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxPriorityFeePerGas": fees.tip,
            "maxFeePerGas": fees.max_fee,
            "to": call.to,
            "value": call.value,
            "data": call.data,
            "accessList": list_fields(call.access_list),
        }
        signed = self._key.sign_transaction(fields)
        return SignedTransaction(
            chain_id=self._chain_id,
            sender=self.address,
            nonce=nonce,
            call=call,
            gas=gas,
            fees=fees,
            raw=bytes(signed.raw_transaction),
            hash=Bytes32(bytes(signed.hash)),
            burns=burns,
        )


def read_access_list(raw: bytes) -> AccessList:
    """
    What a signed transaction names beforehand, so that one that replaces it names the same.
    """
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return tuple(
        (
            checksummed("0x" + bytes(entry["address"]).hex()),
            tuple(Bytes32(slot.to_bytes(32, "big")) for slot in entry["storageKeys"]),
        )
        for entry in fields["accessList"]
    )
