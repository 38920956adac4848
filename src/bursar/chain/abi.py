"""
A contract's artifact → calldata, and what it returns → Python values.

Addresses come out checksummed, lists as tuples, a budget as a `Budget`, and a string whatever its
bytes are: callers choose them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Self, TypeAlias

from eth_abi.abi import decode, encode

from bursar.budgets import Budget
from bursar.types import checksummed, keccak

Entry: TypeAlias = Mapping[str, Any]
"""An item of a JSON ABI: a function, an event, or one of their arguments."""

_ARTIFACTS: Final = files("bursar.chain") / "artifacts"
_BUDGET_FIELDS: Final = list(Budget.model_fields)


@dataclass(frozen=True, slots=True)
class Arguments:
    """
    The types of some values in a row, and how to make Python values of them.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    wire_types: tuple[str, ...]
    readers: tuple[Callable[[Any], Any], ...]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Self:
        """
        The arguments that a JSON ABI lists.
        """
        types = tuple(map(_type_of, entries))
        return cls(
            names=tuple(entry["name"] for entry in entries),
            types=types,
            # A string is read as the bytes that it is: eth_abi refuses broken UTF-8.
            wire_types=tuple(kind.replace("string", "bytes") for kind in types),
            readers=tuple(map(_reader_of, entries)),
        )

    def encode(self, values: Sequence[Any]) -> bytes:
        """
        ABI-encode `values`. Raises eth_abi's EncodingError or ValueError where they do not fit.
        """
        return encode(self.types, [_writable(value) for value in values])

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """
        Read values. Raises eth_abi's DecodingError where `data` is not of these types.
        """
        values = decode(self.wire_types, data)
        return tuple(read(value) for read, value in zip(self.readers, values, strict=True))


@dataclass(frozen=True, slots=True)
class Function:
    """
    An external function.
    """

    name: str
    selector: bytes
    inputs: Arguments
    outputs: Arguments
    is_view: bool
    is_payable: bool

    def encode(self, values: Sequence[Any]) -> bytes:
        """
        The calldata.
        """
        return self.selector + self.inputs.encode(values)

    def decode(self, output: bytes) -> Any:
        """
        What it returned: one value, a tuple of several, or None.
        """
        values = self.outputs.decode(output)
        return values[0] if len(values) == 1 else (values or None)


class ContractType:
    """
    What all contracts of one artifact have in common.
    """

    def __init__(self, artifact: Mapping[str, Any]) -> None:
        abi = artifact["abi"]
        self.name: str = artifact["contractName"]
        self.functions: dict[str, Function] = {
            entry["name"]: _function(entry) for entry in abi if entry["type"] == "function"
        }
        self.events: tuple[Entry, ...] = tuple(e for e in abi if e["type"] == "event")
        self.creation_code = _bytes_of(artifact["bytecode"])
        self.blueprint_code = _bytes_of(artifact.get("blueprintBytecode", ""))
        constructors = [entry["inputs"] for entry in abi if entry["type"] == "constructor"]
        self._constructor = Arguments.of(constructors[0] if constructors else [])

    @classmethod
    def shipped(cls, name: str) -> Self:
        """
        A contract of ours, by its artifact's path without `.json`.
        """
        return cls(json.loads((_ARTIFACTS / f"{name}.json").read_text()))

    def encode(self, function: str, *values: Any) -> bytes:
        """
        The calldata of a call.
        """
        return self.functions[function].encode(values)

    def decode(self, function: str, output: bytes) -> Any:
        """
        What a call returned.
        """
        return self.functions[function].decode(output)

    def build_deployment(self, *values: Any) -> bytes:
        """
        The creation code with the constructor's arguments.
        """
        return self.creation_code + self._constructor.encode(values)


def signature_of(entry: Entry) -> str:
    """
    What is hashed into a function's selector or an event's topic.
    """
    return f"{entry['name']}({','.join(map(_type_of, entry['inputs']))})"


def _function(entry: Entry) -> Function:
    mutability = entry["stateMutability"]
    return Function(
        name=entry["name"],
        selector=keccak(signature_of(entry).encode())[:4],
        inputs=Arguments.of(entry["inputs"]),
        outputs=Arguments.of(entry["outputs"]),
        is_view=mutability in ("view", "pure"),
        is_payable=mutability == "payable",
    )


def _type_of(entry: Entry) -> str:
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(_type_of, entry['components']))}){kind.removeprefix('tuple')}"


def _reader_of(entry: Entry) -> Callable[[Any], Any]:
    kind = str(entry["type"])
    if kind.endswith("]"):
        read = _reader_of({**entry, "type": kind[: kind.rindex("[")]})
        return lambda values: tuple(map(read, values))
    if kind == "tuple":
        return _tuple_reader(entry["components"])
    if kind == "address":
        return checksummed
    if kind == "string":
        return lambda value: value.decode(errors="backslashreplace")
    return lambda value: value


def _tuple_reader(components: Sequence[Entry]) -> Callable[[Any], Any]:
    names = [component["name"] for component in components]
    readers = [_reader_of(component) for component in components]

    def read(values: Sequence[Any]) -> Any:
        parts = [reader(value) for reader, value in zip(readers, values, strict=True)]
        if names == _BUDGET_FIELDS:
            return Budget(**dict(zip(names, parts, strict=True)))
        return tuple(parts)

    return read


def _writable(value: Any) -> Any:
    """
    A model as the tuple that the ABI wants.
    """
    if isinstance(value, Budget):
        return tuple(value.model_dump().values())
    return value


def _bytes_of(code: str) -> bytes:
    return bytes.fromhex(code.removeprefix("0x"))
