"""
What is YAML and what is not, before any of it means anything.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.config import ConfigError, read_treasury
from tests.unit.config.support import FULL, SMALL, only_problem, problems_of, with_addresses


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "fix"),
    [
        ("", None, None, "the file is empty", "examples/treasury.yaml"),
        ("# only a comment\n", None, None, "the file is empty", "examples/treasury.yaml"),
        ("null\n", None, None, "the file is empty", "examples/treasury.yaml"),
        ("a: [1\nb: 2\n", 2, 2, "not YAML", "brackets"),
        ("a:\n\tb: 1\n", 2, 1, "not YAML", "spaces, not with tabs"),
        ("a: 'b\n", 2, 1, "not YAML", "quotes"),
        ("a: b: c\n", 1, 5, "not YAML", "colons"),
        ("a: \x07\n", 1, 4, "a character that YAML does not allow", "remove it"),
        (SMALL + "---\n" + SMALL, 11, 1, "a second document", "one document per file"),
        ("[" * 40 + "]" * 40, 1, 18, "nested too deeply", "innermost"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_yaml__that_cannot_be_read__is_one_problem_at_its_place(
    text: str, line: int | None, column: int | None, message: str, fix: str
) -> None:
    """A file that is no YAML, or none for us, is refused where that shows first."""
    problem = next(p for p in problems_of(text) if message in p.message)
    assert (problem.line, problem.column) == (line, column)
    assert fix in problem.fix


@pytest.mark.parametrize("text", ["- a\n", "word\n", "{}\n"])
def test_yaml__of_another_kind__is_refused(text: str) -> None:
    """The file is a mapping, with something in it."""
    assert problems_of(text)


def test_key__twice__names_both_lines() -> None:
    """YAML readers take the last one in silence; here neither counts before one is gone."""
    problem = only_problem(SMALL + "agents: {bot: {address: devnet}}\n")
    assert (problem.line, problem.key, problem.found) == (11, "agents", "agents")
    assert problem.fix == "keep one; the other is on line 5"


def test_name__twice__is_the_same_key_twice() -> None:
    """Names are keys, so two agents of one name are found like any other."""
    text = SMALL.replace("bot: {address: devnet}", "bot: {address: devnet}, bot: {address: devnet}")
    assert only_problem(text).key == "agents.bot"


def test_alias__is_refused__because_figures_stand_where_they_hold() -> None:
    """Whoever reviews a change of one line sees all that it changes."""
    text = SMALL.replace("{USDC: {daily: 1000, max", "{USDC: {daily: &limit 1000, max")
    problems = problems_of(text.replace("bot, daily: 50", "bot, daily: *limit"))
    assert [p.message for p in problems] == ["an alias (*limit)"]
    assert "write the value out" in problems[0].fix


@pytest.mark.parametrize("tag", ["!!str", "!!float", "!own", "!!python/name:os.system"])
def test_tag__any__is_refused(tag: str) -> None:
    """No tag decides how a value is read."""
    problem = only_problem(SMALL.replace("daily: 50", f"daily: {tag} 50"))
    assert problem.message.startswith("a tag (")
    assert (problem.line, problem.key) == (10, "wallets.operations.budgets[0].daily")


@pytest.mark.parametrize("key", ["? [a, b]\n: 1\n", "? {a: b}\n: {c: [d]}\n", "*x : 1\n"])
def test_key__that_is_no_word__is_refused(key: str) -> None:
    """What follows such a key is left out with it."""
    problem = only_problem(SMALL + key)
    assert (problem.line or 0) >= 10


def test_key__with_a_comma_in_the_amount__tells_what_happened() -> None:
    """In {daily: 1,000} YAML sees a daily of 1 and a key 000."""
    problem = only_problem(SMALL.replace("{daily: 1000,", "{daily: 1,000,"))
    assert problem.found == "000"
    assert problem.fix == "write amounts without commas: 1000 or 1_000"


def test_scalars__quoted_or_not__are_the_same() -> None:
    """Quotes change nothing but what a null is."""
    quoted = SMALL.replace("daily: 50", 'daily: "50"').replace("anvil", "'anvil'")
    assert read_treasury(quoted) == read_treasury(SMALL)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_yaml__any_text__is_read_or_refused(text: str) -> None:
    """Nothing but a ConfigError comes out, whatever goes in."""
    with pytest.raises(ConfigError):
        read_treasury(text)


@settings(deadline=None)
@given(st.data())
def test_yaml__the_full_file_with_a_piece_missing_or_added__is_read_or_refused(
    data: st.DataObject,
) -> None:
    """Nor when it is nearly right: half-read files must not break the later checks."""
    text = with_addresses(FULL)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 60, len(text))))
    piece = data.draw(st.sampled_from(["", "x", "\n", ": ", "- ", "[]", "{}", "null", "off", "-1"]))
    problems_of(text[:start] + piece + text[end:])


@settings(deadline=None)
@given(st.data())
def test_yaml__the_full_file_with_lines_moved__is_read_or_refused(data: st.DataObject) -> None:
    """Whole lines in other places make mappings of other kinds."""
    lines = with_addresses(FULL).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 4))):
        moved = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
        lines.insert(data.draw(st.integers(0, len(lines))), moved)
    problems_of("".join(lines))
