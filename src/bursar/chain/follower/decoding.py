"""
Logs → events, by hand: ten times as fast as checking what our own contracts wrote a second time.

    node's log → Layout → Logged(event, canonical JSON)
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bursar.chain.errors import BadAnswerError, UnreadableLogError
from bursar.chain.follower.layouts import Layout, layouts, layouts_by_name
from bursar.chain.follower.words import EMITTERS
from bursar.chain.reader import RawLog
from bursar.events import Event
from bursar.types import Address


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
    for log in logs:
        try:
            topics = log["topics"]
            layout = found.get(topics[0]) if topics else None
            if layout is not None:
                decoded.append(_decode(layout, log, topics, at))
        except (KeyError, TypeError, AttributeError) as error:
            raise BadAnswerError(f"The node answers a log that is none: {error!r}.") from error
    return decoded


def _decode(layout: Layout, log: RawLog, topics: Any, at: int) -> Logged:
    values: dict[str, Any] = {}
    try:
        block, index = int(log["blockNumber"], 16), int(log["logIndex"], 16)
        values["emitter"] = EMITTERS[log["address"]]
        values["at"] = at
        values["block"] = block
        values["transaction"] = bytes.fromhex(log["transactionHash"][2:])
        values["log"] = index
        payload = layout.read_into(values, topics, log["data"])
    except ValueError as error:
        raise UnreadableLogError(
            f"{log['address']} logged something like {layout.name} in transaction "
            f"{log['transactionHash']} that cannot be read: {error}. If the treasury created that "
            "wallet from code that is not Bursar's, Bursar cannot follow it."
        ) from error
    return Logged(block, index, layout.name, payload, _build(layout, values))


def _build(layout: Layout, values: dict[str, Any]) -> Event:
    """
    The model without its validation: each value was read as what the model wants it to be.
    """
    event = object.__new__(layout.model)
    object.__setattr__(event, "__dict__", values)
    object.__setattr__(event, "__pydantic_fields_set__", layout.fields)
    object.__setattr__(event, "__pydantic_extra__", None)
    object.__setattr__(event, "__pydantic_private__", None)
    return event


def read_event(name: str, payload: str, *, emitter: Address, position: Mapping[str, Any]) -> Event:
    """
    An event as it was stored. `position` has `at`, `block`, `transaction` and `log`.
    """
    layout = layouts_by_name()[name]
    return _build(layout, {"emitter": emitter, **position, **layout.parse(payload)})
