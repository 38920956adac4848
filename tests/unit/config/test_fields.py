"""
Each field of the file, wrong in turn: the error names its line and what to write instead.
"""

from collections.abc import Iterator

import pytest

from bursar.config.problems import Problems
from bursar.config.tree import Node, Table, Text, read_tree
from tests.unit.config.support import (
    FULL,
    address,
    only_problem,
    problems_of,
    replaced,
    with_addresses,
)

TEXT = with_addresses(FULL)
LOWER = address("safe").lower()

# Path of keys, what stands there, what is written instead, what the error says, and the fix.
WRONG = [
    ("organisation.name", "name: acme", 'name: ""', "an empty text", "write one"),
    ("organisation.change_delay", "change_delay: 2d", "change_delay: 59m", "1 hour to 30", "1h to"),
    ("organisation.heartbeat_timeout", "30m", "9m", "10 minutes to 30", "10m to 30d, or off"),
    (
        "organisation.treasury_manager",
        "treasury_manager: mia",
        "treasury_manager: Mia M",
        "not a name",
        "mia",
    ),
    ("chain.preset", "preset: anvil", "preset: anvill", "no such preset", "did you mean anvil?"),
    ("chain.id", "preset: anvil", "id: ten", "not a whole number", "digits only"),
    ("chain.rpc_url", "http://127.0.0.1:8545", "127.0.0.1:8545", "not a URL", "http or https"),
    ("chain.native_symbol", "native_symbol: ETH", "native_symbol: E-H", "not a symbol", "letters"),
    ("chain.explorer", "https://explorer.example", "explorer", "not a URL", "https://"),
    ("safe.address", f'"{address("safe")}"', f'"{LOWER}"', "without a checksum", address("safe")),
    (
        "safe.owners.ana",
        f'"{address("ana")}"',
        "anna",
        "not an address",
        "on a local chain, devnet",
    ),
    ("safe.threshold", "threshold: 2", "threshold: 4", "3 owners cannot", "2 to 3"),
    ("safe.devnet_balance.USDC", "5_000_000", "5.000.000", "not an amount", "whole tokens"),
    ("guardians.dana", f'"{address("dana")}"', '"0x12"', "not an address", "40 hex digits"),
    ("keepers.watch", f'"{address("watch")}"', '"0x12"', "not an address", "40 hex digits"),
    ("tokens.DAI.address", f'"{address("dai")}"', "devnet", "not an address", "40 hex digits"),
    ("tokens.DAI.decimals", "decimals: 18", "decimals: 78", "so many decimals", "decimals()"),
    ("categories[0]", "- refund", "- Refund", "not a name", "refund"),
    ("recipients.exchange", f'"{address("exchange")}"', "0x", "not an address", "40 hex digits"),
    (
        "profiles.small.token",
        "token: USDC\n    pay",
        "token: USD\n    pay",
        "no such token",
        "USDC?",
    ),
    ("profiles.small.payment_delay", "20m", "59", "1 minute to 7 days", "1m to 7d"),
    (
        "profiles.small.daily.default",
        "default: 20",
        "default: 41",
        "outside min and max",
        "2 to 40",
    ),
    ("profiles.small.daily.min", "min: 2,", "min: 41,", "min is more than max, 40", "raise max"),
    ("profiles.small.daily.max", "max: 40", "max: off", "cannot be off", "write an amount"),
    (
        "profiles.small.hourly.default",
        "10, min: 1,",
        "-1, min: 1,",
        "not an amount",
        "nothing is 0",
    ),
    ("profiles.small.hourly.min", "min: 1, max: 30", "min: 1e, max: 30", "not an amount", "1000"),
    ("profiles.small.hourly.max", "max: 30", "max: 3O", "not an amount", "1000"),
    (
        "profiles.small.per_payment.default",
        "default: 5,",
        "default: $5,",
        "not an amount",
        "write 5",
    ),
    (
        "profiles.small.per_payment.min",
        "min: 1, max: 20",
        "min: .5, max: 20",
        "not an",
        "write 0.5",
    ),
    ("profiles.small.per_payment.max", "max: 20", "max: 2e1", "not an amount", "write 20"),
    ("profiles.small.queue_from.default", "default: 4", "default: off", "outside min", "1 to 50"),
    (
        "profiles.small.queue_from.min",
        "min: 1, max: 50}\n    max",
        "min: 010, max: 50}\n    max",
        "not an amount",
        "write 10",
    ),
    ("profiles.small.queue_from.max", "1, max: 50", "1, max: 50.1234567", "has 6", "50.123456"),
    (
        "profiles.small.max_payments.default",
        "default: 10, min: 5",
        "default: 1, min: 5",
        "outside min and max",
        "5 to 50",
    ),
    (
        "profiles.small.max_payments.min",
        "min: 5, max: 50",
        "min: 0, max: 50",
        "so many",
        "1 to 16383",
    ),
    ("profiles.small.max_payments.max", "5, max: 50", "5, max: 16384", "so many", "1 to 16383"),
    ("agents.bot.address", f'"{address("bot")}"', "bot", "not an address", "devnet"),
    ("agents.bot.role", "role: refunds", 'role: "a\\tb"', "cannot be seen", "visible characters"),
    (
        "wallets.operations.profile",
        "profile: payments\n    pay",
        "profile: paymen\n    pay",
        "no such profile",
        "did you mean payments?",
    ),
    ("wallets.operations.payment_delay", "15m", "8d", "1 minute to 7 days", "1m to 7d"),
    ("wallets.operations.grace", "grace: 2d", "grace: 31d", "1 hour to 30 days", "1h to 30d"),
    ("wallets.operations.tokens.USDC.daily", "daily: 1000", "daily: 1,000", "not an", "write 1000"),
    (
        "wallets.operations.tokens.USDC.max_balance",
        "5000\n",
        "-5\n",
        "not an amount",
        "nothing is 0",
    ),
    (
        "wallets.operations.tokens.USDC.refill_to",
        "4000",
        "5001",
        "more than max_balance",
        "5000 or",
    ),
    (
        "wallets.operations.recipients[0]",
        "- exchange",
        "- exchnge",
        "no such recipient",
        "exchange?",
    ),
    (
        "wallets.operations.budgets[0].agent",
        "agent: bot",
        "agent: bott",
        "no such agent",
        "mean bot?",
    ),
    (
        "wallets.operations.budgets[0].token",
        "token: USDC\n        cat",
        "token: DAI\n        cat",
        "wallet operations has no such token",
        "add DAI to the tokens",
    ),
    (
        "wallets.operations.budgets[0].category",
        "category: refund",
        "category: refnd",
        "no such category",
        "did you mean refund?",
    ),
    (
        "wallets.operations.budgets[0].profile",
        "profile: payments\n        per",
        "profile: payment\n        per",
        "no such profile",
        "did you mean payments?",
    ),
    (
        "wallets.operations.budgets[0].per_payment",
        "per_payment: 10\n",
        "per_payment: 21\n",
        "per_payment is more than hourly, 20",
        "20 or less",
    ),
    (
        "wallets.operations.budgets[0].hourly",
        "hourly: 20",
        "hourly: 51",
        "hourly is more than daily, 50",
        "50 or less, or raise daily",
    ),
    (
        "wallets.operations.budgets[0].daily",
        "daily: 50\n",
        "daily: off\n",
        "cannot be off",
        "amount",
    ),
    (
        "wallets.operations.budgets[0].queue_from",
        "queue_from: 5\n",
        "queue_from: 5 USDC\n",
        "not an amount",
        "write 5",
    ),
    (
        "wallets.operations.budgets[0].max_payments",
        "max_payments: 100",
        "max_payments: 0",
        "so many payments",
        "set its daily limit to 0",
    ),
    (
        "wallets.operations.budgets[0].expires",
        "2027-01-31",
        "31.1.2027",
        "not a date",
        "2027-01-31",
    ),
    ("wallets.operations.budgets[0].allowlist_only", "only: true", "only: yes", "neither", "true"),
    ("wallets.operations.tokens.USDC.alert_below", "900", "0.9 k", "not an amount", "write 900"),
    ("alerts.balance_below.USDC", "USDC: 700", "USDC: off", "cannot be off", "amount"),
    ("alerts.daily_limit_percent", "percent: 75", "percent: 101", "1 to 100", "or off"),
    ("alerts.unusual_spending", "spending: medium", "spending: hgh", "not a sens", "medium, high"),
    ("alerts.channels.ops.url_file", "ops.url", '""', "an empty text", "write one"),
    ("alerts.channels.duty.url_env", "DUTY_URL", '""', "an empty text", "write one"),
    ("alerts.routes.wallet_balance_low[0]", "- ops", "- Ops", "not a name", "ops"),
]


def nodes_of(node: Node) -> Iterator[Node]:
    """
    A node and everything in it.
    """
    yield node
    inner = node.entries.values() if isinstance(node, Table) else getattr(node, "nodes", ())
    for each in inner:
        yield from nodes_of(each)


def tree() -> Node:
    """
    The full file's tree.
    """
    found = read_tree(TEXT, Problems("treasury.yaml"))
    assert found is not None
    return found


LEAVES = [node for node in nodes_of(tree()) if isinstance(node, Text)]
TABLES = [node for node in nodes_of(tree()) if isinstance(node, Table)]


def with_leaf(leaf: Text, new: str) -> str:
    """
    The full file with something else in place of one value.
    """
    lines = TEXT.splitlines(keepends=True)
    line, start = lines[leaf.mark.line - 1], leaf.mark.column - 1
    length = len(leaf.value) + 2 * leaf.quoted
    lines[leaf.mark.line - 1] = line[:start] + new + line[start + length :]
    return "".join(lines)


@pytest.mark.parametrize(("key", "old", "new", "message", "fix"), WRONG, ids=[w[0] for w in WRONG])
def test_field__wrong_value__named_with_its_line_and_fix(
    key: str, old: str, new: str, message: str, fix: str
) -> None:
    """One wrong value is one problem, which points at that value and tells what to write."""
    problem = only_problem(replaced(TEXT, old, new))
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    assert (problem.key, problem.line) == (key, line)
    assert message in problem.message
    assert fix in problem.fix
    assert problem.file == "treasury.yaml"


def test_fields__all_of_them__have_a_wrong_value_above() -> None:
    """No field may be added without a test of its error."""
    alike = {"safe.owners.ben", "safe.owners.cleo"}
    fields = {leaf.mark.key for leaf in LEAVES} | {"chain.id"}
    assert fields - alike == {wrong[0] for wrong in WRONG}


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.mark.key)
@pytest.mark.parametrize(("new", "found"), [("[a]", "a list"), ("{a: b}", "a mapping")])
def test_field__collection_in_place_of_a_value__named_with_its_line(
    leaf: Text, new: str, found: str
) -> None:
    """A list or a mapping where one value belongs is found there."""
    problem = problems_of(with_leaf(leaf, new))[0]
    assert (problem.key, problem.line, problem.found) == (leaf.mark.key, leaf.mark.line, found)
    assert problem.fix.startswith("write")


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.mark.key)
@pytest.mark.parametrize("null", ["", "~", "null"])
def test_field__nothing__is_not_taken_for_a_value(leaf: Text, null: str) -> None:
    """A key without a value is a mistake, not a wish for the default."""
    problem = problems_of(with_leaf(leaf, null))[0]
    assert (problem.key, problem.line, problem.found) == (leaf.mark.key, leaf.mark.line, "nothing")


@pytest.mark.parametrize(
    "table",
    [t for t in TABLES if t.mark.key not in ("", "chain")],
    ids=lambda table: table.mark.key,
)
def test_table__one_value_in_its_place__named_with_its_line(table: Table) -> None:
    """A value where keys belong is found there. (The chain may be one word.)"""
    lines = TEXT.splitlines()
    index = table.mark.line - 1
    indent = len(lines[index]) - len(lines[index].lstrip())
    end = next(
        (
            i
            for i in range(index + 1, len(lines))
            if len(lines[i]) - len(lines[i].lstrip()) <= indent
        ),
        len(lines),
    )
    head = lines[index][: table.mark.column - 1]
    is_item = lines[index].lstrip().startswith("- ") and table.mark.key.endswith("]")
    name = "" if is_item else table.mark.key.rpartition(".")[2] + ": "
    text = "\n".join([*lines[:index], f"{head}{name}foo", *lines[end:], ""])
    problem = next(p for p in problems_of(text) if p.key == table.mark.key)
    assert problem.line == table.mark.line
    assert problem.found == "foo"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.mark.key or "top")
def test_table__unknown_key__named_with_its_line(table: Table) -> None:
    """A key that nobody knows, or a name that cannot be one, is found where it stands."""
    first = next(iter(table.keys.values()))
    lines = TEXT.splitlines(keepends=True)
    line = lines[first.mark.line - 1]
    start = first.mark.column - 1
    separator = ", " if "{" in line[:start] else "\n" + " " * start
    lines[first.mark.line - 1] = f"{line[:start]}Bad Key: bad{separator}{line[start:]}"
    keys = [(p.key.rpartition(".")[2], p.line) for p in problems_of("".join(lines))]
    assert ("Bad Key", first.mark.line) in keys
