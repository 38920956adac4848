"""
The compiled contracts and the Python model side by side: every call goes to both, and they must
agree on accept or refuse, on the reason, on what is returned, on every event and on every view.

    Call → pyrevm ┐
                  ├→ equal? → next
    Call → decide ┘
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bursar import reference
from bursar.budgets import Budget
from bursar.events import Event
from bursar.reference import Accepted, Call, Ledger, Refused
from bursar.state import State, apply_event
from bursar.types import MAX_UINT256, NATIVE, Address
from tests.harness import evm as chain
from tests.harness.evm import Contract, Evm, Reverted, actor, compiled

PLENTY = 10**30
WEI = 10**24


class DisagreementError(AssertionError):
    """
    The contracts and the model differ; the message says where.
    """


class Twin:
    """
    One organisation with wallets and tokens, twice. `step` makes a call in both.
    """

    def __init__(self, wallets: int = 2) -> None:
        self.evm = Evm()
        self.model = State()
        self.ledger = Ledger()
        self.accepted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.deployer = actor("deployer")
        self.treasury = Address(actor("treasury"))
        self.guardians = [Address(actor(f"guardian {i}")) for i in range(2)]
        self.keepers = [Address(actor(f"keeper {i}")) for i in range(2)]
        self.agents = [Address(actor(f"agent {i}")) for i in range(4)]
        self.stranger = Address(actor("stranger"))
        self.recipients = [Address(actor(f"recipient {i}")) for i in range(3)]
        self.evm.learn(compiled("HotWallet.vy"))
        self._deploy_tokens()
        self._deploy_organization()
        for number in range(wallets):
            self.add_wallet(f"wallet {number}")

    @property
    def now(self) -> int:
        return self.evm.at

    def _deploy_tokens(self) -> None:
        artifact = compiled("testing/TestToken.vy")
        self.tokens = {
            decimals: self.evm.deploy(
                artifact, "Token", f"T{decimals}", decimals, sender=self.deployer
            )
            for decimals in (6, 18)
        }
        self.token_addresses = [Address(t.address) for t in self.tokens.values()]
        self.ledger.contracts.update(self.token_addresses)
        self.ledger.refusing_native.update(self.token_addresses)
        self.evm.fund(self.treasury, WEI)
        self.ledger.mint(NATIVE, self.treasury, WEI)
        for token in self.tokens.values():
            self.mint(token, self.treasury, PLENTY)

    def _deploy_organization(self) -> None:
        arguments = (self.treasury, self.guardians, self.keepers, 2 * 86400, MAX_UINT256)
        self.evm.set_code(self.treasury, b"\0")
        artifact = compiled("Organization.vy")
        self.organization = self.evm.deploy(artifact, *arguments, sender=self.deployer)
        self.ledger.contracts.update([self.treasury, Address(self.organization.address)])
        logged = self.evm.events()
        self.evm.set_code(self.treasury, b"")
        self.evm.fund(self.treasury, WEI)
        blueprint = compiled("HotWallet.vy").blueprint
        self.blueprint = Address(self.evm.deploy_code(blueprint, self.deployer))
        self.ledger.contracts.add(self.blueprint)
        self.ledger.blueprints.add(self.blueprint)
        decision = reference.create_organization(
            Address(self.organization.address), *arguments, now=self.now, chain=self.ledger
        )
        assert isinstance(decision, Accepted)
        self._compare_events(decision.events, logged)
        self._fold(decision)
        self.wallets: list[Contract] = []

    def add_wallet(self, name: str) -> None:
        """
        Have the treasury create one more wallet.
        """
        decision = self.step(
            self.treasury, self.organization, "create_wallet", name, self.blueprint
        )
        assert isinstance(decision, Accepted)
        wallet = self.evm.at_address(compiled("HotWallet.vy"), decision.result)
        self.wallets.append(wallet)
        self.ledger.contracts.add(Address(wallet.address))

    def mint(self, token: Contract, to: Address, amount: int) -> None:
        token.mint(to, amount, sender=self.deployer)
        self.ledger.mint(Address(token.address), to, amount)

    def approve(self, token: Contract, spender: Contract, amount: int) -> None:
        token.approve(spender.address, amount, sender=self.treasury)
        self.ledger.approve(Address(token.address), self.treasury, Address(spender.address), amount)

    def contract(self, address: str) -> Contract:
        if address == self.organization.address:
            return self.organization
        return next(w for w in self.wallets if w.address == address)

    def step(
        self, sender: Address, target: Contract, function: str, *args: Any, value: int = 0
    ) -> Accepted | Refused:
        """
        One call on both sides. Raises DisagreementError.
        """
        call = Call(sender, Address(target.address), function, args, value)
        decision = reference.decide(self.model, call, now=self.now, chain=self.ledger)
        try:
            output = self.evm.transact(sender, target.address, self._encode(target, call), value)
        except Reverted as reverted:
            self._compare_refusal(call, decision, reverted.reason)
        else:
            self._compare_acceptance(call, decision, target, output)
        return decision

    def _encode(self, target: Contract, call: Call) -> bytes:
        if call.function == reference.DEFAULT:
            return b""
        return target.calldata(call.function, *map(_plain, call.arguments))

    def _compare_refusal(self, call: Call, decision: Accepted | Refused, reason: str) -> None:
        if not isinstance(decision, Refused):
            raise DisagreementError(
                f"{call}: the contract reverts with {reason!r}, the model accepts"
            )
        if str(decision.reason) != reason:
            raise DisagreementError(
                f"{call}: reverts with {reason!r}, the model with {decision.reason!r}"
            )
        self.refused[call.function] += 1
        self.reasons[reason] += 1

    def _compare_acceptance(
        self, call: Call, decision: Accepted | Refused, target: Contract, output: bytes
    ) -> None:
        if isinstance(decision, Refused):
            raise DisagreementError(
                f"{call}: the contract accepts, the model says {decision.reason!r}"
            )
        self._compare_events(decision.events, self.evm.events())
        if call.function != reference.DEFAULT:
            result = target.artifact.functions[call.function].decode(output)
            if result != decision.result:
                raise DisagreementError(
                    f"{call}: returns {result!r}, the model {decision.result!r}"
                )
        self.ledger.settle(call, decision, self.treasury)
        self._fold(decision)
        self.accepted[call.function] += 1
        self._count_nested(call, decision)

    def _count_nested(self, call: Call, decision: Accepted) -> None:
        """
        `changed` and `rotated` are only ever accepted from inside a wallet's call.
        """
        names = [type(event).__name__ for event in decision.events]
        if call.function == "rotate_agent":
            self.accepted["rotated"] += 1
        if "ChangeVoided" in names and call.target != self.organization.address:
            self.accepted["changed"] += 1

    def _fold(self, decision: Accepted) -> None:
        for event in decision.events:
            apply_event(self.model, event)

    def _compare_events(self, expected: tuple[Event, ...], logged: list[chain.Event]) -> None:
        ours = [e for e in logged if e.name not in ("Transfer", "Approval")]
        found = [(e.emitter, e.name, e.args) for e in ours]
        wanted = [(e.emitter, type(e).__name__, _arguments(e)) for e in expected]
        if found != wanted:
            raise DisagreementError(f"events differ:\n  contract {found}\n  model    {wanted}")

    def compare_views(self) -> int:
        """
        Every view of every contract, for everything that either side knows. Returns how many.
        """
        count = 0
        for target, name, args in self._all_views():
            self.compare_view(target, name, *args)
            count += 1
        for wallet in self.wallets:
            self._compare_balances(wallet)
        return count

    def compare_view(self, target: Contract, name: str, *args: Any) -> None:
        """
        One view on both sides. Raises DisagreementError.
        """
        found = target.view(name, *args)
        wanted = reference.view(
            self.model, Address(target.address), name, *args, now=self.now, chain=self.ledger
        )
        if found != _plain(wanted):
            raise DisagreementError(f"{target}.{name}{args}: {found!r}, the model says {wanted!r}")

    def _compare_balances(self, wallet: Contract) -> None:
        for token in self.tokens.values():
            held = token.balanceOf(wallet.address)
            if held != self.ledger.balance_of(Address(token.address), Address(wallet.address)):
                raise DisagreementError(f"{wallet} holds {held} of {token}")
        held = self.evm.balance(wallet.address)
        if held != self.ledger.balance_of(NATIVE, Address(wallet.address)):
            raise DisagreementError(f"{wallet} holds {held} wei")

    def _all_views(self) -> Iterator[tuple[Contract, str, tuple[Any, ...]]]:
        organization = self.organization
        everyone = [self.treasury, *self.guardians, *self.keepers, *self.agents, self.stranger]
        scopes = [organization.address, *(w.address for w in self.wallets), *everyone]
        for name in ("change_delay", "heartbeat_timeout", "last_heartbeat", "wallet_count"):
            yield organization, name, ()
        for who in everyone:
            yield organization, "roles", (who,)
        for scope in scopes:
            yield organization, "paused_until", (scope,)
            yield organization, "pause_number", (scope,)
        for id in list(self.model.changes)[-40:]:
            yield organization, "ready_at", (id,)
        for index, wallet in enumerate([*self.wallets, None]):
            yield organization, "wallets", (index,)
            if wallet is not None:
                yield from self._wallet_views(wallet)

    def _wallet_views(self, wallet: Contract) -> Iterator[tuple[Contract, str, tuple[Any, ...]]]:
        state = self.model.registry[Address(wallet.address)]
        for name in ("name", "sealed", "epoch", "payment_delay", "grace", "agent_count"):
            yield wallet, name, ()
        for token in [*self.token_addresses, NATIVE]:
            for name in ("wallet_limit", "wallet_remaining", "max_balance"):
                yield wallet, name, (token,)
        for who in self.recipients:
            yield wallet, "is_recipient", (who,)
        for id in list(state.queue)[-40:]:
            yield wallet, "payment", (id,)
        for index, agent in enumerate([*state.lines, self.stranger]):
            yield wallet, "agents", (index,)
            yield wallet, "budget_count", (agent,)
            yield self.organization, "is_stopped", (wallet.address, agent)
            for place, (token, category) in enumerate(state.lines.get(agent, ())):
                yield wallet, "budget_keys", (agent, place)
                yield wallet, "budget", (agent, token, category)
                yield wallet, "remaining", (agent, token, category)


def _arguments(event: Event) -> dict[str, Any]:
    return {name: _plain(getattr(event, name)) for name in event.argument_names()}


def _plain(value: Any) -> Any:
    """
    A model's value as the ABI shows it.
    """
    if isinstance(value, Budget):
        return tuple(value.__dict__.values())
    if isinstance(value, tuple | list):
        return tuple(_plain(v) for v in value)
    return value
