"""
Whether treasury.yaml and the chain agree: every difference in a sentence. Pure.

    Treasury (what should be) + State (what is) → find_differences → "trading: …: the file says …"
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from bursar.book import AddressBook, Holder
from bursar.budgets import NO_BUDGET, Budget, figures
from bursar.config import Account, Token, Treasury, Wallet
from bursar.state import State, WalletState
from bursar.treasury.words import Words
from bursar.types import Address, Bytes32

_SHOWN_AS_AMOUNT: Final = frozenset({"per_payment", "hourly", "daily", "queue_from"})


class Signers(NamedTuple):
    """
    Who signs for the Safe, as it says itself.
    """

    address: Address
    owners: frozenset[Address]
    threshold: int


def find_differences(
    treasury: Treasury, state: State, words: Words, signers: Signers
) -> tuple[str, ...]:
    """
    Everything in which they differ; empty where the chain is as the file says.
    """
    return tuple(_Comparison(treasury, state, words).find(signers))


class _Comparison:
    def __init__(self, treasury: Treasury, state: State, words: Words) -> None:
        self.treasury = treasury
        self.state = state
        self.words = words
        self.book: AddressBook = words.book

    def find(self, signers: Signers) -> Iterator[str]:
        yield from self._safe(signers)
        yield from self._organisation()
        chain = {self.words.name(one.address): one for one in self.state.registry.values()}
        for wallet in self.treasury.wallets:
            if wallet.name not in chain:
                yield f"{wallet.name}: in the file, and no such wallet on chain"
                continue
            yield from self._wallet(wallet, chain.pop(wallet.name))
        for name in chain:
            yield f"{name}: a wallet on chain that the file does not name"

    def _safe(self, signers: Signers) -> Iterator[str]:
        named = self.treasury.safe
        if named.address not in (None, signers.address):
            yield _differ("the Safe", named.address, signers.address)
        if signers.address != self.state.treasury:
            yield _differ("the treasury", signers.address, self.state.treasury)
        if named.threshold not in (None, signers.threshold):
            yield _differ("the Safe's threshold", named.threshold, signers.threshold)
        if named.owners:
            yield from self._members(
                "owner", named.owners, self.book.owners, signers.owners, "of the Safe"
            )

    def _organisation(self) -> Iterator[str]:
        for what, wanted, found in (
            ("change delay", self.treasury.change_delay, self.state.change_delay),
            ("heartbeat timeout", self.treasury.heartbeat_timeout, self.state.heartbeat_timeout),
        ):
            if wanted != found:
                yield _differ(
                    f"the {what}", self.words.duration(wanted), self.words.duration(found)
                )
        of = "of the organisation"
        guardians, keepers = self.book.guardians, self.book.keepers
        yield from self._members(
            "guardian", self.treasury.guardians, guardians, self.state.guardians, of
        )
        yield from self._members("keeper", self.treasury.keepers, keepers, self.state.keepers, of)

    def _members(
        self,
        role: str,
        accounts: tuple[Account, ...],
        held: Mapping[str, Holder],
        found: set[Address] | frozenset[Address],
        of: str,
    ) -> Iterator[str]:
        wanted = {self._address(one, held): one.name for one in accounts}
        for address, name in wanted.items():
            if address not in found:
                yield f"{name}: {role} {of} in the file, and not on chain"
        for address in sorted(found - set(wanted)):
            yield f"{self.words.name(address)}: {role} {of} on chain, and not in the file"

    def _address(self, account: Account, held: Mapping[str, Holder]) -> Address:
        """
        A local chain has keys of its own for everybody whom the file names.
        """
        if self.book.devnet and account.name in held:
            return held[account.name].address
        return account.address

    def _token(self, token: Token) -> Address:
        found = self.book.tokens.get(token.symbol)
        if token.address is None or self.book.devnet:
            return found.address if found is not None else token.address or Address("")
        return token.address

    def _wallet(self, wanted: Wallet, found: WalletState) -> Iterator[str]:
        name, duration = wanted.name, self.words.duration
        if not found.sealed:
            yield f"{name}: not sealed"
        if wanted.payment_delay != found.payment_delay:
            shown = duration(wanted.payment_delay), duration(found.payment_delay)
            yield _differ(f"{name}: payment delay", *shown)
        if wanted.grace != found.grace:
            yield _differ(f"{name}: grace", duration(wanted.grace), duration(found.grace))
        yield from self._tokens(wanted, found)
        recipients = self.book.agents | {
            known: Holder(address=address) for known, address in self.book.recipients.items()
        }
        yield from self._members(
            "recipient", wanted.recipients, recipients, found.recipients, f"of {name}"
        )
        yield from self._budgets(wanted, found)

    def _tokens(self, wanted: Wallet, found: WalletState) -> Iterator[str]:
        limits = {self._token(one.token): (one.daily, one.max_balance) for one in wanted.tokens}
        for token in dict.fromkeys([*limits, *found.limits, *found.max_balances]):
            symbol, _ = self.book.symbol_of(token)
            daily, most = limits.get(token, (0, 0))
            for what, file, chain in (
                ("daily limit", daily, found.wallet_limit(token)),
                ("largest balance", most, found.max_balance(token)),
            ):
                if file != chain:
                    yield _differ(
                        f"{wanted.name}: {what} of {symbol}",
                        self.words.amount(file, token),
                        self.words.amount(chain, token),
                    )

    def _budgets(self, wanted: Wallet, found: WalletState) -> Iterator[str]:
        planned: dict[tuple[Address, Address, Bytes32], Budget] = {}
        for one in wanted.budgets:
            agent = self._address(one.agent, self.book.agents)
            planned[agent, self._token(one.token), one.category.value] = one.budget
        existing = [
            (agent, token, category)
            for agent, lines in found.lines.items()
            for token, category in lines
        ]
        for key in dict.fromkeys([*planned, *existing]):
            is_now = figures(found.line(*key))
            yield from self._budget(wanted.name, key, planned.get(key, NO_BUDGET), is_now)

    def _budget(
        self, wallet: str, key: tuple[Address, Address, Bytes32], wanted: Budget, found: Budget
    ) -> Iterator[str]:
        agent, token, category = key
        what = f"{wallet}: {self.words.name(agent)}'s budget{self.words.purpose(category)}"
        if wanted == found:
            return
        if NO_BUDGET in (wanted, found):
            shown = (self.words.budget(one, token) for one in (wanted, found))
            file, chain = (one.replace("removed", "none") for one in shown)
            yield _differ(what, file, chain)
            return
        for name in Budget.model_fields:
            file, chain = getattr(wanted, name), getattr(found, name)
            if file != chain:
                if name in _SHOWN_AS_AMOUNT:
                    file, chain = self.words.amount(file, token), self.words.amount(chain, token)
                yield _differ(f"{what}: {name}", file, chain)


def _differ(what: str, wanted: object, found: object) -> str:
    return f"{what}: the file says {wanted}, the chain {found}"
