"""
The interface page, held against the compiled contracts: what other tools are written from.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = re.sub(r"\s+", " ", (ROOT / "docs" / "interface.md").read_text())
ARTIFACTS = ROOT / "src" / "bursar" / "chain" / "artifacts"
CONTRACTS = ("Organization", "HotWallet")

# Written on the page, and in no ABI: the constructors, other contracts', and mathematics.
NOT_OURS = {"__init__", "__default__", "keccak256", "max_value", "isValidSignature", "Payment"}

# How the page writes a type that an ABI has another word for.
KINDS = {
    "tuple": {"Budget", "Revision", "-> (agent, ready_at, expires_at)"},
    "tuple[]": {"DynArray"},
    "address[]": {"DynArray"},
    "string": {"String"},
    "bytes": {"Bytes"},
    "uint256": {"uint256", "Role"},
}

Argument = tuple[str, str, bool]


def entries(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """
    The functions or events of both contracts.
    """
    found = []
    for contract in CONTRACTS:
        abi = json.loads((ARTIFACTS / f"{contract}.json").read_text())["abi"]
        found += [(contract, entry) for entry in abi if entry["type"] == kind]
    return found


def written(name: str) -> list[list[Argument]]:
    """
    Every way the page writes `name(…)` with arguments: their name, type (or nothing), and whether
    it is in italics.
    """
    spans = re.findall(rf"`{name}\(([^`]*?)\)(?: -> [^`]*)?`", PAGE)
    return [[_argument(text) for text in _split(span)] for span in spans]


def _split(span: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^\[]*\])", span) if part.strip()]


def _argument(text: str) -> Argument:
    name, _, kind = text.partition(":")
    return name.strip(" *"), kind.strip(), name.strip().startswith("*")


@pytest.mark.parametrize(("contract", "entry"), entries("function"), ids=lambda x: str(x)[:30])
def test_interface__every_function__is_on_the_page_with_its_arguments(
    contract: str, entry: dict[str, Any]
) -> None:
    """
    Their names in their order, and their types where the page gives them. Constants have none.
    """
    names = [i["name"] for i in entry["inputs"]]
    if entry["name"].isupper():
        assert f"`{entry['name']}`" in PAGE
        return
    ways = [way for way in written(entry["name"]) if [name for name, _, _ in way] == names]
    assert ways, f"{entry['name']}({', '.join(names)}) is not on the page"
    for way in ways:
        for (name, kind, _), given in zip(way, entry["inputs"], strict=True):
            stem = kind.partition("[")[0]
            assert not kind or stem in KINDS.get(given["type"], {given["type"]}), (name, kind)


@pytest.mark.parametrize(("contract", "entry"), entries("event"), ids=lambda x: str(x)[:30])
def test_interface__every_event__is_on_the_page_with_what_is_indexed(
    contract: str, entry: dict[str, Any]
) -> None:
    """
    Names in their order; the indexed ones in italics.
    """
    expected = [(i["name"], i["indexed"]) for i in entry["inputs"]]
    ways = [[(name, italic) for name, _, italic in way] for way in written(entry["name"])]
    assert expected in ways, (entry["name"], expected, ways)


def test_interface__every_call_on_the_page__is_in_a_contract() -> None:
    """
    Nothing is promised that is not there.
    """
    tables = PAGE.partition("## Fine print")[0]
    promised = set(re.findall(r"`(\w+)\(", tables)) - NOT_OURS
    assert len(promised) > 80
    offered = {entry["name"] for kind in ("function", "event") for _, entry in entries(kind)}
    assert promised - offered == set()


def test_interface__structs__have_the_fields_of_the_page() -> None:
    """
    `Budget` and `Payment`, field by field, with their types.
    """
    page = (ROOT / "docs" / "interface.md").read_text()
    given = [i for _, entry in entries("function") for i in entry["inputs"]]
    inputs = {i["name"]: i for i in given if "components" in i}
    for struct, argument in (("Budget", "budget"), ("Payment", "payments")):
        body = re.search(rf"struct {struct}:.*?\n(.*?)\n(?:\n|```)", page, re.DOTALL)
        assert body is not None
        fields = re.findall(r"^    (\w+): (\w+)", body[1], re.MULTILINE)
        assert fields == [(c["name"], c["type"]) for c in inputs[argument]["components"]]
