"""
The shape of `treasury.yaml`: which keys there are, of which kind, and what they mean.

The texts below the fields are what editors show.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from bursar.config.alert_sections import AlertsSection
from bursar.config.leaves import (
    AddressText,
    Amount,
    Count,
    Decimals,
    Endpoint,
    Explorer,
    Holder,
    Name,
    NameKey,
    Seconds,
    SecondsOrOff,
    Symbol,
    SymbolKey,
    Word,
)
from bursar.config.reading import Section, listing, mapping
from bursar.config.wallet_sections import ProfileSection, WalletSection

Holders = Annotated[dict[NameKey, Holder], mapping("names and addresses")]


class OrganisationSection(Section):
    """
    The organisation, and how long its changes wait.
    """

    name: Word = Field(examples=["acme"])
    """What people call the organisation."""
    change_delay: Seconds = Field(examples=["2d"])
    """How long a change that loosens waits: 1 hour to 30 days."""
    heartbeat_timeout: SecondsOrOff = Field(examples=["30m"])
    """After how long without a keeper's heartbeat every wallet stops: 10 minutes to 30 days, or
    off."""
    treasury_manager: Name | None = Field(default=None, examples=["mia"])
    """Who approves refills, which owners then sign. Without one, none can be drafted."""


class ChainSection(Section):
    """
    A preset, or an id and where a node answers.
    """

    shorthand: ClassVar[str | None] = "preset"

    preset: Word | None = Field(default=None, examples=["base"])
    """A chain that Bursar knows: mainnet, base, base-sepolia or anvil."""
    id: Count | None = Field(default=None, examples=[8453])
    """The id of any other chain."""
    rpc_url: Endpoint | None = Field(default=None, examples=["https://node.example"])
    """Where a node answers. Better left out where it holds a key: this file is shared."""
    native_symbol: Symbol | None = Field(default=None, examples=["ETH"])
    """What people call the chain's own currency."""
    explorer: Explorer | None = Field(default=None, examples=["https://basescan.org"])
    """A block explorer's front page."""


class SafeSection(Section):
    """
    The Safe that keeps the treasury.
    """

    address: AddressText | None = Field(default=None, examples=["0x…"])
    """The Safe that is the treasury. On a local chain a new one is made without."""
    owners: Annotated[dict[NameKey, Holder], mapping("names and addresses")] | None = Field(
        default=None, examples=[{"ana": "0x…", "ben": "0x…"}]
    )
    """Who its owners are, by name."""
    threshold: Count | None = Field(default=None, examples=[2])
    """How many of them have to sign."""
    devnet_balance: Annotated[dict[SymbolKey, Amount], mapping("tokens and amounts")] = Field(
        default_factory=dict
    )
    """What a local chain gives the Safe, by token."""


class TokenSection(Section):
    """
    A token beside those that the preset of the chain knows.
    """

    address: AddressText | None = Field(default=None, examples=["0x…"])
    """The token's contract. On a local chain a test token is deployed without."""
    decimals: Decimals = Field(examples=[6])
    """How many decimals it has."""


class AgentSection(Section):
    """
    An account that may spend.
    """

    address: Holder = Field(examples=["0x…"])
    """Its address; devnet on a local chain, which makes a key for it."""
    role: Word = ""
    """What it does, for people and for the audit log."""


class TreasuryFile(Section):
    """
    What a treasury should be. `bursar plan` compares it with the chain.
    """

    organisation: OrganisationSection = Field(
        examples=[{"name": "acme", "change_delay": "2d", "heartbeat_timeout": "30m"}]
    )
    """The organisation."""
    chain: ChainSection = Field(examples=["base"])
    """The chain: the name of a preset, or an id and where a node answers."""
    safe: SafeSection = Field(examples=[{"address": "0x…"}])
    """The multisig that keeps the treasury."""
    guardians: Holders = Field(examples=[{"dana": "0x…"}])
    """People who may stop, cancel, veto, tighten, and sweep back to the treasury."""
    keepers: Holders = Field(default_factory=dict)
    """Services that watch: may stop, cancel, and send heartbeats."""
    tokens: Annotated[dict[SymbolKey, TokenSection], mapping("tokens")] = Field(
        default_factory=dict
    )
    """Tokens beside NATIVE and the preset's USDC, by symbol."""
    categories: Annotated[tuple[Name, ...], listing("categories")] = ()
    """What payments are for."""
    recipients: Holders = Field(default_factory=dict)
    """Addresses that wallets may list, by name. Agents may be listed without."""
    profiles: Annotated[dict[NameKey, ProfileSection], mapping("profiles")] = Field(
        default_factory=dict
    )
    """Your own profiles, beside the built-in ones."""
    agents: Annotated[dict[NameKey, AgentSection], mapping("agents")] = Field(
        examples=[{"refund-bot": {"address": "0x…"}}]
    )
    """Who spends, by name."""
    wallets: Annotated[dict[NameKey, WalletSection], mapping("wallets")] = Field(
        examples=[{"operations": {"tokens": {}, "budgets": []}}]
    )
    """The hot wallets, one per function, by name."""
    alerts: AlertsSection | None = None
    """What people are told without asking, and where."""
