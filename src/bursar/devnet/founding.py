"""
What a `treasury.yaml` says, on a local chain: everything that is missing is made, nothing twice.

    Treasury + LocalChain → contracts, Safe, organisation, wallets → AddressBook

Whatever the treasury does is a Safe transaction that as many owners sign as it asks for. A wallet
is created, set up, opened and filled in one of them, so that it stands whole or not at all.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from bursar.book import AddressBook, Holder, TokenEntry
from bursar.chain.contracts import Contract, organization_at, organization_type, token_at, wallet_at
from bursar.chain.local import LocalChain, derive_account
from bursar.chain.reader import Call
from bursar.chain.safe import Safe
from bursar.chain.safe_transaction import sign
from bursar.config import Account, Amount, Token, Treasury, Wallet
from bursar.config.chains import PRESETS_BY_ID
from bursar.devnet.contracts import (
    created_address,
    find_blueprint,
    find_or_create,
    find_safe,
    find_safe_contracts,
    find_token,
    fund_account,
)
from bursar.errors import BursarError
from bursar.types import (
    EMPTY,
    MAX_RECIPIENTS_PER_CALL,
    NATIVE,
    Address,
    checksummed,
)

# Who owns the Safe where the file names an existing one and not its owners.
_OWNERS: Final = ("owner 1", "owner 2", "owner 3")
_THRESHOLD: Final = 2
_USDC: Final = "USDC"

Progress = Callable[[str], None]


class DevnetError(BursarError):
    """
    The local chain cannot be set up like this; the message says what to do.
    """


class Founded(NamedTuple):
    """
    `replaced` are the addresses of the file that stand for keys nobody has here: they were replaced
    by keys of the devnet, or by test tokens. `made` counts the wallets that did not exist before.
    """

    book: AddressBook
    replaced: dict[str, Address]
    made: int


def found_treasury(
    chain: LocalChain, treasury: Treasury, progress: Progress = lambda _: None
) -> Founded:
    """
    Bring the chain to what the treasury's file says. Raises DevnetError, ChainError.
    """
    return _Founding(chain, treasury, progress).found()


class _Founding:
    def __init__(self, chain: LocalChain, treasury: Treasury, progress: Progress) -> None:
        self.chain = chain
        self.treasury = treasury
        self.progress = progress
        self.replaced: dict[str, Address] = {}
        self.relayer = fund_account(chain, "relayer")

    def found(self) -> Founded:
        self.owners = self._accounts("owner", self.treasury.safe.owners)
        if not self.owners:
            self.owners = {name: _holder(name) for name in _OWNERS}
        self.threshold = self.treasury.safe.threshold or _THRESHOLD
        self.guardians = self._accounts("guardian", self.treasury.guardians)
        self.keepers = self._accounts("keeper", self.treasury.keepers)
        self.agents = self._accounts("agent", self.treasury.agents)
        self.progress("Deploying the tokens and the Safe")
        self.tokens = {token.symbol: self._token(token) for token in self.treasury.tokens}
        self.safe = self._find_safe()
        self.progress("Founding the organisation")
        self.organization = self._find_organization()
        self.blueprint = find_blueprint(self.chain)
        self._fund_people()
        wallets = self._registered()
        if not wallets:
            self._give(self.treasury.safe.devnet_balance)
        made = 0
        for wallet in self.treasury.wallets:
            if wallet.name not in wallets:
                self.progress(f"Setting up wallet {wallet.name}")
                wallets[wallet.name] = self._create(wallet)
                made += 1
        return Founded(self._book(wallets), self.replaced, made)

    # Who

    def _accounts(self, role: str, accounts: Iterable[Account]) -> dict[str, Holder]:
        found = {}
        for account in accounts:
            key = account.devnet_key or f"{role} {account.name}"
            if account.devnet_key is None:
                self.replaced[f"{role} {account.name}"] = account.address
            held = self._wallets_of(account.name) if role == "agent" else ()
            found[account.name] = _holder(key, getattr(account, "role", ""), held)
        return found

    def _wallets_of(self, agent: str) -> tuple[str, ...]:
        return tuple(
            wallet.name
            for wallet in self.treasury.wallets
            if any(line.agent.name == agent for line in wallet.budgets)
        )

    def _fund_people(self) -> None:
        for holders in (self.owners, self.guardians, self.keepers, self.agents):
            for holder in holders.values():
                assert holder.devnet_key is not None
                fund_account(self.chain, holder.devnet_key)

    # Money

    def _token(self, token: Token) -> TokenEntry:
        if token.address == NATIVE:
            return TokenEntry(address=NATIVE, decimals=token.decimals)
        preset = PRESETS_BY_ID.get(self.chain.chain_id)
        real = token.address or (preset.usdc if preset and token.symbol == _USDC else None)
        if real is not None and self.chain.fetch_code(real):
            return TokenEntry(address=real, decimals=token.decimals)
        if token.address is not None:
            self.replaced[f"token {token.symbol}"] = token.address
        address = find_token(self.chain, token.symbol, token.decimals).address
        return TokenEntry(address=address, decimals=token.decimals)

    def _give(self, amounts: Iterable[Amount]) -> None:
        for given in amounts:
            token = self.tokens[given.token.symbol].address
            if token == NATIVE:
                self.chain.fund(self.safe.address, given.amount)
            elif token == self._test_token(given.token):
                self._mint(token, given.amount)
            else:
                self.chain.rpc.request(
                    "anvil_dealERC20", self.safe.address, token, hex(given.amount)
                )

    def _test_token(self, token: Token) -> Address:
        return find_token(self.chain, token.symbol, token.decimals).address

    def _mint(self, token: Address, amount: int) -> None:
        contract = token_at(self.chain, token)
        missing = amount - contract.view("balanceOf", self.safe.address)
        if missing > 0:
            contract.send(self.relayer, "mint", self.safe.address, missing)

    def _balance(self, token: Address) -> int:
        if token == NATIVE:
            return self.chain.fetch_balance(self.safe.address)
        return int(token_at(self.chain, token).view("balanceOf", self.safe.address))

    # The treasury

    def _find_safe(self) -> Safe:
        owners = tuple(holder.address for holder in self.owners.values())
        contracts = find_safe_contracts(self.chain)
        self.multi_send = contracts.multi_send
        return find_safe(self.chain, contracts, owners, self.threshold, self.treasury.name)

    def _find_organization(self) -> Contract:
        code = organization_type().build_deployment(
            self.safe.address,
            [holder.address for holder in self.guardians.values()],
            [holder.address for holder in self.keepers.values()],
            self.treasury.change_delay,
            self.treasury.heartbeat_timeout,
        )
        return organization_at(self.chain, find_or_create(self.chain, "organisation", code))

    def _first_block(self) -> int:
        """
        The block of its first log. Only blocks of this chain are looked at, none of a forked one.
        """
        info = self.chain.rpc.request("anvil_nodeInfo")
        fork = (info.get("forkConfig") or {}).get("forkBlockNumber") or 0
        logs = self.chain.fetch_logs([self.organization.address], first=int(fork))
        return int(logs[0]["blockNumber"], 16)

    def by_treasury(self, *calls: Call) -> None:
        """
        Make calls as the treasury, all or none, with the owners' public keys.
        """
        transaction = self.safe.build(*calls)
        signers = list(self.owners.values())[: self.threshold]
        keys = [derive_account(holder.devnet_key or "") for holder in signers]
        self.safe.execute(self.relayer, transaction, [sign(transaction, key) for key in keys])

    # Wallets

    def _registered(self) -> dict[str, Address]:
        count = self.organization.view("wallet_count")
        found = [self.organization.view("wallets", index) for index in range(count)]
        return {wallet_at(self.chain, one).view("name"): one for one in found}

    def _create(self, plan: Wallet) -> Address:
        asked = self.organization.address, "latest"
        nonce = int(self.chain.rpc.request("eth_getTransactionCount", *asked), 16)
        wallet = wallet_at(self.chain, created_address(self.organization.address, nonce))
        self._provide(plan)
        self.by_treasury(
            self.organization.build_call("create_wallet", plan.name, self.blueprint),
            *self._setters(plan, wallet),
            *self._opening(wallet),
            *self._refills(plan, wallet),
        )
        return wallet.address

    def _provide(self, plan: Wallet) -> None:
        """
        Give the treasury what a wallet needs that came into the file after the first run.
        """
        for each in plan.tokens:
            has = self._balance(self.tokens[each.token.symbol].address)
            if has < each.refill_to:
                self._give([Amount(token=each.token, amount=each.refill_to)])

    def _setters(self, plan: Wallet, wallet: Contract) -> list[Call]:
        calls = []
        for each in plan.tokens:
            token = self.tokens[each.token.symbol].address
            calls.append(wallet.build_call("set_wallet_limit", token, each.daily))
            calls.append(wallet.build_call("set_max_balance", token, each.max_balance))
        calls.append(wallet.build_call("set_payment_delay", plan.payment_delay))
        calls.append(wallet.build_call("set_grace", plan.grace))
        listed = [recipient.address for recipient in plan.recipients]
        for start in range(0, len(listed), MAX_RECIPIENTS_PER_CALL):
            part = listed[start : start + MAX_RECIPIENTS_PER_CALL]
            calls.append(wallet.build_call("set_recipients", part, True))
        for line in plan.budgets:
            agent = self.agents[line.agent.name].address
            token = self.tokens[line.token.symbol].address
            calls.append(
                wallet.build_call("set_budget", agent, token, line.category.value, line.budget)
            )
        return calls

    def _opening(self, wallet: Contract) -> list[Call]:
        # Creating it is the next stop of its address.
        number = self.organization.view("pause_number", wallet.address) + 1
        return [
            wallet.build_call("seal"),
            self.organization.build_call("unpause", wallet.address, number, "set up"),
        ]

    def _refills(self, plan: Wallet, wallet: Contract) -> list[Call]:
        calls = []
        for each in plan.tokens:
            token, amount = self.tokens[each.token.symbol].address, each.refill_to
            if amount == 0:
                continue
            native = token == NATIVE
            if not native:
                approval = token_at(self.chain, token).build_call("approve", wallet.address, amount)
                calls.append(approval)
            value = amount if native else 0
            calls.append(wallet.build_call("refill", token, amount, EMPTY, value=value))
        return calls

    def _book(self, wallets: dict[str, Address]) -> AddressBook:
        return AddressBook(
            name=self.treasury.name,
            devnet=True,
            chain_id=self.chain.chain_id,
            rpc_url=self.chain.rpc.url,
            organization=self.organization.address,
            block=self._first_block(),
            blueprint=self.blueprint,
            safe=self.safe.address,
            multi_send=self.multi_send,
            threshold=self.threshold,
            owners=self.owners,
            guardians=self.guardians,
            keepers=self.keepers,
            agents=self.agents,
            tokens={name: token for name, token in self.tokens.items() if token.address != NATIVE},
            wallets=wallets,
            recipients={one.name: one.address for one in self.treasury.recipients},
            categories={
                one.name: f"0x{one.value.hex()}" for one in self.treasury.categories if one.name
            },
        )


def _holder(key: str, role: str = "", wallets: tuple[str, ...] = ()) -> Holder:
    address = checksummed(derive_account(key).address)
    return Holder(address=address, devnet_key=key, role=role, wallets=wallets)
