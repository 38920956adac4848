"""
Which organisation a command is about, and which keys it may use.

    options → environment → .bursar/devnet.env → Place: an Office and its names

Keys come from the environment or from files that it names, never from an argument. An owner's key
is never read; on a local chain the devnet's own keys, which are public, stand in.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from bursar.book import AddressBook, BookError, Holder
from bursar.chain.local import derive_account
from bursar.devnet import ENV_FILE
from bursar.errors import BursarError
from bursar.treasury import Office, View
from bursar.types import Address

RPC_URL: Final = "BURSAR_RPC_URL"
BOOK: Final = "BURSAR_BOOK"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyMissingError(BursarError):
    """
    A key that is needed was not given, or cannot be used. It is never shown.
    """


@dataclass
class Place:
    """
    Where a command works.
    """

    office: Office
    environment: Mapping[str, str]

    @classmethod
    def find(cls, rpc_url: str | None, book: str | None) -> "Place":
        """
        What the options say, else the environment, else a devnet that was started in this folder.

        Raises BursarError.
        """
        environment = read_environment(book)
        path = book or environment.get(BOOK)
        if not path:
            raise BookError(
                f"No organisation is named: set {BOOK} to an address book, give --book, or start "
                "`bursar devnet` in this folder."
            )
        loaded = AddressBook.load(Path(path).expanduser())
        url = rpc_url or environment.get(RPC_URL)
        return cls(Office.open(loaded, url or None), {**environment, BOOK: str(path)})

    @cached_property
    def view(self) -> View:
        """
        What the chain says now, with the names of its wallets. Asked for once.
        """
        return self.office.view()

    @property
    def book(self) -> AddressBook:
        """
        The names, with the wallets that the chain has.
        """
        return self.view.book

    @cached_property
    def is_devnet(self) -> bool:
        """
        Whether the public keys of a devnet may be used here.
        """
        return self.office.book.devnet and self.office.is_local()

    def find_key(self, role: str, name: str | None = None) -> LocalAccount:
        """
        The key of that role: `BURSAR_<ROLE>_KEY` or the file that `BURSAR_<ROLE>_KEY_FILE` names;
        on a devnet that of `name`, or else of the first of that role. Raises KeyMissingError.
        """
        key = self._devnet_key(role, name) if self.is_devnet and name is not None else None
        key = key or read_key(self.environment, role)
        if key is None and self.is_devnet:
            key = self._devnet_key(role, None)
        if key is None:
            raise KeyMissingError(
                f"There is no {role} key: set BURSAR_{role.upper()}_KEY, or "
                f"BURSAR_{role.upper()}_KEY_FILE to a file that only you can read."
            )
        return key

    def has_key(self, role: str) -> bool:
        """
        Whether a key of that role was given.
        """
        return self.is_devnet or read_key(self.environment, role) is not None

    def _devnet_key(self, role: str, name: str | None) -> LocalAccount | None:
        holders = {
            name: holder for kind, name, holder in self.office.book.holders() if kind == role
        }
        if name is None:
            name = next(iter(holders), None)
        holder = holders.get(name) if name is not None else None
        return devnet_account(holder) if holder else None

    def name_of(self, address: Address) -> str:
        """
        What people call an address.
        """
        return self.book.name_of(address)


def devnet_account(holder: Holder) -> LocalAccount | None:
    """
    The account of a devnet's holder, whose key is public; None for anybody else.
    """
    return derive_account(holder.devnet_key) if holder.devnet_key else None


def read_environment(book: str | None) -> Mapping[str, str]:
    """
    The environment's variables. Where neither they nor an option names an organisation, those of
    the devnet that was started in this folder come before.
    """
    if book or os.environ.get(BOOK) or not ENV_FILE.is_file():
        return os.environ
    lines = ENV_FILE.read_text().splitlines()
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value for name, _, value in pairs} | dict(os.environ)


def read_key(environment: Mapping[str, str], role: str) -> LocalAccount | None:
    """
    A key from the environment, or from a file that it names; None where there is neither.

    Raises KeyMissingError for one that cannot be used.
    """
    name = f"BURSAR_{role.upper()}_KEY"
    digits, path = environment.get(name), environment.get(f"{name}_FILE")
    if digits:
        return _account(digits, name)
    return _account(_read_file(Path(path).expanduser()), path) if path else None


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(1_024)
    except OSError as error:
        raise KeyMissingError(f"The key file {path} cannot be read: {error.strerror}.") from error
    if mode & _OTHERS:
        raise KeyMissingError(
            f"The key file {path} has mode {stat.S_IMODE(mode):04o}: others can use it. Run "
            f"`chmod 600 {path}`; if others may have read it, use a new key."
        )
    return content.decode("ascii", errors="replace").strip()


def _account(digits: str, where: str) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(digits)
    except (ValueError, TypeError):  # what it says may hold the key
        raise KeyMissingError(f"{where} holds no private key: 64 hex digits.") from None
    return account
