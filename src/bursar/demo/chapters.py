"""
The chapters in the order in which they are told. Their names are stable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bursar.demo import audit, limit, pay, queue, setup, stop, theft, topology
from bursar.demo.report import ChapterReport
from bursar.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Chapter:
    """
    What it is called, what it shows, and how it is played. Most play on what `setup` has founded.
    """

    name: str
    title: str
    about: str
    play: Callable[[Stage, ChapterReport], None]
    needs_setup: bool = True

    def report(self, stage: Stage) -> ChapterReport:
        """
        Play it. Raises DemoFailed where the chain does not show what it tells.
        """
        report = ChapterReport(self.name, self.title, self.about)
        self.play(stage, report)
        return report


CHAPTERS: Final = (
    Chapter("setup", setup.TITLE, setup.ABOUT, setup.play),
    Chapter("pay", pay.TITLE, pay.ABOUT, pay.play),
    Chapter("limit", limit.TITLE, limit.ABOUT, limit.play),
    Chapter("queue", queue.TITLE, queue.ABOUT, queue.play),
    Chapter("stop", stop.TITLE, stop.ABOUT, stop.play),
    Chapter("theft", theft.TITLE, theft.ABOUT, theft.play),
    Chapter("topology", topology.TITLE, topology.ABOUT, topology.play, needs_setup=False),
    Chapter("audit", audit.TITLE, audit.ABOUT, audit.play),
)
