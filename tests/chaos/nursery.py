"""
Processes that start in a few milliseconds, to be killed: a server that has loaded everything forks
one for each order.

    Nursery (here) ⇄ server (one thread, `python -m tests.chaos.nursery`) → fork → child

Importing what a keeper needs takes a second, forking it does not. The server has no thread and no
connection of its own, so that a child begins as if it had been started anew.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


class Nursery:
    """
    Starts children. Used within a `with` block, which leaves none behind.
    """

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._running: set[int] = set()
        self._ask({})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for child in list(self._running):
            self.kill(child)
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()

    def start(self, work: str, log: Path, **config: Any) -> int:
        """
        Start a child that runs `tests.chaos.child.<work>(config)`. Returns its process id.
        """
        child = int(self._ask({"work": work, "log": str(log), "config": config}))
        self._running.add(child)
        return child

    def kill(self, child: int) -> int:
        """
        `kill -9` it, whatever it is doing. Returns its exit status, as `wait` does.
        """
        os.kill(child, signal.SIGKILL)
        return self.wait(child)

    def wait(self, child: int) -> int:
        """
        Until it has ended: its exit code, or minus the signal that ended it.
        """
        status = int(self._ask({"wait": child}))
        self._running.discard(child)
        return status

    def has_ended(self, child: int) -> int | None:
        """
        The same without waiting: None while it runs.
        """
        status = self._ask({"poll": child})
        if status is not None:
            self._running.discard(child)
        return None if status is None else int(status)

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            raise RuntimeError(f"The nursery has ended, with {self._server.wait()}.")
        return json.loads(answer)


def serve() -> None:
    """
    Until nobody asks any more.
    """
    import tests.chaos.child  # noqa: F401 - loaded once, for all children

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for whoever started us
    for line in sys.stdin:
        answer = _answer(json.loads(line))
        print(json.dumps(answer), flush=True)


def _answer(order: dict[str, Any]) -> int | None:
    if "work" in order:
        return _fork(order)
    if "wait" in order:
        return os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
    if "poll" in order:
        ended, status = os.waitpid(order["poll"], os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None
    return 0


def _fork(order: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        _run(order)
    return child


def _run(order: dict[str, Any]) -> None:
    """
    In the child: leaves by the shortest way, without the server's clean-up.
    """
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, handle in ((0, nothing), (1, log), (2, log)):
        os.dup2(handle, number)
    status = 1
    try:
        import tests.chaos.child as child

        getattr(child, order["work"])(**order["config"])
        status = 0
    except BaseException:  # noqa: BLE001 - it goes into the log, and the process ends
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
