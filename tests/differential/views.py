"""
The views of both sides: everything that either knows, asked of the contracts and of the model.
"""

from collections.abc import Iterator
from typing import Any

from bursar import reference
from bursar.types import NATIVE, Address
from tests.differential.plain import plain
from tests.differential.twin import DisagreementError, Twin
from tests.harness.evm import Contract

View = tuple[Contract, str, tuple[Any, ...]]

# Of what piles up, such as changes that have expired, the latest.
LATEST = 40


class Views:
    """
    Compares the views of a twin.
    """

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.compared = 0

    def compare_all(self) -> None:
        """
        Every view of every contract, and every balance. Raises DisagreementError.
        """
        for target, name, args in self._all():
            self.compare(target, name, *args)
        for wallet in self.twin.wallets:
            for token in (*self.twin.tokens, NATIVE):
                self.compare_balance(token, Address(wallet.address))
        for token in (*self.twin.tokens, NATIVE):
            self.compare_balance(token, self.twin.treasury)

    def compare(self, target: Contract, name: str, *args: Any) -> None:
        """
        One view on both sides, to the byte. Raises DisagreementError.
        """
        twin, function = self.twin, target.artifact.functions[name]
        output = twin.evm.view(target.address, function.encode(args))
        wanted = reference.view(
            twin.model, Address(target.address), name, *args, now=twin.now, chain=twin.ledger
        )
        self.compared += 1
        if output != function.encode_result(plain(wanted)):
            found = function.decode(output)
            raise DisagreementError(f"{target}.{name}{args}: {found!r}, the model says {wanted!r}")

    def compare_balance(self, token: Address, holder: Address) -> None:
        """
        What somebody holds. Raises DisagreementError.
        """
        twin = self.twin
        contract = twin.tokens.get(token)
        held = twin.evm.balance(holder) if contract is None else contract.view("balanceOf", holder)
        wanted = twin.ledger.balance_of(token, holder)
        if held != wanted:
            raise DisagreementError(f"{holder} holds {held} of {token}, the model says {wanted}")

    def _all(self) -> Iterator[View]:
        twin, organization = self.twin, self.twin.organization
        everyone = [twin.treasury, *twin.guardians, *twin.keepers, *twin.agents, twin.stranger]
        scopes = {organization.address, *(w.address for w in twin.wallets), *everyone}
        for name in ("treasury", "change_delay", "heartbeat_timeout", "last_heartbeat"):
            yield organization, name, ()
        for who in everyone:
            yield organization, "roles", (who,)
            yield organization, "is_wallet", (who,)
        for scope in sorted({*scopes, *twin.model.stops}):
            yield organization, "paused_until", (scope,)
            yield organization, "pause_number", (scope,)
        for id in list(twin.model.changes)[-LATEST:]:
            yield organization, "ready_at", (id,)
        yield organization, "wallet_count", ()
        yield organization, "wallets", (len(twin.wallets),)
        for index, wallet in enumerate(twin.wallets):
            yield organization, "wallets", (index,)
            yield organization, "is_wallet", (wallet.address,)
            yield from self._of_wallet(wallet)

    def _of_wallet(self, wallet: Contract) -> Iterator[View]:
        twin = self.twin
        state = twin.model.registry[Address(wallet.address)]
        for name in ("name", "sealed", "epoch", "payment_delay", "grace", "agent_count"):
            yield wallet, name, ()
        for token in (*twin.tokens, NATIVE):
            for name in ("wallet_limit", "wallet_remaining", "max_balance"):
                yield wallet, name, (token,)
        for who in twin.recipients:
            yield wallet, "is_recipient", (who,)
        for id in list(state.queue)[-LATEST:]:
            yield wallet, "payment", (id,)
        for index, agent in enumerate([*state.lines, twin.stranger]):
            yield wallet, "agents", (index,)
            yield wallet, "budget_count", (agent,)
            yield wallet, "budget_keys", (agent, len(state.lines.get(agent, ())))
            yield twin.organization, "is_stopped", (wallet.address, agent)
            for place, (token, category) in enumerate(state.lines.get(agent, ())):
                yield wallet, "budget_keys", (agent, place)
                yield wallet, "budget", (agent, token, category)
                yield wallet, "remaining", (agent, token, category)
