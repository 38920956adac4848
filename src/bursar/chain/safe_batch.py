"""
Calls of the treasury → a file that Safe's Transaction Builder opens, for its owners to look at and
sign.

Each call has its calldata, and the description says it in words: from names and arguments alone
the builder would make an empty call of what it cannot encode, without telling.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bursar.chain.abi import ContractType
from bursar.chain.reader import Call
from bursar.types import Address, keccak

_FORMAT: Final = "1.0"
_BUILDER: Final = "1.18.2"


@dataclass(frozen=True, slots=True)
class NamedCall:
    """
    A call, and how to say it.
    """

    call: Call
    text: str

    def __str__(self) -> str:
        return self.text


def name_call(kind: ContractType, to: Address, function: str, *values: Any) -> NamedCall:
    """
    The call of a contract's function, with the names from its ABI.
    """
    names = kind.functions[function].inputs.names
    said = ", ".join(f"{name}={_said(value)}" for name, value in zip(names, values, strict=True))
    return NamedCall(
        Call(to, kind.encode(function, *values)), f"{kind.name} {to}: {function}({said})"
    )


def build_batch(
    chain_id: int, safe: Address, name: str, calls: Sequence[NamedCall], *, now: int
) -> dict[str, Any]:
    """
    The file's content: all calls in one transaction, in this order, all or none.
    """
    meta = {
        "name": name,
        "description": "\n".join(map(str, calls)),
        "txBuilderVersion": _BUILDER,
        "createdFromSafeAddress": safe,
        "createdFromOwnerAddress": "",
    }
    batch = {
        "version": _FORMAT,
        "chainId": str(chain_id),
        "createdAt": now * 1000,
        "meta": meta,
        "transactions": [_transaction(call) for call in calls],
    }
    return batch | {"meta": meta | {"checksum": checksum(batch)}}


def checksum(batch: dict[str, Any]) -> str:
    """
    What the builder compares to see whether somebody has changed the file: keccak-256 of it with
    sorted keys, without its name. A `checksum` in it counts, so leave it out.
    """
    unnamed = batch | {"meta": batch["meta"] | {"name": None}}
    return f"0x{keccak(_serialised(unnamed).encode()).hex()}"


def _serialised(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_serialised, value))}]"
    if isinstance(value, dict):
        keys = sorted(value)
        return f"{{{_json(keys)}{''.join(f'{_serialised(value[key])},' for key in keys)}}}"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _transaction(named: NamedCall) -> dict[str, Any]:
    return {
        "to": named.call.to,
        "value": str(named.call.value),
        "data": f"0x{named.call.data.hex()}",
        "contractMethod": None,
        "contractInputsValues": None,
    }


def _said(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]"
    return str(value)
