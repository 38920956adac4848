"""
What signers look at: status, one wallet, agent, payment or change, and the history in words.
"""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from bursar.chain.contracts import organization_at, wallet_at
from bursar.devnet import (
    RunningDevnet,
    sign_as_treasury,
)
from bursar.treasury import Office
from bursar.treasury.watching import LiveViews
from bursar.types import DAY, EMPTY
from tests.integration.devnet_cli import bursar, told


def pay(amount: str, agent: str = "shopper") -> Any:
    """
    A payment to the vendor.
    """
    return told("pay", "USDC", "vendor", amount, "--agent", agent, "--yes")["payment"]


def schedule(devnet: RunningDevnet) -> str:
    """
    The treasury wants the trading wallet's payments to stay executable for two days. Its id.
    """
    book = devnet.founded.book
    wallet = wallet_at(devnet.chain, book.wallets["trading"])
    call = wallet.build_call("set_grace", 2 * DAY)
    organization = organization_at(devnet.chain, book.organization)
    sign_as_treasury(
        devnet.chain, book, organization.build_call("schedule", wallet.address, call.data)
    )
    found: bytes = organization.view("change_id", wallet.address, call.data)
    return f"0x{found.hex()}"


def stop(scope: str) -> None:
    """
    By the guardian.
    """
    assert bursar("pause", scope, "--reason", "odd").exit_code == 0


# One thing on one screen


def test_show_wallet__after_a_morning__has_all_that_a_signer_asks_for(
    devnet: RunningDevnet,
) -> None:
    """
    Money, limits, budgets, what waits, what changes, what happened, as data and as words.
    """
    pay("10")
    waiting = pay("30")
    change = schedule(devnet)

    found = told("show", "wallet", "operations")
    (token,) = found["tokens"]
    assert (token["balance"], token["spent_today"]) == ("9990000000", "10000000")
    assert [one["line"]["category"] for one in found["budgets"]] == ["", "refund"]
    assert [one["id"] for one in found["waiting"]] == [waiting["id"]]
    assert found["changes"] == []
    assert found["recent"][-2]["text"].startswith("shopper paid 10 USDC to vendor")
    (pending,) = told("show", "wallet", "trading")["changes"]
    assert pending["id"] == change
    assert "due payments stay executable 2d" in pending["text"]
    shown = bursar("show", "wallet", "operations").output
    for said in ("9,990", "waits from 25 USDC", waiting["id"], "shopper paid 10 USDC"):
        assert said in shown


def test_show_agent__stopped__says_by_whom_and_why(devnet: RunningDevnet) -> None:
    """
    Over all of its wallets: budgets, whom it paid, what stops it.
    """
    pay("3000", "trader")
    stop("trader")

    found = told("show", "agent", "trader")
    assert found["stopped"] == "dana stopped trader until unpaused (stop 1): 'odd'"
    assert found["roles"] == []
    assert found["role"] == "larger payments"
    (line,) = found["budgets"]
    assert line["line"]["utilisation"] == 12.0
    assert line["text"] == "5,000 USDC a payment, 10,000 USDC an hour, 25,000 USDC a day"
    assert found["recipients"] == [
        {"to": "vendor", "token": "USDC", "decimals": 6, "amount": "3000000000", "payments": 1}
    ]
    assert "dana stopped trader" in bursar("show", "agent", "trader").output


def test_show_payment__from_queueing_to_its_end__tells_each_state(devnet: RunningDevnet) -> None:
    """
    Waiting, ready, executed; cancelled; expired; and one that was paid at once.
    """
    id = pay("30")["id"]
    waiting = told("show", "payment", id[:14])
    assert (waiting["status"], waiting["amount"]) == ("waiting", "30000000")
    assert waiting["now"] == "it fits every limit now"
    devnet.chain.warp(by=601)
    assert told("show", "payment", id)["status"] == "ready"
    assert bursar("execute", id, "--yes").exit_code == 0
    done = told("show", "payment", id)
    assert (done["status"], done["now"]) == ("executed", "")
    assert [one["text"].split()[1] for one in done["told"]] == ["queued", "payment"]

    cancelled = pay("40")["id"]
    assert bursar("cancel", cancelled, "--reason", "no").exit_code == 0
    assert told("show", "payment", cancelled)["status"] == "cancelled"
    expired = pay("50")["id"]
    devnet.chain.warp(by=DAY + 601)
    assert told("show", "payment", expired)["status"] == "expired"
    at_once = pay("10")
    paid = told("show", "payment", at_once["transaction"])
    assert (paid["status"], paid["id"], paid["amount"]) == ("paid", None, "10000000")
    assert "10 USDC" in bursar("show", "payment", at_once["transaction"]).output


def test_show_payment__that_would_be_refused__says_why(devnet: RunningDevnet) -> None:
    """
    What a signer needs before it is due: a stop, or a limit that no longer fits.
    """
    id = pay("30")["id"]
    stop("shopper")
    assert told("show", "payment", id)["now"] == "it would be refused now: payments: stopped"

    guardian = devnet.chain.new_account("guardian dana")
    wallet = wallet_at(devnet.chain, devnet.founded.book.wallets["operations"])
    wallet.send(guardian, "cancel_all", "clean up")
    assert told("show", "payment", id)["status"] == "voided"


def test_show_change__from_scheduling_to_its_end__tells_each_state(
    devnet: RunningDevnet,
) -> None:
    """
    Waiting with what stands now, ready, applied; and vetoed.
    """
    id = schedule(devnet)
    found = told("show", "change", id[:14])
    assert (found["status"], found["target"], found["setter"]) == (
        "waiting",
        "trading",
        "set_grace",
    )
    assert (found["present"], found["ready_at"] - found["scheduled_at"]) == ("1d", 2 * DAY)
    devnet.chain.warp(by=2 * DAY)
    assert told("show", "change", id)["status"] == "ready"
    book = devnet.founded.book
    organization = organization_at(devnet.chain, book.organization)
    call = bytes.fromhex(found["call"][2:])
    organization.send(devnet.chain.new_account("anybody"), "apply", book.wallets["trading"], call)
    applied = told("show", "change", id)
    assert (applied["status"], applied["present"]) == ("applied", "2d")
    assert "set" in bursar("show", "change", id).output

    again = wallet_at(devnet.chain, book.wallets["trading"]).build_call("set_grace", 3 * DAY)
    sign_as_treasury(devnet.chain, book, organization.build_call("schedule", again.to, again.data))
    other: bytes = organization.view("change_id", again.to, again.data)
    guardian = devnet.chain.new_account("guardian dana")
    organization.send(guardian, "veto", other, "too long")
    vetoed = told("show", "change", f"0x{other.hex()}")
    assert vetoed["status"] == "vetoed"
    assert vetoed["told"][-1]["text"].endswith(": 'too long'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "wallet", "tradign"), "trading"),
        (("show", "wallet", "0x" + "12" * 20), "no wallet"),
        (("show", "agent", "shoper"), "shopper"),
        (("show", "agent", "0x" + "12" * 20), "no budget"),
        (("show", "payment", "0x"), "No payment has"),
        (("show", "payment", "0xffffffffff"), "No payment has"),
        (("show", "change", "0xffffffffff"), "No change has"),
        (("status", "--sort", "size"), "balance"),
        (("history", "--kind", "PaymentQueue"), "PaymentQueued"),
        (("history", "--since", "31.1.2026"), "2026-01-31"),
        (("history", "--least", "1000"), "USDC:1000"),
        (("history", "--least", "USDC:ten"), "10.50"),
    ],
)
def test_views__wrong_name_or_figure__say_what_to_do(
    devnet: RunningDevnet, arguments: tuple[str, ...], words: str
) -> None:
    """
    Exit status 1 and a sentence, never a traceback.
    """
    done = bursar(*arguments)
    assert done.exit_code == 1, done.output
    assert words in done.output
    assert words in told(*arguments, status=1)["error"]["message"]


# The history


def test_history__of_a_morning__is_in_words_and_filtered(devnet: RunningDevnet) -> None:
    """
    By wallet, agent, kind, day and amount; heartbeats only where they are asked for.
    """
    pay("10")
    pay("3000", "trader")
    stop("trader")
    keeper = devnet.chain.new_account("keeper watch")
    organization_at(devnet.chain, devnet.founded.book.organization).send(keeper, "heartbeat")

    def texts(*options: str) -> list[str]:
        return [one["text"] for one in told("history", *options)["events"]]

    assert texts("--last", "1") == ["dana stopped trader until unpaused (stop 1): 'odd'"]
    assert texts("--kind", "HeartbeatSent") == ["heartbeat of watch"]
    assert [text.split()[0] for text in texts("--kind", "Paid")] == ["shopper", "trader"]
    assert all("shopper" in text for text in texts("--agent", "shopper"))
    large = texts("--kind", "Paid", "--least", "USDC:3000")
    assert large == ["trader paid 3,000 USDC to vendor, 22,000 USDC left of its day"]
    assert texts("--kind", "Paid", "--least", "USDC:3000.01") == []
    assert any("stopped trader" in text for text in texts("--since", "2020-01-01"))
    assert texts("--until", "2020-01-01") == []
    assert texts("--wallet", "trading", "--kind", "Paid") == large
    assert "trader paid 3,000 USDC to vendor" in bursar("history").output
    assert texts("--kind", "HeartbeatTimeoutSet") == ["nothing stops for want of a heartbeat"]


def test_history__what_strangers_wrote__is_quoted(devnet: RunningDevnet) -> None:
    """
    A reason cannot draw on a signer's terminal, nor look like another line.
    """
    keeper = devnet.chain.new_account("keeper watch")
    organization = organization_at(devnet.chain, devnet.founded.book.organization)
    hostile = "x\x1b[31m\n2026-01-01 all is well [red]"
    organization.send(keeper, "pause", devnet.founded.book.wallets["trading"], 0, hostile)

    for command in (("history", "--last", "1"), ("show", "wallet", "trading")):
        shown = bursar(*command).output
        assert "\x1b[31m" not in shown
        assert "\n2026-01-01 all is well" not in shown
        assert "[red]" in shown


# Following the chain


def test_live_views__over_payments_and_a_reorganisation__are_what_reading_anew_says(
    devnet: RunningDevnet,
) -> None:
    """
    What is kept between two looks is never taken for the chain.
    """
    office = Office(devnet.chain, devnet.founded.book)
    live = LiveViews(office)
    mark = devnet.chain.snapshot()
    for amount in ("10", "11", "12"):
        pay(amount)
        assert live.view().state == office.view().state
        assert live.view().events == office.view().events
    devnet.chain.revert(mark)
    pay("13")
    assert live.view().state == office.view().state
    assert live.view().events == office.view().events
    line = (
        office.view()
        .state.registry[devnet.founded.book.wallets["operations"]]
        .line(
            devnet.founded.book.agents["shopper"].address,
            devnet.founded.book.tokens["USDC"].address,
            EMPTY,
        )
    )
    assert line is not None


def read_screen(screen: int, drawn: bytearray) -> None:
    """
    What is drawn on a terminal, until nobody draws on it any more.
    """
    with suppress(OSError):
        while part := os.read(screen, 65_536):
            drawn.extend(part)


def soon(seen: Callable[[], object]) -> bool:
    """
    Whether it is seen within a minute, which a busy machine takes to begin.
    """
    end = time.monotonic() + 60
    while not seen() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(seen())


@pytest.mark.parametrize(
    "command",
    [("status", "--watch"), ("show", "agent", "shopper", "--watch"), ("history", "--follow")],
)
def test_watch__while_somebody_pays__draws_it_and_ends_with_ctrl_c(
    devnet: RunningDevnet, command: tuple[str, ...]
) -> None:
    """
    A new block is drawn without being asked for; an interrupt ends it without a traceback.
    """
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bursar", *command],
        env={**os.environ, "COLUMNS": "200", "TERM": "xterm"},
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(terminal)
    drawn = bytearray()
    reading = threading.Thread(target=read_screen, args=(screen, drawn))
    reading.start()
    try:
        assert soon(lambda: b"USDC" in drawn), drawn
        pay("17")
        assert soon(lambda: re.search(rb"\b17\b", drawn)), drawn
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        reading.join(timeout=60)
        os.close(screen)

    assert process.returncode == 130
    assert "Traceback" not in errors
