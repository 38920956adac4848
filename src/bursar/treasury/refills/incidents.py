"""
What is open while a refill is decided: stops, a missing heartbeat, payments and changes that wait.
Pure.
"""

from collections.abc import Iterator

from bursar.state import State
from bursar.treasury.refills.evidence import Incident
from bursar.treasury.words import Words, short, show_moment
from bursar.types import FOREVER


def find_incidents(state: State, words: Words, now: int) -> tuple[Incident, ...]:
    """
    Everything that is open, the worst first.
    """
    return (
        *_stops(state, words, now),
        *_heartbeat(state, now),
        *_payments(state, words, now),
        *_changes(state, words, now),
    )


def _stops(state: State, words: Words, now: int) -> Iterator[Incident]:
    for scope, stop in state.stops.items():
        if state.is_paused(scope, now):
            end = "until unpaused" if stop.until == FOREVER else f"until {show_moment(stop.until)}"
            text = f"stopped {end} (stop {stop.number})"
            yield Incident(kind="stop", subject=words.name(scope), text=text)


def _heartbeat(state: State, now: int) -> Iterator[Incident]:
    if state.is_lapsed(now):
        text = f"no heartbeat since {show_moment(state.last_heartbeat)}: everything is stopped"
        yield Incident(kind="heartbeat", subject="organisation", text=text)


def _payments(state: State, words: Words, now: int) -> Iterator[Incident]:
    for wallet in state.registry.values():
        for id in wallet.queue:
            payment = wallet.live_payment(id, now)
            if payment is None:
                continue
            text = (
                f"{words.name(payment.agent)} waits to pay "
                f"{words.amount(payment.amount, payment.token)} to {words.name(payment.to)}"
                f"{words.purpose(payment.category)}, due {show_moment(payment.ready_at)} "
                f"({short(id)})"
            )
            yield Incident(kind="payment", subject=words.name(wallet.address), text=text)


def _changes(state: State, words: Words, now: int) -> Iterator[Incident]:
    for id in state.pending.values():
        change = state.live_change(id, now)
        if change is not None:
            target = change.subject.target
            said = words.change(target, change.call).removeprefix(f"{words.name(target)}: ")
            text = f"{said}; may be applied from {show_moment(change.ready_at)} on ({short(id)})"
            yield Incident(kind="change", subject=words.name(target), text=text)
