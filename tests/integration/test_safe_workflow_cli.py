"""
`bursar safe`, `pending-changes` and `veto` against a devnet: from words to what the chain has.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from bursar.chain.local import derive_account
from bursar.chain.safe_transaction import sign as sign_with
from bursar.devnet import RunningDevnet
from bursar.types import DAY, Bytes32
from tests.integration.devnet_cli import bursar, told
from tests.integration.signing_room import USDC, Room
from tests.integration.terminal import at_terminal
from tests.integration.vault import Vault

BUDGET = (
    *("set-budget", "--wallet", "operations", "--agent", "shopper"),
    *("--category", "refund"),
)
SET_BUDGET = (
    *("safe", "draft", "set-budget", "--wallet", "operations"),
    *("--agent", "shopper", "--category", "refund", "-p", "more refunds in December"),
)


@pytest.fixture
def room(devnet: RunningDevnet) -> Room:
    """
    A shell in a folder where the devnet has left its files, and a chain that nobody has touched.
    """
    return Room(devnet, Path(".bursar/drafts").absolute())


def drafted(*arguments: str) -> str:
    """
    The id of a new draft.
    """
    return str(told(*arguments)["draft"]["id"])


def signed(id: str, *owners: str) -> None:
    """
    By devnet owners, with their public keys.
    """
    for owner in owners:
        told("safe", "sign", id, "--as", owner, "--yes")


def test_budget__raised_through_the_multisig__holds_after_its_delay(room: Room) -> None:
    """
    T17: drafted from words, signed by two, executed by anybody, pending for two days, applied.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    signed(id, "ana", "ben")
    done = told("safe", "execute", id, "--yes")
    assert done["draft"]["status"] == "executed"
    assert room.daily() == 200

    (change,) = told("pending-changes")["changes"]
    assert change["sentence"] == (
        "raise the refund budget of agent shopper in wallet operations from 200 to 800 USDC a day"
    )
    assert (change["loosens"], change["ready"], change["vetoable"]) == (True, False, True)
    assert change["time"].startswith("can be applied in 2 days")
    assert change["figures"] == [{"label": "most a day", "before": "200 USDC", "after": "800 USDC"}]

    room.chain.warp(to=change["ready_at"])
    (ready,) = told("pending-changes")["changes"]
    assert ready["time"].startswith("can be applied by anybody for 7 days")
    state = room.view().state
    (pending,) = state.changes.values()
    room.organization.send(
        room.chain.new_account("stranger"), "apply", pending.subject.target, pending.call
    )
    assert room.daily() == 800
    assert told("pending-changes")["changes"] == []


def test_budget__lowered__holds_at_once(room: Room) -> None:
    """
    T17: lowering does not wait, and needs the signatures all the same.
    """
    id = drafted(*SET_BUDGET, "--daily", "20")
    signed(id, "ana", "cleo")
    told("safe", "execute", id, "--yes")

    assert room.daily() == 20
    assert told("pending-changes")["changes"] == []


def test_veto__by_a_guardian__ends_the_change(room: Room) -> None:
    """
    By the id's first digits, with a reason that goes on chain; twice there is nothing to veto.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    signed(id, "ana", "ben")
    told("safe", "execute", id, "--yes")
    (change,) = told("pending-changes")["changes"]

    assert bursar("veto", change["id"][:10], "--yes").exit_code == 2
    assert told("veto", change["id"][:10], "--reason", "", "--yes", status=2)["error"]["code"] == (
        "usage"
    )
    vetoed = told("veto", change["id"][:10], "--reason", "nobody agreed", "--yes")

    assert vetoed["vetoed"]["id"] == change["id"]
    assert told("pending-changes")["changes"] == []
    room.chain.warp(by=3 * DAY)
    again = told("veto", change["id"], "--reason", "again", "--yes", status=1)
    assert again["error"]["code"] == "unknown-change"
    assert room.daily() == 200


def test_veto__of_a_guardians_removal__is_only_the_treasurys(room: Room) -> None:
    """
    A bad guardian cannot save itself; the owners can, through a draft.
    """
    id = drafted("safe", "draft", "remove-guardian", "dana", "-p", "left the company")
    signed(id, "ana", "ben")
    told("safe", "execute", id, "--yes")
    (change,) = told("pending-changes")["changes"]
    assert change["vetoable"] is False
    refused = told("veto", change["id"], "--reason", "no", "--yes", status=2)
    assert refused["denied"]["reason"] == "timelock: only the treasury may veto this"

    id = drafted("safe", "draft", "veto", change["id"], "-p", "she stays", "--reason", "stays")
    signed(id, "ana", "ben")
    told("safe", "execute", id, "--yes")

    assert told("pending-changes")["changes"] == []


def test_show__for_people__has_words_first_hashes_and_the_raw_call_last(room: Room) -> None:
    """
    Calldata is folded; the hashes are those that a hardware wallet shows.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    transaction = room.desk.store.find(id).transaction

    shown = bursar("safe", "show", id[:10]).stdout
    whole = bursar("safe", "show", id[:10], "--raw").stdout

    lines = shown.splitlines()
    assert lines[1] == "why: more refunds in December (drafted by ana)"
    assert lines[2].startswith("raise the refund budget of agent shopper")
    assert lines[3].strip() == "most a day: 200 USDC → 800 USDC"
    for hash in (transaction.domain_hash, transaction.message_hash, transaction.hash):
        assert f"0x{hash.hex()}" in shown
    assert shown.index("raw\n") > shown.index("domain hash")
    assert transaction.data.hex() not in shown
    assert transaction.data.hex() in whole
    assert f"{room.wallet.address} wallet operations" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wallet-limit", "6000", "--wallet", "operations"), "from 5,000 to 6,000 USDC a day"),
        (("wallet-limit", "0", "--wallet", "operations"), "disable USDC in wallet operations"),
        (("max-balance", "off", "--wallet", "operations"), "from 20,000 to no limit"),
        (("recipients", "vendor", "--wallet", "operations"), "pay vendor where a budget asks"),
        (("payment-delay", "30m", "--wallet", "trading"), "to 30 minutes"),
        (("grace", "12h", "--wallet", "trading"), "to 12 hours"),
        (("change-delay", "4d"), "set the change delay to 4 days"),
        (("heartbeat-timeout", "6h"), "set the heartbeat timeout to 6 hours"),
        ((*BUDGET, "--share", "10"), "change the refund budget"),
        ((*BUDGET, "--rolling"), "change the refund budget"),
        ((*BUDGET, "--listed-only"), "change the refund budget"),
        ((*BUDGET, "--expires", "2080-01-31"), "change the refund budget"),
        ((*BUDGET, "--queue-from", "10", "--max-payments", "5"), "change the refund budget"),
        (("add-guardian", "ana"), "make ana a guardian"),
        (("add-keeper", "ana"), "make ana a keeper"),
        (("remove-keeper", "watch"), "remove the keeper watch"),
        (("remove-budget", "--wallet", "trading", "--agent", "trader"), "remove the budget"),
        (("sweep", "--wallet", "trading", "--reason", "closing"), "back to the treasury"),
        (("unpause", "trading", "--seen", "1"), "release wallet trading from stop 1"),
    ],
)
def test_draft__each_command__says_what_it_does_and_would_succeed(
    room: Room, words: tuple[str, ...], said: str
) -> None:
    """
    No calldata is typed, and the real chain takes what comes of it.
    """
    made = told("safe", "draft", *words, "-p", "because")

    assert said in made["draft"]["explanation"]["calls"][0]["sentence"]
    assert made["draft"]["failure"] == ""
    assert made["draft"]["refused"] == ""


def test_draft__rotation__is_one_batch_over_all_wallets(room: Room) -> None:
    """
    The book's agent, and an address that was never listed.
    """
    new = room.stranger.address
    made = told("safe", "draft", "rotate-agent", "--agent", "shopper", "--to", new, "-p", "stolen")

    assert new in made["draft"]["explanation"]["calls"][0]["sentence"]
    assert made["draft"]["failure"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wallet-limit", "1,000", "--wallet", "operations"), "write 1000"),
        (("wallet-limit", "1", "--wallet", "nowhere"), "No wallet is called"),
        (("wallet-limit", "1", "--wallet", "operations", "--token", "DAI"), "No token is called"),
        ((*BUDGET, "--share", "ten"), "not an amount"),
        ((*BUDGET, "--share", "10.001"), "'10.001': too many decimals"),
        ((*BUDGET, "--share", "101"), "share out of bounds"),
        ((*BUDGET, "--expires", "2027-01-31T10:30Z"), "not on a full hour"),
        (("payment-delay", "2 days", "--wallet", "operations"), "write 2d"),
        (("unpause", "trading", "--seen", "9"), "not the stop that was seen"),
        (("seal", "--wallet", "trading"), "already sealed"),
        (("add-guardian", "nobody"), "is no address"),
        (("veto", "0x12"), "No change waits"),
    ],
)
def test_draft__wrong_words__are_refused_and_nothing_is_stored(
    room: Room, words: tuple[str, ...], said: str
) -> None:
    """
    The error says what was found and what to do.
    """
    done = bursar("safe", "draft", *words, "-p", "because", "--json")

    error = json.loads(done.stdout)["error"]
    assert said in error["message"]
    assert done.exit_code == (2 if error["code"] == "usage" else 1)
    assert room.files() == {}


# Keys


def test_sign__with_a_keystore__asks_for_its_password(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    From the terminal, or from a variable; a wrong one signs nothing and is not shown.
    """
    path = tmp_path / "ana.json"
    path.write_text(json.dumps(Account.encrypt(room.ana.key.key, "right", iterations=2)))
    id = drafted(*SET_BUDGET, "--daily", "800")
    asked = []
    monkeypatch.setattr("bursar.cli.owner_keys.getpass", lambda q: asked.append(q) or "wrong")

    said = at_terminal(("safe", "sign", id, "--keystore", str(path), "--yes", "--json"), [])
    assert said.status == 1
    message = json.loads(said.output)["error"]["message"]
    assert "another password" in message
    assert "wrong" not in message
    assert asked == [f"Password of {path}: "]
    monkeypatch.setenv("BURSAR_KEYSTORE_PASSWORD", "right")
    done = told("safe", "sign", id, "--keystore", str(path), "--yes")

    assert done["signed_by"] == room.ana.address
    assert len(asked) == 1


def test_sign__with_a_variable__that_the_person_names(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    No variable holds an owner's key by itself: without its name nothing is read.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    monkeypatch.setenv("MY_KEY", "0x" + bytes(room.ben.key.key).hex())

    nothing = told("safe", "sign", id, "--yes", status=1)
    assert "Say how you sign" in nothing["error"]["message"]
    both = told("safe", "sign", id, "--from-env", "MY_KEY", "--as", "ana", "--yes", status=1)
    assert "Say how you sign" in both["error"]["message"]
    done = told("safe", "sign", id, "--from-env", "MY_KEY", "--yes")

    assert done["signed_by"] == room.ben.address
    digits = bytes(room.ben.key.key).hex()
    for pasted in (digits, f"0x{digits}", "-----"):
        mistaken = told("safe", "sign", id, f"--from-env={pasted}", "--yes", status=1)
        assert "name of a variable" in mistaken["error"]["message"]
        assert pasted not in mistaken["error"]["message"]
    monkeypatch.setenv("MY_KEY", "not a key")
    bad = told("safe", "sign", id, "--from-env", "MY_KEY", "--yes", status=1)
    assert "not a key" not in bad["error"]["message"]


def test_sign__nobody_there_to_answer__signs_nothing(room: Room) -> None:
    """
    Signing asks, after it has shown what; a service has no terminal.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")

    done = bursar("safe", "sign", id, "--as", "ana")

    assert done.exit_code == 1
    assert "give --yes" in done.stderr
    assert room.desk.store.find(id).signatures == ()


def test_sign__as_somebody_on_no_devnet__is_refused(room: Room) -> None:
    """
    Public keys stand for owners on a local chain only, and only for those that the book names.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")

    for name in ("dana", "shopper", "nobody"):
        refused = told("safe", "sign", id, "--as", name, "--yes", status=1)
        assert refused["error"]["code"] == "key-missing"
    book = room.book.model_copy(update={"devnet": False})
    Path("real.json").write_text(book.to_json())
    os.environ["BURSAR_DRAFTS"] = str(room.folder)
    try:
        more = ("--book", "real.json", "--yes")
        refused = told("safe", "sign", id, "--as", "ana", *more, status=1)
    finally:
        del os.environ["BURSAR_DRAFTS"]
    assert refused["error"]["code"] == "key-missing"


def test_add_signature__from_elsewhere__counts_or_says_why_not(room: Room) -> None:
    """
    Pasted in hexadecimal.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    transaction = room.desk.store.find(id).transaction
    good = sign_with(transaction, room.cleo.key).data
    bad = sign_with(transaction, room.stranger.key).data

    done = told("safe", "add-signature", id, f"0x{good.hex()}")
    refused = told("safe", "add-signature", id, f"0x{bad.hex()}", status=1)

    assert done["signed_by"] == room.cleo.address
    assert done["draft"]["missing"] == 1
    assert "no owner" in refused["error"]["message"]


def test_add_signature__of_a_safe_that_is_an_owner__counts_in_either_way(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What its owners sign is shown; their signatures come in any order, or it has approved on chain.
    """
    vault = Vault(room)
    room.by_safe(room.own_call("addOwnerWithThreshold", vault.address, 2))
    first, second = (drafted(*SET_BUDGET, "--daily", daily) for daily in ("800", "900"))
    shown = bursar("safe", "show", first).stdout
    (to_sign,) = [line.split()[-1] for line in shown.splitlines() if line.startswith("       0x")]
    hash = Bytes32(bytes.fromhex(to_sign[2:]))
    parts = [f"0x{vault.part(hash, owner).hex()}" for owner in (vault.wes, vault.una)]
    monkeypatch.setenv("UNA", bytes(vault.una.key.key).hex())
    by_una = "safe", "sign", first, "--from-env", "UNA", "--yes"
    assert told(*by_una, "--for", vault.address)["part"] == parts[1]
    on_screen = bursar(*by_una, "--for", vault.address).output
    text = room.desk.safe.fetch_owners_text(vault.address, room.desk.store.find(first).transaction)
    assert text is not None
    for digits in (text.domain_hash, text.message_hash, text.hash):
        assert f"  0x{digits.hex()}\n" in on_screen.partition("compare these instead")[2]
    assert "no owner of the Safe" in told(*by_una, status=1)["error"]["message"]
    elsewhere = told(*by_una, "--for", room.ana.address, status=1)["error"]["message"]
    assert "is no contract that owns" in elsewhere

    refused = told("safe", "add-signature", first, parts[0], status=1)
    assert "no owner" in refused["error"]["message"]
    assert told("safe", "add-signature", first, *parts, status=2)["error"]["code"] == "usage"
    done = told("safe", "add-signature", first, "--owner", vault.address, *parts)
    assert done["signed_by"] == vault.address
    told("safe", "add-signature", second, "--owner", vault.address, status=1)
    digits = bytes.fromhex(told("safe", "show", second)["draft"]["id"][2:])
    vault.call(room, room.own_call("approveHash", digits))
    assert told("safe", "add-signature", second, "--owner", vault.address)["signed_by"]

    shown = bursar("safe", "show", first).stdout
    assert f"signed {vault.address}, as a contract (EIP-1271)" in shown
    for id in (first, second):
        signed(id, "ben")
        told("safe", "execute", id, "--yes")


def test_execute__too_few_or_failing__says_so_and_changes_nothing(room: Room) -> None:
    """
    Exit status 1 for what cannot be sent yet, 2 for what the contracts refuse.
    """
    stop = ("unpause", "trading", "--seen", "1")
    id = drafted("safe", "draft", *stop, "-p", "because")
    signed(id, "ana")
    few = told("safe", "execute", id, "--yes", status=1)
    assert few["error"]["code"] == "missing-signatures"
    signed(id, "ben")
    key = derive_account(room.book.guardians["dana"].devnet_key or "")
    room.organization.send(key, "pause", room.book.wallets["trading"], 0, "odd")

    failing = told("safe", "execute", id, "--yes", status=2)

    assert failing["denied"]["reason"] == "stops: not the stop that was seen"
    assert room.desk.store.find(id).is_open


def test_unknown_calls__are_neither_signed_nor_sent_without_saying_so(room: Room) -> None:
    """
    --yes is not enough for what nobody can read; --blind is what a person says who knows it.
    """
    mint = room.usdc.build_call("mint", room.book.safe, 1)
    id = room.draft(mint).id
    shown = bursar("safe", "show", id).stdout
    assert "!! 1 of 1 calls cannot be read" in shown.splitlines()[2]

    refused = told("safe", "sign", id, "--as", "ana", "--yes", status=1)
    assert refused["error"]["code"] == "unknown-call"
    for owner in ("ana", "ben"):
        told("safe", "sign", id, "--as", owner, "--blind", "--yes")
    assert told("safe", "execute", id, "--yes", status=1)["error"]["code"] == "unknown-call"

    assert told("safe", "execute", id, "--blind", "--yes")["draft"]["status"] == "executed"


def test_show__safe_with_a_module_or_a_guard__warns_whatever_is_signed(room: Room) -> None:
    """
    T5: a treasury has neither; one that has is no longer its owners' alone.
    """
    id = drafted("safe", "draft", "add-keeper", "ana", "-p", "because")
    assert told("safe", "show", id)["draft"]["others"] == []
    room.by_safe(room.own_call("enableModule", room.stranger.address))
    id = drafted("safe", "draft", "add-keeper", "ana", "-p", "because")

    (said,) = told("safe", "show", id)["draft"]["others"]

    assert room.stranger.address in said
    assert "without any signature" in said
    assert f"!! {said}" in bursar("safe", "show", id).stdout


def test_reject_and_list__tell_what_became_of_each(room: Room) -> None:
    """
    Both are open with one nonce; after the rejection was executed the other is dead, and told once.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    other = told("safe", "reject", id, "-p", "not agreed")["draft"]
    assert (other["rejects"], other["purpose"]) == (True, "not agreed")
    assert "one draft" in told("safe", "show", str(other["nonce"]), status=1)["error"]["message"]
    signed(other["id"], "ana", "ben")
    told("safe", "execute", other["id"], "--yes")

    first, second = told("safe", "list", "--all"), told("safe", "list", "--all")

    assert [one["id"] for one in first["changed"]] == [id]
    assert second["changed"] == []
    states = {one["id"]: one["status"] for one in second["drafts"]}
    assert states == {id: "dead", other["id"]: "executed"}
    assert told("safe", "list")["drafts"] == []
    assert "No draft waits" in bursar("safe", "list").stdout
    assert "executed" in bursar("safe", "list", "--all").stdout
    assert "as of now, not of then" in bursar("safe", "show", id).stdout


def test_list__owner_who_left_since__counts_no_longer(room: Room) -> None:
    """
    What the list counts is what can be executed with.
    """
    drafted(*SET_BUDGET, "--daily", "700")  # its nonce is used up below
    id = drafted(*SET_BUDGET, "--daily", "800")
    signed(id, "ana", "cleo")
    assert "2 of 2: cleo, ana" in as_line(bursar("safe", "list"))
    owners = ("0x0000000000000000000000000000000000000001", *room.desk.safe.fetch_owners())
    previous = owners[owners.index(room.cleo.address) - 1]
    room.by_safe(room.own_call("removeOwner", previous, room.cleo.address, 2))

    assert "1 of 2: ana " in as_line(bursar("safe", "list"))
    assert "1 more needed" in bursar("safe", "add-signature", id, part(room, id, "ana")).stdout
    few = told("safe", "execute", id, "--yes", status=1)["error"]["message"]
    assert f"What {room.cleo.address} signed no longer counts" in few


def as_line(done: Any) -> str:
    """
    A table as one line.
    """
    return " ".join(done.stdout.split())


def part(room: Room, id: str, owner: str) -> str:
    """
    The owner's signature, as another wallet makes it.
    """
    key = derive_account(room.book.owners[owner].devnet_key or "")
    return f"0x{sign_with(room.desk.store.find(id).transaction, key).data.hex()}"


# Files


def test_export_and_import__to_another_machine__carries_signatures(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Two machines, no service: the second signer gets the draft with the first signature.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    signed(id, "ana")
    told("safe", "export", id, "--out", "raise.json")
    monkeypatch.setenv("BURSAR_DRAFTS", str(tmp_path / "other machine"))

    taken = told("safe", "import", "raise.json")["draft"]
    assert (taken["id"], taken["missing"], taken["author"]) == (id, 1, "ana")
    assert taken["purpose"] == "more refunds in December"
    signed(id, "ben")
    told("safe", "export", id, "--out", "back.json")
    monkeypatch.delenv("BURSAR_DRAFTS")

    back = told("safe", "import", "back.json")["draft"]
    assert back["missing"] == 0
    told("safe", "execute", id, "--yes")


def test_builder__out_and_in__is_the_same_transaction(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Safe's Transaction Builder reads what is exported, and its files are drafts here.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    told("safe", "export", id, "--builder", "--out", "builder.json")
    file = json.loads(Path("builder.json").read_text())
    assert file["meta"]["name"] == "more refunds in December"
    assert "raise the refund budget" in file["meta"]["description"]
    monkeypatch.setenv("BURSAR_DRAFTS", str(tmp_path / "other machine"))

    taken = told("safe", "import", "builder.json")["draft"]

    assert taken["id"] == id


def test_import__wrong_files__are_refused_with_the_reason(room: Room) -> None:
    """
    Changed since, of another chain or Safe, neither a draft nor a builder's file.
    """
    from bursar.chain.safe_batch import checksum

    id = drafted(*SET_BUDGET, "--daily", "800")
    told("safe", "export", id, "--builder", "--out", "builder.json")
    good = json.loads(Path("builder.json").read_text())

    def refused(change: dict[str, Any], *, honest: bool) -> str:
        file = {**good, **change, "meta": {**good["meta"], **change.get("meta", {})}}
        if honest:
            file["meta"].pop("checksum")
            file["meta"]["checksum"] = checksum(file)
        Path("bad.json").write_text(json.dumps(file))
        return str(told("safe", "import", "bad.json", status=1)["error"]["message"])

    other = room.stranger.address
    assert "checksum" in refused({"chainId": "1"}, honest=False)
    assert "is for chain 1" in refused({"chainId": "1"}, honest=True)
    assert "is for the Safe" in refused({"meta": {"createdFromSafeAddress": other}}, honest=True)
    assert "0 transactions" in refused({"transactions": []}, honest=True)
    for text, said in (("{", "no JSON"), ("{}", "no draft"), ('{"transactions": 1}', "no file of")):
        Path("bad.json").write_text(text)
        assert said in told("safe", "import", "bad.json", status=1)["error"]["message"]


def test_import__draft_with_a_forged_signature__is_refused_whole(room: Room) -> None:
    """
    Nothing of it is taken over.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    target = room.desk.store.find(id)
    fake = sign_with(target.transaction, room.stranger.key)
    forged = target.with_signature(fake.model_copy(update={"owner": room.ben.address}))
    Path("forged.json").write_text(forged.to_json())
    before = room.files()

    refused = told("safe", "import", "forged.json", status=1)

    assert "no owner" in refused["error"]["message"]
    assert room.files() == before


def test_import__draft_that_calls_itself_a_rejection__is_taken_for_what_it_is(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Only what is empty rejects; what the file says of itself is not believed.
    """
    id = drafted(*SET_BUDGET, "--daily", "800")
    real = told("safe", "reject", id)["draft"]["id"]
    posing = room.desk.store.find(id).model_copy(update={"rejects": True})
    Path("posing.json").write_text(posing.to_json())
    told("safe", "export", real, "--out", "real.json")
    monkeypatch.setenv("BURSAR_DRAFTS", str(tmp_path / "other machine"))

    assert told("safe", "import", "posing.json")["draft"]["rejects"] is False
    assert told("safe", "import", "real.json")["draft"]["rejects"] is True


def test_drafts__amounts_in_json__are_text(room: Room) -> None:
    """
    Numbers beyond 2^53 lose digits in other readers.
    """
    id = drafted("safe", "draft", "wallet-limit", "6000", "--wallet", "operations", "-p", "x")
    stored = json.loads(room.files()[f"{id}.json"])

    assert stored["transaction"]["value"] == "0"
    assert isinstance(stored["transaction"]["nonce"], str)
    assert room.wallet.view("wallet_limit", room.usdc.address) == 5_000 * USDC
