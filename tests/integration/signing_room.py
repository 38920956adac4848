"""
A devnet's treasury with its owners, for the tests of what they see, sign and execute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from bursar.book import AddressBook
from bursar.chain.contracts import Contract, organization_at, token_at, wallet_at
from bursar.chain.local import derive_account
from bursar.chain.reader import Call
from bursar.chain.safe_transaction import safe_contract_type
from bursar.chain.safe_transaction import sign as sign_with
from bursar.chain.sending import Sender
from bursar.devnet import RunningDevnet
from bursar.treasury import Office, View
from bursar.treasury.safe import Draft, DraftStore, Policy, SafeDesk, draft
from bursar.treasury.safe.execution import execute
from bursar.treasury.safe.signing import sign
from bursar.types import Address, Bytes32, checksummed

REFUND = Bytes32(b"refund".ljust(32, b"\0"))
USDC = 10**6


class Owner:
    """
    Somebody with a key, whether an owner or not.
    """

    def __init__(self, key: LocalAccount) -> None:
        self.key = key
        self.address = checksummed(key.address)
        self.asked = 0

    def sign(self, transaction: Any) -> bytes:
        """
        As a keystore does.
        """
        self.asked += 1
        return sign_with(transaction, self.key).data


class Room:
    """
    `ana`, `ben` and `cleo` own the Safe, two of them sign; `stranger` does not.
    """

    def __init__(self, running: RunningDevnet, folder: Path) -> None:
        self.running = running
        self.chain = running.chain
        self.book: AddressBook = running.founded.book
        self.office = Office.open(self.book, running.url)
        self.folder = folder
        self.desk = self.new_desk(folder)
        self.ana, self.ben, self.cleo = (
            Owner(derive_account(holder.devnet_key or "")) for holder in self.book.owners.values()
        )
        self.stranger = Owner(self.chain.new_account("stranger"))

    def new_desk(self, folder: Path) -> SafeDesk:
        """
        Another machine's.
        """
        return SafeDesk.of(self.office, DraftStore(folder, self.book.chain_id, self.book.safe))

    @property
    def wallet(self) -> Contract:
        """
        The operations wallet, in which the shopper has a refund budget of 200 USDC a day.
        """
        return wallet_at(self.chain, self.book.wallets["operations"])

    @property
    def organization(self) -> Contract:
        """
        The switchboard.
        """
        return organization_at(self.chain, self.book.organization)

    @property
    def usdc(self) -> Contract:
        """
        The token.
        """
        return token_at(self.chain, self.book.tokens["USDC"].address)

    @property
    def line(self) -> tuple[Address, Address, Address, Bytes32]:
        """
        Wallet, agent, token and category of the shopper's refund budget.
        """
        agent = self.book.agents["shopper"].address
        return self.wallet.address, agent, self.usdc.address, REFUND

    def view(self) -> View:
        """
        What the chain has now.
        """
        return self.office.view()

    def policy(self) -> Policy:
        """
        Calls from words.
        """
        return Policy(self.view())

    def daily(self) -> int:
        """
        What the shopper may refund in a day, in USDC.
        """
        return int(self.wallet.view("budget", *self.line[1:]).daily) // USDC

    def lowered(self) -> Call:
        """
        A call that only tightens, and always succeeds: the wallet's limit to 4,000 USDC.
        """
        return self.wallet.build_call("set_wallet_limit", self.usdc.address, 4_000 * USDC)

    def draft(self, *calls: Call, author: str = "ana", purpose: str = "because") -> Draft:
        """
        Of these calls; without any, of one that tightens.
        """
        return draft(self.desk, calls or [self.lowered()], purpose=purpose, author=author)

    def sign(self, target: Draft, *owners: Owner, strict: bool = True) -> Draft:
        """
        By these, else by ana and ben.
        """
        for owner in owners or (self.ana, self.ben):
            target = sign(self.desk, target, owner, strict=strict)
        return target

    def sender(self) -> Sender:
        """
        Somebody who pays the gas and has no right.
        """
        key = self.chain.new_account("relayer")
        return Sender(self.chain, key, chain_id=self.chain.chain_id)

    def execute(self, target: Draft, *, strict: bool = True) -> Draft:
        """
        By the relayer.
        """
        return execute(self.desk, target, self.sender(), strict=strict)

    def by_safe(self, *calls: Call) -> None:
        """
        Make calls as the treasury, past the drafts, as another client does.
        """
        transaction = self.desk.safe.build(*calls)
        signatures = [sign_with(transaction, one.key) for one in (self.ana, self.ben)]
        self.desk.safe.execute(self.chain.new_account("relayer"), transaction, signatures)

    def own_call(self, function: str, *values: Any) -> Call:
        """
        A call of the Safe by itself.
        """
        data = safe_contract_type("Safe").encode(function, *values)
        return Call(self.book.safe, data)

    def files(self) -> dict[str, str]:
        """
        Every stored draft, to see that nothing was changed.
        """
        paths: Sequence[Path] = sorted(self.folder.rglob("0x*.json"))
        return {path.name: path.read_text() for path in paths}


def open_room(running: RunningDevnet, folder: Path) -> Iterator[Room]:
    """
    A room on a chain that is brought back afterwards.
    """
    mark = running.chain.snapshot()
    yield Room(running, folder)
    running.chain.revert(mark)
