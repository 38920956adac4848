"""
A week of a company: three agents who pay as always, one who does not, and people who refill.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bursar.chain.anvil import Anvil
from bursar.chain.contracts import wallet_at
from bursar.chain.local import LocalChain, derive_account
from bursar.chain.safe_transaction import SafeTransaction, sign
from bursar.config import Treasury, read_treasury
from bursar.devnet import USDC, found_treasury, sign_as_treasury
from bursar.treasury import Office
from bursar.treasury.refills.desk import RefillDesk
from bursar.treasury.refills.evidence import Source
from bursar.treasury.refills.folder import RefillFolder
from bursar.treasury.refills.judging import Judge
from bursar.treasury.refills.record import Refill
from bursar.treasury.refills.reporting import FileRead, Reporter
from bursar.treasury.safe import Draft, DraftStore, SafeDesk
from bursar.treasury.safe import signing as signing_module
from bursar.treasury.safe.execution import execute
from bursar.types import DAY, EMPTY, HOUR, Address, Bytes32, checksummed

# A Monday, 00:00 UTC.
FIRST_DAY = 1_767_571_200
FILE = """\
organisation: {name: acme, change_delay: 2d, heartbeat_timeout: off, treasury_manager: mia}
chain: anvil
safe:
  owners: {ana: devnet, ben: devnet, cleo: devnet}
  threshold: 2
  devnet_balance: {USDC: 100_000, NATIVE: 10}
guardians: {dana: devnet}
keepers: {watch: devnet}
categories: [refund]
recipients:
  vendor: "0x00000000000000000000000000000000000bEEf1"
agents:
  shopper: {address: devnet, role: pays invoices}
  clerk: {address: devnet, role: refunds}
  idler: {address: devnet, role: nothing so far}
  trader: {address: devnet, role: larger payments}
wallets:
  operations:
    tokens:
      USDC: {daily: 20_000, max_balance: 20_000, refill_to: 15_000}
      NATIVE: {daily: 1, max_balance: 2, refill_to: 1}
    budgets:
      - {agent: shopper, token: USDC, per_payment: 1_000, daily: 2_000, queue_from: 1_000}
      - {agent: clerk, token: USDC, category: refund, per_payment: 500, daily: 1_000}
      - {agent: idler, token: USDC, daily: 100}
      - {agent: clerk, token: NATIVE, daily: 1}
  trading:
    tokens:
      USDC: {daily: 20_000, max_balance: 30_000, refill_to: 30_000}
    budgets:
      - {agent: trader, per_payment: 5_000, daily: 10_000}
"""
REFUND = Bytes32(b"refund".ljust(32, b"\0"))
THIEF = checksummed("0x" + "bad0" * 10)
VENDOR = checksummed("0x00000000000000000000000000000000000bEEf1")


class KeyGas:
    """
    A key that pays for the gas of an execution.
    """

    def __init__(self, chain: LocalChain) -> None:
        self.key = chain.new_account("relayer")
        self.chain = chain
        self.chain_id = chain.chain_id
        self.address = checksummed(self.key.address)

    def send(self, call, /):  # type: ignore[no-untyped-def]
        return self.chain.send(self.key, call)


class KeyOwner:
    """
    An owner's key.
    """

    def __init__(self, name: str) -> None:
        self.key = derive_account(name)
        self.address = checksummed(self.key.address)

    def sign(self, transaction: SafeTransaction, /) -> bytes:
        return sign(transaction, self.key).data


class Town:
    """
    The chain with everything on it, and one folder for what people do.
    """

    def __init__(self, chain: LocalChain, text: str = FILE) -> None:
        self.chain = chain
        self.treasury: Treasury = read_treasury(text, "treasury.yaml")
        self.book = found_treasury(chain, self.treasury).book
        self.number = 0

    @property
    def usdc(self) -> Address:
        return self.book.tokens["USDC"].address

    def pay(self, agent: str, amount: int, to: Address = VENDOR, category: Bytes32 = EMPTY) -> None:
        """
        In whole USDC, with the agent's key and a reference of its own.
        """
        holder = self.book.agents[agent]
        wallet = wallet_at(self.chain, self.book.wallets[holder.wallets[0]])
        self.number += 1
        ref = self.number.to_bytes(32, "big")
        arguments = self.usdc, to, amount * USDC, category, ref
        wallet.send(derive_account(holder.devnet_key or ""), "pay", *arguments)

    def live(self, *, planted: int | None = None) -> None:
        """
        Seven days, and the morning of the eighth. On day number `planted`, the shopper pays far
        more than ever, to somebody new.
        """
        for day in range(7):
            start = FIRST_DAY + day * DAY
            self.chain.warp(to=start + 9 * HOUR)
            self.pay("shopper", 100 + 7 * day)
            self.pay("clerk", 200 + (40 if day % 2 else 0), category=REFUND)
            self.pay("trader", 1_500 + 100 * (day % 3))
            if day == planted:
                self.chain.warp(to=start + 11 * HOUR)
                self.pay("shopper", 900, THIEF)
                self.pay("shopper", 850, THIEF)
            self.chain.warp(to=start + 15 * HOUR)
            self.pay("shopper", 80)
            self.pay("trader", 700)
        self.chain.warp(to=FIRST_DAY + 7 * DAY + 10 * HOUR)

    def office(self) -> Office:
        return Office(self.chain, self.book)

    def by_treasury(self, *calls) -> None:  # type: ignore[no-untyped-def]
        sign_as_treasury(self.chain, self.book, *calls)

    def desk(self, folder: Path, **reporter) -> RefillDesk:  # type: ignore[no-untyped-def]
        office = self.office()
        source = Source(name="treasury.yaml", sha256=hashlib.sha256(FILE.encode()).hexdigest())
        file = FileRead(self.treasury, source)
        store = DraftStore(folder / "safe", self.book.chain_id, self.book.safe)
        kept = RefillFolder(folder / "refills", self.book.chain_id, self.book.organization)
        looking = Reporter(office, office, file, **reporter)
        judge = Judge(kept, self.book, lambda report, refill: looking)
        return RefillDesk(looking, kept, SafeDesk.of(office, store, judge))

    def approved(self, desk: RefillDesk, **wishes) -> Refill:  # type: ignore[no-untyped-def]
        """
        A refill up to the treasury manager's approval.
        """
        from bursar.treasury.refills.checklist import build_items
        from bursar.treasury.refills.targets import Wishes

        refill, report = desk.begin("ana", "treasury.yaml", Wishes(**wishes))
        items = [item.id for item in build_items(report)]
        refill = desk.confirm(refill, items, "ana", "looked at, in order")
        return desk.approve(refill, "mia")

    def sign_and_execute(self, desk: RefillDesk, made: Draft) -> Draft:
        """
        Two owners sign, and whoever pays the gas executes.
        """
        for owner in ("owner ana", "owner ben"):
            made = signing_module.sign(desk.safe, made, KeyOwner(owner))
        return execute(desk.safe, made, KeyGas(self.chain))


@contextmanager
def week(*, planted: int | None = None) -> Iterator[Town]:
    """
    A week on a chain of its own.
    """
    with Anvil(timestamp=FIRST_DAY) as anvil:
        town = Town(LocalChain(anvil.url))
        town.live(planted=planted)
        yield town
