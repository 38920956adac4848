"""
A Ctrl-C at the worst moment: between the start, or the end, of the chain and of its watchdog.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from tests.integration.test_anvil import runs


@pytest.fixture(autouse=True)
def _python_answers_interrupts() -> Iterator[None]:
    """
    As in any program of its own. Ape, once another test has imported it, answers them otherwise.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("nth", [1, 2], ids=["after the chain", "after the watchdog"])
def test_anvil__interrupted_while_it_is_launched__leaves_nothing_running(
    nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The interrupt arrives all the same, once what was started can be ended.
    """
    started: list[int] = []
    popen = subprocess.Popen

    def interrupting(*args: Any, **options: Any) -> Any:
        process = popen(*args, **options)
        started.append(process.pid)
        if len(started) == nth:
            signal.raise_signal(signal.SIGINT)
        return process

    monkeypatch.setattr("bursar.chain.anvil.subprocess.Popen", interrupting)

    with pytest.raises(KeyboardInterrupt):
        Anvil().start()

    assert len(started) == 2
    assert not any(map(runs, started))


def test_anvil__interrupted_while_it_is_ended__ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    An impatient second Ctrl-C does not spare the chain.
    """
    anvil = Anvil().start()
    pid, watchdog = anvil.pid, anvil._watchdog
    assert pid is not None
    assert watchdog is not None
    kill = watchdog.kill

    def interrupted_kill() -> None:
        kill()
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(watchdog, "kill", interrupted_kill)

    with pytest.raises(KeyboardInterrupt):
        anvil.stop()

    assert not runs(pid)


def test_anvil__in_another_thread__starts_and_ends() -> None:
    """
    Only the main thread can hold interrupts, and only it is ever interrupted.
    """
    pids: list[int | None] = []

    def use() -> None:
        with Anvil() as anvil:
            pids.append(anvil.pid)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()

    assert pids[0] is not None
    assert not runs(pids[0])
