"""
Somebody with a stolen key, who calls contracts raw: every function, with arguments that mean
something and arguments that do not.
"""

import random
from typing import Any

from eth_abi import encode

from tests.contracts.wallet.support import PAYROLL, ZERO
from tests.harness.evm import Contract, Function, Reverted, actor
from tests.harness.world import DAY, GENERAL, HOUR, MAX, NATIVE, REFUND, USDC, World, ref

LOOT = actor("loot")


class Attacker:
    """
    Calls as `key`, and lets money go to `LOOT`. The same seed makes the same calls.
    """

    def __init__(self, world: World, key: str, seed: int) -> None:
        self.world = world
        self.key = key
        self.random = random.Random(seed)
        self.contracts: list[Contract] = [world.wallet, world.organization]
        self.passed = 0

    def anything(self, leave_out: tuple[str, ...] = ()) -> None:
        """
        One call of any function of any contract, with any arguments.
        """
        contract = self.random.choice(self.contracts)
        names = [name for name in contract.artifact.functions if name not in leave_out]
        function = contract.artifact.functions[self.random.choice(names)]
        self.call(contract, function)

    def call(self, contract: Contract, function: Function, value: int = 0) -> None:
        """
        One call of this function, with any arguments. What reverts has done nothing.
        """
        data = function.selector + encode(function.inputs, self.arguments(function))
        if self.random.random() < 0.1:
            data = self.garbled(data)
        self.send(contract.address, data, value)

    def send(self, to: str, data: bytes, value: int = 0) -> bool:
        """
        A transaction; whether it passed.
        """
        try:
            self.world.evm.transact(self.key, to, data, value)
        except Reverted:
            return False
        self.passed += 1
        return True

    def garbled(self, data: bytes) -> bytes:
        """
        The same calldata with a byte changed, cut off or added.
        """
        at = self.random.randrange(len(data))
        return self.random.choice(
            [data[:at], data + b"\0" * 32, data[:at] + self.random.randbytes(1) + data[at + 1 :]]
        )

    def arguments(self, function: Function) -> list[Any]:
        """
        Arguments that fit the function's types.
        """
        return [self.argument(kind) for kind in function.inputs]

    def argument(self, kind: str) -> Any:
        """
        A value of this type, rather one that means something.
        """
        world, pick = self.world, self.random.choice
        if kind.endswith("[]"):
            return [self.argument(kind[:-2]) for _ in range(self.random.randrange(4))]
        if kind.startswith("("):
            return tuple(self.argument(part) for part in kind[1:-1].split(","))
        if kind == "address":
            return pick(
                [
                    self.key,
                    LOOT,
                    ZERO,
                    NATIVE,
                    world.token.address,
                    world.wallet.address,
                    world.organization.address,
                    world.blueprint,
                    world.treasury,
                    world.guardian,
                    world.keeper,
                    world.agent,
                    world.other_agent,
                ]
            )
        if kind.startswith("uint"):
            amounts = [0, 1, USDC, 10 * USDC, 49 * USDC, 50 * USDC, 100 * USDC, 10**12, MAX]
            times = [HOUR, DAY, world.now, world.now - world.now % HOUR + DAY]
            return pick([*amounts, *times, self.random.getrandbits(256)])
        if kind == "bytes32":
            return pick([GENERAL, REFUND, PAYROLL, ref(1), ref(2), self.random.randbytes(32)])
        if kind == "bool":
            return pick([True, False])
        if kind == "string":
            return pick(["", "all is well"])
        return self.setter()

    def setter(self) -> bytes:
        """
        Calldata for the timelock.
        """
        functions = [
            f
            for contract in self.contracts
            for f in contract.artifact.functions.values()
            if f.mutates and "bytes" not in f.inputs
        ]
        function = self.random.choice(functions)
        return function.encode(tuple(self.arguments(function)))

    def drain(self, token: str, category: bytes, largest: int) -> int:
        """
        Pay as much as passes right now, in payments of at most `largest`; returns how much did.
        """
        wallet, taken, amount = self.world.wallet, 0, largest
        while amount:
            payment = wallet.calldata("pay", token, LOOT, amount, category, ref(taken))
            if self.send(wallet.address, payment):
                taken += amount
            else:
                amount //= 2
        return taken
