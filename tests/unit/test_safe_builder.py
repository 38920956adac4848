"""
Files of Safe's Transaction Builder: what was typed in by names is encoded as the builder would.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from bursar.chain.contracts import wallet_type
from bursar.chain.safe_batch import checksum
from bursar.chain.safe_builder import BuilderFileError, read_batch
from bursar.types import NATIVE, checksummed

SAFE = checksummed("0x" + "5a" * 20)
WALLET = checksummed("0x" + "0b" * 20)
AGENT = checksummed("0x" + "0a" * 20)


def entry(name: str) -> dict[str, Any]:
    """
    A function's entry in the wallet's ABI.
    """
    from importlib.resources import files

    artifact = (files("bursar.chain") / "artifacts" / "HotWallet.json").read_text()
    abi = json.loads(artifact)["abi"]
    found: dict[str, Any] = next(one for one in abi if one.get("name") == name)
    return {"name": name, "payable": False, "inputs": found["inputs"]}


def file(*transactions: dict[str, Any], **meta: Any) -> str:
    """
    As the builder saves it.
    """
    batch = {
        "version": "1.0",
        "chainId": "1",
        "createdAt": 1_700_000_000_000,
        "meta": {"name": "a batch", "createdFromSafeAddress": SAFE, **meta},
        "transactions": list(transactions),
    }
    batch["meta"]["checksum"] = checksum(batch)  # type: ignore[index]
    return json.dumps(batch)


def typed(name: str, values: dict[str, str]) -> dict[str, Any]:
    """
    A call that somebody typed in: without calldata.
    """
    method = entry(name)
    return {
        "to": WALLET,
        "value": "0",
        "data": None,
        "contractMethod": method,
        "contractInputsValues": values,
    }


BUDGET = ["1", "2", "3", "4", "5", "6", "7", "true", "false"]


@pytest.mark.parametrize(
    ("name", "values", "arguments"),
    [
        ("seal", {}, ()),
        ("set_grace", {"seconds": "3600"}, (3600,)),
        ("set_wallet_limit", {"token": NATIVE, "daily": "0x10"}, (NATIVE, 16)),
        (
            "set_recipients",
            {"who": json.dumps([AGENT, WALLET]), "allowed": "true"},
            ((AGENT, WALLET), True),
        ),
        (
            "set_budget",
            {
                "agent": AGENT,
                "token": NATIVE,
                "category": "0x" + "11" * 32,
                "budget": json.dumps(BUDGET),
            },
            (AGENT, NATIVE, b"\x11" * 32, (1, 2, 3, 4, 5, 6, 7, True, False)),
        ),
    ],
)
def test_builder__typed_in_by_names__is_encoded_as_our_abi_does(
    name: str, values: dict[str, str], arguments: tuple[Any, ...]
) -> None:
    """
    Text, lists and structs: the same calldata as from the ABI itself.
    """
    (call,) = read_batch(file(typed(name, values))).calls

    assert call.data == wallet_type().encode(name, *arguments)
    assert (call.to, call.value) == (WALLET, 0)


def test_builder__calldata_and_plain_money__are_taken_as_they_are() -> None:
    """
    In their order, with name, description, chain and Safe.
    """
    raw = {"to": WALLET, "value": "0", "data": "0x1234", "contractMethod": None}
    money = {"to": AGENT, "value": "7", "data": None, "contractMethod": None}
    found = read_batch(file(raw, money, description="why"))

    assert [(call.to, call.data, call.value) for call in found.calls] == [
        (WALLET, b"\x12\x34", 0),
        (AGENT, b"", 7),
    ]
    assert (found.name, found.description) == ("a batch", "why")
    assert (found.chain_id, found.safe) == (1, SAFE)


@pytest.mark.parametrize(
    "values",
    [{}, {"seconds": "many"}, {"seconds": "-1"}, {"other": "1"}, {"seconds": str(2**256)}],
)
def test_builder__arguments_that_do_not_fit__are_refused(values: dict[str, str]) -> None:
    """
    An empty call would be drafted otherwise, without telling.
    """
    with pytest.raises(BuilderFileError):
        read_batch(file(typed("set_grace", values)))


def test_builder__changed_after_it_was_saved__is_refused() -> None:
    """
    One digit of one value; and a file whose checksum was taken out.
    """
    good = file({"to": WALLET, "value": "7", "data": "0x1234", "contractMethod": None})
    read_batch(good)

    with pytest.raises(BuilderFileError, match="checksum"):
        read_batch(good.replace('"value": "7"', '"value": "8"'))
    bare = json.loads(good)
    del bare["meta"]["checksum"]
    with pytest.raises(BuilderFileError, match="checksum"):
        read_batch(json.dumps(bare))
