"""
Names → what the chain knows: tokens, categories, and who is paid.

Without an address book, the names are those of the wallet's budgets: the treasury set them, so a
token that calls itself USDC and is none cannot be among them by accident.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from bursar.agent.errors import UnknownNameError
from bursar.book import AddressBook, BookError, decode_category, read_address
from bursar.chain.contracts import Contract, token_at
from bursar.chain.errors import BadAnswerError, RevertedError
from bursar.config.names import encode_category
from bursar.config.problems import build_hint
from bursar.types import NATIVE, Address, Bytes32

BudgetKey: TypeAlias = tuple[Address, Bytes32]

_NATIVE_SYMBOL = "NATIVE"
_NATIVE_DECIMALS = 18
# The largest that 256 bits can make sense of.
_MOST_DECIMALS = 77


class TokenInfo(NamedTuple):
    """
    A token as people name it.
    """

    symbol: str
    address: Address
    decimals: int


class CategoryInfo(NamedTuple):
    """
    A category as people name it.
    """

    name: str
    value: Bytes32


class Recipient(NamedTuple):
    """
    Who is paid; `name` is None where only an address was given.
    """

    address: Address
    name: str | None


class Names:
    """
    What names mean to one agent of one wallet. What the chain says of a token is asked for once.
    """

    def __init__(self, wallet: Contract, agent: Address, book: AddressBook | None) -> None:
        self._wallet = wallet
        self._agent = agent
        self._book = book
        self._tokens: dict[Address, TokenInfo] = {}
        self._own: list[BudgetKey] = []

    def find_token(self, name: str) -> TokenInfo:
        """
        A token by symbol or address. Raises UnknownNameError.
        """
        if self._book is not None:
            try:
                symbol, entry = self._book.find_token(name)
            except BookError as error:
                raise UnknownNameError(str(error)) from None
            return self._checked(symbol, entry.address, entry.decimals)
        address = self._read_address(name)
        if address is not None:
            return self.describe_token(address)
        for keys in self._budgets():
            tokens = [self.describe_token(token) for token in dict.fromkeys(t for t, _ in keys)]
            found = [token for token in tokens if token.symbol.lower() == name.lower()]
            if len(found) == 1:
                return found[0]
        raise _unknown("token", name, [token.symbol for token in tokens], len(found))

    def describe_token(self, address: Address) -> TokenInfo:
        """
        A token by what it says of itself. Raises UnknownNameError where there is none.
        """
        if address == NATIVE:
            return TokenInfo(_NATIVE_SYMBOL, NATIVE, _NATIVE_DECIMALS)
        if address not in self._tokens:
            symbol, decimals = self._ask_symbol(address), self._ask_decimals(address)
            self._tokens[address] = TokenInfo(symbol, address, decimals)
        return self._tokens[address]

    def find_category(self, name: str) -> CategoryInfo:
        """
        A category; empty is none. Raises UnknownNameError for what neither the book nor any budget
        of the wallet knows.
        """
        booked = self._book.categories if self._book else ()
        try:
            value = encode_category(name)
        except (AttributeError, ValueError):
            raise UnknownNameError(
                f"Category {name!r} is no name: text of at most 32 ASCII characters. "
                f"{build_hint(str(name), booked)}."
            ) from None
        known: set[Bytes32] = set()
        if name in booked:
            return CategoryInfo(name, value)
        for keys in self._budgets():
            known = {category for _, category in keys}
            if value in known:
                return CategoryInfo(name, value)
        names = {*booked, *map(self.name_category, known)}
        if names:
            raise _unknown("category", name, filter(None, names))
        return CategoryInfo(name, value)

    def name_category(self, value: Bytes32) -> str:
        """
        A category as people write it.
        """
        return self._book.category_name(value) if self._book else decode_category(value)

    def find_recipient(self, to: str) -> Recipient:
        """
        Whom to pay: an address, or the name of an agent or recipient in the book. Raises
        UnknownNameError.
        """
        if not isinstance(to, str):
            raise UnknownNameError(f"`to` is an address or a name, not {type(to).__name__}.")
        address = self._read_address(to)
        if address is not None:
            return self.name_recipient(address)
        if self._book is None:
            raise UnknownNameError(
                f"Nobody is called {to!r}: there is no address book. Pass book= or set "
                "BURSAR_BOOK, or give an address."
            )
        try:
            return Recipient(self._book.find_recipient(to), to)
        except BookError as error:
            raise UnknownNameError(str(error)) from None

    def name_recipient(self, address: Address) -> Recipient:
        """
        An address with the name that it has in the book.
        """
        name = self._book.name_of(address) if self._book else address
        return Recipient(address, None if name == address else name)

    def _budgets(self) -> Iterator[list[BudgetKey]]:
        """
        Token and category of the agent's own budgets, then of everybody's in the wallet.
        """
        if not self._own:
            self._own = self._fetch_budgets(self._agent)
        yield self._own
        count = self._wallet.view("agent_count")
        agents = [self._wallet.view("agents", index) for index in range(count)]
        self._own = self._fetch_budgets(self._agent)
        yield [key for agent in agents for key in self._fetch_budgets(agent)]

    def _fetch_budgets(self, agent: Address) -> list[BudgetKey]:
        count = self._wallet.view("budget_count", agent)
        keys = (self._wallet.view("budget_keys", agent, index) for index in range(count))
        return [(token, Bytes32(category)) for token, category in keys]

    def _checked(self, symbol: str, address: Address, decimals: int) -> TokenInfo:
        """
        A token of the book: amounts in wrong decimals would be off by powers of ten.
        """
        told = self.describe_token(address).decimals
        if told != decimals:
            raise UnknownNameError(
                f"The address book gives {symbol} {decimals} decimals, its contract {address} "
                f"{told}. Mend the book before paying with it."
            )
        return TokenInfo(symbol, address, decimals)

    def _ask_symbol(self, address: Address) -> str:
        try:
            symbol = str(token_at(self._wallet.client, address).view("symbol"))
        except (BadAnswerError, RevertedError):
            return address  # a symbol is optional, and old tokens have none that can be read
        return symbol if symbol.isprintable() and 0 < len(symbol) <= 16 else address

    def _ask_decimals(self, address: Address) -> int:
        try:
            decimals = int(token_at(self._wallet.client, address).view("decimals"))
        except (BadAnswerError, RevertedError) as error:
            raise UnknownNameError(
                f"{address} does not say how many decimals it has: {error} Is it a token of this "
                "chain?"
            ) from error
        if decimals > _MOST_DECIMALS:
            raise UnknownNameError(f"{address} says that it has {decimals} decimals: no token has.")
        return decimals

    def _read_address(self, text: str) -> Address | None:
        try:
            return read_address(text)
        except BookError as error:
            raise UnknownNameError(str(error)) from None


def _unknown(kind: str, name: str, known: Iterable[str], matches: int = 0) -> UnknownNameError:
    if matches > 1:
        return UnknownNameError(f"{matches} tokens are called {name!r}: give the address.")
    hint = build_hint(name, known, "ask the treasury for a budget")
    return UnknownNameError(f"No {kind} is called {name!r}: {hint}.")
