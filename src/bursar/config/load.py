"""
Reading a `treasury.yaml`.

    bytes → text → tree → sections → Treasury
"""

from os import PathLike
from pathlib import Path

from bursar.config.problems import Problems
from bursar.config.reading import is_readable
from bursar.config.resolve import resolve
from bursar.config.sections import TreasuryFile
from bursar.config.treasury import Treasury
from bursar.config.tree import read_tree


def load_treasury(path: str | PathLike[str]) -> Treasury:
    """
    What the file at `path` says a treasury should be.

    Raises ConfigError with every problem of the file: where it is, what was found, how to mend it.
    """
    name = str(path)
    problems = Problems(name)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        fix = "name a treasury.yaml that you can read"
        problems.add(None, f"cannot be read: {error.strerror or error}", fix)
        problems.raise_any()
        raise
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(None, f"not UTF-8: byte {error.start + 1} is no text", "save it as UTF-8")
        problems.raise_any()
        raise
    return read_treasury(text, name)


def read_treasury(text: str, file: str = "treasury.yaml") -> Treasury:
    """
    The same for a text; `file` is the name that problems are reported under.
    """
    problems = Problems(file)
    tree = read_tree(text, problems)
    if tree is None:
        problems.raise_any()
    section = TreasuryFile.model_validate(tree, context=problems)
    if not is_readable(section):
        problems.raise_any()
    return resolve(section, problems)
