"""
A local chain for the demo, the tests and the benchmarks: find anvil, start it, end it for certain.

Nothing but the standard library, so that only the binary itself can be in the way.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from bursar.errors import BursarError

Hardfork = Literal["cancun", "prague", "osaka"]

# Reading at one recent block works; older states are dropped. Without a limit anvil writes the
# states of a long chain to disk, gigabytes of them, and leaves them there.
DEFAULT_HISTORY = 64
START_TIMEOUT = 30.0
_POLL_SECONDS = 0.005

# Waits until this process is gone, however it ended, and ends the chain. The pipe on its standard
# input closes when the last process that holds the other end does: this one, and nobody else.
_WATCHDOG = 'read -r _; kill -KILL "-$1" 2>/dev/null; rm -rf -- "$2"'

# A proxy that is configured for the outside must not see calls to this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class AnvilError(BursarError):
    """
    Anvil is missing, did not start, or answered with an error.
    """


def find_anvil() -> Path:
    """
    The binary to run: `BURSAR_ANVIL`, else `.tools/bin/anvil` of the folder that this runs in or
    that the package lies in (or any above), else the PATH's.

    A script of that name is passed over: killing npm's wrapper leaves the chain running.
    """
    named = os.environ.get("BURSAR_ANVIL")
    if named:
        if not _is_program(Path(named)):
            raise AnvilError(f"BURSAR_ANVIL is {named!r}, which is no program that can be run.")
        return Path(named).resolve()

    for candidate in _candidates():
        if _is_program(candidate):
            return candidate.resolve()
    raise AnvilError(
        "No anvil found. In Bursar's repository `make setup` installs it; elsewhere install "
        "Foundry so that `anvil` is on the PATH, or set BURSAR_ANVIL to the binary."
    )


def _candidates() -> Iterator[Path]:
    for start in (Path.cwd(), Path(__file__).resolve().parent):
        for folder in (start, *start.parents):
            yield folder / ".tools" / "bin" / "anvil"
    for name in os.environ.get("PATH", "").split(os.pathsep):
        if name:
            yield Path(name) / "anvil"


def _is_program(path: Path) -> bool:
    if not (path.is_file() and os.access(path, os.R_OK | os.X_OK)):
        return False
    with path.open("rb") as handle:
        return handle.read(2) != b"#!"


class Anvil:
    """
    One anvil on 127.0.0.1, running within a `with` block, or from `start()` to `stop()`.

        with Anvil(chain_id=31337) as anvil:
            Web3(Web3.HTTPProvider(anvil.url))

    Its state lives in a temporary folder of its own, which goes when it stops. It also stops when
    this process ends in whatever way, `kill -9` included.

    port: 0 lets the system choose a free one.
    block_time: seconds between blocks; None mines a block for each transaction.
    mine: False mines only when told to (`evm_mine`).
    timestamp: Unix seconds of the first block.
    history: how many of the latest blocks keep their state for reading; None keeps all.
    extra: further arguments for anvil, as they are.
    """

    def __init__(
        self,
        *,
        binary: Path | None = None,
        port: int = 0,
        chain_id: int | None = None,
        block_time: float | None = None,
        mine: bool = True,
        gas_limit: int | None = None,
        hardfork: Hardfork = "cancun",
        timestamp: int | None = None,
        fork_url: str | None = None,
        fork_block: int | None = None,
        history: int | None = DEFAULT_HISTORY,
        extra: tuple[str, ...] = (),
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        if block_time is not None and not mine:
            raise ValueError("block_time and mine=False exclude each other.")
        if fork_block is not None and fork_url is None:
            raise ValueError("fork_block needs fork_url.")

        self._binary = binary
        self._start_timeout = start_timeout
        self._arguments = [
            *("--host", "127.0.0.1", "--port", str(port), "--hardfork", hardfork),
            *_option("--chain-id", chain_id),
            *_option("--block-time", block_time),
            *_option("--gas-limit", gas_limit),
            *_option("--timestamp", timestamp),
            *_option("--fork-url", fork_url),
            *_option("--fork-block-number", fork_block),
            *_option("--prune-history", history),
            *(() if mine else ("--no-mining",)),
            *extra,
        ]
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._port = port
        self._chain_id = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    @property
    def chain_id(self) -> int:
        return self._chain_id

    @property
    def pid(self) -> int | None:
        """
        The process id while it runs, else None.
        """
        return self._process.pid if self._process else None

    @property
    def log(self) -> str:
        """
        What anvil has printed so far; empty once it has stopped.
        """
        path = self._home / "log" if self._home else None
        return path.read_text(errors="replace") if path and path.exists() else ""

    def start(self) -> Self:
        """
        Start it and return once it answers.

        AnvilError: no binary, it died (with what it printed), or no answer within start_timeout.
        """
        if self._process is not None:
            raise AnvilError(f"This anvil already runs, on port {self._port}.")

        binary = self._binary or find_anvil()
        try:
            with _holding_interrupts():
                self._launch(binary)
            self._wait_until_it_answers()
        except BaseException:  # a Ctrl-C here must not leave it running either
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """
        End it and remove its folder. Harmless when it has stopped, or never started.
        """
        with _holding_interrupts():
            self._end()

    def _end(self) -> None:
        process, watchdog = self._process, self._watchdog
        if process is not None and process.returncode is None:
            # Its whole group, and before wait(): until then the id cannot be anybody else's.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        if watchdog is not None:
            watchdog.kill()
            watchdog.communicate()
            self._watchdog = None
        if process is not None:
            process.wait()
            self._process = None
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def request(self, method: str, *params: Any, timeout: float = 30.0) -> Any:
        """
        The result of one JSON-RPC call, such as `request("evm_mine")`.

        AnvilError: the node answered with an error. OSError: it did not answer.
        """
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(
            self.url, json.dumps(call).encode(), {"Content-Type": "application/json"}
        )
        with _opener.open(request, timeout=timeout) as response:
            answer = json.load(response)
        if "error" in answer:
            raise AnvilError(f"{method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    def _launch(self, binary: Path) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="bursar-anvil-"))
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(binary), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._home,
                env=_environment(self._home),
                # Out of the terminal's group: a Ctrl-C is for us, and we end it in our order.
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "sh", str(self._process.pid), str(self._home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        while True:
            # In this order: what it printed before it died has been read if it is dead.
            dead = self._process is not None and self._process.poll() is not None
            if dead:
                raise AnvilError(self._describe_failure("anvil ended instead of starting"))
            if self._read_port() and self._ask_chain_id():
                return
            if time.monotonic() > deadline:
                raise AnvilError(
                    self._describe_failure(f"anvil did not answer within {self._start_timeout:g} s")
                )
            time.sleep(_POLL_SECONDS)

    def _read_port(self) -> bool:
        """
        Anvil says which port it has only after it has it, so another process that holds the
        wanted one is never taken for it.
        """
        found = re.search(r"Listening on 127\.0\.0\.1:(\d+)", self.log)
        if found is None:
            return False
        self._port = int(found[1])
        return True

    def _ask_chain_id(self) -> bool:
        try:
            self._chain_id = int(self.request("eth_chainId", timeout=5), 16)
        except (OSError, ValueError):
            return False
        return True

    def _describe_failure(self, what: str) -> str:
        command = " ".join(self._arguments)
        tail = "\n".join(self.log.strip().splitlines()[-15:]) or "(it printed nothing)"
        return f"{what} (anvil {command}). It printed:\n{tail}"


@contextmanager
def _holding_interrupts() -> Iterator[None]:
    """
    Let a Ctrl-C wait until the end of the block: in the midst of starting or ending the chain and
    its watchdog it would leave one of them, or the folder, to nobody.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is ever interrupted
        return

    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)


def _option(name: str, value: float | str | None) -> tuple[str, ...]:
    return () if value is None else (name, str(value))


def _environment(home: Path) -> dict[str, str]:
    """
    This process's environment with another home, and without what would change anvil's ways.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANVIL_", "FOUNDRY_", "XDG_", "RUST_LOG"))
    }
    return inherited | {"HOME": str(home), "NO_COLOR": "1"}
