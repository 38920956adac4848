"""
What the chain said at one block, so that all figures of a report are of the same moment.
"""

from bursar.chain.contracts import token_at
from bursar.treasury.office import Office
from bursar.types import NATIVE, Address


def fetch_balance_at(office: Office, token: Address, who: Address, block: int) -> int:
    """
    What `who` had of a token after a block, in base units. Raises ChainError.
    """
    if token == NATIVE:
        return office.client.fetch_balance(who, block)
    contract = token_at(office.client, token)
    output = office.client.call(contract.build_call("balanceOf", who), block=block)
    return int(contract.type.decode("balanceOf", output))


def fetch_block_hash(office: Office, block: int) -> str | None:
    """
    The hash of a block; None where the node has none of that number.
    """
    found = office.client.rpc.request_object("eth_getBlockByNumber", hex(block), False)
    return None if found is None else str(found.get("hash"))
