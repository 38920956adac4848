"""
What the tests of alerts have in common: a store that follows a real chain, alerts beside it, and a
server of this machine that takes webhooks.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from bursar.alerts.delivering import Deliverer
from bursar.alerts.settings import LiveSettings
from bursar.book import AddressBook, Holder, TokenEntry
from bursar.chain.follower import Endpoint, Endpoints
from bursar.devnet import USDC, address_of
from bursar.keeper.alerting import Alerting, AlertPlaces
from bursar.keeper.alerts_beside import NodeBalances
from bursar.keeper.following import Following
from bursar.keeper.watching import FollowAlone, Tip
from bursar.state import State
from bursar.store.alerts import StoredAlert, Whose, fetch_alerts
from bursar.store.chain_writer import find_cursor
from bursar.store.database import Database
from tests.integration.followed import DEPTH
from tests.integration.live import LiveWorld, ref

FILE = """\
organisation: {name: acme, change_delay: 2d, heartbeat_timeout: off}
chain: anvil
safe: {owners: {ana: devnet, ben: devnet}, threshold: 2}
guardians: {dana: devnet}
agents: {bot: {address: devnet}}
wallets:
  trading:
    tokens: {USDC: {daily: 2000, max_balance: 10_000, alert_below: 4_990}}
    budgets: [{agent: bot, daily: 50}]
"""
"""The wallet "trading" is low with less than 4,990 USDC: it has 5,000 to begin with."""


class View(NamedTuple):
    """
    What the keeper shows.
    """

    head: Tip
    state: State
    rhythm: int = 0
    cancelled: tuple[Any, ...] = ()


class Receiver:
    """
    Takes webhooks, and answers with `status`, once the gate is open; `asked` tells that one came.
    """

    def __init__(self) -> None:
        self.status = 200
        self.gate, self.asked = threading.Event(), threading.Event()
        self.gate.set()
        self.taken: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """
        With a path that is a secret.
        """
        return f"http://127.0.0.1:{self.server.server_port}/hooks/s3cr3t"

    def __enter__(self) -> Receiver:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.asked.set()
                receiver.gate.wait(30)
                receiver.paths.append(self.path)
                receiver.headers.append(dict(self.headers))
                if receiver.status == 200:
                    receiver.taken.append(json.loads(body))
                self.send_response(receiver.status)
                if receiver.status in (301, 302, 307):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                receiver.paths.append(f"GET {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def dripping() -> Iterator[str]:
    """
    The URL of a server that answers a byte at a time, and never to the end.
    """
    over = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            with suppress(OSError):
                while not over.wait(0.02):
                    self.wfile.write(b"x")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/s3cr3t"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


class Tower:
    """
    The world's organisation, followed into `database`, and who looks at it for people. `file` is
    the treasury.yaml that is written for it.
    """

    def __init__(self, world: LiveWorld, database: Database, folder: Path) -> None:
        self.world = world
        self.database = database
        self.folder = folder
        self.file = folder / "treasury.yaml"
        self.now = 2_000_000_000.0
        self.whose = Whose(world.chain.chain_id, world.organization.address)
        self.book = self.name(world)
        self.write(FILE)
        self.begin()

    @staticmethod
    def name(world: LiveWorld) -> AddressBook:
        """
        What people call things there.
        """
        return AddressBook(
            name="acme",
            chain_id=world.chain.chain_id,
            organization=world.organization.address,
            blueprint=world.blueprint,
            safe=world.safe.address,
            threshold=2,
            tokens={"USDC": TokenEntry(address=world.usdc.address, decimals=6)},
            wallets={"trading": world.wallet.address},
            agents={"bot": Holder(address=address_of(world.agent))},
        )

    def write(self, text: str) -> None:
        """
        What the file says from now on.
        """
        self.file.write_text(text)

    def write_url(self, name: str, url: str, mode: int = 0o600) -> None:
        """
        A channel's URL, in a file of its own.
        """
        path = self.folder / name
        path.write_text(f"{url}\n")
        path.chmod(mode)

    def begin(self, **options: Any) -> None:
        """
        A keeper's alerts as a process that starts now has them.
        """
        places = AlertPlaces(self.book, "acme", self.file, {})
        self.live = LiveSettings(self.file, self.whose.chain_id)
        self.deliverer = Deliverer(
            self.database, self.whose, self.live, {}, clock=lambda: self.now, **options
        )
        self.alerting = Alerting(
            self.database,
            NodeBalances(self.world.chain.rpc.url),
            self.whose,
            places,
            by=address_of(self.world.keeper),
            clock=lambda: self.now,
            deliverer=self.deliverer,
        )

    def look(self) -> None:
        """
        One look at the chain as it is now, and what follows.
        """
        self.alerting.see(self.view())
        self.live.look()
        self.alerting.run_once()

    def view(self) -> View:
        """
        What the keeper would see now.
        """
        following = Following(
            self.database,
            Endpoints([Endpoint(self.world.chain.rpc.url)]),
            self.world.organization.address,
            chain_id=self.world.chain.chain_id,
            depth=DEPTH,
        )
        with closing(FollowAlone(following)) as follow:
            state = follow()
        cursor = self.database.read(lambda c: find_cursor(c, *self.whose))
        assert cursor is not None
        assert cursor.hash is not None
        return View(Tip(cursor.number, f"0x{cursor.hash.hex()}", cursor.at), state)

    def alerts(self, *, is_open: bool = False) -> list[StoredAlert]:
        """
        What the store has.
        """
        return self.database.read(lambda c: fetch_alerts(c, self.whose, is_open=is_open))

    # What happens to the wallet "trading"

    def pay(self, usdc: int, number: int = 1) -> None:
        """
        By the agent.
        """
        self.world.pay(usdc * USDC, ref=ref(number))

    def give(self, usdc: int) -> None:
        """
        From anywhere, with no event of ours.
        """
        world = self.world
        world.usdc.send(world.deployer, "mint", world.wallet.address, usdc * USDC)

    def sweep(self) -> None:
        """
        Everything back to the treasury, by a guardian.
        """
        world = self.world
        world.wallet.send(world.guardian, "sweep", world.usdc.address, "test")

    def refill(self, usdc: int, number: int = 7) -> None:
        """
        By the treasury's owners.
        """
        world = self.world
        world.by_treasury(*world.build_refill(world.wallet, usdc * USDC, ref(number)))
