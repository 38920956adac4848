"""
The Safe, its owners, guardians, keepers, agents and recipients: one key, one role.
"""

import pytest

from bursar.config import Account, devnet_address
from tests.unit.config.support import (
    FULL,
    SMALL,
    address,
    load,
    only_problem,
    problems_of,
    replaced,
)
from tests.unit.config.test_chain_and_tokens import REAL

OWNERS = "{owners: {ana: devnet, ben: devnet}, threshold: 2}"


def with_safe(safe: str, text: str = SMALL) -> str:
    """
    The small file with another Safe.
    """
    return replaced(text, OWNERS, safe)


# One key, one role


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("guardian", "agent"),
        ("owner", "keeper"),
        ("owner", "agent"),
        ("owner", "guardian"),
        ("guardian", "keeper"),
        ("keeper", "agent"),
        ("the Safe", "guardian"),
        ("the Safe", "keeper"),
        ("the Safe", "agent"),
        ("the Safe", "owner"),
        ("token DAI", "agent"),
        ("token DAI", "keeper"),
    ],
)
def test_roles__one_address_in_two_of_them__is_refused(first: str, second: str) -> None:
    """Whoever steals one key gets one role."""
    names = {"guardian": "dana", "keeper": "watch", "agent": "bot", "owner": "ana"}
    names |= {"the Safe": "safe", "token DAI": "dai"}
    text = replaced(FULL, f"<{names[second]}>", f"<{names[first]}>")
    problem = only_problem(text)
    who = {role: f"{role} {name}" for role, name in names.items() if role in ("guardian", "keeper")}
    who |= {"agent": "agent bot", "owner": "owner ana"}
    parts = {who.get(first, first), who.get(second, second)}
    assert all(part in problem.message for part in parts)
    assert problem.found == address(names[first])
    assert "one key, one role" in problem.fix


def test_roles__two_agents_with_one_address__are_refused() -> None:
    """Their budgets would be one agent's."""
    text = FULL.replace("  bot:\n", "  twin: {address: <bot>}\n  bot:\n")
    assert only_problem(text).message == "agent bot has the address of agent twin"


def test_roles__the_same_name_in_two_of_them__is_fine() -> None:
    """A person who owns and guards has two keys, on a local chain too."""
    treasury = load(SMALL.replace("dana: devnet", "ana: devnet"))
    assert treasury.guardians[0].address != treasury.safe.owners[0].address


# Devnet keys


def test_devnet__on_a_local_chain__has_a_key_of_its_role_and_name() -> None:
    """Whoever deploys gets the key by that name."""
    treasury = load(SMALL)
    keys = [a.devnet_key for a in (*treasury.safe.owners, *treasury.guardians, *treasury.agents)]
    assert keys == ["owner ana", "owner ben", "guardian dana", "agent bot"]
    assert treasury.agents[0].address == devnet_address("agent bot")


@pytest.mark.parametrize("who", ["dana", "bot"])
def test_devnet__on_a_real_chain__is_refused(who: str) -> None:
    """Everybody has those keys."""
    problem = only_problem(replaced(REAL, f"<{who}>", "devnet"))
    assert problem.message == "devnet keys are public, and this chain is real"
    assert problem.found == "devnet"


# The Safe


def test_safe__address_alone__is_enough() -> None:
    """Who owns it is on the chain."""
    safe = load(REAL).safe
    assert (safe.address, safe.owners, safe.threshold) == (address("safe"), (), None)


def test_safe__address_with_owners_and_threshold__is_what_is_expected() -> None:
    """So that they can be compared, and no owner gets another role."""
    text = replaced(
        REAL, "{address: <safe>}", "{address: <safe>, owners: {a: <a>, b: <b>}, threshold: 2}"
    )
    safe = load(text).safe
    assert [owner.address for owner in safe.owners] == [address("a"), address("b")]
    assert safe.threshold == 2


@pytest.mark.parametrize(
    ("safe", "key", "fix"),
    [
        ("{owners: {ana: devnet, ben: devnet}, threshold: 1}", "safe.threshold", "2 to 2"),
        ("{owners: {ana: devnet, ben: devnet}, threshold: 3}", "safe.threshold", "2 to 2"),
        ("{owners: {ana: devnet, ben: devnet}, threshold: 0}", "safe.threshold", "2 to 2"),
        ("{owners: {ana: devnet}, threshold: 1}", "safe.threshold", "name more owners"),
        ("{owners: {ana: devnet, ben: devnet}}", "safe.owners", "add threshold"),
        ("{address: <safe>, threshold: 2}", "safe.threshold", "add owners"),
        ("{}", "safe", "owners and threshold"),
    ],
)
def test_safe__that_is_no_multisig__is_refused(safe: str, key: str, fix: str) -> None:
    """T5: a treasury behind one key is what this exists to prevent."""
    problem = only_problem(with_safe(safe))
    assert problem.key == key
    assert fix in problem.fix


def test_safe__without_an_address_on_a_real_chain__is_refused() -> None:
    """Only a local chain makes a new one."""
    problem = only_problem(
        replaced(REAL, "{address: <safe>}", "{owners: {a: <a>, b: <b>}, threshold: 2}")
    )
    assert problem.message == "only a local chain makes a new Safe"


def test_balance__on_a_local_chain__is_in_base_units() -> None:
    """In whichever tokens."""
    safe = load(with_safe(OWNERS[:-1] + ", devnet_balance: {USDC: 5, NATIVE: 0.5}}")).safe
    amounts = [(each.token.symbol, each.amount) for each in safe.devnet_balance]
    assert amounts == [("USDC", 5_000_000), ("NATIVE", 5 * 10**17)]


def test_balance__on_a_real_chain__is_refused() -> None:
    """Nobody gives money away there."""
    text = replaced(REAL, "{address: <safe>}", "{address: <safe>, devnet_balance: {USDC: 1}}")
    assert only_problem(text).fix == "remove devnet_balance"


@pytest.mark.parametrize(("balance", "is_enough"), [("4000", True), ("3999.999999", False)])
def test_balance__less_than_the_first_refills__is_refused(balance: str, is_enough: bool) -> None:
    """Or they would revert."""
    text = with_safe(OWNERS[:-1] + f", devnet_balance: {{USDC: {balance}}}}}")
    text = replaced(text, "max_balance: 5000", "max_balance: 5000, refill_to: 4000")
    problems = problems_of(text)
    assert bool(problems) is not is_enough
    if problems:
        assert problems[0].fix == "give it 4000 at least, or lower refill_to"


# Guardians, keepers and the heartbeat


@pytest.mark.parametrize(("field", "kind"), [("guardians", "guardian"), ("keepers", "keeper")])
@pytest.mark.parametrize(("count", "is_fine"), [(8, True), (9, False)])
def test_first_roles__up_to_what_the_constructor_takes(
    field: str, kind: str, count: int, is_fine: bool
) -> None:
    """Eight of a kind; more are added later."""
    names = ", ".join(f"{kind[0]}{number}: devnet" for number in range(count))
    text = SMALL.replace(
        "guardians: {dana: devnet}\n", "" if kind == "guardian" else "guardians: {dana: devnet}\n"
    )
    problems = problems_of(text + f"{field}: {{{names}}}\n")
    assert [p.key for p in problems] == ([] if is_fine else [field])


def test_guardians__none__is_refused() -> None:
    """Somebody has to be able to stop everything."""
    problem = only_problem(SMALL.replace("{dana: devnet}", "{}"))
    assert problem.message == "no guardian"


def test_heartbeat__without_a_keeper__is_refused() -> None:
    """A heartbeat that nobody sends stops every wallet."""
    problem = only_problem(SMALL.replace("heartbeat_timeout: off", "heartbeat_timeout: 30m"))
    assert (problem.key, problem.line) == ("organisation.heartbeat_timeout", 1)
    assert problem.fix == "name a keeper, or write off"


# Recipients


def test_recipients__of_a_wallet__are_recipients_and_agents() -> None:
    """Q21: a payment can name another agent."""
    text = SMALL.replace("    budgets:", "    recipients: [shop, bot]\n    budgets:")
    treasury = load(text + "recipients: {shop: <shop>}\n")
    shop = Account(name="shop", address=address("shop"), devnet_key=None)
    bot = Account(name="bot", address=devnet_address("agent bot"), devnet_key="agent bot")
    assert treasury.wallets[0].recipients == (shop, bot)
    assert treasury.recipients == (shop,)


@pytest.mark.parametrize(
    ("recipients", "message"),
    [
        ("{a: <x>, b: <x>}", "recipient a has the same address"),
        ("{bot: <x>}", "bot is an agent"),
        ("{a: <dai>}", "the contract of token DAI, where money is lost"),
    ],
)
def test_recipients__that_are_ambiguous_or_lose_money__are_refused(
    recipients: str, message: str
) -> None:
    """Two names for one address, one name for two, a token's contract."""
    text = SMALL + "tokens: {DAI: {address: <dai>, decimals: 18}}\n"
    assert only_problem(text + f"recipients: {recipients}\n").message == message


def test_recipients__people__are_fine() -> None:
    """A guardian may be paid."""
    assert not problems_of(REAL + "recipients: {dana: <dana>}\n")


def test_recipients__the_same_twice_in_a_wallet__are_refused() -> None:
    """A line that does nothing is a mistake."""
    text = SMALL.replace("    budgets:", "    recipients: [bot, bot]\n    budgets:")
    assert only_problem(text).key == "wallets.operations.recipients[1]"
