"""
Logs → events, by hand: ten times as fast as checking what our own contracts wrote a second time.

    node's log → Layout → Logged(event, canonical JSON)
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from bursar.chain.errors import BadAnswerError, UnreadableLogError
from bursar.chain.follower.layouts import Layout, layouts, layouts_by_name
from bursar.chain.follower.words import EMITTERS
from bursar.chain.reader import RawLog
from bursar.events import Event
from bursar.types import Address

# What makes a model up. By these names each is set in half the time: it is done for every event.
_new: Final = object.__new__
_new_tuple: Final = tuple.__new__
_set_values: Final = vars(BaseModel)["__dict__"].__set__
_set_fields: Final = vars(BaseModel)["__pydantic_fields_set__"].__set__
_set_extra: Final = vars(BaseModel)["__pydantic_extra__"].__set__
_set_private: Final = vars(BaseModel)["__pydantic_private__"].__set__


class Logged(NamedTuple):
    """
    An event at its place in the chain: block, index in the block, name, and its arguments as
    canonical JSON.
    """

    block: int
    log: int
    name: str
    payload: str
    event: Event


def decode_logs(logs: Iterable[RawLog], at: int) -> list[Logged]:
    """
    The events of a block with timestamp `at`; logs with no topic of ours are left out.

    Raises UnreadableLogError where one has an event's topic and not its shape, BadAnswerError where
    it is no log.
    """
    found = layouts()
    decoded: list[Logged] = []
    block_text = transaction_text = None
    for log in logs:
        try:
            topics = log["topics"]
            layout = found.get(topics[0]) if topics else None
            if layout is None:
                continue
            try:
                # Both are mostly those of the log before.
                if log["blockNumber"] != block_text:
                    block_text = log["blockNumber"]
                    block = int(block_text, 16)
                if log["transactionHash"] != transaction_text:
                    transaction_text = log["transactionHash"]
                    transaction = bytes.fromhex(transaction_text[2:])
                index = int(log["logIndex"], 16)
                place = (EMITTERS[log["address"]], at, block, transaction, index)
                values, payload = layout.read(topics, log["data"], *place)
            except ValueError as error:
                raise _unreadable(layout, log, error) from error
        except (KeyError, TypeError, AttributeError) as error:
            raise BadAnswerError(f"The node answers a log that is none: {error!r}.") from error
        event = _build(layout, values)
        decoded.append(_new_tuple(Logged, (block, index, layout.name, payload, event)))
    return decoded


def _unreadable(layout: Layout, log: RawLog, error: ValueError) -> UnreadableLogError:
    return UnreadableLogError(
        f"{log['address']} logged something like {layout.name} in transaction "
        f"{log['transactionHash']} that cannot be read: {error}. If the treasury created that "
        "wallet from code that is not Bursar's, Bursar cannot follow it."
    )


def _build(layout: Layout, values: dict[str, Any]) -> Event:
    """
    The model without its validation: each value was read as what the model wants it to be.
    """
    event = _new(layout.model)
    _set_values(event, values)
    _set_fields(event, layout.fields)
    _set_extra(event, None)
    _set_private(event, None)
    return event


def read_event(name: str, payload: str, *, emitter: Address, position: Mapping[str, Any]) -> Event:
    """
    An event as it was stored. `position` has `at`, `block`, `transaction` and `log`.
    """
    layout = layouts_by_name()[name]
    return _build(layout, {"emitter": emitter, **position, **layout.parse(payload)})
