"""
docs/treasury-yaml.md: its examples load, its error is the one that comes, and every key is in it.
"""

import re

import pytest

from bursar.config import PRESETS, PROFILES, ConfigError, json_schema, read_treasury
from tests.unit.config.support import ROOT

PAGE = (ROOT / "docs" / "treasury-yaml.md").read_text()
BLOCKS = re.findall(r"^```(\S*(?: \S+)?)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = [text for kind, text in BLOCKS if kind == "yaml"]
# The first example is complete; those that are not stand in place of its sections.
BASE = EXAMPLES[0]


def sections(text: str) -> dict[str, str]:
    """
    The text of each key at the top.
    """
    parts = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)
    return {part.partition(":")[0]: part for part in parts if part}


def on_base(text: str) -> str:
    """
    A piece of a file, made complete.
    """
    return "".join((sections(BASE) | sections(text)).values())


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_page__every_example__loads(text: str) -> None:
    """Alone where it is a whole file, else in place of the same sections of the first."""
    is_whole = "organisation" in sections(text)
    assert read_treasury(text if is_whole else on_base(text)).wallets


def test_page__examples__are_found() -> None:
    """The page is read as it is meant: two whole files, five pieces, one that is wrong."""
    kinds = [kind for kind, _ in BLOCKS]
    assert (kinds.count("yaml"), kinds.count("yaml wrong"), kinds.count("text")) == (7, 1, 1)


def test_page__the_error__is_the_one_that_comes() -> None:
    """Word by word."""
    (wrong,) = (text for kind, text in BLOCKS if kind == "yaml wrong")
    (shown,) = (text for kind, text in BLOCKS if kind == "text")
    with pytest.raises(ConfigError) as caught:
        read_treasury(wrong)
    assert str(caught.value) == shown.rstrip("\n")


def test_page__python__runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it stands there, from the repository's folder."""
    monkeypatch.chdir(ROOT)
    (code,) = (text for kind, text in BLOCKS if kind == "python")
    exec(code, {})
    assert "trading trading-1 USDC 10000000000" in capsys.readouterr().out


def test_page__every_key__is_explained() -> None:
    """No key without a line about it."""
    schema = json_schema()
    parts = [each.get("anyOf", [each])[-1] for each in schema["$defs"].values()]
    keys = {name for part in [schema, *parts] for name in part["properties"]}
    assert {name for name in keys if f"`{name}`" not in PAGE} == set()


def test_page__presets_and_profiles__are_those_that_exist() -> None:
    """With their ids and addresses."""
    for preset in PRESETS.values():
        usdc = f"`{preset.usdc}`" if preset.usdc else "deployed"
        assert f"| `{preset.name}` | {preset.id} | {usdc}" in PAGE
    for profile in PROFILES:
        assert f"| `{profile}` |" in PAGE
