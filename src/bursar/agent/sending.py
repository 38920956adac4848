"""
Sending from an agent's or a relayer's key, for as little gas as the node can measure.

    Call → AccessLists → Sender → Receipt
"""

from bursar.chain.access_lists import AccessLists, saves_on
from bursar.chain.client import Client, Receipt
from bursar.chain.reader import Call
from bursar.chain.sending import Sender


class FrugalSender:
    """
    A `Sender` whose calls get an access list where that saves gas.

    use_lists: None uses them on chains where gas is all that a transaction costs.
    """

    def __init__(self, client: Client, sender: Sender, use_lists: bool | None = None) -> None:
        self.address = sender.address
        self.chain_id = sender.chain_id
        self._sender = sender
        wanted = saves_on(sender.chain_id) if use_lists is None else use_lists
        self.lists = AccessLists(client, sender.address) if wanted else None

    def send(self, call: Call) -> Receipt:
        """
        As `Sender.send`.
        """
        return self._sender.send(self.lists.improve(call) if self.lists else call)
