"""
What the file defines by name, for the parts that refer to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from bursar.config.amounts import to_base_units
from bursar.config.model import Account, Agent, Category, Chain, Token
from bursar.config.problems import Mark, Problems, WrongError, build_hint
from bursar.config.profiles import Profile
from bursar.config.reading import BROKEN, is_readable
from bursar.types import Address

T = TypeVar("T")


@dataclass(frozen=True)
class Book(Generic[T]):
    """
    Definitions of one kind, by name. None is one that could not be read; `entries` is None where
    none could.
    """

    what: str
    entries: Mapping[str, T | None] | None

    def find(self, name: str, mark: Mark, problems: Problems) -> T | None:
        """
        What `name` stands for; an unknown name is noted.
        """
        if self.entries is None or not is_readable(name):
            return None
        if name not in self.entries:
            fix = build_hint(name, self.entries, f"define {name} first")
            problems.add(mark, f"no such {self.what}", fix, name)
        return self.entries.get(name)

    def values(self) -> tuple[T, ...]:
        """
        Everything that could be read, in the order of the file.
        """
        return tuple(value for value in (self.entries or {}).values() if value is not None)


@dataclass
class Books:
    """
    The books, and the chain; None where the file does not say it legibly.
    """

    problems: Problems
    chain: Chain | None = None
    tokens: Book[Token] = field(default_factory=lambda: Book("token", None))
    categories: Book[Category] = field(default_factory=lambda: Book("category", None))
    recipients: Book[Account] = field(default_factory=lambda: Book("recipient", None))
    profiles: Book[Profile] = field(default_factory=lambda: Book("profile", None))
    agents: Book[Agent] = field(default_factory=lambda: Book("agent", None))

    @property
    def is_devnet(self) -> bool | None:
        """
        Whether the chain is a local one; None if that is not known.
        """
        return None if self.chain is None else self.chain.is_devnet


def read_units(problems: Problems, mark: Mark, amount: Decimal, token: Token) -> int:
    """
    An amount of a token in base units; BROKEN, and noted, if it has none.
    """
    broken: int = BROKEN
    if not is_readable(amount):
        return broken
    try:
        return to_base_units(amount, token.decimals)
    except WrongError as wrong:
        problems.add(mark, f"{wrong.message} ({token.symbol})", wrong.fix, f"{amount:f}")
        return broken


@dataclass
class Register:
    """
    Who has which address. One key has one role: a service that holds two is worth stealing twice.
    """

    problems: Problems
    _holders: dict[Address, str] = field(default_factory=dict)

    def enter(self, address: Address, who: str, mark: Mark) -> None:
        """
        Note the role of an address, and a problem if it has one already.
        """
        first = self._holders.setdefault(address, who)
        if first != who:
            fix = f"give {who} an address of its own: one key, one role"
            self.problems.add(mark, f"{who} has the address of {first}", fix, address)

    def holder(self, address: Address) -> str | None:
        """
        Whose address it is.
        """
        return self._holders.get(address)
