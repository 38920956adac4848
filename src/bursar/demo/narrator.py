"""
How the demo is told: to a machine as one JSON document, or to people (see `console`).
"""

import json
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from bursar.demo.report import ChapterReport, DemoFailed, Report
from bursar.errors import BursarError


class Narrator(Protocol):
    """
    Whom the demo tells what it has shown.
    """

    def introduce(self) -> None:
        """
        Say what this is about.
        """

    def working(self, what: str) -> AbstractContextManager[object]:
        """
        While something takes its time.
        """

    def tell(self, chapter: ChapterReport) -> None:
        """
        A chapter that was played.
        """

    def conclude(self, report: Report) -> None:
        """
        The end, where everything held.
        """

    def fail(self, chapter: str, error: BursarError) -> None:
        """
        The end, where something did not.
        """


class JsonNarrator:
    """
    One document on standard output, at the end.
    """

    def introduce(self) -> None:
        """
        A machine knows what it asked for.
        """

    def working(self, what: str) -> AbstractContextManager[object]:
        """
        Nothing is shown.
        """
        return nullcontext()

    def tell(self, chapter: ChapterReport) -> None:
        """
        All of it comes at the end.
        """

    def conclude(self, report: Report) -> None:
        """
        The whole report.
        """
        print(json.dumps(report.as_json(), indent=2))

    def fail(self, chapter: str, error: BursarError) -> None:
        """
        Where, what was claimed, expected and found.
        """
        told: dict[str, object] = {"ok": False, "chapter": chapter, "error": str(error)}
        if isinstance(error, DemoFailed):
            told |= {"claim": error.claim, "expected": error.expected, "found": error.found}
        print(json.dumps(told, indent=2))
