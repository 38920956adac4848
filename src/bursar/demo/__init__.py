"""
The demo: a treasury, a wallet and two agents on a chain of its own, told in chapters; the last one
loads a whole treasury from a file.

    Anvil → Stage → chapters → Report → Narrator

Each step is compared with what the chain shows before it is told.
"""

import time
from contextlib import ExitStack

from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.demo.chapters import CHAPTERS, Chapter
from bursar.demo.console import ConsoleNarrator
from bursar.demo.narrator import JsonNarrator, Narrator
from bursar.demo.report import DemoFailed, Report
from bursar.demo.stage import OPENING, Stage
from bursar.errors import BursarError

__all__ = [
    "CHAPTERS",
    "Chapter",
    "ConsoleNarrator",
    "DemoFailed",
    "JsonNarrator",
    "Narrator",
    "Report",
    "run_demo",
]


def run_demo(narrator: Narrator, only: str | None = None) -> bool:
    """
    Play all chapters, or `only` the one of that name with the set-up that it needs. True if every
    step did what it says.
    """
    started = time.monotonic()
    report = Report()
    current = CHAPTERS[0].name
    if only is None:
        narrator.introduce()
    try:
        with ExitStack() as stack:
            with narrator.working("Starting a local chain"):
                anvil = stack.enter_context(Anvil(timestamp=OPENING))
                stage = Stage.build(LocalChain(anvil.url))
            for chapter in _needed_for(only):
                current = chapter.name
                with narrator.working(chapter.title):
                    played = chapter.report(stage)
                if only in (None, chapter.name):
                    report.chapters.append(played)
                    narrator.tell(played)
            if stage.found_wallet is not None:
                report.closing = stage.close()
    except BursarError as error:
        narrator.fail(current, error)
        return False
    report.seconds = time.monotonic() - started
    narrator.conclude(report)
    return True


def _needed_for(only: str | None) -> list[Chapter]:
    """
    The set-up comes before whatever needs it.
    """
    wanted = [chapter for chapter in CHAPTERS if only in (None, chapter.name)]
    names = {chapter.name for chapter in wanted}
    if any(chapter.needs_setup for chapter in wanted):
        names.add("setup")
    return [chapter for chapter in CHAPTERS if chapter.name in names]
