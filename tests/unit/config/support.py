"""
Files to read, and what is wrong with them.
"""

import re
from pathlib import Path

from bursar.config import ConfigError, Problem, Treasury, devnet_address, read_treasury
from bursar.config.problems import Problems
from bursar.config.tree import Node, Table, read_tree
from bursar.types import Address

ROOT = Path(__file__).resolve().parents[3]

FULL = """\
organisation:
  name: acme
  change_delay: 2d
  heartbeat_timeout: 30m
  treasury_manager: mia
chain:
  preset: anvil
  rpc_url: http://127.0.0.1:8545
  native_symbol: ETH
  explorer: https://explorer.example
safe:
  address: <safe>
  owners: {ana: <ana>, ben: <ben>, cleo: <cleo>}
  threshold: 2
  devnet_balance: {USDC: 5_000_000}
guardians:
  dana: <dana>
keepers:
  watch: <watch>
tokens:
  DAI:
    address: <dai>
    decimals: 18
categories:
  - refund
recipients:
  exchange: <exchange>
profiles:
  small:
    token: USDC
    payment_delay: 20m
    daily: {default: 20, min: 2, max: 40}
    hourly: {default: 10, min: 1, max: 30}
    per_payment: {default: 5, min: 1, max: 20}
    queue_from: {default: 4, min: 1, max: 50}
    max_payments: {default: 10, min: 5, max: 50}
agents:
  bot:
    address: <bot>
    role: refunds
wallets:
  operations:
    profile: payments
    payment_delay: 15m
    grace: 2d
    tokens:
      USDC:
        daily: 1000
        max_balance: 5000
        refill_to: 4000
        alert_below: 900
    recipients:
      - exchange
    budgets:
      - agent: bot
        token: USDC
        category: refund
        profile: payments
        per_payment: 10
        hourly: 20
        daily: 50
        queue_from: 5
        max_payments: 100
        expires: 2027-01-31
        allowlist_only: true
alerts:
  balance_below: {USDC: 700}
  daily_limit_percent: 75
  unusual_spending: medium
  channels:
    ops: {url_file: ops.url}
    duty: {url_env: DUTY_URL}
  routes:
    wallet_balance_low:
      - ops
"""
"""A file in which every key occurs, but `chain.id`. `<name>` is an address."""

SMALL = """\
organisation: {name: acme, change_delay: 2d, heartbeat_timeout: off}
chain: anvil
safe: {owners: {ana: devnet, ben: devnet}, threshold: 2}
guardians: {dana: devnet}
agents: {bot: {address: devnet}}
wallets:
  operations:
    tokens: {USDC: {daily: 1000, max_balance: 5000}}
    budgets:
      - {agent: bot, daily: 50}
"""
"""As little as a file can say."""


def address(name: str) -> Address:
    """
    An address that stands for a name, checksummed.
    """
    return devnet_address(name)


def with_addresses(text: str) -> str:
    """
    The text with an address for every `<name>`, each quoted.
    """
    return re.sub(r"<([a-z0-9-]+)>", lambda match: f'"{address(match[1])}"', text)


def replaced(text: str, old: str, new: str) -> str:
    """
    The text with `new` instead of `old`, which has to occur once.
    """
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def load(text: str) -> Treasury:
    """
    The treasury of a text that has to be right.
    """
    return read_treasury(with_addresses(text))


def problems_of(text: str) -> tuple[Problem, ...]:
    """
    Everything that is wrong with a text; nothing, if it can be read.
    """
    try:
        load(text)
    except ConfigError as error:
        return error.problems
    return ()


def only_problem(text: str) -> Problem:
    """
    What is wrong with a text that has exactly one problem.
    """
    problems = problems_of(text)
    assert len(problems) == 1, "\n".join(map(str, problems)) or "no problem"
    return problems[0]


def budget_of(figures: str, text: str = SMALL) -> str:
    """
    The small file with other figures in its budget.
    """
    return replaced(text, "{agent: bot, daily: 50}", f"{{agent: bot, {figures}}}")


def plain(node: Node | None) -> object:
    """
    A tree as an editor's YAML reader sees it: numbers and booleans as YAML 1.2 has them.
    """
    if isinstance(node, Table):
        return {name: plain(value) for name, value in node.entries.items()}
    if hasattr(node, "nodes"):
        return [plain(each) for each in node.nodes]
    assert hasattr(node, "value")
    if node.quoted:
        return node.value
    return _core(node.value)


def _core(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def parse(text: str) -> object:
    """
    What an editor's YAML reader makes of a text.
    """
    return plain(read_tree(with_addresses(text), Problems("treasury.yaml")))
