"""
The contracts in an EVM inside the test process (pyrevm): thousands of calls a second, with the
clock, the balances and the callers in the test's hand.

source → vyper → `Artifact` → `Evm.deploy` → `Contract.call` → `Receipt` (result, events, gas)
"""

import functools
import re
from dataclasses import dataclass
from typing import Any

import pyrevm
from eth_utils import keccak, to_checksum_address

from tests.harness.abi import codec
from tests.harness.artifacts import (
    CONTRACTS,
    ROOT,
    Artifact,
    EventType,
    Function,
    Log,
    compiled,
)

__all__ = [
    "CONTRACTS",
    "GAS_LIMIT",
    "MONDAY",
    "ROOT",
    "Artifact",
    "Contract",
    "Event",
    "Evm",
    "Function",
    "Log",
    "Receipt",
    "Reverted",
    "actor",
    "compiled",
]

# 2026-01-05 00:00 UTC, a Monday: tests count from a known midnight.
MONDAY = 1_767_571_200

# What a node's block would allow; a test that burns gas must not run for ever.
GAS_LIMIT = 30_000_000

# Whom a view is called by where a test does not say.
ANYONE = "0x" + "11" * 20


class Reverted(Exception):  # noqa: N818 - named as STYLE names it: "chain says no" is "reverted"
    """
    A call was refused. `reason` is the contract's string, empty when it gave none.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Event:
    """
    A decoded log; its arguments are attributes too.
    """

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
    """
    What a transaction came to.
    """

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


class Evm:
    """
    One chain. Every call is a transaction of its own; `at` is the block's time.
    """

    def __init__(self, at: int = MONDAY) -> None:
        self.revm = pyrevm.EVM(gas_limit=GAS_LIMIT, spec_id="CANCUN")
        self._number = 1
        self.at = at
        self._events: dict[bytes, EventType] = {}
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
        return int(self.revm.get_balance(who))

    def deploy(self, artifact: Artifact, *args: Any, sender: str, value: int = 0) -> "Contract":
        code = artifact.initcode + artifact.constructor.encode(args)
        address = to_checksum_address(self._deploy(code, sender, value))
        return self.at_address(artifact, address)

    def deploy_code(self, code: bytes, sender: str) -> str:
        """
        Run creation code as it is; for blueprints and for accounts that only need some code.
        """
        return str(to_checksum_address(self._deploy(code, sender, 0)))

    def _deploy(self, code: bytes, sender: str, value: int) -> str:
        self.revm.reset_transient_storage()
        try:
            return str(self.revm.deploy(sender, code, value))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def code_size(self, who: str) -> int:
        """
        EXTCODESIZE, as a contract sees it: what the EVM library returns as code is padded.
        """
        asks = bytes.fromhex("6000353b60005260206000f3")
        teller = self.deploy_code(bytes.fromhex("600c600c600039600c6000f3") + asks, actor("teller"))
        return int.from_bytes(self.view(teller, codec("address").encode(who)))

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

    def view(self, to: str, data: bytes, sender: str = ANYONE) -> bytes:
        self.revm.reset_transient_storage()
        try:
            return bytes(self.revm.message_call(sender, to, data, 0, GAS_LIMIT, is_static=True))
        except RuntimeError as error:
            raise Reverted(_reason(error)) from None

    def logs(self) -> list[Log]:
        """
        What the last transaction logged, whoever and whatever it was.
        """
        result = self.revm.result
        assert result is not None
        return [Log(log.address, *log.data) for log in result.logs]

    def events(self) -> list[Event]:
        """
        What the last transaction logged, as far as its events were learned.
        """
        return [event for log in self.logs() if (event := self.event(log)) is not None]

    def event(self, log: Log) -> Event | None:
        """
        A log decoded, or None where its event was not learned.
        """
        kind = self._events.get(log.topics[0]) if log.topics else None
        if kind is None:
            return None
        return Event(_checksummed(log.emitter), kind.name, kind.decode(log.topics, log.data))

    def gas_used(self) -> int:
        result = self.revm.result
        assert result is not None
        return int(result.gas_used)


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

    def view(self, name: str, *args: Any, sender: str = ANYONE) -> Any:
        function = self.artifact.functions[name]
        return function.decode(self.evm.view(self.address, function.encode(args), sender))


@functools.cache
def actor(name: str) -> str:
    """
    An account by role: the same name is always the same address.
    """
    return str(to_checksum_address(keccak(text=f"actor {name}")[-20:]))


@functools.lru_cache(maxsize=65_536)
def _checksummed(address: str) -> str:
    return str(to_checksum_address(address))


_REVERT_STRING = re.compile(r"output: 0x08c379a0([0-9a-f]+)")


def _reason(error: RuntimeError) -> str:
    """
    The revert string. What is no revert at all, but the harness misused, is not swallowed.
    """
    text = str(error)
    if not text.startswith(("Revert", "Halt")) or "CallTooDeep" in text:
        raise error
    match = _REVERT_STRING.search(text)
    return _revert_string(match[1]) if match else ""


@functools.lru_cache(maxsize=1_024)
def _revert_string(output: str) -> str:
    return str(codec("(string)").decode(bytes.fromhex(output), 0)[0])
