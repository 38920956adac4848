"""
The whole treasury, wallet by wallet and budget by budget: whoever deploys it only has to iterate.
"""

from bursar.budgets import Budget
from bursar.config.alerts import AlertSettings
from bursar.config.model import Account, Agent, Category, Chain, Model, Safe, Token
from bursar.config.profiles import Profile
from bursar.types import Uint256


class WalletToken(Model):
    """
    What a wallet does with a token, in base units. `refill_to` is the balance that refills aim at,
    0 where none is planned. With less than `alert_below` it is low; 0 is never, None is as the
    organisation's `alerts` have it.
    """

    token: Token
    daily: Uint256
    max_balance: Uint256
    refill_to: Uint256
    alert_below: Uint256 | None = None


class AgentBudget(Model):
    """
    A budget, and whose it is. Its figures are as the contract reads them back.
    """

    agent: Agent
    token: Token
    category: Category
    profile: Profile
    budget: Budget


class Wallet(Model):
    """
    A hot wallet.
    """

    name: str
    profile: Profile
    payment_delay: int
    grace: int
    tokens: tuple[WalletToken, ...]
    recipients: tuple[Account, ...]
    budgets: tuple[AgentBudget, ...]


class Treasury(Model):
    """
    What `treasury.yaml` says. `heartbeat_timeout` is FOREVER where it is off.
    `treasury_manager` approves refills, None where nobody is named. The address of a guardian, a
    keeper, an owner or an agent occurs once.
    """

    name: str
    change_delay: int
    heartbeat_timeout: Uint256
    treasury_manager: str | None = None
    chain: Chain
    safe: Safe
    guardians: tuple[Account, ...]
    keepers: tuple[Account, ...]
    tokens: tuple[Token, ...]
    categories: tuple[Category, ...]
    recipients: tuple[Account, ...]
    profiles: tuple[Profile, ...]
    agents: tuple[Agent, ...]
    wallets: tuple[Wallet, ...]
    alerts: AlertSettings = AlertSettings()
