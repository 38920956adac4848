"""
One entry of the audit, and the bytes that are hashed for it.

    Entry, sequence, previous hash → seal → Sealed: canonical JSON and its SHA-256

Canonical: names sorted, no spaces, ASCII, amounts as text, bytes and addresses as hex. So anybody
can check an export with nothing but a JSON reader and SHA-256.
"""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from bursar.types import MAX_UINT256, Address, AddressField, Bytes32, Bytes32Field

FIRST_PREVIOUS: Final = Bytes32(b"\0" * 32)
"""What the first entry names as its predecessor."""


class Action(StrEnum):
    """
    What happened.
    """

    AGENT_SPEND = "agent_spend"
    REFILL = "refill"
    POLICY_CHANGE = "policy_change"
    KILL_SWITCH = "kill_switch"
    SWEEP = "sweep"
    DEPOSIT = "deposit"
    # Native money that went, and no event says so.
    LOSS = "loss"
    REFUSAL = "refusal"
    # An earlier entry tells of what the chain has dropped since.
    RETRACTION = "retraction"


def _from_text(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


# JSON's readers hold 53 bits, so amounts are text.
Amount = Annotated[
    int,
    Field(ge=0, le=MAX_UINT256),
    BeforeValidator(_from_text),
    PlainSerializer(str, return_type=str, when_used="json"),
]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )


class Party(_Model):
    """
    Somebody who authorised: an `agent`, an `owner` who signed for the treasury, a `guardian`, a
    `keeper`, a `deployer`, or `rule` where the contract followed a rule that was set before.
    `unknown` says that it cannot be told, and never that nobody was needed.
    """

    role: str
    address: AddressField | None = None


class Verdict(_Model):
    """
    What decided: `policy` with the version and the number of its stored decision, else the `chain`
    by its own limits, or `people` by their signatures.
    """

    by: str
    outcome: str
    reason: str | None = None
    message: str = ""
    version: str | None = None
    number: int | None = None


class Place(_Model):
    """
    Where on the chain it is: block, transaction, and the index of the log in the block; None for a
    transaction that failed, which leaves no log. Native money that no transaction names has a block
    only.
    """

    block: int
    transaction: Bytes32Field | None
    log: int | None


class Entry(_Model):
    """
    What happened, as T35 asks for it. `at` is Unix seconds, amounts and balances base units of
    `token`; a balance is None where it does not apply or cannot be told.

    identity: what two readings of the same happening have in common, and no other has.
    """

    chain_id: int
    organization: AddressField
    at: int
    action: Action
    event: str
    identity: str = Field(max_length=200)
    wallet: AddressField | None = None
    agent: AddressField | None = None
    role: str | None = None
    token: AddressField | None = None
    amount: Amount | None = None
    balance_before: Amount | None = None
    balance_after: Amount | None = None
    authorised_by: tuple[Party, ...] = ()
    verdict: Verdict | None = None
    place: Place | None = None
    details: dict[str, Any] = {}


class Sealed(_Model):
    """
    An entry in its place in the chain of hashes. `content` is exactly what was hashed.
    """

    sequence: int
    previous: Bytes32Field
    hash: Bytes32Field
    content: str

    @property
    def entry(self) -> Entry:
        """
        The entry itself. Raises ValueError where the content is none.
        """
        return read_content(self.content)[0]


def seal(entry: Entry, sequence: int, previous: Bytes32) -> Sealed:
    """
    Put an entry after the one whose hash is `previous`.
    """
    content = write_content(entry, sequence, previous)
    return Sealed(sequence=sequence, previous=previous, hash=hash_of(content), content=content)


def write_content(entry: Entry, sequence: int, previous: Bytes32) -> str:
    """
    The canonical JSON of an entry with its number and its predecessor's hash.
    """
    document = _readable(entry.model_dump(mode="json"))
    document |= {"sequence": sequence, "previous": previous.hex()}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _readable(value: Any) -> Any:
    """
    Text that some JSON readers refuse (half of a surrogate pair, which an agent may send) written
    out, so that an entry can always be read again.
    """
    if isinstance(value, dict):
        return {_readable(name): _readable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_readable(one) for one in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def read_content(content: str) -> tuple[Entry, int, Bytes32]:
    """
    What `write_content` wrote. Raises ValueError.
    """
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("an entry's content is no JSON object")
    try:
        sequence, previous = document.pop("sequence"), document.pop("previous")
        hash_ = Bytes32(bytes.fromhex(previous))
    except (KeyError, TypeError) as error:
        raise ValueError(f"an entry's content lacks {error}") from error
    return Entry.model_validate_json(json.dumps(document)), sequence, hash_


def hash_of(content: str) -> Bytes32:
    """
    SHA-256 of the content.
    """
    return Bytes32(hashlib.sha256(content.encode("utf-8", errors="surrogatepass")).digest())


def place_identity(chain_place: Place) -> str:
    """
    The identity of an event: where it is. The same log of another block is another event.
    """
    assert chain_place.transaction is not None, "native money has identities of its own"
    log = "failed" if chain_place.log is None else chain_place.log
    return f"{chain_place.block}:{chain_place.transaction.hex()}:{log}"


def party(role: str, address: Address | None = None) -> Party:
    """
    Somebody who authorised.
    """
    return Party(role=role, address=address)
