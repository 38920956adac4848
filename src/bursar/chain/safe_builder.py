"""
A file of Safe's Transaction Builder → its calls, once its checksum and its Safe are right.

    JSON → read_batch → BuilderFile → calls

The builder leaves out the calldata of what was typed in by names: then it is encoded here, from the
types that the file gives.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from eth_abi.abi import encode
from eth_abi.exceptions import ABITypeError, EncodingError, ParseError

from bursar.chain.errors import ChainError
from bursar.chain.reader import Call
from bursar.chain.safe_batch import checksum
from bursar.chain.strict_json import read_json
from bursar.types import Address, checksummed, keccak

_MOST_CALLS: Final = 200


class BuilderFileError(ChainError):
    """
    A file that is none of the Transaction Builder's, was changed, or is of another Safe or chain.
    """


class BuilderFile(NamedTuple):
    """
    What the file says. `safe` is None where it names none, which the builder allows.
    """

    name: str
    description: str
    chain_id: int
    safe: Address | None
    calls: tuple[Call, ...]


def read_batch(text: str) -> BuilderFile:
    """
    The file's calls. Raises BuilderFileError; a file without a checksum is refused, too.
    """
    try:
        batch = read_json(text)
        meta = batch["meta"]
        _check(batch)
        calls = tuple(_call(one) for one in batch["transactions"])
        named = meta.get("createdFromSafeAddress") or None
        found = BuilderFile(
            name=str(meta.get("name") or ""),
            description=str(meta.get("description") or ""),
            chain_id=int(batch["chainId"]),
            safe=checksummed(named) if named else None,
            calls=calls,
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BuilderFileError(f"This is no file of the Transaction Builder: {error!r}.") from error
    if not 0 < len(calls) <= _MOST_CALLS:
        raise BuilderFileError(f"The file has {len(calls)} transactions: 1 to {_MOST_CALLS}.")
    return found


def _check(batch: Mapping[str, Any]) -> None:
    told = batch["meta"].get("checksum")
    bare = {**batch, "meta": {k: v for k, v in batch["meta"].items() if k != "checksum"}}
    if told != checksum(bare):
        raise BuilderFileError(
            "The file's checksum is missing or wrong: somebody has changed it since it was saved. "
            "Get it again from whoever made it."
        )


def _call(one: Mapping[str, Any]) -> Call:
    to, value, data = checksummed(one["to"]), int(one["value"]), one.get("data")
    method = one.get("contractMethod")
    if data:
        return Call(to, bytes.fromhex(data.removeprefix("0x")), value)
    if method is None:
        return Call(to, b"", value)
    return Call(to, _encode(method, one.get("contractInputsValues") or {}), value)


def _encode(method: Mapping[str, Any], values: Mapping[str, str]) -> bytes:
    inputs = method["inputs"]
    types = [_type(each) for each in inputs]
    name = method["name"]
    try:
        given = [
            _value(kind, values[each["name"]]) for kind, each in zip(types, inputs, strict=True)
        ]
        arguments = encode(types, given)
    except (EncodingError, ABITypeError, ParseError, KeyError, ValueError) as error:
        raise BuilderFileError(
            f"The file has {name} without calldata, and its arguments cannot be encoded: {error}"
        ) from error
    return keccak(f"{name}({','.join(types)})".encode())[:4] + arguments


def _type(entry: Mapping[str, Any]) -> str:
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(each) for each in entry["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _value(kind: str, text: Any) -> Any:
    """
    A value as the builder writes it: everything is text, lists and tuples are JSON.
    """
    if isinstance(text, list):
        inner, _, _ = kind.rpartition("[") if kind.endswith("]") else ("", "", "")
        kinds = [inner] * len(text) if inner else _split(kind)
        return [_value(each, one) for each, one in zip(kinds, text, strict=True)]
    if kind.endswith((")", "]")):
        return _value(kind, read_json(text))
    if kind.startswith(("uint", "int")):
        return int(text, 0) if isinstance(text, str) else int(text)
    if kind == "bool":
        return _flag(text)
    if kind.startswith("bytes"):
        return bytes.fromhex(str(text).removeprefix("0x"))
    return text


def _flag(text: Any) -> bool:
    if str(text).lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return str(text).lower() == "true"


def _split(kind: str) -> list[str]:
    """
    The types in a tuple's, nested ones whole.
    """
    parts, depth, start, body = [], 0, 0, kind[1:-1]
    for index, char in enumerate(body):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(body[start:index])
            start = index + 1
    return [*parts, body[start:]]
