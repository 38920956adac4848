"""
The state of an organisation as rows, kept up by what each event touches.

    event → Touched → what differs from what is stored → Batch

Values that the fold puts into the state are never changed in place: what is the same object is the
same row.
"""

from dataclasses import dataclass, field
from typing import Final

from bursar import events
from bursar.budgets import BudgetLine
from bursar.changes import Change
from bursar.events import Event
from bursar.payments import WalletLimit
from bursar.state import State, Stop, WalletState
from bursar.store.chain_codec import address_bytes, uint_bytes
from bursar.store.chain_rows import (
    budget_row,
    change_row,
    limit_row,
    organization_detail,
    organization_row,
    wallet_detail,
    wallet_row,
)
from bursar.store.chain_tables import (
    chain_agents,
    chain_budgets,
    chain_changes,
    chain_limits,
    chain_members,
    chain_nonces,
    chain_organizations,
    chain_recipients,
    chain_stops,
    chain_wallets,
)
from bursar.store.chain_writer import Batch
from bursar.types import Address, Bytes32

LineKey = tuple[Address, Address, Bytes32]
"""Agent, token and category."""
NonceKey = tuple[Address, int]
"""Agent and number of the word."""

_CHARGES: Final = (events.Paid, events.PaymentExecuted)
_NO_STATE: Final = (events.PaymentQueued, events.PaymentCancelled, events.Refilled, events.Swept)


@dataclass(slots=True)
class WalletRows:
    """
    What of a wallet is stored.
    """

    detail: str | None = None
    position: int = 0
    lines: dict[LineKey, BudgetLine] = field(default_factory=dict)
    agents: dict[Address, bool] = field(default_factory=dict)
    limits: dict[Address, tuple[WalletLimit, int | None]] = field(default_factory=dict)
    recipients: set[Address] = field(default_factory=set)


@dataclass(slots=True)
class Touched:
    """
    What events may have changed since it was last stored.
    """

    organization: bool = False
    wallets: set[Address] = field(default_factory=set)
    lines: dict[tuple[Address, LineKey], None] = field(default_factory=dict)
    nonces: set[tuple[Address, NonceKey]] = field(default_factory=set)

    def note(self, event: Event) -> None:
        """
        Payments are many and change two rows each; after anything else everything of its wallet,
        and of the organisation, is compared.
        """
        if isinstance(event, _CHARGES):
            self.lines[event.emitter, (event.agent, event.token, event.category)] = None
        elif isinstance(event, events.NonceVoided):
            self.nonces.add((event.emitter, (event.agent, event.nonce >> 8)))
        elif not isinstance(event, _NO_STATE):
            self.organization = True
            self.wallets.add(event.emitter)

    def __len__(self) -> int:
        """
        About how many rows it will come to.
        """
        return len(self.lines) + len(self.nonces) + len(self.wallets)


class Projections:
    """
    What of the organisation's state is stored, as `source`.
    """

    def __init__(self, source: int) -> None:
        self.source = source
        self.detail: str | None = None
        self.members: dict[Address, tuple[bool, bool]] = {}
        self.stops: dict[Address, Stop] = {}
        self.changes: dict[Bytes32, Change] = {}
        self.wallets: dict[Address, WalletRows] = {}

    def write(self, batch: Batch, state: State, touched: Touched) -> None:
        """
        Add to `batch` what is different in `state`, where it was touched.
        """
        if touched.organization:
            self._write_organization(batch, state)
        for address in touched.wallets:
            if address in state.registry:
                self._write_wallet(batch, state.registry[address])
        for address, key in touched.lines:
            if address in state.registry and address not in touched.wallets:
                self._write_charge(batch, state.registry[address], key)
        for address, nonce in touched.nonces:
            if address in state.registry:
                self._write_nonce(batch, state.registry[address], nonce)

    def _write_organization(self, batch: Batch, state: State) -> None:
        detail = organization_detail(state)
        if detail != self.detail:
            self.detail = detail
            batch.upsert(chain_organizations, (), organization_row(self.source, state, detail))
        self._write_members(batch, state)
        for scope, stop in state.stops.items():
            if self.stops.get(scope) != stop:
                self.stops[scope] = stop
                raw = address_bytes(scope)
                row = (self.source, raw, uint_bytes(stop.until), uint_bytes(stop.number))
                batch.upsert(chain_stops, (raw,), row)
        self._write_changes(batch, state)
        for address in list(state.registry)[len(self.wallets) :]:
            self._write_wallet(batch, state.registry[address])

    def _write_members(self, batch: Batch, state: State) -> None:
        found = {
            who: (who in state.guardians, who in state.keepers)
            for who in state.guardians | state.keepers
        }
        for who in self.members.keys() - found.keys():
            batch.delete(chain_members, (address_bytes(who),))
        for who, roles in found.items():
            if self.members.get(who) != roles:
                raw = address_bytes(who)
                batch.upsert(chain_members, (raw,), (self.source, raw, *roles))
        self.members = found

    def _write_changes(self, batch: Batch, state: State) -> None:
        for id in self.changes.keys() - state.changes.keys():
            batch.delete(chain_changes, (id,))
        for id, change in state.changes.items():
            if self.changes.get(id) is not change:
                batch.upsert(chain_changes, (id,), change_row(self.source, change))
        self.changes = dict(state.changes)

    def _write_wallet(self, batch: Batch, wallet: WalletState) -> None:
        raw = address_bytes(wallet.address)
        stored = self.wallets.get(wallet.address)
        if stored is None:
            stored = self.wallets[wallet.address] = WalletRows(position=len(self.wallets))
        detail = wallet_detail(wallet)
        if detail != stored.detail:
            stored.detail = detail
            row = wallet_row(self.source, stored.position, wallet, detail)
            batch.upsert(chain_wallets, (raw,), row)
        self._write_agents(batch, raw, stored, wallet)
        self._write_lines(batch, raw, stored, wallet)
        for token in wallet.limits.keys() | wallet.max_balances.keys():
            self._write_limit(batch, raw, stored, wallet, token)
        self._write_recipients(batch, raw, stored, wallet)

    def _write_agents(
        self, batch: Batch, raw: bytes, stored: WalletRows, wallet: WalletState
    ) -> None:
        for position, agent in enumerate(wallet.lines):
            retired = agent in wallet.retired
            if stored.agents.get(agent) is not retired:
                stored.agents[agent] = retired
                key = (raw, address_bytes(agent))
                batch.upsert(chain_agents, key, (self.source, *key, position, retired))

    def _write_lines(
        self, batch: Batch, raw: bytes, stored: WalletRows, wallet: WalletState
    ) -> None:
        found: dict[LineKey, BudgetLine] = {}
        for agent, lines in wallet.lines.items():
            for position, ((token, category), line) in enumerate(lines.items()):
                found[agent, token, category] = line
                if stored.lines.get((agent, token, category)) is not line:
                    self._write_line(batch, raw, (agent, token, category), position, line)
        for agent, token, category in stored.lines.keys() - found.keys():
            gone = (raw, address_bytes(agent), address_bytes(token), category)
            batch.delete(chain_budgets, gone)
        stored.lines = found

    def _write_recipients(
        self, batch: Batch, raw: bytes, stored: WalletRows, wallet: WalletState
    ) -> None:
        for who in stored.recipients - wallet.recipients:
            batch.delete(chain_recipients, (raw, address_bytes(who)))
        for who in wallet.recipients - stored.recipients:
            key = (raw, address_bytes(who))
            batch.upsert(chain_recipients, key, (self.source, *key))
        stored.recipients = set(wallet.recipients)

    def _write_charge(self, batch: Batch, wallet: WalletState, key: LineKey) -> None:
        """
        The two rows that a payment changes.
        """
        agent, token, category = key
        stored = self.wallets[wallet.address]
        raw = address_bytes(wallet.address)
        lines = wallet.lines.get(agent, {})
        line = lines.get((token, category))
        if line is not None and stored.lines.get(key) is not line:
            stored.lines[key] = line
            position = 0 if len(lines) == 1 else list(lines).index((token, category))
            self._write_line(batch, raw, key, position, line)
        self._write_limit(batch, raw, stored, wallet, token)

    def _write_line(
        self, batch: Batch, raw: bytes, key: LineKey, position: int, line: BudgetLine
    ) -> None:
        agent, token, category = key
        row_key = (raw, address_bytes(agent), address_bytes(token), category)
        batch.upsert(chain_budgets, row_key, budget_row(self.source, row_key, position, line))

    def _write_limit(
        self, batch: Batch, raw: bytes, stored: WalletRows, wallet: WalletState, token: Address
    ) -> None:
        limit, most = wallet.limit(token), wallet.max_balances.get(token)
        before = stored.limits.get(token)
        if before is None or before[0] is not limit or before[1] != most:
            stored.limits[token] = (limit, most)
            key = (raw, address_bytes(token))
            batch.upsert(chain_limits, key, limit_row(self.source, key, limit, most))

    def _write_nonce(self, batch: Batch, wallet: WalletState, nonce: NonceKey) -> None:
        bits = wallet.nonces.get(nonce, 0)
        agent, word = nonce
        key = (address_bytes(wallet.address), address_bytes(agent), uint_bytes(word))
        batch.upsert(chain_nonces, key, (self.source, *key, uint_bytes(bits)))
