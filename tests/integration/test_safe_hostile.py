"""
A hostile co-signer, service, file or node: what they send is refused, or shown in words that cannot
be mistaken, and nothing of it stays.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.errors import BadAnswerError, ChainError, NoAnswerError
from bursar.chain.reader import Call
from bursar.chain.safe_builder import BuilderFileError
from bursar.chain.safe_service import SafeService, ServiceError
from bursar.chain.safe_signatures import SignatureError
from bursar.chain.safe_transaction import SafeTransaction
from bursar.chain.safe_transaction import sign as sign_with
from bursar.treasury.kept_files import KeptFileError
from bursar.treasury.safe import Draft, DraftError, RefusedCallError, add_signature, describe
from bursar.treasury.safe.exchange import export_draft, import_file, pull, read_draft
from bursar.treasury.safe.summary import build_summary
from bursar.treasury.safe.words import Effect
from bursar.types import MAX_UINT256, ZERO_ADDRESS
from tests.integration.safe_service import StandIn
from tests.integration.signing_room import USDC, Room

# Files


def changed(text: str, **values: Any) -> str:
    """
    A draft's file with other values in its transaction.
    """
    document = json.loads(text)
    document["transaction"].update(values)
    return json.dumps(document)


def renamed(text: str, author: str) -> str:
    """
    A draft's file that names another author.
    """
    document = json.loads(text)
    document["author"] = {"name": author}
    return json.dumps(document)


def many_signatures(text: str) -> str:
    """
    Each of them would be asked of the node.
    """
    document = json.loads(text)
    document["signatures"] = document["signatures"] * 500
    return json.dumps(document)


FILES: dict[str, tuple[Callable[[str], str], str]] = {
    "nested deep": (lambda text: "[" * 200_000, "nested too deep"),
    "nested deep in a batch": (
        lambda text: '{"transactions": ' + "[" * 200_000,
        "nested too deep",
    ),
    "a key twice": (lambda text: text.replace('"to":', '"to": "0x00", "to":', 1), "'to' twice"),
    "no number": (lambda text: text.replace('"block": ', '"block": NaN, "b": ', 1), "NaN"),
    "a fraction": (lambda text: text.replace('"operation": 0', '"operation": 0.0', 1), "operation"),
    "an endless number": (lambda text: changed(text, value="9" * 5_000), "value"),
    "a key that moves the cursor": (
        lambda text: text.replace('"format"', '"\\u001b[2Jx": 1, "format"', 1),
        r"\\x1b\[2Jx",
    ),
    "an author who moves it": (lambda text: renamed(text, "ana\x1b[1A"), "nobody's name"),
    "an author without end": (lambda text: renamed(text, "a" * 5_000), "author"),
    "signatures without end": (many_signatures, "500 signatures, and the Safe 3 owners"),
    "a nonce far away": (lambda text: changed(text, nonce="5000"), "far beyond"),
    "the last nonce": (lambda text: changed(text, nonce=str(MAX_UINT256)), "far beyond"),
    "a chain beyond all": (lambda text: changed(text, chain_id=2**300), "chain_id"),
    "gas that is paid back": (lambda text: changed(text, gas_price="1"), "gas fields"),
    "who gets it": (lambda text: changed(text, refund_receiver="0x" + "11" * 20), "gas fields"),
    "gas that lets a call fail": (lambda text: changed(text, safe_tx_gas="1"), "gas fields"),
}


@pytest.mark.parametrize("name", list(FILES))
def test_import__hostile_file__is_refused_and_nothing_is_kept(
    room: Room, tmp_path: Path, name: str
) -> None:
    """
    One sentence of what is wrong, with nothing in it that a terminal would obey.
    """
    change, words = FILES[name]
    text = change(export_draft(room.sign(room.draft(), room.ana)))
    there = room.new_desk(tmp_path / "there")

    with pytest.raises((DraftError, BuilderFileError), match=words) as refused:
        import_file(there, text, author="ben")

    assert there.store.all() == []
    assert "\x1b" not in str(refused.value)


def test_import__file_that_is_none__is_not_read(room: Room, tmp_path: Path) -> None:
    """
    A pipe would wait for ever, a device never end, and a large one fill the memory.
    """
    pipe, large, bytes_ = tmp_path / "pipe", tmp_path / "large", tmp_path / "bytes"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(5 << 20)
    bytes_.write_bytes(b"\xff\xfe")
    for path in (pipe, Path("/dev/zero"), large):
        with pytest.raises(KeptFileError):
            read_draft(path)
    with pytest.raises(DraftError, match="no text"):
        read_draft(bytes_)


def test_import__draft_in_anothers_name__says_whose_word_that_is(
    room: Room, tmp_path: Path
) -> None:
    """
    A file can name anybody. A name that only looks like an owner's is no owner's.
    """
    text = export_draft(room.draft(purpose="as agreed"))
    named = import_file(room.new_desk(tmp_path / "a"), renamed(text, "ana"), author="ben")
    alike = import_file(room.new_desk(tmp_path / "b"), renamed(text, "\u0430na"), author="ben")

    assert lines(room, named)[0] == "why: as agreed (drafted by ana, says its file)"
    told = "\n".join(lines(room, alike))
    assert "says its file, who is no owner)" in " ".join(told.split())
    assert r"several alphabets in a word, which may not be what they seem: \u0430na" in told


def lines(room: Room, made: Draft) -> list[str]:
    """
    What signers read.
    """
    view = room.view()
    return describe(made, view.book, view.state, view.now)


def test_purpose__that_poses_as_our_words__is_marked_on_every_line(room: Room) -> None:
    """
    Whatever it says, and however wide the terminal is, no line of it begins like one of ours.
    """
    spoof = "fine " * 14 + "   most a day: 200 USDC → 100 USDC tightens, at once. " + "fine " * 14
    told = lines(room, room.draft(purpose=spoof))

    written = [line for line in told if line.startswith(("why: ", "   | "))]
    assert len(written) == 3
    assert all(len(line) <= 78 for line in written)
    assert "most a day: 200" in " ".join(written)
    assert not any("200 USDC → 100" in line for line in told if line not in written)


# What transactions hide


def test_approval__without_limit__is_said_as_everything(room: Room) -> None:
    """
    The largest number is "off" where it is a limit, and everything where it is an approval.
    """
    approve = room.usdc.build_call("approve", room.stranger.address, MAX_UINT256)
    send = Call(room.stranger.address, b"", MAX_UINT256)

    said = " ".join(lines(room, room.draft(approve, send)))

    assert "take ALL USDC, now and in future, of the treasury's" in said
    assert "send ALL NATIVE" in said
    assert " off " not in said


def test_transfer__into_a_hot_wallet__is_said_as_what_goes_past_the_report(room: Room) -> None:
    """
    Money for agents without evidence: a warning, and no refill in its words.
    """
    said = " ".join(
        lines(room, room.draft(room.usdc.build_call("transfer", room.wallet.address, 5 * USDC)))
    )

    assert "fills a hot wallet past its refill: without a report" in said


def test_batch__within_a_batch__is_unknown(room: Room) -> None:
    """
    What an inner MultiSend does is nobody's guess: here it would act as itself, not as the Safe.
    """
    inner = room.desk.safe.build(room.lowered(), room.lowered())
    made = room.draft(room.lowered(), Call(inner.to, inner.data))
    summary = build_summary(room.desk, made, room.view())

    assert [one.effect for one in summary.explanation.calls] == [Effect.TIGHTENS, Effect.UNKNOWN]
    assert not summary.explanation.is_known


# The service


@pytest.fixture
def standin(room: Room) -> Iterator[StandIn]:
    """
    A Safe Transaction Service that lies where a test says so.
    """
    with StandIn(room.desk.safe) as running:
        yield running


@pytest.fixture
def service(standin: StandIn) -> SafeService:
    """
    The client of it.
    """
    return SafeService(standin.url, timeout=5)


def propose(room: Room, service: SafeService, transaction: SafeTransaction) -> None:
    """
    An owner who was taken over signs anything.
    """
    signature = sign_with(transaction, room.ana.key).data
    service.propose(transaction, room.ana.address, signature, "{}")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"gas_price": 10**9, "base_gas": 10**6}, "gas fields"),
        ({"refund_receiver": "0x" + "11" * 20}, "gas fields"),
        ({"gas_token": "0x" + "11" * 20}, "gas fields"),
        ({"safe_tx_gas": 1}, "gas fields"),
        ({"nonce": 5_000}, "far beyond"),
        ({"operation": 1}, "delegatecall"),
    ],
)
def test_service__dangerous_transaction_signed_by_an_owner__becomes_no_draft(
    room: Room, service: SafeService, tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    """
    The hash and the signature are right; what it says is refused all the same.
    """
    transaction = room.desk.safe.build(room.lowered()).model_copy(update=values)
    propose(room, service, transaction)
    there = room.new_desk(tmp_path / "there")

    taken, refused = pull(there, service)

    assert (taken, there.store.all()) == ([], [])
    assert words in refused[0]


def test_service__that_proposes_what_nobody_signed__is_not_followed(
    room: Room, service: SafeService, standin: StandIn, tmp_path: Path
) -> None:
    """
    It could otherwise take up nonces, with reasons and authors of its own.
    """
    propose(room, service, room.desk.safe.build(room.lowered()))
    there = room.new_desk(tmp_path / "there")

    def strip(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**one, "confirmations": [], "proposer": room.ben.address} for one in results]

    standin.tamper = strip
    taken, refused = pull(there, service)

    assert (taken, there.store.all()) == ([], [])
    assert "no owner has signed it" in refused[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("value", 1e300),
        ("value", "1e400"),
        ("nonce", -1),
        ("nonce", [1]),
        ("to", 7),
        ("confirmations", [{"signature": 5}]),
        ("confirmations", ["0x"]),
        ("safeTxHash", None),
    ],
)
def test_service__values_of_another_kind__are_a_bad_answer(
    room: Room, service: SafeService, standin: StandIn, tmp_path: Path, key: str, value: Any
) -> None:
    """
    Never a traceback, and never something else than was said.
    """
    propose(room, service, room.desk.safe.build(room.lowered()))
    standin.tamper = lambda results: [{**one, key: value} for one in results]
    there = room.new_desk(tmp_path / "there")

    with pytest.raises(BadAnswerError):
        pull(there, service)
    assert there.store.all() == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"\x1b[2J nonsense\r\n\r\n", NoAnswerError),
        (b"HTTP/1.1 500 \x1b[2J\r\nContent-Length: 12\r\n\r\n\x1b[31mall fine", ServiceError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000, BadAnswerError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", ChainError),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n", ServiceError),
    ],
)
def test_service__that_is_no_service__is_an_error_in_plain_letters(
    room: Room, answer: bytes, kind: type[ChainError]
) -> None:
    """
    Half an answer, deep nesting, another protocol, escapes in its words, a redirect.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once, args=(server, answer), daemon=True)
        thread.start()
        service = SafeService(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=5)
        with pytest.raises(kind) as told:
            pull(room.desk, service)
        thread.join(5)
    assert str(told.value).isprintable()


def answer_once(server: socket.socket, answer: bytes) -> None:
    """
    To whoever asks first.
    """
    connection, _ = server.accept()
    with connection:
        connection.recv(4_096)
        connection.sendall(answer)


def test_nonce__that_others_have_taken_further_on__does_not_move_ours(room: Room) -> None:
    """
    Whoever drafts ahead leaves a gap, which the next draft fills.
    """
    used = room.desk.safe.fetch_nonce()
    ahead = room.draft().transaction.model_copy(update={"nonce": used + 90})
    file = room.draft().model_copy(update={"transaction": ahead}).to_json()
    forged = import_file(room.desk, file, author="ben")

    assert forged.nonce == used + 90
    assert room.draft().nonce == used + 2


# The node


def test_show__node_and_address_book_disagree__is_said_aloud(room: Room) -> None:
    """
    A node that lies about owners or threshold, or a book that is out of date: somebody has to look.
    A token whose decimals are others than the book's shows every amount wrong.
    """
    book = room.book
    owners = {name: holder for name, holder in book.owners.items() if name != "cleo"}
    owners["vera"] = book.guardians["dana"]
    tokens = dict(book.tokens)
    tokens["USDC"] = tokens["USDC"].model_copy(update={"decimals": 18})
    other = book.model_copy(update={"owners": owners, "threshold": 3, "tokens": tokens})
    made = room.draft()
    object.__setattr__(room.desk, "book", other)

    told = "\n".join(build_summary(room.desk, made, room.view()).others)

    assert f"{room.cleo.address} is an owner, whom the address book does not name" in told
    assert "vera" in told
    assert "2 owners have to sign, and the address book has 3" in told
    assert "USDC has 18 decimals in the address book and 6 on chain" in told


def test_show__node_and_address_book_agree__says_nothing(room: Room) -> None:
    """
    The neighbour of every warning.
    """
    assert build_summary(room.desk, room.draft(), room.view()).others == ()


def test_signature__of_a_safe_that_is_no_owner__is_refused_however_it_is_written(
    room: Room,
) -> None:
    """
    A contract's signature whose bytes point at an owner's, or at nothing.
    """
    made = room.draft()
    good = sign_with(made.transaction, room.ana.key).data
    word = bytes.fromhex(room.book.organization[2:]).rjust(32, b"\0")
    inner = len(good).to_bytes(32, "big") + good
    for start, tail in ((65, inner), (0, inner), (2**256 - 1, inner), (65, b"")):
        with pytest.raises(SignatureError):
            paste(room, made, word + start.to_bytes(32, "big") + b"\0" + tail)
    assert room.desk.store.find(made.id).signatures == ()


def paste(room: Room, made: Draft, data: bytes) -> Draft:
    """
    As a co-signer pastes it.
    """
    return add_signature(room.desk, made, data)


def test_delegatecall__to_the_zero_address__is_refused(room: Room) -> None:
    """
    It has no code at all, and MultiSend's is not what it has.
    """
    text = changed(export_draft(room.draft()), operation=1, to=ZERO_ADDRESS)
    with pytest.raises(RefusedCallError):
        import_file(room.desk, text, author="ben")
