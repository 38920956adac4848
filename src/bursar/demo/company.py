"""
Where the chapter `topology` plays: a treasury of several wallets and agents, as a file describes
it, and what can be asked of it.

    topology.yaml + LocalChain → Company → figures of everybody, before and after each step
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Final

from eth_account.signers.local import LocalAccount

from bursar.agent import AgentWallet, Payment
from bursar.book import AddressBook, Holder
from bursar.budgets import Budget
from bursar.chain.contracts import organization_at, token_at, wallet_at
from bursar.chain.errors import RevertedError
from bursar.chain.local import LocalChain, derive_account
from bursar.chain.logs import fetch_history
from bursar.chain.safe import Safe
from bursar.config import Treasury, Wallet, read_treasury
from bursar.demo.report import BudgetLine, DemoFailed, Status, WalletLine, check
from bursar.demo.stage import find_refusal
from bursar.devnet import found_treasury
from bursar.events import Paid
from bursar.reasons import Reason
from bursar.types import EMPTY, Address

TOPOLOGY: Final = files("bursar.demo") / "topology.yaml"
SYMBOL: Final = "USDC"
"""What the file pays everything in."""


@dataclass(frozen=True)
class Member:
    """
    An agent of the file, its key and its budget in its wallet.
    """

    name: str
    key: LocalAccount
    address: Address
    wallet: str
    budget: Budget


@dataclass
class Company:
    """
    What was founded, and everybody in it. `folder` is where the agents' software keeps its files.
    """

    chain: LocalChain
    plan: Treasury
    book: AddressBook
    vendor: Address
    thief: Address
    folder: Path
    refs: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    def found(
        cls, chain: LocalChain, folder: Path, *, vendor: Address, thief: Address
    ) -> "Company":
        """
        Bring the chain to what the file says.
        """
        plan = load_topology()
        return cls(chain, plan, found_treasury(chain, plan).book, vendor, thief, folder)

    def __post_init__(self) -> None:
        self.usdc = token_at(self.chain, self.book.tokens[SYMBOL].address)
        self.organization = organization_at(self.chain, self.book.organization)
        assert self.book.multi_send is not None, "a devnet's book names it"
        self.safe = Safe(self.chain, self.book.safe, self.book.multi_send)
        self.wallets = {
            name: wallet_at(self.chain, address) for name, address in self.book.wallets.items()
        }
        self.owners = [key_of(holder) for holder in self.book.owners.values()]
        self.keeper = key_of(next(iter(self.book.keepers.values())))
        self.members = {
            member.name: member for wallet in self.plan.wallets for member in self._members(wallet)
        }

    def _members(self, wallet: Wallet) -> Iterator[Member]:
        for line in wallet.budgets:
            name = line.agent.name
            holder = self.book.agents[name]
            yield Member(name, key_of(holder), holder.address, wallet.name, line.budget)

    # Asking

    def money(self, who: Address) -> int:
        """
        The USDC of `who`, in base units.
        """
        return int(self.usdc.view("balanceOf", who))

    def left(self, member: Member) -> tuple[int, int]:
        """
        What is left of the agent's hour and UTC day, in base units.
        """
        hour, day, _ = self.wallets[member.wallet].view(
            "remaining", member.address, self.usdc.address, EMPTY
        )
        return hour, day

    def balances(self) -> dict[str, int]:
        """
        Who holds how much USDC.
        """
        wallets = {f'wallet "{name}"': it.address for name, it in self.wallets.items()}
        holders = {
            "treasury (Safe)": self.safe.address,
            **wallets,
            "vendor": self.vendor,
            "thief": self.thief,
        }
        return {name: self.money(who) for name, who in holders.items()}

    def figures(self) -> dict[str, int]:
        """
        Everything that a payment may change: who holds what, and what is left of every limit.
        """
        found = self.balances()
        for name, wallet in self.wallets.items():
            found[f"{name}: day"] = wallet.view("wallet_remaining", self.usdc.address)
        for name, member in self.members.items():
            found[f"{name}: hour"], found[f"{name}: day"] = self.left(member)
        return found

    @contextmanager
    def changing(self, claim: str, expected: dict[str, int]) -> Iterator[None]:
        """
        Check that what happens meanwhile changes these figures by so much, and no other.
        """
        before = self.figures()
        yield
        after = self.figures()
        changes = {name: after[name] - was for name, was in before.items() if after[name] != was}
        check(claim, expected, changes)

    def charge(self, member: Member, amount: int, to: str) -> dict[str, int]:
        """
        What a payment changes: the wallet, the recipient, the agent's windows, the wallet's limit.
        """
        return {
            f'wallet "{member.wallet}"': -amount,
            to: amount,
            f"{member.wallet}: day": -amount,
            f"{member.name}: hour": -amount,
            f"{member.name}: day": -amount,
        }

    # Paying

    def connect(self, member: Member) -> AgentWallet:
        """
        The agent's software, which holds its key and knows its wallet. Nothing is taken from the
        environment.
        """
        return AgentWallet.connect(
            rpc_url=self.chain.rpc.url,
            wallet=member.wallet,
            key=member.key,
            chain_id=self.chain.chain_id,
            book=self.book,
            receipt_key_file=self.receipt_key_file(member),
        )

    def receipt_key_file(self, member: Member) -> Path:
        """
        Where the agent's software keeps what it mints receipts with, apart from the agent's key.
        """
        return self.folder / member.name / "receipt.key"

    def pay(self, member: Member, amount: int) -> Payment:
        """
        Pay the vendor as an agent does. Checks that exactly this moved and was charged.
        """
        agent = self.connect(member)
        with self.changing("Exactly the amount moves", self.charge(member, amount, "vendor")):
            payment = agent.pay(SYMBOL, self.vendor, amount)
        check("The payment is executed", True, payment.executed)
        return payment

    def take(
        self, member: Member, amount: int, wallet: str | None = None, gas: int | None = None
    ) -> RevertedError | None:
        """
        The thief uses the raw key on a wallet, the agent's unless another is named; how it is
        refused, if it is.
        """
        ref = next(self.refs).to_bytes(32, "big")
        arguments = self.usdc.address, self.thief, amount, EMPTY, ref
        contract = self.wallets[wallet or member.wallet]
        return find_refusal(lambda: contract.send(member.key, "pay", *arguments, gas=gas))

    def refuse(self, reason: Reason, refusal: RevertedError | None) -> RevertedError:
        """
        Check that something was refused, and for this reason.
        """
        if refusal is None:
            raise DemoFailed("The chain refuses it", reason, "it was accepted")
        check("The chain says why", reason, refusal.revert.reason or refusal.revert.text)
        return refusal

    # At the end

    def status(self) -> Status:
        """
        Where everybody stands. Checks that no money came from nowhere or went there, and that the
        log names one agent for every base unit that was spent.
        """
        balances = self.balances()
        lines = tuple(map(self._wallet_line, self.plan.wallets))
        check("All money is accounted for", self.master, sum(balances.values()))
        spent = sum(line.spent for line in lines)
        check("What was spent is what others have", spent, balances["vendor"] + balances["thief"])
        told = {agent.agent: agent.spent for line in lines for agent in line.agents}
        check("The log names who spent what", told, self._logged())
        return Status(self.plan.name, self.chain.fetch_now(), lines, balances)

    @property
    def master(self) -> int:
        """
        What the treasury began with.
        """
        return sum(each.amount for each in self.plan.safe.devnet_balance)

    def _wallet_line(self, plan: Wallet) -> WalletLine:
        contract, limit = self.wallets[plan.name], plan.tokens[0].daily
        left = contract.view("wallet_remaining", self.usdc.address)
        agents = tuple(self._line(line.agent.name) for line in plan.budgets)
        spent = sum(line.spent for line in agents)
        check("A wallet has spent what its agents have", spent, limit - left)
        balance = self.money(contract.address)
        return WalletLine(plan.name, balance, spent, limit, left, agents)

    def _line(self, name: str) -> BudgetLine:
        member = self.members[name]
        limit, (_, left) = member.budget.daily, self.left(member)
        wallet = self.wallets[member.wallet].address
        stopped = self.organization.view("is_stopped", wallet, member.address)
        return BudgetLine(name, limit - left, limit, left, stopped)

    def _logged(self) -> dict[str, int]:
        """
        What each agent has paid out of its own wallet, as the events say.
        """
        paid = dict.fromkeys(self.members, 0)
        names = {(self.wallets[it.wallet].address, it.address): it for it in self.members.values()}
        for event in fetch_history(self.chain, self.organization.address, first=self.book.block):
            if isinstance(event, Paid):
                paid[names[event.emitter, event.agent].name] += event.amount
        return paid


def load_topology() -> Treasury:
    """
    The reference topology that the package ships.
    """
    return read_treasury(TOPOLOGY.read_text(), "the demo's topology.yaml")


def key_of(holder: Holder) -> LocalAccount:
    """
    The key of somebody on a local chain. It is public.
    """
    return derive_account(holder.devnet_key or "")
