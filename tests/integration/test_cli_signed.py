"""
The commands for many payments and for signed ones, against a devnet on a real node.
"""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from bursar.devnet import RunningDevnet
from tests.integration.devnet_cli import bursar, told


def sign(amount: str = "10", *more: str, status: int = 0) -> Any:
    """
    By the shopper, for the vendor.
    """
    return told(
        *("sign", "USDC", "vendor", amount, "--agent", "shopper", "--yes", *more), status=status
    )


def many(content: str, *more: str) -> tuple[str, ...]:
    """
    The arguments that pay a file.
    """
    Path("wages.csv").write_text(content)
    return ("pay", "USDC", "--many", "wages.csv", "--agent", "shopper", "--yes", *more)


def test_pay_many__file__pays_all_of_it(devnet: RunningDevnet) -> None:
    """
    One line a payment, and one transaction.
    """
    content = 'to,amount,reference,note\nvendor,10.5,order-1,"thanks, all"\nvendor,1,,\n'

    batch = told(*many(content))["batch"]
    shown = bursar(*many(content)).output

    assert (batch["status"], batch["total"]) == ("executed", "11500000")
    assert [p["reference"] for p in batch["payments"]] == ["order-1", None]
    assert batch["payments"][0]["note"] == "thanks, all"
    assert "executed: 10.5 USDC to vendor" in shown
    assert "Paid 11.5 USDC in 2 payments." in shown


def test_pay_many__one_that_may_not__ends_with_2_and_pays_none(devnet: RunningDevnet) -> None:
    """
    The entry that is to blame is named.
    """
    found = told(*many("to,amount\nvendor,1\nvendor,24.99\nvendor,150\n"), status=2)

    assert found["denied"]["reason"] == "payments: amount out of bounds"
    assert found["denied"]["batch"]["entry"] == 2
    assert found["denied"]["message"].startswith("wages.csv, line 4: ")
    assert told("status")["agents"][0]["spent_today"] == "0"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "first line names the columns"),
        ("vendor,1\n", "first line names the columns"),
        ("to,amount,memo\nvendor,1,x\n", "first line names the columns"),
        ("to,amount,to\nvendor,1,x\n", "first line names the columns"),
        ("to,amount\nvendor\n", "line 2"),
        ("to,amount\nvendor,1\nvendor,1,000\n", "line 3"),
        ("to,amount\n,1\n", "line 2"),
        ('to,amount\n"vendor,1\n', "no CSV"),
        ("to,amount\n", "at least one"),
        ("to,amount\nvendor,1\nvender,1\n", "wages.csv, line 3: "),
    ],
)
def test_pay_many__file_that_is_none__says_where(
    devnet: RunningDevnet, content: str, words: str
) -> None:
    """
    A fault, and nothing is paid.
    """
    found = told(*many(content), status=1)

    assert words in found["error"]["message"]


@pytest.mark.parametrize(
    "arguments", [["USDC"], ["USDC", "vendor"], ["USDC", "vendor", "1", "--many", "x.csv"]]
)
def test_pay__neither_one_nor_many__is_wrong_usage(
    devnet: RunningDevnet, arguments: list[str]
) -> None:
    """
    Either TO and AMOUNT, or a file.
    """
    done = bursar("pay", *arguments)

    assert done.exit_code == 2
    assert "TO and AMOUNT" in done.output


def test_sign_and_relay__through_a_file__is_paid_once(devnet: RunningDevnet) -> None:
    """
    The file is its owner's only; relayed again it is denied with exit status 2.
    """
    signed = sign("10", "--reference", "order-1", "--out", "payment.json")["signed"]
    assert stat.S_IMODE(Path("payment.json").stat().st_mode) == 0o600
    assert json.loads(Path("payment.json").read_text()) == signed

    paid = told("relay", "payment.json", "--yes")["payment"]
    again = told("relay", "payment.json", "--yes", status=2)["denied"]

    assert (paid["status"], paid["recipient"], paid["amount"]) == ("executed", "vendor", "10000000")
    assert again["reason"] == "signatures: nonce used"
    assert told("status")["agents"][0]["spent_today"] == "10000000"


def test_sign_and_relay__through_a_pipe__is_the_same(devnet: RunningDevnet) -> None:
    """
    One line on standard output, with or without --json.
    """
    plain = bursar("sign", "USDC", "vendor", "1", "--agent", "shopper", "--yes")
    wrapped = bursar("sign", "USDC", "vendor", "2", "--agent", "shopper", "--yes", "--json")
    assert plain.output.count("\n") == 1

    assert bursar("relay", "-", "--yes", stdin=plain.output).exit_code == 0
    assert "executed: 2 USDC" in bursar("relay", "-", "--yes", stdin=wrapped.output).output


def test_sign__denied__ends_with_2(devnet: RunningDevnet) -> None:
    """
    What the wallet would not pay is not signed.
    """
    assert sign("150", status=2)["denied"]["reason"] == "payments: amount out of bounds"


def test_relay__needs_a_yes_and_something_signed(devnet: RunningDevnet) -> None:
    """
    Money moves: it asks. What is no signed payment is a fault.
    """
    sign("1", "--out", "payment.json")
    asked = bursar("relay", "payment.json")
    Path("other.json").write_text("{}")
    Path("deep.json").write_text(200_000 * "[")  # ends the process where it is just loaded

    assert asked.exit_code == 1
    assert "Have shopper pay vendor in USDC" in asked.output
    assert told("relay", "other.json", "--yes", status=1)["error"]["code"] == "signed-payment"
    assert told("relay", "deep.json", "--yes", status=1)["error"]["code"] == "signed-payment"
    assert told("relay", "missing.json", "--yes", status=1)["error"]["code"] == "os"


def test_relay__with_a_key_of_its_own__pays_the_gas(
    devnet: RunningDevnet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    BURSAR_RELAYER_KEY: any key with gas.
    """
    account = devnet.chain.new_account("somebody with gas")
    monkeypatch.setenv("BURSAR_RELAYER_KEY", bytes(account.key).hex())
    sign("1", "--out", "payment.json")

    paid = told("relay", "payment.json", "--yes")["payment"]

    mined = devnet.chain.rpc.request("eth_getTransactionByHash", paid["transaction"])
    assert mined["from"] == account.address.lower()


def test_void__by_nonce_or_file__is_never_paid(devnet: RunningDevnet) -> None:
    """
    Denied the second time; and what is void cannot be relayed.
    """
    sign("1", "--out", "first.json")
    sign("2", "--out", "second.json")

    first = told("void", "0", "--agent", "shopper")["voided"]
    second = bursar("void", "second.json", "--agent", "shopper")
    again = told("void", "second.json", "--agent", "shopper", status=2)

    assert (first["status"], first["nonce"]) == ("voided", "0")
    assert "voided: nonce 1" in second.output
    assert again["denied"]["reason"] == "signatures: nonce used"
    for file in ("first.json", "second.json"):
        assert told("relay", file, "--yes", status=2)["denied"]["reason"] == (
            "signatures: nonce used"
        )
