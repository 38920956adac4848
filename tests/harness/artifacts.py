"""
Contracts compiled from source, and how to speak to them.

    contracts/HotWallet.vy → vyper → kept on disk → `Artifact` → functions, events
"""

import functools
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import vyper
from eth_utils import keccak
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import Settings

from tests.harness.abi import Codec, codec

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
CACHE = ROOT / ".build" / "compiled"

# Where `compiled` looks. Whoever breaks a contract on purpose points it at a copy of all of them.
SOURCES = Path(os.environ.get("BURSAR_CONTRACTS", CONTRACTS))


@dataclass(frozen=True)
class Function:
    """
    A function of a contract, with the codecs of what it takes and returns.
    """

    signature: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    mutates: bool

    @functools.cached_property
    def _inputs(self) -> Codec:
        return codec(f"({','.join(self.inputs)})")

    @functools.cached_property
    def _outputs(self) -> Codec:
        return codec(f"({','.join(self.outputs)})")

    def encode(self, args: tuple[Any, ...]) -> bytes:
        """
        The calldata. Raises ValueError for what the types do not hold.
        """
        return self.selector + self._inputs.encode(args)

    def decode(self, data: bytes) -> Any:
        """
        What was returned: nothing, a value, or a tuple of several.
        """
        if not self.outputs:
            return None
        values = self._outputs.decode(data, 0)
        return values[0] if len(self.outputs) == 1 else values

    def encode_result(self, value: Any) -> bytes:
        """
        What the contract would return as `value`, the inverse of `decode`.
        """
        if not self.outputs:
            return b""
        return self._outputs.encode((value,) if len(self.outputs) == 1 else value)


class Log(NamedTuple):
    """
    A log as the EVM has it.
    """

    emitter: str
    topics: list[bytes]
    data: bytes


class EventType:
    """
    An event of a contract's ABI: logs ↔ arguments by name.
    """

    def __init__(self, entry: dict[str, Any]) -> None:
        self.name = str(entry["name"])
        self.topic = bytes(keccak(text=_signature(entry)))
        inputs = [(str(i["name"]), _type(i), bool(i["indexed"])) for i in entry["inputs"]]
        self._names = [name for name, _, _ in inputs]
        self._indexed = [(name, codec(kind)) for name, kind, indexed in inputs if indexed]
        self._plain = [name for name, _, indexed in inputs if not indexed]
        self._data = codec(f"({','.join(kind for _, kind, indexed in inputs if not indexed)})")

    def decode(self, topics: list[bytes], data: bytes) -> dict[str, Any]:
        """
        The arguments, in the contract's order.
        """
        values = dict(zip(self._plain, self._data.decode(data, 0), strict=True))
        for (name, kind), topic in zip(self._indexed, topics[1:], strict=True):
            values[name] = kind.decode(topic, 0)
        return {name: values[name] for name in self._names}

    def encode(self, emitter: str, arguments: dict[str, Any]) -> Log:
        """
        The log that the contract leaves for these arguments.
        """
        topics = [self.topic, *(kind.encode(arguments[name]) for name, kind in self._indexed)]
        return Log(emitter, topics, self._data.encode([arguments[name] for name in self._plain]))


@dataclass(frozen=True)
class Artifact:
    """
    A compiled contract.
    """

    name: str
    abi: list[dict[str, Any]]
    initcode: bytes

    @functools.cached_property
    def functions(self) -> dict[str, Function]:
        return {e["name"]: _function(e) for e in self.abi if e["type"] == "function"}

    @functools.cached_property
    def events(self) -> dict[bytes, EventType]:
        """
        Its events by their first topic.
        """
        kinds = [EventType(e) for e in self.abi if e["type"] == "event"]
        return {kind.topic: kind for kind in kinds}

    @functools.cached_property
    def constructor(self) -> Codec:
        """
        What its constructor takes.
        """
        entries = [e["inputs"] for e in self.abi if e["type"] == "constructor"]
        inputs: list[dict[str, Any]] = entries[0] if entries else []
        return codec(f"({','.join(_type(i) for i in inputs)})")

    @property
    def blueprint(self) -> bytes:
        """
        Creation code that leaves an ERC-5202 blueprint of this contract.
        """
        code = b"\xfe\x71\x00" + self.initcode
        return b"\x61" + len(code).to_bytes(2) + b"\x3d\x81\x60\x0a\x3d\x39\xf3" + code


@functools.cache
def compiled(path: str) -> Artifact:
    """
    A contract compiled from source, e.g. `compiled("HotWallet.vy")`. Kept on disk under a name
    that changes with any source, so that no test ever runs on stale bytecode.
    """
    stored = CACHE / f"{path.replace('/', '.')}-{_fingerprint()}.json"
    if not stored.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = stored.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(_compile(path)))
        fresh.replace(stored)
    outputs = json.loads(stored.read_text())
    return Artifact(Path(path).stem, outputs["abi"], bytes.fromhex(outputs["bytecode"][2:]))


def _compile(path: str) -> dict[str, Any]:
    bundle = FilesystemInputBundle([SOURCES])
    outputs: dict[str, Any] = compile_from_file_input(
        bundle.load_file(path),
        input_bundle=bundle,
        settings=Settings(evm_version="cancun"),
        output_formats=("abi", "bytecode"),
    )
    return outputs


@functools.cache
def _fingerprint() -> str:
    digest = hashlib.sha256(vyper.__long_version__.encode())
    for source in sorted(SOURCES.rglob("*.vy*")):
        digest.update(source.relative_to(SOURCES).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _type(entry: dict[str, Any]) -> str:
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(_type(c) for c in entry["components"]) + ")" + kind[5:]


def _signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(_type(i) for i in entry['inputs'])})"


def _function(entry: dict[str, Any]) -> Function:
    signature = _signature(entry)
    return Function(
        signature=signature,
        selector=keccak(text=signature)[:4],
        inputs=tuple(_type(i) for i in entry["inputs"]),
        outputs=tuple(_type(o) for o in entry["outputs"]),
        mutates=entry["stateMutability"] in ("nonpayable", "payable"),
    )
