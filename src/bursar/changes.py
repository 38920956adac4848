"""
The timelock's vocabulary: which setters wait, what a change is about, and its id.

    calldata ↔ setter and arguments;  target + calldata → Subject, id
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from bursar.budgets import Budget
from bursar.errors import MalformedCallError
from bursar.types import (
    MAX_RECIPIENTS_PER_CALL,
    Address,
    Bytes32,
    address_word,
    checksummed,
    keccak,
)


class Setter(NamedTuple):
    """
    A timelocked setter. The first `keys` of its arguments name what it is about.
    """

    name: str
    types: tuple[str, ...]
    keys: int

    @property
    def selector(self) -> bytes:
        """
        The first four bytes of its calls.
        """
        return keccak(f"{self.name}({','.join(self.types)})".encode())[:4]


_BUDGET: Final = "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,bool,bool)"

ORGANIZATION_SETTERS: Final[tuple[Setter, ...]] = (
    Setter("set_guardian", ("address", "bool"), keys=1),
    Setter("set_heartbeat_timeout", ("uint256",), keys=0),
    Setter("set_change_delay", ("uint256",), keys=0),
)
WALLET_SETTERS: Final[tuple[Setter, ...]] = (
    Setter("set_budget", ("address", "address", "bytes32", _BUDGET), keys=3),
    Setter("set_wallet_limit", ("address", "uint256"), keys=1),
    Setter("set_max_balance", ("address", "uint256"), keys=1),
    Setter("set_recipients", ("address[]", "bool"), keys=0),
    Setter("set_payment_delay", ("uint256",), keys=0),
    Setter("set_grace", ("uint256",), keys=0),
)
# Where a list starts: right after the two words of the arguments.
_LIST_START: Final = (64).to_bytes(32, "big")
_BY_SELECTOR: Final = {s.selector: s for s in ORGANIZATION_SETTERS + WALLET_SETTERS}
_BY_NAME: Final = {s.name: s for s in ORGANIZATION_SETTERS + WALLET_SETTERS}


class Subject(NamedTuple):
    """
    What a change is about. One change is pending per subject.
    """

    target: Address
    setter: str
    keys: tuple[Address | Bytes32, ...]

    @property
    def agent(self) -> Address | None:
        """
        The agent whose budget it changes, if it changes one.
        """
        return Address(str(self.keys[0])) if self.setter == "set_budget" else None

    @property
    def key(self) -> Bytes32:
        """
        The hash by which a wallet names one of its subjects to the organisation.
        """
        return keccak(_BY_NAME[self.setter].selector + b"".join(map(_word, self.keys)))


@dataclass(frozen=True, slots=True)
class Change:
    """
    A scheduled call: applicable from `ready_at` until before `expires_at`.
    """

    id: Bytes32
    subject: Subject
    call: bytes
    ready_at: int
    expires_at: int
    removes_guardian: bool


def _word(value: Address | Bytes32) -> bytes:
    return value if isinstance(value, bytes) else address_word(value)


def find_setter(call: bytes) -> Setter | None:
    """
    The timelocked setter that `call` names, or None.
    """
    return _BY_SELECTOR.get(call[:4])


@lru_cache(maxsize=4_096)
def subject_of(target: Address, call: bytes) -> Subject:
    """
    What `call` to `target` is about. Raises MalformedCallError where it is not exactly as long as
    its arguments ask for, or an address among its keys has dirty bytes.
    """
    setter = find_setter(call)
    if setter is None:
        raise MalformedCallError(f"0x{call[:4].hex()} is the selector of no timelocked setter")
    if len(call) != _length(setter, call):
        raise MalformedCallError(f"{setter.name} takes another length than {len(call)} bytes")
    types = setter.types[: setter.keys]
    keys = tuple(_read_key(kind, call[4 + 32 * i : 36 + 32 * i]) for i, kind in enumerate(types))
    return Subject(target, setter.name, keys)


def _length(setter: Setter, call: bytes) -> int:
    """
    How long the ABI makes this call: exactly, so that there is only one reading of it.
    """
    if setter.name != "set_recipients":
        words = 9 + setter.keys if setter.name == "set_budget" else len(setter.types)
        return 4 + 32 * words
    start, count = call[4:36], int.from_bytes(call[68:100], "big")
    is_list = len(call) >= 100 and start == _LIST_START and count <= MAX_RECIPIENTS_PER_CALL
    return 100 + 32 * count if is_list else 0


def _read_key(kind: str, word: bytes) -> Address | Bytes32:
    if len(word) < 32:
        raise MalformedCallError("the call ends before its key arguments do")
    if kind != "address":
        return Bytes32(word)
    if any(word[:12]):
        raise MalformedCallError(f"0x{word.hex()} is no address")
    return checksummed("0x" + word[12:].hex())


def removes_guardian(call: bytes) -> bool:
    """
    Whether `call` is `set_guardian(who, False)`, which guardians may not veto.
    """
    setter = find_setter(call)
    return setter is not None and setter.name == "set_guardian" and call[36:68] == b"\0" * 32


@lru_cache(maxsize=4_096)
def decode_call(call: bytes) -> tuple[str, tuple[Any, ...]]:
    """
    The setter's name and its arguments. Raises MalformedCallError where the ABI does not allow it.
    """
    setter = find_setter(call)
    if setter is None:
        raise MalformedCallError(f"0x{call[:4].hex()} is the selector of no timelocked setter")
    try:
        values = decode(setter.types, call[4:])
    except DecodingError as error:
        raise MalformedCallError(f"{setter.name}: {error}") from error
    return setter.name, tuple(map(_from_abi, setter.types, values))


def encode_call(name: str, *arguments: Any) -> bytes:
    """
    The calldata of a timelocked setter, to schedule and to apply. A budget is a `Budget`.
    """
    setter = _BY_NAME[name]
    values = [tuple(a.model_dump().values()) if isinstance(a, Budget) else a for a in arguments]
    return setter.selector + encode(setter.types, values)


def _from_abi(kind: str, value: Any) -> Any:
    if kind == "address":
        return checksummed(value)
    if kind == "address[]":
        return tuple(map(checksummed, value))
    if kind == _BUDGET:
        return Budget(**dict(zip(Budget.model_fields, value, strict=True)))
    return value


def change_id(target: Address, call: bytes) -> Bytes32:
    """
    `keccak256(abi_encode(target, call))`.
    """
    head = address_word(target) + (64).to_bytes(32, "big") + len(call).to_bytes(32, "big")
    return keccak(head + call + b"\0" * (-len(call) % 32))
