"""
A payment that its agent has signed and somebody else may bring to the chain.

    AgentWallet.sign_payment → SignedPayment → to_json … from_json → Relayer.relay
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from eth_account.messages import SignableMessage, encode_typed_data
from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError

from bursar.agent.errors import SignedPaymentError
from bursar.agent.payment import Answer
from bursar.chain.strict_json import StrictJsonError, read_json
from bursar.reasons import Reason
from bursar.signed_payments import SignablePayment, build_typed_data
from bursar.types import MAX_SIGNATURE_BYTES, AddressField, Bytes32, Bytes32Field, Uint256, keccak

FORMAT: Final = "bursar signed payment 1"
# The longest signature takes 2,050 of them; what is longer is not read, whoever sent it.
_LONGEST: Final = 8_192


def _read_number(value: Any) -> Any:
    """
    256 bits do not survive a JavaScript number, so JSON has text.
    """
    if isinstance(value, str) and re.fullmatch(r"0|[1-9][0-9]{0,77}", value, re.ASCII):
        return int(value)
    return value


def _read_bytes(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"0x([0-9a-f]{2})*", value, re.ASCII):
        return bytes.fromhex(value[2:])
    return value


_AsText = PlainSerializer(str, when_used="json")
_AsHex = PlainSerializer(lambda data: f"0x{data.hex()}", when_used="json")
_Number = Annotated[Uint256, BeforeValidator(_read_number), _AsText]
_Word = Annotated[Bytes32Field, BeforeValidator(_read_bytes), _AsHex]
_Signature = Annotated[
    bytes, Field(max_length=MAX_SIGNATURE_BYTES), BeforeValidator(_read_bytes), _AsHex
]


class SignedPayment(Answer):
    """
    A payment and its agent's signature. No key is in it, and it is good for nothing but this one
    payment to this recipient, once; but whoever has it picks the moment, until `deadline`.

    amount: base units. deadline: Unix seconds; good while the block's time is not past it.
    epoch: the wallet's when it was signed; a new one voids it. nonce: of this agent in this wallet.
    """

    format: Literal["bursar signed payment 1"] = FORMAT
    chain_id: Annotated[int, Field(ge=1)]
    wallet: AddressField
    agent: AddressField
    token: AddressField
    to: AddressField
    amount: _Number
    category: _Word
    ref: _Word
    epoch: _Number
    nonce: _Number
    deadline: _Number
    signature: _Signature

    def to_json(self) -> str:
        """
        One line, numbers of 256 bits as text.
        """
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """
        What `to_json` wrote. Raises SignedPaymentError; whether it was really signed by its agent
        is not looked at here.
        """
        if len(text) > _LONGEST:
            raise SignedPaymentError(
                f"This is no signed payment: {len(text)} characters, and none has more than "
                f"{_LONGEST}."
            )
        try:
            found = read_json(text)
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "all of it"
            raise SignedPaymentError(
                f"This is no signed payment: {where}: {first['msg']}. Pass on what "
                "`SignedPayment.to_json` or `bursar sign` gave, unchanged."
            ) from None
        except StrictJsonError as error:
            raise SignedPaymentError(f"This is no signed payment: no JSON: {error}.") from None

    @property
    def receipt(self) -> str:
        """
        Its `ref` on chain, in hex, as `Payment.receipt` has it.
        """
        return f"0x{self.ref.hex()}"

    @property
    def typed_data(self) -> dict[str, Any]:
        """
        What was signed, as EIP-712 has it.
        """
        return build_typed_data(self.signable, chain_id=self.chain_id, wallet=self.wallet)

    @property
    def signable(self) -> SignablePayment:
        """
        The payment without its signature.
        """
        return SignablePayment(
            agent=self.agent,
            token=self.token,
            to=self.to,
            amount=self.amount,
            category=self.category,
            ref=self.ref,
            epoch=self.epoch,
            nonce=self.nonce,
            deadline=self.deadline,
        )


class VoidStatus(StrEnum):
    """
    What became of a nonce that was to be voided.
    """

    VOIDED = "voided"
    DENIED = "denied"


class Voided(Answer):
    """
    A nonce that no payment can be made with any more; or why it could not be voided, which for
    `signatures_nonce` is that it was used before.
    """

    status: VoidStatus
    nonce: _Number
    message: str
    code: str | None = None
    reason: Reason | None = None
    transaction: str | None = None

    @property
    def denied(self) -> bool:
        """
        Whether it was refused.
        """
        return self.status is VoidStatus.DENIED


def signable_message(typed_data: dict[str, Any]) -> SignableMessage:
    """
    EIP-712 typed data as eth_account signs it.
    """
    return encode_typed_data(full_message=typed_data)


def digest_of(typed_data: dict[str, Any]) -> Bytes32:
    """
    The 32 bytes that are signed.
    """
    message = signable_message(typed_data)
    return keccak(b"\x19" + message.version + message.header + message.body)
