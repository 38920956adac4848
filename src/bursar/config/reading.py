"""
From the tree to the models of the file, noting every problem on the way instead of the first.

    Text, Table, Items → Section subclasses, with BROKEN in place of what could not be read

BROKEN is what a compiler's error type is: reported once, and no later check complains about it. A
section that has any never leaves this package, because `Problems.raise_any` comes first.
"""

import json
from collections.abc import Callable
from typing import Any, ClassVar, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic.fields import FieldInfo

from bursar.config.problems import Mark, Problems, WrongError, build_hint, find_closest
from bursar.config.tree import Items, Node, Table, Text, Unreadable, describe


class _Broken:
    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final[Any] = _Broken()
"""In place of a value that could not be read; any type, because any field may have it."""


def is_readable(*values: object) -> bool:
    """
    Whether nothing among `values` was reported already.
    """
    return all(value is not BROKEN for value in values)


def scalar(parse: Callable[[str], Any], what: str, example: str) -> PlainValidator:
    """
    Reads one value with `parse`. `what` and `example` are for who wrote something else.
    """

    def read(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Text) or value.is_null:
            return _refuse_kind(value, info, what, f"write {what}, such as {example}")
        try:
            return parse(value.value)
        except WrongError as wrong:
            _problems(info).add(value.mark, wrong.message, wrong.fix, describe(value))
            return BROKEN

    return PlainValidator(read)


def key(parse: Callable[[str], str]) -> PlainValidator:
    """
    Reads the key of a mapping. One that is spelled wrongly keeps its spelling, so that what refers
    to it is found all the same.
    """

    def read(value: Any, info: ValidationInfo) -> Any:
        try:
            return parse(value.value)
        except WrongError as wrong:
            _problems(info).add(value.mark, wrong.message, wrong.fix, value.value)
            return value.value

    return PlainValidator(read)


def mapping(what: str) -> WrapValidator:
    """
    Reads a mapping whose keys are free to choose.
    """

    def read(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if not isinstance(value, Table):
            return _refuse_kind(value, info, what, f"write {what} below the key, with colons")
        return handler({value.keys[name]: node for name, node in value.entries.items()})

    return WrapValidator(read)


def listing(what: str) -> WrapValidator:
    """
    Reads a list.
    """

    def read(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        if not isinstance(value, Items):
            return _refuse_kind(value, info, what, f"write {what} below the key, with dashes")
        return handler(value.nodes)

    return WrapValidator(read)


class Section(BaseModel):
    """
    A part of the file with fixed keys. Knows where it stands, for checks that come later.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )
    shorthand: ClassVar[str | None] = None
    """The key that a single word in place of the section means."""

    _node: Table = PrivateAttr()

    @model_validator(mode="wrap")
    @classmethod
    def _read(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        node = cls._table_of(value)
        if node is None:
            keys = ", ".join(cls.model_fields)
            refused: Self = _refuse_kind(value, info, "a mapping", f"write keys below it: {keys}")
            return refused
        section = handler(cls._known(node, _problems(info)))
        section._node = node
        return section

    @classmethod
    def _table_of(cls, value: Any) -> Table | None:
        if isinstance(value, Text) and cls.shorthand is not None and not value.is_null:
            return Table({cls.shorthand: value}, {cls.shorthand: value}, value.mark)
        return value if isinstance(value, Table) else None

    @classmethod
    def _known(cls, node: Table, problems: Problems) -> dict[str, Any]:
        """
        What the section has keys for, and BROKEN for what is missing.
        """
        found: dict[str, Any] = {}
        for name, value in node.entries.items():
            if name in cls.model_fields:
                found[name] = value
                continue
            problems.add(node.keys[name].mark, "an unknown key", cls._hint(name), name)
            # Misspelled is not the same as left out: nothing else is said about that field.
            meant = find_closest(name, cls.model_fields)
            if meant is not None and meant not in node.entries:
                found[meant] = Unreadable(value.mark)
        for name, field in cls.model_fields.items():
            if field.is_required() and name not in found:
                mark = node.mark._replace(key=f"{node.mark.key}.{name}".lstrip("."))
                problems.add(mark, "missing", f"add {name}: {_example(field)}")
                found[name] = Unreadable(node.mark)
        return found

    @classmethod
    def _hint(cls, name: str) -> str:
        # {daily: 1,000} is a daily of 1 and a key 000.
        if name.isdecimal():
            return "write amounts without commas: 1000 or 1_000"
        return build_hint(name, cls.model_fields, "remove it")

    def mark(self, name: str) -> Mark:
        """
        Where the value of a key stands; where the section does if the key is not given.
        """
        node = self._node.entries.get(name)
        return node.mark if node is not None else self._node.mark

    def key_mark(self, name: str, inner: str) -> Mark:
        """
        Where the key `inner` stands in the mapping `name`.
        """
        node = self._node.entries[name]
        return node.keys[inner].mark if isinstance(node, Table) else node.mark

    def item_mark(self, name: str, index: int) -> Mark:
        """
        Where item number `index` of the list `name` stands.
        """
        node = self._node.entries[name]
        return node.nodes[index].mark if isinstance(node, Items) else node.mark

    def entry_mark(self, name: str, inner: str) -> Mark:
        """
        Where the value of the key `inner` of the mapping `name` stands.
        """
        node = self._node.entries[name]
        return node.entries[inner].mark if isinstance(node, Table) else node.mark


def _example(field: FieldInfo) -> str:
    """
    A value that a field may have, as it is written in the file.
    """
    example = (field.examples or ["…"])[0]
    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)


def _refuse_kind(value: Node, info: ValidationInfo, what: str, fix: str) -> Any:
    if not isinstance(value, Unreadable):
        _problems(info).add(value.mark, f"not {what}", fix, describe(value))
    return BROKEN


def _problems(info: ValidationInfo) -> Problems:
    problems = info.context
    assert isinstance(problems, Problems), "sections are read with their problems as the context"
    return problems
