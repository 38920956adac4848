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
    on_report: Callable[[CycleReport], None] | None = None,
) -> CycleReport:
    """
    Run cycle after cycle until `stop` is set, or one. Returns the last report.
    """
    while True:
        report = keeper.run_once(dry_run=dry_run, stop=stop)
        if on_report is not None:
            on_report(report)
        if once or stop.wait(poll):
            return report


@contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """
    An event that SIGINT and SIGTERM set: the cycle that runs is finished, and none begins. A second
    signal ends the process as usual, and with it the wait for what is under way. Main thread only.
    """
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()
        restore()

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        restore()
