"""
One organisation on one chain: the node, the names, and what the chain says now.

    AddressBook + URL → Office.open → view() → State at one block, at the time of the next
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

from bursar.book import AddressBook
from bursar.chain.client import Client
from bursar.chain.contracts import Contract, organization_at, token_at, wallet_at
from bursar.chain.errors import ChainError, RpcError
from bursar.errors import BursarError
from bursar.events import Event
from bursar.state import State, fold
from bursar.treasury.history import History
from bursar.types import NATIVE, Address


class OfficeError(BursarError):
    """
    The node and the address book do not fit together; the message says what to do.
    """


class View(NamedTuple):
    """
    The state after block `block`; `now` is the time that the next block has, as far as it is known.
    """

    state: State
    events: list[Event]
    block: int
    now: int
    book: AddressBook


@dataclass
class Office:
    """
    Where to ask, and what things are called.
    """

    client: Client
    book: AddressBook

    @classmethod
    def open(cls, book: AddressBook, url: str | None = None, *, timeout: float = 30.0) -> Self:
        """
        Connect, and see that it is the chain and the organisation of the book.

        Raises OfficeError, ChainError.
        """
        address = url or book.rpc_url
        if address is None:
            raise OfficeError("No node is named: set BURSAR_RPC_URL, or give --rpc-url.")
        client = Client(address, timeout=timeout)
        if client.chain_id != book.chain_id:
            raise OfficeError(
                f"The node is of chain {client.chain_id}, and the address book of {book.name} is "
                f"for chain {book.chain_id}: connect to the other network, or name another book."
            )
        if not client.fetch_code(book.organization):
            raise OfficeError(
                f"There is no organisation at {book.organization} on chain {book.chain_id}. A "
                "local chain forgets everything when it ends: start `bursar devnet` again."
            )
        return cls(client, book)

    @property
    def organization(self) -> Contract:
        """
        The switchboard.
        """
        return organization_at(self.client, self.book.organization)

    def wallet(self, address: Address) -> Contract:
        """
        A wallet.
        """
        return wallet_at(self.client, address)

    def view(self) -> View:
        """
        Everything that the chain says now. Raises ChainError.
        """
        height = self.client.fetch_height()
        history = History(self.client, self.book.organization, self.book.block)
        events = history.read(height)
        state = fold(events)
        return View(state, events, height, self.fetch_time(), name_wallets(self.book, state))

    def fetch_time(self) -> int:
        """
        The time that a transaction sent now would have.
        """
        latest = self.client.fetch_now()
        try:
            pending = self.client.rpc.request("eth_getBlockByNumber", "pending", False)
        except RpcError:
            pending = None
        return max(latest, int(pending["timestamp"], 16)) if pending else latest

    def balance(self, token: Address, who: Address) -> int:
        """
        What `who` has of a token, in base units.
        """
        if token == NATIVE:
            return self.client.fetch_balance(who)
        return int(token_at(self.client, token).view("balanceOf", who))

    def is_local(self) -> bool:
        """
        Whether the node is an anvil, where a devnet's keys may be used.
        """
        try:
            self.client.rpc.request("anvil_nodeInfo")
        except ChainError:
            return False
        return True


def name_wallets(book: AddressBook, state: State) -> AddressBook:
    """
    The book with the wallets that the chain has. Names are not unique there: the first keeps its
    name, others have their address.
    """
    names: dict[str, Address] = {}
    for address, wallet in state.registry.items():
        names[wallet.name if wallet.name not in names else str(address)] = address
    return book.model_copy(update={"wallets": names})
