"""
The audit's head, off the machine by itself: from time to time the keeper's key writes it into a
transaction to itself, which nobody can take back.

    audit's head, last anchor → due? → Order (key anchor:<organisation>:<number>) → Sender → chain

What is under way, and when the last one was, is in the sender's journal: nothing else is remembered
that a crash could lose. Two of the same number are one.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

from bursar.chain.anchors import build_anchor
from bursar.chain.errors import ChainError, NotMinedError
from bursar.keeper.decisions import count_affordable
from bursar.keeper.funds import USUAL_GAS
from bursar.keeper.orders import Order, send_all
from bursar.keeper.ports import Clock, Sender
from bursar.keeper.settings import KeeperSettings
from bursar.store.audit_anchors import LastAnchor, anchor_key, fetch_last_anchor
from bursar.store.audit_heads import Head
from bursar.store.audit_log import AuditLog
from bursar.types import NATIVE, Address

# A day: about 24,000 gas, and what a thief with the machine can cut off unnoticed is a day.
USUAL_EVERY: Final = 86_400
# The store is asked whether there is something new once in so many seconds, and the chain is tried
# again after as many where it was in vain.
_LOOK_EVERY: Final = 60
_REST: Final = 600
# What is not mined by then is burned, and the next one says more.
_EXPIRES_AFTER: Final = 3_600


class AnchorNode(Protocol):
    """
    What is asked of a node; `bursar.keeper.node.ClientNode` answers it.
    """

    def fetch_holding(self, token: Address, holder: Address) -> int:
        """
        What an account has of the chain's own currency.
        """
        ...

    def fetch_gas_price(self) -> int:
        """
        In wei.
        """
        ...

    def is_keeper(self, organization: Address, who: Address) -> bool:
        """
        Whether it is one now.
        """
        ...


class Anchors:
    """
    Of the audit `log`, by `sender`, once in `every` seconds at most and only where entries were
    added. `fetch_now` is the chain's time. Money for stops goes before: `least_stops` of the
    settings.
    """

    def __init__(
        self,
        log: AuditLog,
        node: AnchorNode,
        sender: Sender,
        fetch_now: Callable[[], int],
        *,
        every: int = USUAL_EVERY,
        clock: Clock = time.time,
        settings: KeeperSettings | None = None,
    ) -> None:
        self._log = log
        self._node = node
        self._sender = sender
        self._fetch_now = fetch_now
        self._every = every
        self._clock = clock
        self._least_stops = (settings or KeeperSettings()).least_stops
        self._next = float("-inf")
        self._trouble: str | None = None

    def send(self) -> str | None:
        """
        Send one if it is time. Returns what is in the way, until it no longer is. Raises
        StoreError.
        """
        now = self._clock()
        # No longer than that, also where the clock was set back in between.
        if 0 < self._next - now <= _REST:
            return self._trouble
        self._next = now + _LOOK_EVERY
        head, last = self._log.head(), self._fetch_last()
        self._trouble = _find_cut(head, last)
        if self._trouble is None and head is not None and self._is_due(head, last, now):
            self._trouble = self._try(head)
            self._next = now + (_LOOK_EVERY if self._trouble is None else _REST)
        return self._trouble

    def _fetch_last(self) -> LastAnchor | None:
        log = self._log
        return log.database.read(lambda c: fetch_last_anchor(c, log.chain_id, log.organization))

    def _is_due(self, head: Head, last: LastAnchor | None, now: float) -> bool:
        if last is None:
            return True
        # Also where it was sent by a clock that was far ahead.
        return head.sequence > last.sequence and abs(now - last.at) >= self._every

    def _try(self, head: Head) -> str | None:
        """
        Why it did not go out; None where it did, though it may not be mined yet.
        """
        address, organization = self._sender.address, self._log.organization
        try:
            if not self._node.is_keeper(organization, address):
                return (
                    f"The audit's head is not anchored on the chain: {address} is no keeper of "
                    f"{organization}, so that nobody would believe it. `bursar safe draft "
                    "add-keeper` makes it one."
                )
            if self._is_poor():
                return (
                    f"The audit's head is not anchored on the chain: {address} has too little of "
                    "the chain's own currency, and what it has is kept for stops. Send it some."
                )
            order = Order(
                anchor_key(organization, head.sequence),
                build_anchor(address, organization, head.sequence, head.hash),
                None,
                self._fetch_now() + _EXPIRES_AFTER,
            )
            (sent,) = send_all(self._sender, [order])
        except ChainError as error:
            sent = error
        if isinstance(sent, ChainError) and not isinstance(sent, NotMinedError):
            return f"The audit's head was not anchored on the chain, and is tried again: {sent}"
        return None

    def _is_poor(self) -> bool:
        wei = self._node.fetch_holding(NATIVE, self._sender.address)
        count = count_affordable(wei, self._node.fetch_gas_price(), USUAL_GAS)
        return count <= self._least_stops


def _find_cut(head: Head | None, last: LastAnchor | None) -> str | None:
    """
    The journal remembers as well, as long as nobody has edited it, too.
    """
    have = 0 if head is None else head.sequence
    if last is None or last.sequence <= have:
        return None
    return (
        f"The audit's end was cut off: entry {last.sequence} was anchored on the chain, and the "
        f"last one is {have}. Run `bursar audit verify`, and find out who can write to the store."
    )
