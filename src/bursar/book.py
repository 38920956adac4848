"""
The address book of an organisation: which address a name stands for, and where its chain answers.

    file → AddressBook → find_token("USDC"), find_scope("trading"), name_of("0x…")

Written by `bursar devnet` and `bursar init`, read by everything that takes names. It holds no
secret: where it names a key, that key is a local chain's and public.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bursar.config.problems import build_hint
from bursar.errors import BursarError
from bursar.types import NATIVE, Address, AddressField, Bytes32, checksummed

ORGANISATION: Final = "organisation"
"""What people call the scope that is everything."""
NATIVE_SYMBOL: Final = "NATIVE"


class BookError(BursarError):
    """
    No address book, one that cannot be read, or a name that is not in it.
    """


class _Entry(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="hex", val_json_bytes="hex"
    )


class Holder(_Entry):
    """
    Somebody with a key. `devnet_key` is the name that a local chain derives it from; `wallets`
    are those that an agent has a budget in.
    """

    address: AddressField
    devnet_key: str | None = None
    role: str = ""
    wallets: tuple[str, ...] = ()


class TokenEntry(_Entry):
    """
    A token.
    """

    address: AddressField
    decimals: int = Field(ge=0, le=77)


class AddressBook(_Entry):
    """
    One organisation. `wallets` may lag behind the chain's registry, which is the authority.
    """

    format: int = Field(default=1, ge=1, le=1)
    name: str
    devnet: bool = False
    chain_id: int
    rpc_url: str | None = None
    organization: AddressField
    block: int = 0
    blueprint: AddressField
    safe: AddressField
    multi_send: AddressField | None = None
    threshold: int
    owners: dict[str, Holder] = {}
    guardians: dict[str, Holder] = {}
    keepers: dict[str, Holder] = {}
    agents: dict[str, Holder] = {}
    tokens: dict[str, TokenEntry] = {}
    wallets: dict[str, AddressField] = {}
    recipients: dict[str, AddressField] = {}
    categories: dict[str, str] = {}

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """
        A book as it was written; `where` is for the error. Raises BookError.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise BookError(
                f"{where} is no address book: {place}: {first['msg']}. Write it anew with "
                "`bursar devnet` or `bursar init`."
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """
        The book at `path`. Raises BookError.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BookError(
                f"{path} is no address book: it is no text. Name the JSON file that `bursar "
                "devnet` or `bursar init` wrote."
            ) from error
        except OSError as error:
            raise BookError(
                f"The address book {path} cannot be read: {error.strerror}. Name another one, or "
                "write it with `bursar devnet` or `bursar init`."
            ) from error
        return cls.parse(text, str(path))

    def to_json(self) -> str:
        """
        As it is written to a file.
        """
        return self.model_dump_json(indent=2) + "\n"

    def holders(self) -> Iterator[tuple[str, str, Holder]]:
        """
        Role, name and account of everybody.
        """
        kinds = {
            "owner": self.owners,
            "guardian": self.guardians,
            "keeper": self.keepers,
            "agent": self.agents,
        }
        for kind, holders in kinds.items():
            for name, holder in holders.items():
                yield kind, name, holder

    def name_of(self, address: Address) -> str:
        """
        What people call an address; itself where it has no name.
        """
        return self._names().get(address, address)

    def _names(self) -> dict[Address, str]:
        # What is named first is kept: a wallet or an agent may be a recipient, too.
        named: dict[Address, str] = {self.organization: ORGANISATION, self.safe: "treasury"}
        for name, address in self.wallets.items():
            named.setdefault(address, name)
        for _, name, holder in self.holders():
            named.setdefault(holder.address, name)
        for name, token in self.tokens.items():
            named.setdefault(token.address, name)
        for name, address in self.recipients.items():
            named.setdefault(address, name)
        return named

    def find_token(self, name: str) -> tuple[str, TokenEntry]:
        """
        A token by symbol, whatever its case, or by address. Raises BookError.
        """
        if name.upper() == NATIVE_SYMBOL:
            return NATIVE_SYMBOL, TokenEntry(address=NATIVE, decimals=18)
        for symbol, token in self.tokens.items():
            if name.lower() in (symbol.lower(), token.address.lower()):
                return symbol, token
        raise BookError(_unknown("token", name, [*self.tokens, NATIVE_SYMBOL]))

    def symbol_of(self, address: Address) -> tuple[str, int]:
        """
        Symbol and decimals of a token; an unknown one by its address, in base units.
        """
        if address == NATIVE:
            return NATIVE_SYMBOL, 18
        for symbol, token in self.tokens.items():
            if token.address == address:
                return symbol, token.decimals
        return address, 0

    def find_agent(self, name: str) -> Address:
        """
        An agent by name or address. Raises BookError.
        """
        return _find("agent", name, _addresses(self.agents))

    def find_wallet(self, name: str) -> Address:
        """
        A wallet by name or address. Raises BookError.
        """
        return _find("wallet", name, self.wallets)

    def find_recipient(self, name: str) -> Address:
        """
        Whom to pay: a recipient's or an agent's name, or any address. Raises BookError.
        """
        return _find("recipient", name, _addresses(self.agents) | self.recipients)

    def find_scope(self, name: str) -> tuple[str, Address]:
        """
        What a stop covers, and its kind: `organisation`, a wallet, an agent, or any address. Where
        a name is both, `agent:NAME` or `wallet:NAME` says which. Raises BookError.
        """
        kind, _, rest = name.rpartition(":")
        if name in (ORGANISATION, "organization", self.organization):
            return ORGANISATION, self.organization
        found = {
            what: _match(rest, known)
            for what, known in (("agent", _addresses(self.agents)), ("wallet", self.wallets))
            if kind in ("", what)
        }
        hits = [(what, address) for what, address in found.items() if address is not None]
        if len(hits) > 1:
            raise BookError(
                f"{rest} is an agent and a wallet: write agent:{rest} or wallet:{rest}."
            )
        if hits:
            return hits[0]
        address = read_address(rest)
        if address is not None:
            return "agent", address
        raise BookError(_unknown("scope", name, [ORGANISATION, *self.wallets, *self.agents]))

    def category_name(self, value: Bytes32) -> str:
        """
        A category as people write it.
        """
        for name, digits in self.categories.items():
            if bytes.fromhex(digits.removeprefix("0x")) == value:
                return name
        return decode_category(value)


def decode_category(value: Bytes32) -> str:
    """
    The text that a category is made of; hexadecimal where it is no text.
    """
    text = value.rstrip(b"\0")
    if all(0x20 < byte < 0x7F for byte in text):
        return text.decode("ascii")
    return f"0x{value.hex()}"


def read_address(text: str) -> Address | None:
    """
    The address that `text` is, None where it is none. Raises BookError for a wrong checksum.
    """
    if not text.startswith("0x"):
        return None
    try:
        address = checksummed(text)
    except ValueError:
        raise BookError(f"{text!r} is no address: 0x and 40 hexadecimal digits.") from None
    if text not in (address, text.lower()):
        raise BookError(f"{text} has a wrong checksum: is a digit mistyped?")
    return address


def require_address(text: str) -> Address:
    """
    The address that `text` is. Raises BookError where it is none.
    """
    address = read_address(text)
    if address is None:
        raise BookError(f"{text!r} is no address: 0x and 40 hexadecimal digits.")
    return address


def _addresses(holders: Mapping[str, Holder]) -> dict[str, Address]:
    return {name: holder.address for name, holder in holders.items()}


def _match(name: str, known: Mapping[str, Address]) -> Address | None:
    if name in known:
        return known[name]
    return next((address for address in known.values() if address.lower() == name.lower()), None)


def _find(kind: str, name: str, known: Mapping[str, Address]) -> Address:
    found = _match(name, known) or read_address(name)
    if found is None:
        raise BookError(_unknown(kind, name, known))
    return found


def _unknown(kind: str, name: str, known: Any) -> str:
    return f"No {kind} is called {name!r}: {build_hint(name, known)}"
