"""
Channels on real servers of this machine: what arrives, what is tried again, and that no URL is ever
shown.
"""

from __future__ import annotations

import logging
import socketserver
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bursar.alerts import delivering
from bursar.alerts.channels import ByApprise, ChannelError, Webhook, build_channel
from bursar.alerts.delivering import Deliverer
from bursar.alerts.messages import Audience, put_messages, raised
from bursar.alerts.settings import LiveSettings
from bursar.store.alerts import Found, StoredAlert, Whose, fetch_alerts, raise_alert
from bursar.store.database import Database
from bursar.store.outbox import OUTBOX
from bursar.types import checksummed
from tests.integration.alerting import FILE, Receiver, dripping

# Apprise imports it on Python 3.11 and 3.12, which have it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

WHOSE = Whose(31337, checksummed("0x" + "11" * 20))
OTHERS = Whose(31337, checksummed("0x" + "22" * 20))
FOUND = Found("wallet_balance_low", "x", "warning", None, None, None, "it is low", {}, 5, 1_000)
PAYLOAD = {"id": "7", "kind": "k", "event": "raised", "severity": "warning", "text": "it is low"}
TWO = "alerts:\n  channels: {ops: {url_file: ops.url}, duty: {url_env: DUTY}}\n"


class Post:
    """
    A store with one alert, and who delivers it. Time goes on only when a test says so.
    """

    def __init__(self, database: Database, folder: Path, environment: dict[str, str]) -> None:
        self.database = database
        self.folder = folder
        self.now = 1_000.0
        (folder / "treasury.yaml").write_text(FILE + TWO)
        self.live = LiveSettings(folder / "treasury.yaml", WHOSE.chain_id)
        self.live.look()
        self.deliverer = Deliverer(database, WHOSE, self.live, environment, clock=lambda: self.now)

    def write_url(self, url: str, mode: int = 0o600) -> None:
        """
        Of the channel `ops`.
        """
        (self.folder / "ops.url").write_text(url)
        (self.folder / "ops.url").chmod(mode)

    def put(self, subject: str = "x", whose: Whose = WHOSE) -> None:
        """
        An alert, and what there is to tell of it.
        """

        def work(connection: Any) -> None:
            found = FOUND._replace(subject=subject, text=f"{subject} is low")
            alert = raise_alert(connection, whose, found, by="k", now=1_000)
            assert alert is not None
            audience = Audience(whose, "acme", self.live.chosen.settings)
            put_messages(connection, audience, [raised(alert)], now=1_000)

        self.database.write(work)

    def left(self) -> dict[str, tuple[int, str | None]]:
        """
        What is still to be told: by channel, how often the first was tried and what came of it.
        """
        wanted = select(OUTBOX).where(OUTBOX.c.done_at.is_(None)).order_by(OUTBOX.c.id.desc())
        rows = self.database.read(lambda c: c.execute(wanted).all())
        return {row.topic.rpartition(":")[2]: (row.attempts, row.error) for row in rows}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """
    Takes everything.
    """
    with Receiver() as opened:
        yield opened


@pytest.fixture
def post(database: Database, tmp_path: Path, receiver: Receiver) -> Post:
    """
    Two channels of one server.
    """
    made = Post(database, tmp_path, {"DUTY": receiver.url})
    made.write_url(receiver.url)
    return made


def test_alert__raised_by_two_at_once__is_one(store_url: str, database: Database) -> None:
    """
    The database decides, not who has looked first.
    """
    barrier = threading.Barrier(2, timeout=10)

    def work(opened: Database) -> StoredAlert | None:
        barrier.wait()
        return opened.write(lambda c: raise_alert(c, WHOSE, FOUND, by="k", now=1))

    with ThreadPoolExecutor(2) as pool:
        if database.is_sqlite:
            both = list(pool.map(work, [database, database]))
        else:
            with Database.open(store_url) as other:
                both = list(pool.map(work, [database, other]))
    assert len([one for one in both if one is not None]) == 1
    assert len(database.read(lambda c: fetch_alerts(c, WHOSE))) == 1


def test_deliver__to_all_channels__arrives_once_each(post: Post, receiver: Receiver) -> None:
    """
    With an id that a receiver can tell copies by, and a text that chats show.
    """
    post.put()
    assert post.deliverer.deliver() == 3  # the log as well
    assert post.deliverer.deliver() == 0
    assert post.left() == {}
    first, second = receiver.taken
    assert first == second
    assert first["text"] == "[acme] x is low"
    assert first["id"] == receiver.headers[0]["Idempotency-Key"]
    assert (first["kind"], first["severity"], first["block"]) == (
        "wallet_balance_low",
        "warning",
        5,
    )


def test_deliver__of_another_organisation_in_the_same_database__is_left(
    post: Post, receiver: Receiver
) -> None:
    """
    Their channels may have the same names as ours.
    """
    post.put(whose=OTHERS)
    assert post.deliverer.deliver() == 0
    assert receiver.taken == []


def test_deliver__channel_that_fails__is_tried_again_more_and_more_seldom(
    post: Post, receiver: Receiver
) -> None:
    """
    5 s, 10 s, 20 s; nothing is lost, the order stays, and the other channels do not wait.
    """
    post.write_url(receiver.url.replace("/hooks/", "/dead/"))
    receiver.status = 503
    post.deliverer._environment = {}
    post.put("first")
    post.put("second")
    tried = []
    for _ in range(60):
        before = len(receiver.paths)
        post.deliverer.deliver()
        if len(receiver.paths) > before:
            tried.append(int(post.now) - 1_000)
        post.now += 1
    assert tried == [0, 5, 15, 35]
    assert post.left()["ops"] == (4, "It answered with status 503.")
    assert "log" not in post.left()

    receiver.status = 200
    post.now += 3_600
    post.deliverer.deliver()
    assert [one["text"] for one in receiver.taken] == [
        "[acme] first is low",
        "[acme] second is low",
    ]


def test_deliver__what_a_channel_never_takes__keeps_nothing_else_waiting(post: Post) -> None:
    """
    A message that it refuses each time is tried again more and more seldom, the others arrive.
    """
    told: list[str] = []

    class Picky:
        def tell(self, payload: Mapping[str, Any]) -> None:
            if "x is low" in payload["text"]:
                raise ChannelError("It answered with status 400.")
            told.append(payload["text"])

    post.deliverer._find_channel = lambda _: Picky()
    post.write_url("https://hooks.example/s3cr3t")
    for subject in ("x", "y", "z"):
        post.put(subject)
        post.deliverer.deliver()
        post.now += 3_601
    assert sorted(told) == ["y is low", "y is low", "z is low", "z is low"]
    assert post.left()["ops"] == (3, "It answered with status 400.")


def test_deliver__to_a_server_that_never_ends__is_left_and_tried_again(
    post: Post, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each byte is in time, and all of them would keep the other channels waiting for ever.
    """
    monkeypatch.setattr(delivering, "CHANNEL_SECONDS", 0.3)
    with dripping() as url:
        post.write_url(url)
        post.put()
        post.deliverer.deliver()
    assert post.left() == {"ops": (1, "It has taken longer than 0.3 s.")}
    assert len(receiver.taken) == 1


def test_url_file__of_a_user_that_there_is_not__fails_its_channel_alone(
    post: Post, receiver: Receiver
) -> None:
    """
    Not the others, and not every look.
    """
    (post.folder / "treasury.yaml").write_text(FILE + TWO.replace("ops.url", "~nobody-here/url"))
    post.live.look()
    post.put()
    post.deliverer.deliver()
    assert post.left() == {"ops": (1, "It failed with RuntimeError.")}
    assert len(receiver.taken) == 1


def test_deliver__redirected__has_not_arrived(post: Post, receiver: Receiver) -> None:
    """
    Followed, it would be a GET that says nothing, answered with success.
    """
    receiver.status = 302
    post.put()
    post.deliverer.deliver()
    assert set(post.left()) == {"ops", "duty"}
    assert not [path for path in receiver.paths if path.startswith("GET")]


def test_deliver__whatever_fails__shows_no_url(
    post: Post, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Neither in the log nor in the store: who has a channel's URL can write to it.
    """
    caplog.set_level(logging.DEBUG)
    post.put()
    urls = [
        receiver.url,
        "https://host.invalid/hooks/s3cr3t",
        "http://outside.example/s3cr3t",
        "https://[s3cr3t/",
        "https://host.invalid:s3cr3t/",
        "s3cr3t://host/s3cr3t",
        "mailto://user:s3cr3t@127.0.0.1:1?smtp=127.0.0.1&mode=insecure",
    ]
    receiver.status = 404
    for url in urls:
        post.write_url(url)
        post.now += 4_000
        post.deliverer.deliver()
        attempts, error = post.left()["ops"]
        assert error
        assert "s3cr3t" not in error, url
    assert attempts == len(urls)
    assert "has not taken an alert" in caplog.text
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("urllib3")]
    assert not [text for text in ours if "s3cr3t" in text]


@pytest.mark.parametrize(
    ("mode", "url", "says"),
    [(0o644, "https://x.example", "0644"), (0o600, " \n", "is empty"), (None, "", "cannot be")],
)
def test_url_file__that_cannot_be_used__is_named(
    post: Post, mode: int | None, url: str, says: str
) -> None:
    """
    Others who can read it can write to the channel.
    """
    post.put()
    if mode is None:
        (post.folder / "ops.url").unlink()
    else:
        post.write_url(url, mode)
    post.deliverer.deliver()
    assert says in post.deliverer.troubles["ops"]
    assert "ops.url" in post.deliverer.troubles["ops"]


def test_url_file__changed__holds_at_once(post: Post, receiver: Receiver) -> None:
    """
    T39: also a channel's address changes without a restart.
    """
    post.put()
    post.write_url("https://host.invalid/old")
    post.deliverer.deliver()
    assert set(post.left()) == {"ops"}
    post.write_url(receiver.url)
    post.now += 10
    post.deliverer.deliver()
    assert post.left() == {}
    assert post.deliverer.troubles == {}


def test_webhook__without_encryption__is_refused() -> None:
    """
    Its path is a secret; on this machine nobody listens.
    """
    with pytest.raises(ChannelError, match="https://"):
        Webhook("http://host.example/hooks/1")
    assert isinstance(build_channel("https://host.example/hooks/1"), Webhook)
    assert isinstance(build_channel("http://127.0.0.1:9/hooks/1"), Webhook)


class Mailbox(socketserver.StreamRequestHandler):
    """
    As much of SMTP as it takes to receive a mail.
    """

    mails: list[str] = []  # noqa: RUF012 - one of all connections

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word == "DATA":
                self.say("354 go on")
                lines = []
                while (data := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(data)
                self.mails.append("".join(lines))
            self.say("221 bye" if word == "QUIT" else "250 fine")
            if word == "QUIT":
                return

    def say(self, text: str) -> None:
        """
        A line.
        """
        self.wfile.write(f"{text}\r\n".encode())


def test_apprise__by_e_mail__arrives() -> None:
    """
    T23: a mail server gets the alert, by way of the library that knows the others as well.
    """
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        port = server.server_address[1]
        where = f"mailto://127.0.0.1:{port}?from=bursar@acme.example&to=ops@acme.example"
        channel = build_channel(f"{where}&mode=insecure")
        assert isinstance(channel, ByApprise)
        channel.tell({**PAYLOAD, "text": "it is low <b>and not</b>"})
    finally:
        server.shutdown()
        server.server_close()
    (mail,) = Mailbox.mails
    assert "Subject: k: raised" in mail
    assert "it is low" in mail
    assert "text/plain" in mail
    assert "text/html" not in mail
    assert "ops@acme.example" in mail


@pytest.mark.parametrize(
    "url",
    [
        "slack://TokenA000/TokenB000/TokenC00000000000000000000/#ops",
        "pagerduty://integration@apikey0",
    ],
)
def test_apprise__the_services_that_are_asked_for__are_known(url: str) -> None:
    """
    T23: whether the real ones take it, only their servers can say.
    """
    assert isinstance(build_channel(url), ByApprise)
