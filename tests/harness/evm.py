"""
The contracts in an EVM inside the test process (pyrevm): thousands of calls a second, with the
clock, the balances and the callers in the test's hand.

source → vyper → `Artifact` → `Evm.deploy` → `Contract.call` → `Receipt` (result, events, gas)
"""

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrevm
import vyper
from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import Settings

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
CACHE = ROOT / ".build" / "compiled"

# 2026-01-05 00:00 UTC, a Monday: tests count from a known midnight.
MONDAY = 1_767_571_200

# What a node's block would allow; a test that burns gas must not run for ever.
GAS_LIMIT = 30_000_000


class Reverted(Exception):  # noqa: N818 - named as STYLE names it: "chain says no" is "reverted"
    """
    A call was refused. `reason` is the contract's string, empty when it gave none.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Event:
    emitter: str
    name: str
    args: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.args[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Receipt:
    result: Any
    events: list[Event]
    gas_used: int

    def only(self, name: str) -> Event:
        """
        The one event of that name.
        """
        (event,) = [event for event in self.events if event.name == name]
        return event

    def names(self) -> list[str]:
        return [event.name for event in self.events]


@dataclass(frozen=True)
class Function:
    signature: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    mutates: bool

    def encode(self, args: tuple[Any, ...]) -> bytes:
        return self.selector + encode(self.inputs, args)

    def decode(self, data: bytes) -> Any:
        if not self.outputs:
            return None
        values = tuple(_presentable(v) for v in decode(self.outputs, data))
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True)
class Artifact:
    name: str
    abi: list[dict[str, Any]]
    initcode: bytes

    @functools.cached_property
    def functions(self) -> dict[str, Function]:
        return {e["name"]: _function(e) for e in self.abi if e["type"] == "function"}

    @functools.cached_property
    def events(self) -> dict[bytes, dict[str, Any]]:
        return {keccak(text=_signature(e)): e for e in self.abi if e["type"] == "event"}

    @functools.cached_property
    def constructor(self) -> tuple[str, ...]:
        inputs = next((e["inputs"] for e in self.abi if e["type"] == "constructor"), [])
        return tuple(_type(i) for i in inputs)

    @property
    def blueprint(self) -> bytes:
        """
        Creation code that leaves an ERC-5202 blueprint of this contract.
        """
        code = b"\xfe\x71\x00" + self.initcode
        return b"\x61" + len(code).to_bytes(2) + b"\x3d\x81\x60\x0a\x3d\x39\xf3" + code


class Evm:
    """
    One chain. Every call is a transaction of its own; `at` is the block's time.
    """

    def __init__(self, at: int = MONDAY) -> None:
        self.revm = pyrevm.EVM(gas_limit=GAS_LIMIT, spec_id="CANCUN")
        self._number = 1
        self.at = at
        self._events: dict[bytes, dict[str, Any]] = {}
        self._warp(at)

    def _warp(self, at: int) -> None:
        self.at = at
        self._number += 1
        env = pyrevm.BlockEnv(timestamp=at, number=self._number, gas_limit=GAS_LIMIT)
        self.revm.set_block_env(env)

    def warp(self, to: int | None = None, *, by: int = 0) -> int:
        """
        Move the clock to a Unix time, or on by seconds; returns the time.
        """
        self._warp((self.at if to is None else to) + by)
        return self.at

    def fund(self, who: str, wei: int) -> None:
        self.revm.set_balance(who, wei)

    def balance(self, who: str) -> int:
        return self.revm.get_balance(who)

    def deploy(self, artifact: Artifact, *args: Any, sender: str, value: int = 0) -> "Contract":
        code = artifact.initcode + encode(artifact.constructor, args)
        address = to_checksum_address(self._deploy(code, sender, value))
        return self.at_address(artifact, address)

    def deploy_code(self, code: bytes, sender: str) -> str:
        """
        Run creation code as it is; for blueprints and for accounts that only need some code.
        """
        return to_checksum_address(self._deploy(code, sender, 0))

    def _deploy(self, code: bytes, sender: str, value: int) -> str:
        self.revm.reset_transient_storage()
        try:
            return self.revm.deploy(sender, code, value)
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def code_size(self, who: str) -> int:
        """
        EXTCODESIZE, as a contract sees it: what the EVM library returns as code is padded.
        """
        asks = bytes.fromhex("6000353b60005260206000f3")
        teller = self.deploy_code(bytes.fromhex("600c600c600039600c6000f3") + asks, actor("teller"))
        return int.from_bytes(self.view(teller, encode(["address"], [who])))

    def set_code(self, who: str, code: bytes) -> None:
        """
        Give an account code, or take it. An account with code cannot start a transaction here
        (EIP-3607), so a treasury is a contract while it is checked and an account afterwards;
        tests with a real Safe are under `integration/`.
        """
        info = pyrevm.AccountInfo(code=code) if code else pyrevm.AccountInfo()
        self.revm.insert_account_info(who, info)

    def at_address(self, artifact: Artifact, address: str) -> "Contract":
        """
        A contract that another one has created.
        """
        self.learn(artifact)
        return Contract(self, artifact, to_checksum_address(address))

    def learn(self, artifact: Artifact) -> None:
        """
        Decode this contract's events from now on, whoever logs them.
        """
        self._events.update(artifact.events)

    def transact(self, sender: str, to: str, data: bytes, value: int = 0) -> bytes:
        """
        Raw calldata, as an attacker would send it.
        """
        self.revm.reset_transient_storage()
        try:
            return bytes(self.revm.message_call(sender, to, data, value, GAS_LIMIT))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def view(self, to: str, data: bytes, sender: str = "0x" + "11" * 20) -> bytes:
        self.revm.reset_transient_storage()
        try:
            return bytes(self.revm.message_call(sender, to, data, 0, GAS_LIMIT, is_static=True))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def events(self) -> list[Event]:
        """
        What the last transaction logged, as far as its events were learned.
        """
        result = self.revm.result
        assert result is not None
        return [event for log in result.logs if (event := self._event(log)) is not None]

    def gas_used(self) -> int:
        result = self.revm.result
        assert result is not None
        return result.gas_used

    def _event(self, log: Any) -> Event | None:
        topics, data = log.data
        topics = [t if isinstance(t, bytes) else bytes.fromhex(t[2:]) for t in topics]
        entry = self._events.get(topics[0]) if topics else None
        if entry is None:
            return None
        emitter = to_checksum_address(log.address)
        return Event(emitter, entry["name"], _decode_log(entry, topics, bytes(data)))


class Contract:
    """
    A deployed contract. `wallet.pay(..., sender=agent)` transacts, `wallet.grace()` reads.
    """

    def __init__(self, evm: Evm, artifact: Artifact, address: str) -> None:
        self.evm = evm
        self.artifact = artifact
        self.address = address

    def __repr__(self) -> str:
        return f"<{self.artifact.name} {self.address}>"

    def __getattr__(self, name: str) -> Any:
        function = self.artifact.functions.get(name)
        if function is None:
            raise AttributeError(f"{self.artifact.name} has no function {name}")
        return functools.partial(self.call if function.mutates else self.view, name)

    def calldata(self, name: str, *args: Any) -> bytes:
        return self.artifact.functions[name].encode(args)

    def call(self, name: str, *args: Any, sender: str, value: int = 0) -> Receipt:
        function = self.artifact.functions[name]
        output = self.evm.transact(sender, self.address, function.encode(args), value)
        return Receipt(function.decode(output), self.evm.events(), self.evm.gas_used())

    def view(self, name: str, *args: Any, sender: str = "0x" + "11" * 20) -> Any:
        function = self.artifact.functions[name]
        return function.decode(self.evm.view(self.address, function.encode(args), sender))


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
    bundle = FilesystemInputBundle([CONTRACTS])
    return compile_from_file_input(
        bundle.load_file(path),
        input_bundle=bundle,
        settings=Settings(evm_version="cancun"),
        output_formats=("abi", "bytecode"),
    )


@functools.cache
def _fingerprint() -> str:
    digest = hashlib.sha256(vyper.__long_version__.encode())
    for source in sorted(CONTRACTS.rglob("*.vy*")):
        digest.update(source.relative_to(CONTRACTS).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def actor(name: str) -> str:
    """
    An account by role: the same name is always the same address.
    """
    return to_checksum_address(keccak(text=f"actor {name}")[-20:])


def _reason(error: RuntimeError) -> str:
    """
    The revert string. What is no revert at all, but the harness misused, is not swallowed.
    """
    if not str(error).startswith(("Revert", "Halt")) or "CallTooDeep" in str(error):
        raise error
    match = re.search(r"output: 0x08c379a0([0-9a-f]+)", str(error))
    return str(decode(["string"], bytes.fromhex(match[1]))[0]) if match else ""


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


def _decode_log(entry: dict[str, Any], topics: list[bytes], data: bytes) -> dict[str, Any]:
    indexed = iter(topics[1:])
    plain: Iterator[Any] = iter(
        decode([_type(i) for i in entry["inputs"] if not i["indexed"]], data)
    )
    return {
        i["name"]: _presentable(
            decode([_type(i)], next(indexed))[0] if i["indexed"] else next(plain)
        )
        for i in entry["inputs"]
    }


def _presentable(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 42 and value.startswith("0x"):
        return to_checksum_address(value)
    if isinstance(value, tuple):
        return tuple(_presentable(v) for v in value)
    return value
