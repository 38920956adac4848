"""
A contract that calls what it is told to. Created by an organisation it is one of its wallets, and
says what no honest wallet would; as a treasury it is a multisig that has signed.
"""

import functools

from vyper import compile_code
from vyper.compiler.settings import Settings

from tests.harness.evm import Artifact, Contract, Evm, Receipt, actor
from tests.harness.world import World

SOURCE = """
# pragma version 0.4.3

# What to do when somebody calls what is not a function here; no target: nothing.
_target: address
_call: Bytes[2048]


@deploy
def __init__(name: String[32]):
    pass


@external
@payable
def __default__():
    if self._target != empty(address):
        raw_call(self._target, self._call)


@external
@view
def sealed() -> bool:
    return True


@external
def tell(target: address, call: Bytes[2048]) -> Bytes[1024]:
    return raw_call(target, call, max_outsize=1024)


@external
def tell_both(target: address, first: Bytes[2048], second: Bytes[2048]):
    raw_call(target, first)
    raw_call(target, second)


@external
def when_called(target: address, call: Bytes[2048]):
    self._target = target
    self._call = call
"""


@functools.cache
def artifact() -> Artifact:
    """
    The puppet, compiled.
    """
    settings = Settings(evm_version="cancun")
    outputs = compile_code(SOURCE, output_formats=("abi", "bytecode"), settings=settings)
    return Artifact("Puppet", outputs["abi"], bytes.fromhex(outputs["bytecode"][2:]))


class Puppet:
    def __init__(self, evm: Evm, address: str) -> None:
        self.contract: Contract = evm.at_address(artifact(), address)
        self.address = self.contract.address

    def does(self, to: Contract, function: str, *args: object) -> Receipt:
        """
        Call a function; the result is what it returned, undecoded.
        """
        call = to.calldata(function, *args)
        receipt: Receipt = self.contract.tell(to.address, call, sender=actor("puppeteer"))
        return receipt

    def does_both(self, to: Contract, first: bytes, second: bytes) -> Receipt:
        """
        Two calls in one transaction: both happen or neither does.
        """
        receipt: Receipt = self.contract.tell_both(
            to.address, first, second, sender=actor("puppeteer")
        )
        return receipt

    def when_called(self, to: Contract, call: bytes) -> None:
        """
        From now on, answer any call that it has no function for with this one.
        """
        self.contract.when_called(to.address, call, sender=actor("puppeteer"))


def new_puppet(evm: Evm) -> Puppet:
    """
    One that belongs to nobody.
    """
    return Puppet(evm, evm.deploy(artifact(), "puppet", sender=actor("puppeteer")).address)


def new_puppet_wallet(world: World) -> Puppet:
    """
    One that the organisation takes for a wallet of its own; sealed and unpaused.
    """
    blueprint = world.evm.deploy_code(artifact().blueprint, world.deployer)
    created = world.organization.create_wallet("puppet", blueprint, sender=world.treasury)
    world.organization.unpause(created.result, 1, "ready", sender=world.treasury)
    return Puppet(world.evm, created.result)
