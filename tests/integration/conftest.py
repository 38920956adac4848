from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from eth_account.signers.local import LocalAccount

from bursar.agent import AgentWallet, Relayer
from bursar.chain.anvil import Anvil
from bursar.chain.local import LocalChain
from bursar.devnet import RunningDevnet, load_devnet_treasury, open_devnet
from bursar.store.database import Database
from tests.harness.postgres import new_database, shared_server
from tests.integration.agents import QUICK, Connect, Relay, options
from tests.integration.devnet_cli import shell
from tests.integration.keeping import close_watchers
from tests.integration.live import MONDAY, LiveWorld, founded
from tests.integration.proxy import FaultyNode
from tests.integration.signing_room import Room, open_room


@pytest.fixture(scope="session")
def founded_world() -> Iterator[LiveWorld]:
    """
    One chain, Safe and organisation for all tests of a worker.
    """
    with Anvil(timestamp=MONDAY) as anvil:
        yield founded(LocalChain(anvil.url))


@pytest.fixture
def world(founded_world: LiveWorld) -> Iterator[LiveWorld]:
    """
    What nobody has touched yet: afterwards the chain is brought back.
    """
    mark = founded_world.chain.snapshot()
    yield founded_world
    founded_world.chain.revert(mark)


@pytest.fixture(autouse=True)
def _watchers() -> Iterator[None]:
    """
    The stores of keepers that a test has made end with it.
    """
    yield
    close_watchers()


@pytest.fixture(scope="session")
def running() -> Iterator[RunningDevnet]:
    """
    One devnet for all tests of a worker. Who changes it brings it back: see `devnet` and `room`.
    """
    with open_devnet(load_devnet_treasury(None), port=0) as devnet:
        yield devnet


@pytest.fixture
def devnet(
    running: RunningDevnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningDevnet]:
    """
    What nobody has touched yet, in a folder of its own where it has left its files.
    """
    with shell(running, tmp_path, monkeypatch) as untouched:
        yield untouched


@pytest.fixture
def room(running: RunningDevnet, tmp_path: Path) -> Iterator[Room]:
    """
    No draft yet, and a chain that nobody has touched.
    """
    yield from open_room(running, tmp_path)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """
    The address of a real Postgres: one for all workers, started by the first test that asks.
    """
    folder = tmp_path_factory.getbasetemp()
    with shared_server(folder if worker_id == "master" else folder.parent) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """
    An empty database of the test's own, on Postgres.
    """
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """
    An empty database of the test's own, on each kind in turn.
    """
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/bursar.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A store that was migrated and never used, to copy: quicker than to migrate for each test.
    """
    path = tmp_path_factory.mktemp("migrated") / "bursar.db"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """
    The same on Postgres: the name of a database to copy.
    """
    with new_database(postgres_server) as url:
        Database.open(url).close()
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """
    A store of the test's own with its tables, on each kind in turn.
    """
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "bursar.db")
        yield f"sqlite:///{tmp_path}/bursar.db"
        return
    template = request.getfixturevalue("migrated_postgres")
    with new_database(request.getfixturevalue("postgres_server"), template) as url:
        yield url


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """
    An open store, on each kind in turn.
    """
    with Database.open(store_url) as opened:
        yield opened


@pytest.fixture
def connect(world: LiveWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """
    Connects as the agent, with nothing in the environment, unless said otherwise.
    """
    for name in list(os.environ):
        if name.startswith("BURSAR_") and name != "BURSAR_ANVIL":
            monkeypatch.delenv(name)

    def build(key: LocalAccount | None = None, **changed: Any) -> AgentWallet:
        return AgentWallet.connect(**(options(world, tmp_path, key or world.agent) | changed))

    return build


@pytest.fixture
def node(world: LiveWorld) -> Iterator[FaultyNode]:
    """
    The same chain through a node that fails on demand.
    """
    with FaultyNode(world.chain.rpc.url) as faulty:
        yield faulty


@pytest.fixture
def relayer(world: LiveWorld) -> Relay:
    """
    Connects with a key that has gas and no right, unless said otherwise.
    """

    def build(**changed: Any) -> Relayer:
        usual: dict[str, Any] = {
            "rpc_url": world.chain.rpc.url,
            "wallet": world.wallet.address,
            "key": world.stranger,
            "timeout": 20.0,
            "patience": QUICK,
        }
        return Relayer.connect(**(usual | changed))

    return build
