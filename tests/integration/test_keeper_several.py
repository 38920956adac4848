"""
Several keepers, at once and one after the other: each payment leaves once.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from bursar.devnet import USDC
from bursar.keeper import FileNotices, Keeper, Notice, NoticeKind, Outcome, ProblemKind
from tests.integration.keeping import (
    add_keeper,
    executions,
    lower,
    new_keeper,
    outcomes,
    queue,
    wait_for_pending,
)
from tests.integration.live import LiveWorld


def test_keepers__two_at_once__execute_once_and_neither_fails(world: LiveWorld) -> None:
    """
    Q16: of two keepers with keys of their own, as they come, each payment is executed by one.
    """
    keys = (world.keeper, add_keeper(world, "second keeper"))
    queued = [queue(world, number) for number in range(3)]
    keepers = [new_keeper(world, key) for key in keys]
    world.chain.warp(to=queued[-1].ready_at)
    start, reports = threading.Barrier(2), []

    def keep(keeper: Keeper) -> None:
        start.wait()
        for _ in range(3):
            reports.append(keeper.run_once())

    threads = [threading.Thread(target=keep, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = [outcome for report in reports for outcome, _ in outcomes(report)]
    assert found.count(Outcome.EXECUTED) == 3
    assert set(found) <= {Outcome.EXECUTED, Outcome.LEFT}
    assert sorted(event.id for event in executions(world)) == sorted(e.id for e in queued)


def test_keepers__one_sees_the_others_transaction__does_not_send_its_own(
    world: LiveWorld,
) -> None:
    """
    What is pending is looked at before anything is sent: no gas is burnt on what is being done.
    """
    second = add_keeper(world, "second keeper")
    queued, reports = queue(world), []
    first_keeper, second_keeper = new_keeper(world), new_keeper(world, second)
    world.chain.warp(to=queued.ready_at)
    world.chain.rpc.request("evm_setAutomine", False)
    thread = threading.Thread(target=lambda: reports.append(first_keeper.run_once()))
    thread.start()
    wait_for_pending(world, 1)

    (left,) = outcomes(second_keeper.run_once())
    world.chain.rpc.request("evm_mine")
    world.chain.rpc.request("evm_setAutomine", True)
    thread.join()

    assert left[0] is Outcome.LEFT
    assert outcomes(reports[0]) == [(Outcome.EXECUTED, "")]
    assert (
        int(world.chain.rpc.request("eth_getTransactionCount", second.address, "latest"), 16) == 0
    )


def test_keepers__loser_is_mined_second__is_no_error(world: LiveWorld) -> None:
    """
    Where neither sees the other's, both are mined: the second is told that somebody else has, and
    goes on without an error.
    """
    second = add_keeper(world, "second keeper")
    queued, reports = queue(world), []
    keepers = [new_keeper(world), new_keeper(world, second)]
    for keeper in keepers:
        keeper._reconciler._desk._is_taken = lambda *_: False  # type: ignore[method-assign]
    world.chain.warp(to=queued.ready_at)
    world.chain.rpc.request("evm_setAutomine", False)
    threads = [
        threading.Thread(target=lambda k=keeper: reports.append(k.run_once())) for keeper in keepers
    ]
    for thread in threads:
        thread.start()
    wait_for_pending(world, 2)
    world.chain.rpc.request("evm_mine")
    world.chain.rpc.request("evm_setAutomine", True)
    for thread in threads:
        thread.join()

    found = sorted(outcome for report in reports for outcome, _ in outcomes(report))
    assert found == [Outcome.EXECUTED, Outcome.LEFT]
    assert len(executions(world)) == 1


def test_restart__in_the_middle__rebuilds_and_goes_on(world: LiveWorld) -> None:
    """
    A keeper keeps nothing that the chain does not: another one takes over between two payments, and
    the notice that the first could not give any more is given.
    """
    late = queue(world, 1)
    lower(world, per_payment=90 * USDC, queue_from=80 * USDC)
    refused = world.wallet.view("payment", late.id)
    assert refused[1] == late.ready_at
    lower(world, per_payment=85 * USDC)
    world.chain.warp(by=30)
    later = queue(world, 2, 85 * USDC)
    told: list[Notice] = []

    def dies(notice: Notice) -> None:
        raise ConnectionError("died before anybody heard")

    world.chain.warp(to=late.ready_at)
    first = new_keeper(world, tell=dies).run_once()
    assert [payment.outcome for payment in first.payments] == [Outcome.CANCELLED]
    assert [problem.kind for problem in first.problems] == [ProblemKind.NOTICE]

    world.chain.warp(to=later.ready_at)
    second = new_keeper(world, tell=told.append).run_once()
    assert outcomes(second) == [(Outcome.EXECUTED, "")]
    assert [(notice.kind, notice.id) for notice in told] == [(NoticeKind.CANCELLED, late.id)]


def start_process(world: LiveWorld, name: str, notices: Path) -> subprocess.Popen[str]:
    """
    A keeper in a process of its own, which runs until it is told to stop.
    """
    arguments = [world.chain.rpc.url, world.organization.address, name, str(notices)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.keeper_process", *arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_reports(process: subprocess.Popen[str], until: str, wanted: int = 1) -> list[str]:
    """
    What the process prints, up to the line in which `until` has come `wanted` times.
    """
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "".join(lines).count(until) >= wanted:
            return lines
    raise AssertionError(f"{until} never came: {''.join(lines)}")


def test_processes__two_at_once__execute_once_and_end_well(
    world: LiveWorld, tmp_path: Path
) -> None:
    """
    Q16 with two real processes: each payment once, no problem in any report, and both end with 0
    when they are told to.
    """
    add_keeper(world, "second keeper")
    queued = [queue(world, number) for number in range(3)]
    processes = [
        start_process(world, name, tmp_path / f"{name}.jsonl")
        for name in ("keeper", "second keeper")
    ]
    try:
        for process in processes:
            read_reports(process, '"block"')
        world.chain.warp(to=queued[-1].ready_at)
        deadline = time.monotonic() + 60
        while len(executions(world)) < 3:
            assert time.monotonic() < deadline, "not all were executed"
            time.sleep(0.1)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        printed = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()

    assert [process.returncode for process in processes] == [0, 0]
    reports = [json.loads(line) for text in printed for line in text.splitlines()]
    assert [report["problems"] for report in reports] == [[]] * len(reports)
    done = [p["outcome"] for report in reports for p in report["payments"]]
    assert done.count("executed") == 3
    assert set(done) <= {"executed", "left"}
    assert sorted(event.id for event in executions(world)) == sorted(e.id for e in queued)


def test_process__told_to_stop_in_the_middle__finishes_what_is_under_way(
    world: LiveWorld, tmp_path: Path
) -> None:
    """
    SIGINT while a transaction waits to be mined: the process waits for it, reports it, ends with 0.
    """
    queued = queue(world)
    process = start_process(world, "keeper", tmp_path / "notices.jsonl")
    try:
        read_reports(process, '"block"')
        world.chain.warp(to=queued.ready_at)
        world.chain.rpc.request("evm_setAutomine", False)
        wait_for_pending(world, 1)
        process.send_signal(signal.SIGINT)
        assert process.poll() is None
        world.chain.rpc.request("evm_mine")
        printed, _ = process.communicate(timeout=60)
    finally:
        world.chain.rpc.request("evm_setAutomine", True)
        process.kill()
        process.wait()

    assert process.returncode == 0
    last = json.loads(printed.splitlines()[-1])
    assert [payment["outcome"] for payment in last["payments"]] == ["executed"]


def test_restart__with_a_file_of_notices__tells_nothing_twice(
    world: LiveWorld, tmp_path: Path
) -> None:
    """
    Who is started anew reads the same chain again, and the file of what was told.
    """
    queued, told = queue(world), []
    lower(world, expires_at=0)
    world.chain.warp(to=queued.ready_at)
    path = tmp_path / "notices.jsonl"

    for _ in range(3):
        keeper = new_keeper(world, tell=told.append, notices=FileNotices(path))
        assert keeper.run_once().problems == []

    assert [notice.id for notice in told] == [queued.id]
    assert [Notice.model_validate_json(line) for line in path.read_text().splitlines()] == told
