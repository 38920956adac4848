"""
What is wrong with a file: where, what was found there, and how to mend it.

    WrongError (of one value) → Problems (collects, and goes on) → ConfigError (all at once)
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from bursar.errors import BursarError

# A private key that was pasted into the wrong field must not end up in a CI log.
_SECRET: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_LONGEST_FOUND: Final = 80


class Mark(NamedTuple):
    """
    A place in a file: line and column from 1, and the path of keys that leads there.
    """

    line: int
    column: int
    key: str


class Problem(BaseModel):
    """
    One thing to mend. `line` and `column` are None where the file as a whole is meant.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    file: str
    line: int | None
    column: int | None
    key: str
    message: str
    found: str
    fix: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        lines = [f"{place}: {self.key}" if self.key else place]
        lines.append(f"  {self.message}")
        if self.found:
            lines.append(f"  found: {self.found}")
        lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


class ConfigError(BursarError):
    """
    A file that says what cannot be. `problems` has all of them, in the order of the file; the
    text is for people.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        files = ", ".join(dict.fromkeys(problem.file for problem in self.problems))
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n\n".join([f"{files}: {count}", *map(str, self.problems)]))


class WrongError(BursarError):
    """
    A value that cannot be used, without a place yet: what is wrong with it, and what to write.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}: {fix}")
        self.message = message
        self.fix = fix


class Problems:
    """
    What was found wrong with one file so far.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, mark: Mark | None, message: str, fix: str, found: str = "") -> None:
        """
        Note one problem. What looks like a private key is left out of it.
        """
        line, column, key = mark if mark is not None else (None, None, "")
        self._found.append(
            Problem(
                file=self._file,
                line=line,
                column=column,
                key=_shown(key),
                message=_shown(message),
                found=_shortened(_shown(found)),
                fix=_shown(fix),
            )
        )

    def raise_any(self) -> None:
        """
        Raise ConfigError if anything was noted.
        """
        if self._found:
            raise ConfigError(sorted(self._found, key=lambda p: (p.line or 0, p.column or 0)))


def find_closest(word: str, known: Iterable[str]) -> str | None:
    """
    What somebody who wrote `word` probably meant, out of the `known` names.
    """
    names = sorted(known)
    # Twice, because a word in capitals resembles nothing else.
    close = get_close_matches(word, names, n=1) or get_close_matches(word.lower(), names, n=1)
    return close[0] if close else None


def build_hint(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """
    A question whether the closest of the `known` names was meant, else all of them; `otherwise` is
    what else may help.
    """
    names = sorted(known)
    closest = find_closest(word, names)
    if closest is not None:
        return f"did you mean {closest}?" + (f" Otherwise {otherwise}" if otherwise else "")
    if not names:
        return otherwise or "there is none"
    return f"use one of: {', '.join(names)}" + (f"; or {otherwise}" if otherwise else "")


def _shown(text: str) -> str:
    masked = _SECRET.sub("(64 hex digits, not shown)", text)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in masked)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_FOUND else text[:_LONGEST_FOUND] + "…"
