"""
Reading files, and what becomes of what is wrong with them.
"""

import json
from pathlib import Path

import pytest

from bursar.config import ConfigError, Problem, Treasury, load_treasury, read_treasury
from bursar.errors import BursarError
from tests.unit.config.support import FULL, SMALL, load, problems_of, with_addresses

WRONG = """\
organisation: {name: acme, change_delay: 1m, heartbeat_timeout: off}
chain: anvil
safe: {owners: {ana: devnet, ben: devnet}, treshold: 2}
guardians: {dana: devnet}
agents: {bot: {address: devnet}}
wallets:
  operations:
    tokens: {USDC: {daily: 1000, max_balance: 5000}}
    budgets:
      - {agent: bott, daily: 10, hourly: 20}
      - {agent: bot, category: refund, daily: 0.1234567}
"""

TEXT = """\
treasury.yaml: 6 problems

treasury.yaml:1:42: organisation.change_delay
  out of bounds: a change delay is 1 hour to 30 days
  found: 1m
  fix:   write 1h to 30d

treasury.yaml:3:44: safe.treshold
  an unknown key
  found: treshold
  fix:   did you mean threshold? Otherwise remove it

treasury.yaml:10:17: wallets.operations.budgets[0].agent
  no such agent
  found: bott
  fix:   did you mean bot? Otherwise define bott first

treasury.yaml:10:42: wallets.operations.budgets[0].hourly
  hourly is more than daily, 10
  found: 20
  fix:   write 10 or less, or raise daily

treasury.yaml:11:32: wallets.operations.budgets[1].category
  no such category
  found: refund
  fix:   define refund first

treasury.yaml:11:47: wallets.operations.budgets[1].daily
  too many decimals: the token has 6 (USDC)
  found: 0.1234567
  fix:   write 0.123456\
"""


def test_error__many_problems__has_all_of_them_in_a_readable_block() -> None:
    """Misspelled keys do not hide contradictions: all that is wrong comes at once."""
    with pytest.raises(ConfigError) as caught:
        read_treasury(WRONG)
    assert str(caught.value) == TEXT
    assert isinstance(caught.value, BursarError)


def test_error__as_json__has_file_line_column_and_fix() -> None:
    """What a program shows of it."""
    problem = json.loads(problems_of(WRONG)[0].model_dump_json())
    assert problem == {
        "file": "treasury.yaml",
        "line": 1,
        "column": 42,
        "key": "organisation.change_delay",
        "message": "out of bounds: a change delay is 1 hour to 30 days",
        "found": "1m",
        "fix": "write 1h to 30d",
    }
    assert Problem.model_validate(problem) == problems_of(WRONG)[0]


def test_error__unreadable_chain__still_finds_contradictions() -> None:
    """What does not depend on a broken part is checked all the same."""
    keys = {p.key for p in problems_of(WRONG.replace("chain: anvil", "chain: anvl"))}
    assert {"chain", "wallets.operations.budgets[0].hourly"} <= keys
    assert "wallets.operations.budgets[1].daily" not in keys, "the token is not known"


def test_error__a_broken_definition__is_told_once() -> None:
    """Whoever refers to something that is broken is not blamed for it."""
    text = SMALL.replace("{bot: {address: devnet}}", "{bot: {address: here}}")
    assert [p.key for p in problems_of(text)] == ["agents.bot.address"]
    text = SMALL.replace("{bot: {address: devnet}}", "[bot]")
    assert [p.key for p in problems_of(text)] == ["agents"]


def test_error__a_misspelled_key__is_not_called_missing_as_well() -> None:
    """One mistake is one problem."""
    text = SMALL.replace("agents:", "agent:").replace("max_balance", "max_balanc")
    assert [p.key for p in problems_of(text)] == [
        "agent",
        "wallets.operations.tokens.USDC.max_balanc",
    ]


@pytest.mark.parametrize("prefix", ["", "0x"])
def test_error__a_private_key_in_place_of_an_address__is_not_shown(prefix: str) -> None:
    """Errors end up in logs."""
    secret = prefix + "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    with pytest.raises(ConfigError) as caught:
        read_treasury(SMALL.replace("dana: devnet", f'dana: "{secret}"'))
    assert secret[-20:] not in str(caught.value)
    assert "looks like a private key" in str(caught.value)


def test_error__what_cannot_be_printed__is_escaped() -> None:
    """A file cannot write control characters to whoever reads its errors, nor flood them."""
    problem = problems_of(SMALL.replace("daily: 50", 'daily: "\\e[31m"'))[0]
    assert problem.found == "\\x1b[31m"
    long = problems_of(SMALL.replace("daily: 50", f"daily: {'x' * 500}"))[0]
    assert len(long.found) < 100


def test_load__a_file__is_read(tmp_path: Path) -> None:
    """From a path, a byte order mark or not."""
    path = tmp_path / "treasury.yaml"
    for encoding in ("utf-8", "utf-8-sig"):
        path.write_text(with_addresses(FULL), encoding=encoding)
        assert load_treasury(path) == load_treasury(str(path)) == load(FULL)


def test_load__problems__name_the_file(tmp_path: Path) -> None:
    """As the caller named it."""
    path = tmp_path / "mine.yaml"
    path.write_text(WRONG)
    with pytest.raises(ConfigError) as caught:
        load_treasury(path)
    assert {p.file for p in caught.value.problems} == {str(path)}


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_load__no_file__is_a_config_error(tmp_path: Path, name: str) -> None:
    """What cannot be opened has no line."""
    with pytest.raises(ConfigError) as caught:
        load_treasury(tmp_path / name)
    (problem,) = caught.value.problems
    assert problem.line is None
    assert problem.message.startswith("cannot be read: ")
    assert str(tmp_path) in str(caught.value)


def test_load__not_utf8__is_a_config_error(tmp_path: Path) -> None:
    """Bytes that are no text."""
    path = tmp_path / "treasury.yaml"
    path.write_bytes(b"chain: \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8: byte 8"):
        load_treasury(path)


@pytest.mark.parametrize("text", [FULL, SMALL], ids=["full", "small"])
def test_treasury__dumped_and_validated_again__is_the_same(text: str) -> None:
    """In Python and as JSON: the models lose nothing."""
    treasury = load(text)
    assert Treasury.model_validate(treasury.model_dump()) == treasury
    assert Treasury.model_validate_json(treasury.model_dump_json()) == treasury


def test_treasury__changed__is_refused() -> None:
    """It is frozen."""
    with pytest.raises(ValueError, match="frozen"):
        load(SMALL).name = "other"  # type: ignore[misc]
