"""
Which Safe a command is about, where its drafts are, who speaks, and who pays the gas.
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

import typer

from bursar.book import require_address
from bursar.cli.place import BOOK, KeyMissingError, Place
from bursar.treasury.safe import Draft, DraftError, DraftStore, SafeDesk, refresh
from bursar.treasury.safe.summary import Summary, build_summary
from bursar.types import Address

if TYPE_CHECKING:
    from bursar.chain.safe_service import SafeService
    from bursar.chain.sending import Sender

DRAFTS: Final = "BURSAR_DRAFTS"
AUTHOR: Final = "BURSAR_AUTHOR"
SERVICE_URL: Final = "BURSAR_SAFE_SERVICE_URL"
SERVICE_TOKEN: Final = "BURSAR_SAFE_SERVICE_TOKEN"
# What one transaction may use since EIP-7825: a treasury's first batch creates wallets, 4 million
# gas each, and people have seen what it does.
_MOST_GAS: Final = 2**24
# A line that goes on is set further in than what stands below it.
_HANGING: Final = 6
_NARROWEST: Final = 40


@dataclass
class SafePlace:
    """
    A Place with the treasury's drafts.
    """

    place: Place
    desk: SafeDesk

    @classmethod
    def find(cls, rpc_url: str | None, book: str | None, report: Path | None = None) -> "SafePlace":
        """
        As `Place.find`; the drafts are in BURSAR_DRAFTS, else beside the address book. `report` is
        a refill's report that was begun on another machine.
        """
        from bursar.cli.safe_reports import build_judge

        place = Place.find(rpc_url, book)
        beside = Path(book or place.environment[BOOK]).expanduser().parent / "drafts"
        folder = Path(place.environment.get(DRAFTS) or beside).expanduser()
        known = place.office.book
        store = DraftStore(folder, known.chain_id, known.safe)
        return cls(place, SafeDesk.of(place.office, store, build_judge(place, book, report)))

    def author(self, given: str | None) -> str:
        """
        Who drafts: as given, else BURSAR_AUTHOR, else on a devnet the first owner.
        """
        name = given or self.place.environment.get(AUTHOR)
        if not name and self.place.is_devnet:
            name = next(iter(self.place.office.book.owners), None)
        if not name:
            raise DraftError(f"Say who drafts this: --author NAME, or set {AUTHOR}.")
        return name

    def owner(self, given: str) -> Address:
        """
        The owner of that name, or that address. Raises BookError.
        """
        holder = self.place.office.book.owners.get(given)
        return require_address(given) if holder is None else holder.address

    def open_draft(self, id: str) -> Draft:
        """
        The draft of that hash or nonce, as it is after what the chain has done meanwhile.
        """
        refresh(self.desk)
        return self.desk.store.find(id)

    def summary(self, target: Draft) -> Summary:
        """
        Everything about a draft.
        """
        return build_summary(self.desk, target, self.place.view)

    def gas_payer(self) -> "Sender":
        """
        Who sends, and pays: BURSAR_RELAYER_KEY, else a keeper's or a guardian's; on a devnet an
        account of its own. Raises KeyMissingError.
        """
        from bursar.chain.fees import Ceilings
        from bursar.chain.local import LocalChain
        from bursar.chain.sending import Sender
        from bursar.cli.place import read_key

        client, environment = self.place.office.client, self.place.environment
        key = read_key(environment, "relayer")
        if key is None and self.place.is_devnet:
            key = LocalChain(client.rpc.url).new_account("relayer")
        for role in ("keeper", "guardian"):
            key = key or read_key(environment, role)
        if key is None:
            raise KeyMissingError(
                "Somebody has to pay the gas, and gets no right by it: set BURSAR_RELAYER_KEY, or "
                "BURSAR_RELAYER_KEY_FILE to a file that only you can read."
            )
        chain_id = self.place.office.book.chain_id
        return Sender(client, key, chain_id=chain_id, ceilings=Ceilings(max_gas=_MOST_GAS))

    def service(self) -> "SafeService | None":
        """
        The Safe Transaction Service, where one is configured.
        """
        from bursar.chain.safe_service import SafeService

        url = self.place.environment.get(SERVICE_URL)
        token = self.place.environment.get(SERVICE_TOKEN, "")
        return SafeService(url, token=token) if url else None

    def share(self, target: Draft) -> str:
        """
        Leave a signed draft at the service, where one is configured, and say what came of it;
        empty where none is. What cannot be left there is kept here.
        """
        from bursar.chain.errors import NoAnswerError
        from bursar.chain.safe_service import ServiceError
        from bursar.treasury.safe.exchange import push

        service = self.service()
        if service is None:
            return ""
        try:
            push(self.desk, service, target)
        except (NoAnswerError, ServiceError) as error:
            return f"not shared: {error}"
        return f"shared at {service.name}"


def say(line: str = "") -> None:
    """
    Print a line that a stranger may have had a hand in. A terminal gets no word broken in two, and
    sees where a line goes on.
    """
    from bursar.treasury.safe.words import printable

    shown = printable(line)
    if not sys.stdout.isatty():
        typer.echo(shown)
        return
    depth = len(shown) - len(shown.lstrip())
    width = shutil.get_terminal_size().columns
    for part in wrap(
        shown,
        width=max(width, _NARROWEST),
        subsequent_indent=" " * (depth + _HANGING),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]:
        typer.echo(part)
