"""
A local chain on which one transaction after another is mined and its gas read off the receipt.

artifact → `Chain.deploy` → `Contract.call` → gas used, as the receipt has it

Nothing is left to chance, so that a measurement is the same number on every machine: the clock
goes on by twelve seconds a block, actors and random words come from fixed seeds, and none of them
nor any contract's address contains a zero byte, which would make calldata cheaper.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bursar.chain.abi import ContractType
from bursar.chain.anvil import Anvil, AnvilError
from bursar.types import HOUR, Address, checksummed, keccak

# 2030-01-07 10:00 UTC, a Monday: hours of this and of the next day lie ahead.
START = 1_893_974_400 + 10 * HOUR
SECONDS_A_BLOCK = 12
# The most that a transaction may ask for from Osaka on.
GAS = 2**24

ETHER = 10**18


class BenchError(Exception):
    """
    A measurement that cannot be made, or would not be comparable; the message says why.
    """


@dataclass(frozen=True)
class Mined:
    gas: int
    contract: Address
    logs: list[dict[str, Any]]


class Chain:
    """
    One anvil. Anyone may send: it impersonates every account.
    """

    def __init__(self, anvil: Anvil) -> None:
        self.anvil = anvil
        self.now = START
        self._random = random.Random("bursar")

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Chain]:
        # Prague, as the figures of the peers were measured on it.
        anvil = Anvil(
            hardfork="prague", timestamp=START, extra=("--auto-impersonate", "--order", "fifo")
        )
        with anvil:
            yield cls(anvil)

    def actor(self, name: str, *, ether: int = 1_000) -> Address:
        """
        An account by role, with money for gas.
        """
        salt = 0
        while 0 in (word := keccak(f"{name} {salt}".encode())[-20:]):
            salt += 1
        address = checksummed(f"0x{word.hex()}")
        self.anvil.request("anvil_setBalance", address, hex(ether * ETHER))
        return address

    def word(self) -> bytes:
        """
        Another random word, as a `ref` or the hash of a category's name is one.
        """
        return bytes(self._random.randrange(1, 256) for _ in range(32))

    def warp(self, to: int) -> None:
        """
        The time of the next block.
        """
        self.now = to - SECONDS_A_BLOCK

    @contextmanager
    def undone(self) -> Iterator[None]:
        """
        What happens inside has not happened afterwards.
        """
        checkpoint, now = self.anvil.request("evm_snapshot"), self.now
        state = self._random.getstate()
        try:
            yield
        finally:
            self.anvil.request("evm_revert", checkpoint)
            self.now = now
            self._random.setstate(state)

    def send(self, sender: str, to: str | None, data: bytes, value: int = 0) -> Mined:
        """
        One transaction in a block of its own.
        """
        self.now += SECONDS_A_BLOCK
        self.anvil.request("evm_setNextBlockTimestamp", self.now)
        transaction = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
        transaction |= {"gas": hex(GAS)} | ({"to": to} if to else {})
        receipt = self._receipt(self.anvil.request("eth_sendTransaction", transaction))
        if int(receipt["status"], 16) != 1:
            raise BenchError(f"a transaction reverted: {self._reason(transaction)}")
        return Mined(
            gas=int(receipt["gasUsed"], 16),
            contract=checksummed(receipt["contractAddress"] or to),
            logs=receipt["logs"],
        )

    def _receipt(self, transaction: str) -> dict[str, Any]:
        # Anvil answers before the block is there.
        for _ in range(2_000):
            receipt: dict[str, Any] | None
            receipt = self.anvil.request("eth_getTransactionReceipt", transaction)
            if receipt is not None:
                return receipt
            time.sleep(0.001)
        raise BenchError("a transaction was not mined")

    def _reason(self, transaction: dict[str, Any]) -> str:
        try:
            self.anvil.request("eth_call", transaction, "latest")
        except AnvilError as error:
            return str(error)
        return "it passes when tried again"

    def set_code(self, who: str, code: bytes) -> None:
        self.anvil.request("anvil_setCode", who, "0x" + code.hex())

    def deploy(self, kind: ContractType, sender: str, *values: Any) -> Contract:
        mined = self.send(sender, None, kind.build_deployment(*values))
        return Contract(self, kind, mined.contract, mined.gas)


class Contract:
    """
    A deployed contract, to be called by name.
    """

    def __init__(
        self, chain: Chain, kind: ContractType, address: Address, deployment_gas: int = 0
    ) -> None:
        self.chain = chain
        self.kind = kind
        self.address = validate_nonzero(address)
        self.deployment_gas = deployment_gas

    def call(self, sender: str, function: str, *values: Any) -> Mined:
        """
        One transaction that calls `function`.
        """
        return self.chain.send(sender, self.address, self.kind.encode(function, *values))

    def gas(self, sender: str, function: str, *values: Any) -> int:
        return self.call(sender, function, *values).gas

    def view(self, function: str, *values: Any) -> Any:
        data = f"0x{self.kind.encode(function, *values).hex()}"
        asked = {"to": self.address, "data": data}
        answer = self.chain.anvil.request("eth_call", asked, "latest")
        return self.kind.decode(function, bytes.fromhex(answer[2:]))


def validate_nonzero(address: Address) -> Address:
    """
    `address` itself. BenchError if it has a zero byte: 12 gas less each time it is passed.
    """
    if 0 in bytes.fromhex(address[2:]):
        raise BenchError(f"{address} has a zero byte: deploy from an actor with another name")
    return address
