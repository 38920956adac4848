"""
What is to be sent, and under which key, so that it is under way once.

    Order → send_all → Receipt | ChainError
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

from bursar.chain.client import Receipt
from bursar.chain.contracts import wallet_type
from bursar.chain.errors import ChainError
from bursar.chain.reader import Call
from bursar.changes import Change
from bursar.keeper.decisions import Due
from bursar.keeper.ports import Sender
from bursar.types import Address, checksummed

Sent: TypeAlias = Receipt | ChainError

EXECUTE: Final = "execute"
CANCEL: Final = "cancel"
APPLY: Final = "apply"
HEARTBEAT: Final = "heartbeat"


@dataclass(frozen=True, slots=True)
class Order:
    """
    A call with its gas limit (None: what the node estimates), not to happen from `expires_at` on.
    """

    key: str
    call: Call
    gas: int | None
    expires_at: int


def build_execute(entry: Due) -> Call:
    """
    Anybody may send it.
    """
    p = entry.payment
    values = (p.agent, p.token, p.to, p.amount, p.category, p.ref)
    return Call(entry.wallet, wallet_type().encode("execute", *values))


def build_cancel(entry: Due, why: str) -> Call:
    """
    A keeper may send it. The reason on chain names the service and the chain's own words.
    """
    return Call(entry.wallet, wallet_type().encode("cancel", entry.id, f"keeper: {why}"))


def execute_key(due: Due) -> str:
    """
    `ready_at` is part of it: the same arguments may be queued again, under the same id.
    """
    return f"{execute_stem(due)}{due.payment.ready_at}"


def execute_stem(due: Due) -> str:
    """
    What the key begins with, whenever the same arguments were queued.
    """
    return f"{EXECUTE}:{due.wallet}:0x{due.id.hex()}:"


def cancel_key(due: Due) -> str:
    """
    The same for a cancel.
    """
    return f"{CANCEL}:{due.wallet}:0x{due.id.hex()}:{due.payment.ready_at}"


def apply_key(change: Change) -> str:
    """
    A change may be scheduled again under the same id, too.
    """
    return f"{APPLY}:0x{change.id.hex()}:{change.ready_at}"


def heartbeat_key(last: int) -> str:
    """
    The one after the heartbeat of that time.
    """
    return f"{HEARTBEAT}:{last}"


def part_of(organization: Address, key: str) -> Address | None:
    """
    The part of the work that what `key` names belongs to: its wallet, or the organisation for a
    change. A heartbeat is each keeper's own.
    """
    kind, _, rest = key.partition(":")
    if kind in (EXECUTE, CANCEL):
        return checksummed(rest.partition(":")[0])
    return organization if kind == APPLY else None


def find_unwanted(under_way: Sequence[str], wanted: set[str]) -> list[str]:
    """
    What is under way and is not wanted any more. A heartbeat ends by itself: it expires soon.
    """
    ours = (EXECUTE, CANCEL, APPLY)
    return [key for key in under_way if key.partition(":")[0] in ours and key not in wanted]


def send_all(sender: Sender, orders: Sequence[Order]) -> list[Sent]:
    """
    Send calls side by side, so that one block can take them all. Returns when it is known what
    became of each, or that it goes on being under way.
    """
    if not orders:
        return []
    with ThreadPoolExecutor(len(orders), "send") as pool:
        return list(pool.map(lambda order: _send(sender, order), orders))


def _send(sender: Sender, order: Order) -> Sent:
    try:
        # Whichever it is, the contracts do it once: a payment leaves or is cancelled once.
        return sender.send(
            order.call,
            gas=order.gas,
            key=order.key,
            expires_at=order.expires_at,
            repeatable=True,
        )
    except ChainError as error:
        return error
