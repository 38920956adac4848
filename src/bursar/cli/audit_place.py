"""
Which audit a command is about: its database, its heads, and the names of what is in it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bursar.audit import Action
from bursar.book import AddressBook, BookError, require_address
from bursar.cli.audit_options import Wanted
from bursar.cli.history_options import FilterError, read_day, read_least
from bursar.cli.place import BOOK, RPC_URL, read_environment
from bursar.config.problems import build_hint
from bursar.store.audit_heads import Head, read_heads
from bursar.store.audit_query import Filter, find_audit
from bursar.store.database import Database
from bursar.store.location import AUDIT_ANCHORS, anchor_interval, database_url, heads_target
from bursar.types import Address

_EVERY = "all"


@dataclass
class AuditPlace:
    """
    An audit, read without a node.
    """

    database: Database
    book: AddressBook
    heads: str | None
    environment: Mapping[str, str]

    @classmethod
    def open(cls, database: str | None, book: str | None) -> "AuditPlace":
        """
        That of the address book's organisation, to be read. Raises BursarError.
        """
        environment = read_environment(book)
        path = book or environment.get(BOOK)
        if not path:
            raise BookError(
                f"No organisation is named: set {BOOK} to an address book, give --book, or start "
                "`bursar devnet` in this folder."
            )
        known = AddressBook.load(Path(path).expanduser())
        url = database or default_url(environment, known, Path(path))
        opened = Database.open(url, read_only=True)
        try:
            named = _with_wallets(opened, known)
        except BaseException:
            opened.close()
            raise
        return cls(opened, named, default_heads(environment, known, Path(path)), environment)

    def read_heads(self, given: Path | None) -> list[Head] | None:
        """
        What was told off the machine: from the file that is given, else from where it is told;
        None where that is nothing that can be read here. Raises HeadsError.
        """
        if given is None:
            target = self.heads
            if target is None or "://" in target or not Path(target).expanduser().exists():
                return None
            given = Path(target).expanduser()
        return read_heads(given, self.book.chain_id, self.book.organization)

    def find_node(self, given: str | None) -> tuple[str | None, str]:
        """
        The node to look for anchors at; None, and why, where there is none to be looked for. Raises
        BursarError.
        """
        if given is not None:
            return given, ""
        if anchor_interval(self.environment, is_local=self.book.devnet) is None:
            said = "a local chain" if self.book.devnet else f"{AUDIT_ANCHORS}=off"
            return None, f"{said} has no anchors; --rpc-url looks for some all the same"
        url = self.environment.get(RPC_URL) or self.book.rpc_url
        return url, "" if url else f"no node is named. Set {RPC_URL}, or give --rpc-url"

    def filter(self, wanted: Wanted) -> Filter:
        """
        Names and days made into what the store looks for. Raises BursarError.
        """
        book = self.book
        token, least = read_least(book, wanted.least)
        if wanted.token is not None:
            token = book.find_token(wanted.token)[1].address
        return Filter(
            chain_id=None if wanted.organisation == _EVERY else book.chain_id,
            organization=self._organization(wanted.organisation),
            since=read_day("--since", wanted.since),
            until=read_day("--until", wanted.until),
            wallet=None if wanted.wallet is None else book.find_wallet(wanted.wallet),
            agent=None if wanted.agent is None else book.find_agent(wanted.agent),
            actions=tuple(_read_action(name) for name in wanted.actions or ()),
            token=token,
            least=None if wanted.least is None else least,
        )

    def _organization(self, given: str | None) -> Address | None:
        if given is None:
            return self.book.organization
        return None if given == _EVERY else require_address(given)


def default_url(environment: Mapping[str, str], book: AddressBook, path: Path) -> str:
    """
    Where the organisation's store is.
    """
    devnet = path.expanduser().parent if book.devnet else None
    return database_url(environment, book.chain_id, book.organization, devnet=devnet)


def default_heads(environment: Mapping[str, str], book: AddressBook, path: Path) -> str | None:
    """
    Where its audit's heads are told.
    """
    devnet = path.expanduser().parent if book.devnet else None
    return heads_target(environment, book.chain_id, book.organization, devnet=devnet)


def book_path(environment: Mapping[str, str], book: str | None) -> Path:
    """
    The address book's file, once it is known that there is one.
    """
    return Path(book or environment.get(BOOK) or os.devnull)


def _read_action(name: str) -> Action:
    try:
        return Action(name)
    except ValueError:
        known = [action.value for action in Action]
        raise FilterError(f"No action is called {name}: {build_hint(name, known)}") from None


def _with_wallets(database: Database, book: AddressBook) -> AddressBook:
    """
    The book with the wallets that the audit has seen created; the first keeps its name.
    """
    wanted = Filter(book.chain_id, book.organization, actions=(Action.POLICY_CHANGE,))
    names: dict[str, Address] = {}
    with database.reading() as connection:
        for sealed in find_audit(connection, wanted):
            if '"event":"WalletCreated"' not in sealed.content:
                continue
            entry = sealed.entry
            name, wallet = str(entry.details.get("name", "")), entry.wallet
            if wallet is not None:
                names[name if name not in names else str(wallet)] = wallet
    return book.model_copy(update={"wallets": {**book.wallets, **names}})
