"""
The chain, what its preset knows, and the tokens that a file adds.
"""

import pytest

from bursar.config import PRESETS, Token
from bursar.types import NATIVE
from tests.unit.config.support import SMALL, address, load, only_problem, problems_of, replaced

REAL = """\
organisation: {name: acme, change_delay: 2d, heartbeat_timeout: off}
chain: base
safe: {address: <safe>}
guardians: {dana: <dana>}
agents: {bot: {address: <bot>}}
wallets:
  operations:
    tokens: {USDC: {daily: 1000, max_balance: 5000}}
    budgets:
      - {agent: bot, daily: 50}
"""


def on(chain: str, tokens: str = "", text: str = REAL) -> str:
    """
    The same on another chain, with tokens.
    """
    end = f"tokens: {tokens}\n" if tokens else ""
    return replaced(text, "chain: base", f"chain: {chain}") + end


@pytest.mark.parametrize(
    ("name", "chain_id", "usdc"),
    [
        ("mainnet", 1, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
        ("base", 8453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        ("base-sepolia", 84532, "0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
    ],
)
def test_preset__by_name_or_id__has_its_usdc_and_explorer(
    name: str, chain_id: int, usdc: str
) -> None:
    """Q23: the chain's own USDC, with six decimals, and the operator's own endpoint."""
    by_name, by_section = load(on(name)), load(on(f"{{id: {chain_id}}}"))
    assert by_name == by_section
    chain = by_name.chain
    assert (chain.name, chain.id, chain.rpc_url, chain.is_devnet) == (name, chain_id, None, False)
    assert chain.explorer == PRESETS[name].explorer
    assert chain.native_symbol == "ETH"
    assert Token(symbol="USDC", address=usdc, decimals=6) in by_name.tokens
    assert by_name.wallets[0].tokens[0].token.address == usdc


def test_preset__anvil__deploys_its_usdc() -> None:
    """A local chain has no USDC yet."""
    treasury = load(SMALL)
    assert treasury.chain.is_devnet
    assert treasury.chain.rpc_url == "http://127.0.0.1:8545"
    assert Token(symbol="USDC", address=None, decimals=6) in treasury.tokens


def test_chain__with_an_id__brings_its_own_tokens() -> None:
    """Any chain can be used; what Bursar does not know has to be said."""
    chain = "{id: 10, rpc_url: https://node.example, native_symbol: OPE}"
    treasury = load(on(chain, "{USDC: {address: <usdc>, decimals: 6}}"))
    assert (treasury.chain.name, treasury.chain.id) == ("eip155:10", 10)
    assert treasury.chain.native_symbol == "OPE"
    assert treasury.wallets[0].tokens[0].token.address == address("usdc")
    problem = only_problem(on("{id: 10, rpc_url: https://node.example}"))
    assert (problem.key, problem.message) == ("wallets.operations.tokens.USDC", "no such token")


def test_chain__with_figures_of_its_own__has_them_and_not_the_presets() -> None:
    """A preset fills in what is left out, and nothing else."""
    own = "rpc_url: https://node.example, native_symbol: WEI, explorer: https://explorer.example"
    chain = load(on(f"{{preset: base, {own}}}")).chain
    assert (chain.name, chain.native_symbol) == ("base", "WEI")
    assert (chain.rpc_url, chain.explorer) == ("https://node.example", "https://explorer.example")


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("{id: 10}", "an id without rpc_url"),
        ("{id: 0, rpc_url: https://node.example}", "no chain has the id 0"),
        ("{preset: base, id: 8453}", "both a preset and an id"),
        ("{rpc_url: https://node.example}", "no chain is named"),
        ("sepolia", "no such preset"),
        ("{}", "no chain is named"),
    ],
)
def test_chain__that_is_not_said_clearly__is_refused(chain: str, message: str) -> None:
    """One chain, named one way."""
    problem = next(p for p in problems_of(on(chain)) if p.key.startswith("chain"))
    assert problem.message == message
    assert problem.line == 2


@pytest.mark.parametrize("chain", ["base", "anvil"])
def test_native__on_every_chain__is_known(chain: str) -> None:
    """The chain's own currency needs no entry, and takes none."""
    text = on(chain).replace("{USDC: {daily", "{NATIVE: {daily")
    assert load(text).wallets[0].tokens[0].token == Token(
        symbol="NATIVE", address=NATIVE, decimals=18
    )
    problem = only_problem(text + "tokens: {NATIVE: {decimals: 18}}\n")
    assert problem.message == "NATIVE is known on every chain"


@pytest.mark.parametrize(
    ("tokens", "key", "fix"),
    [
        ("{USDC: {address: <other>, decimals: 6}}", "tokens.USDC.address", "another symbol"),
        ("{USDC: {decimals: 18}}", "tokens.USDC.decimals", "write 6"),
        ("{usdc: {address: <other>, decimals: 6}}", "tokens.usdc", "cannot be mistaken"),
        ("{DAI: {decimals: 18}}", "tokens.DAI", "add address"),
        ("{DAI: {address: <safe>, decimals: 18}}", "safe.address", "address of its own"),
        (
            "{A: {address: <a>, decimals: 1}, B: {address: <a>, decimals: 1}}",
            "tokens.B.address",
            "address of its own",
        ),
        ("{DAI: {address: <dai>}}", "tokens.DAI.decimals", "add decimals: 6"),
    ],
)
def test_token__that_would_lose_money__is_refused(tokens: str, key: str, fix: str) -> None:
    """Another USDC, none of its decimals, a look-alike, none at all, or the Safe itself."""
    problem = only_problem(on("base", tokens))
    assert problem.key == key
    assert fix in problem.fix


def test_token__the_presets_own__is_nobody_elses_address() -> None:
    """Whoever pastes the wrong line of a list is told."""
    usdc = PRESETS["base"].usdc
    problem = only_problem(replaced(REAL, "<bot>", f'"{usdc}"'))
    assert problem.message == "agent bot has the address of token USDC"
    problem = only_problem(REAL + f'recipients: {{shop: "{usdc}"}}\n')
    assert "where money is lost" in problem.message


def test_token__the_presets_own_written_out__is_the_same() -> None:
    """Whoever wants to see the address in the file may write it."""
    usdc = PRESETS["base"].usdc
    written = load(on("base", f'{{USDC: {{address: "{usdc}", decimals: 6}}}}'))
    assert written == load(REAL)


def test_token__on_a_local_chain__is_deployed_or_taken_from_a_fork() -> None:
    """Without an address a test token is deployed; with one it is there already."""
    text = SMALL + "tokens: {DAI: {decimals: 18}, USDC: {address: <usdc>, decimals: 6}}\n"
    tokens = {token.symbol: token for token in load(text).tokens}
    assert tokens["DAI"] == Token(symbol="DAI", address=None, decimals=18)
    assert tokens["USDC"].address == address("usdc")
