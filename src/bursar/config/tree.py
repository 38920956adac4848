"""
YAML with nothing interpreted: every scalar is the text that stands in the file, with its place.

    text → events → Text, Table, Items, each with its Mark

Numbers, dates and booleans are not recognised, because YAML reads 0.1 as a float, 010 as an octal
number and `no` as a boolean. Duplicate keys are refused, and so are anchors used twice and tags:
people sign what this file says, and the figures have to stand where they hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from bursar.config.problems import Mark, Problems

# Nothing in the file is nested half as deep; without an end, a hostile file exhausts the stack.
_DEEPEST: Final = 16
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Text:
    """
    A scalar as it is written.
    """

    value: str
    mark: Mark
    quoted: bool = False

    @property
    def is_null(self) -> bool:
        """
        Whether nothing is given.
        """
        return not self.quoted and self.value in _NULLS


@dataclass(frozen=True, slots=True)
class Table:
    """
    A mapping. `keys` has the place of each key.
    """

    entries: "dict[str, Node]"
    keys: dict[str, Text]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Items:
    """
    A list.
    """

    nodes: "tuple[Node, ...]"
    mark: Mark


@dataclass(frozen=True, slots=True)
class Unreadable:
    """
    Something that was reported already.
    """

    mark: Mark


Node = Text | Table | Items | Unreadable


def describe(node: Node) -> str:
    """
    What stands there, for an error.
    """
    if isinstance(node, Text):
        return "nothing" if node.is_null else node.value
    return "a mapping" if isinstance(node, Table) else "a list"


def read_tree(text: str, problems: Problems) -> Node | None:
    """
    The file's one document; None if it has none or is no YAML, which is noted.
    """
    try:
        return _Builder(text, problems).document()
    except yaml.reader.ReaderError as error:
        line, column = _place_of(text, error.position)
        problems.add(
            Mark(line, column, ""),
            "a character that YAML does not allow",
            "remove it",
            f"U+{error.character:04X}",
        )
    except yaml.MarkedYAMLError as error:
        problems.add(_mark_of(error.problem_mark), *_explain(error))
    return None


def _place_of(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _mark_of(mark: Any, key: str = "") -> Mark:
    return Mark(mark.line + 1, mark.column + 1, key) if mark else Mark(1, 1, key)


def _explain(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    what = ", ".join(part for part in (error.context, error.problem) if part)
    if "'\\t'" in what:
        return f"not YAML: {what}", "indent with spaces, not with tabs"
    return f"not YAML: {what}", "check indentation, colons, brackets and quotes around here"


class _Builder:
    """
    Builds the tree from the parser's events.
    """

    def __init__(self, text: str, problems: Problems) -> None:
        self._events: Iterator[Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._problems = problems

    def document(self) -> Node | None:
        tree: Node | None = None
        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if tree is not None:
                mark = _mark_of(event.start_mark)
                self._problems.add(mark, "a second document", "keep one document per file")
                break
            tree = self._node(next(self._events), "", 0)
        if tree is None or (isinstance(tree, Text) and tree.is_null):
            self._problems.add(None, "the file is empty", "start from examples/treasury.yaml")
            return None
        return tree

    def _node(self, event: Event, path: str, depth: int) -> Node:
        mark = _mark_of(event.start_mark, path)
        refusal = _refusal(event, depth)
        if refusal is not None:
            self._problems.add(mark, *refusal)
            self._skip(event)
            return Unreadable(mark)
        if isinstance(event, ScalarEvent):
            return Text(event.value, mark, quoted=event.style is not None)
        if isinstance(event, MappingStartEvent):
            return self._table(mark, path, depth)
        return self._items(mark, path, depth)

    def _table(self, mark: Mark, path: str, depth: int) -> Table:
        table = Table({}, {}, mark)
        for event in self._children():
            key = self._node(event, path, depth + 1)
            if not isinstance(key, Text):
                self._refuse_key(key)
                self._skip(next(self._events))
                continue
            self._read_value(table, key, path, depth)
        return table

    def _read_value(self, table: Table, key: Text, path: str, depth: int) -> None:
        inner = f"{path}.{key.value}" if path else key.value
        mark = Mark(key.mark.line, key.mark.column, inner)
        value = self._node(next(self._events), inner, depth + 1)
        # A mapping or a list stands where its key does, not where its first entry happens to.
        moved = value if isinstance(value, Text) else replace(value, mark=mark)
        self._enter(table, key, mark, moved)

    def _refuse_key(self, key: Node) -> None:
        if not isinstance(key, Unreadable):
            fix = "write a plain word before the colon"
            self._problems.add(key.mark, "a key has to be text", fix, describe(key))

    def _enter(self, table: Table, key: Text, mark: Mark, value: Node) -> None:
        name = key.value
        if name in table.entries:
            first = table.keys[name].mark.line
            fix = f"keep one; the other is on line {first}"
            self._problems.add(mark, "the same key twice", fix, name)
            return
        table.entries[name] = value
        table.keys[name] = Text(name, mark, key.quoted)

    def _items(self, mark: Mark, path: str, depth: int) -> Items:
        nodes = [
            self._node(event, f"{path}[{index}]", depth + 1)
            for index, event in enumerate(self._children())
        ]
        return Items(tuple(nodes), mark)

    def _children(self) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event

    def _skip(self, event: Event) -> None:
        """
        Leave out what `event` starts.
        """
        open_collections = _opens(event)
        while open_collections:
            event = next(self._events)
            open_collections += _opens(event) - isinstance(event, CollectionEndEvent)


def _opens(event: Event) -> int:
    return int(isinstance(event, MappingStartEvent | SequenceStartEvent))


def _refusal(event: Event, depth: int) -> tuple[str, str] | None:
    if isinstance(event, AliasEvent):
        return f"an alias (*{event.anchor})", "write the value out, so that it is reviewed here"
    tag = getattr(event, "tag", None)
    if tag is not None:
        return f"a tag ({tag})", "remove it: the field decides how the value is read"
    if depth > _DEEPEST:
        return "nested too deeply", "remove the innermost levels"
    return None
