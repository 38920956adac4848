"""
Running a keeper until somebody stops it.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from bursar.keeper.report import CycleReport
from bursar.keeper.service import Keeper

# Twice within the shortest interval between blocks that money is worth waiting for (Base: 2 s).
POLL_SECONDS = 1.0


def run(
    keeper: Keeper,
    *,
    stop: threading.Event,
    once: bool = False,
    dry_run: bool = False,
    poll: float = POLL_SECONDS,
    news: threading.Event | None = None,
    on_report: Callable[[CycleReport], None] | None = None,
) -> CycleReport:
    """
    Run cycle after cycle until `stop` is set, or one. Returns the last report.

    A cycle begins `poll` seconds after the last one, or as soon as somebody sets `news`. Whoever
    sets `stop` sets `news` as well, else the end comes with the next cycle.
    """
    while True:
        if news is not None:
            # Before the cycle: what becomes known while it runs is a reason to look again.
            news.clear()
        report = keeper.run_once(dry_run=dry_run, stop=stop)
        if on_report is not None:
            on_report(report)
        if once or _rest(stop, news, poll):
            return report


def _rest(stop: threading.Event, news: threading.Event | None, seconds: float) -> bool:
    """
    Wait for the next cycle. Whether there is none.
    """
    if news is None:
        return stop.wait(seconds)
    if not stop.is_set():
        news.wait(seconds)
    return stop.is_set()


@contextmanager
def stopping_on_signals(news: threading.Event | None = None) -> Iterator[threading.Event]:
    """
    An event that SIGINT and SIGTERM set: the cycle that runs is finished, and none begins. A second
    signal ends the process as usual, and with it the wait for what is under way. Main thread only.
    `news` is what the loop waits for, where it waits for more than the end.
    """
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()
        if news is not None:
            news.set()
        restore()

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        restore()
