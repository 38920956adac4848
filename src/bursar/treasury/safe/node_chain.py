"""
What the reference model asks of the rest of the chain, asked of a node.
"""

from bursar.chain.client import Client
from bursar.chain.contracts import token_at
from bursar.chain.errors import ChainError
from bursar.signed_payments import SignablePayment
from bursar.types import BLUEPRINT_PREFIX, MAX_UINT256, NATIVE, Address

# EIP-7702: what the code of an account starts with that only borrows some.
_DELEGATION = bytes.fromhex("ef0100")


class NodeChain:
    """
    A real chain, as it is now.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def balance_of(self, token: Address, holder: Address) -> int:
        """
        What `holder` has; 0 where the token does not answer as one.
        """
        if token == NATIVE:
            return self._client.fetch_balance(holder)
        try:
            return int(token_at(self._client, token).view("balanceOf", holder))
        except ChainError:
            return 0

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """
        Enough: what a refill takes is approved in the same batch, and simulating tells where not.
        """
        return MAX_UINT256

    def has_code(self, address: Address) -> bool:
        """
        Whether there is code at `address`.
        """
        return bool(self._client.fetch_code(address))

    def is_delegated(self, address: Address) -> bool:
        """
        Whether that code is only an EIP-7702 delegation.
        """
        return self._client.fetch_code(address).startswith(_DELEGATION)

    def is_blueprint(self, address: Address) -> bool:
        """
        Whether the code there starts as ERC-5202 says.
        """
        return self._client.fetch_code(address).startswith(BLUEPRINT_PREFIX)

    def takes_native(self, address: Address) -> bool:
        """
        Not asked for what the treasury calls.
        """
        return True

    def signed_by(self, wallet: Address, payment: SignablePayment, signature: bytes) -> bool:
        """
        Not asked: the treasury brings no agent's payments.
        """
        return False
