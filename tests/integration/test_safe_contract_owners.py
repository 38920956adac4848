"""
A Safe that is owned by a Safe, on a real chain: what the inner owners sign, and how it counts.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.messages import defunct_hash_message
from eth_typing import Hash32

from bursar.chain.contracts import Contract
from bursar.chain.local import LocalChain
from bursar.chain.reader import Call
from bursar.chain.safe import Safe
from bursar.chain.safe_setup import SafeContracts, create_safe, deploy_safe_contracts
from bursar.chain.safe_signatures import SignatureError, read_contract_signature
from bursar.chain.safe_signers import recover_signers
from bursar.chain.safe_transaction import SafeTransaction, join_signatures, safe_contract_type
from bursar.chain.safe_transaction import sign as sign_with
from bursar.treasury.safe import (
    Draft,
    DraftStatus,
    MissingSignaturesError,
    SafeDesk,
    add_approval,
    add_contract_signature,
    add_signature,
    missing,
)
from bursar.treasury.safe.exchange import export_draft, import_file
from bursar.treasury.safe.summary import build_summary
from bursar.types import Address, Bytes32, address_word, keccak
from tests.integration.signing_room import Owner, Room
from tests.integration.vault import Vault


@pytest.fixture
def vault(room: Room) -> Vault:
    """
    It owns the treasury with ana, ben and cleo; two of the four sign.
    """
    made = Vault(room)
    room.by_safe(room.own_call("addOwnerWithThreshold", made.address, 2))
    return made


def wanted(room: Room, made: Draft, vault: Vault) -> Bytes32:
    """
    What signers are shown for the vault.
    """
    shown = build_summary(room.desk, made, room.view()).approvals
    (told,) = [one.to_sign for one in shown if one.address == vault.address]
    return Bytes32(bytes.fromhex(told.removeprefix("0x")))


def test_vault__its_owners_signed__counts_and_the_treasury_executes(
    room: Room, vault: Vault
) -> None:
    """
    In whatever order the parts come, and whichever of the owners' addresses comes first.
    """
    made = room.draft()
    hash = wanted(room, made, vault)
    handler = Contract(
        room.chain, safe_contract_type("CompatibilityFallbackHandler"), vault.address
    )
    assert handler.view("getMessageHash", made.transaction.signed_bytes) == hash

    parts = [vault.part(hash, owner) for owner in (vault.wes, vault.una)]
    for order in (parts, parts[::-1]):
        made = add_contract_signature(room.desk, made, vault.address, order)
    made = room.sign(made, room.cleo)

    assert made.signers == tuple(sorted((vault.address, room.cleo.address), key=str.lower))
    (how,) = [
        one.how
        for one in build_summary(room.desk, made, room.view()).approvals
        if one.address == vault.address
    ]
    assert how == "as a contract (EIP-1271)"
    assert room.execute(made).status is DraftStatus.EXECUTED
    joined = join_signatures(made.signatures)
    owners = room.desk.safe.fetch_owners()
    assert set(recover_signers(made.hash, joined, owners, 2)) == {*made.signers}


def test_vault__two_contracts_and_a_key__each_points_to_its_own_bytes(
    room: Room, vault: Vault
) -> None:
    """
    Behind three heads of 65 bytes stand two signatures of different length.
    """
    other = Vault(room)
    room.by_safe(room.own_call("addOwnerWithThreshold", other.address, 3))
    made = room.draft()
    for one, signers in (
        (vault, (vault.una, vault.vic)),
        (other, (other.una, other.vic, other.wes)),
    ):
        hash = wanted(room, made, one)
        parts = [one.part(hash, owner) for owner in signers]
        made = add_contract_signature(room.desk, made, one.address, parts)

    assert room.execute(room.sign(made, room.ben)).status is DraftStatus.EXECUTED


def test_vault__signed_as_personal_messages_or_approved_on_chain__counts(
    room: Room, vault: Vault
) -> None:
    """
    The vault's own rules hold for its own owners: eth_sign, too. And it may call approveHash.
    """
    made = room.draft()
    hash = wanted(room, made, vault)
    message = Hash32(bytes(defunct_hash_message(hash)))
    personal = bytes(vault.vic.key.unsafe_sign_hash(message).signature)
    made = add_contract_signature(
        room.desk, made, vault.address, [personal, vault.part(hash, vault.una)]
    )
    assert room.execute(room.sign(made, room.ana)).status is DraftStatus.EXECUTED

    made = room.draft()
    with pytest.raises(SignatureError, match="has not approved"):
        add_approval(room.desk, made, vault.address)
    vault.call(room, room.own_call("approveHash", made.hash))
    made = add_approval(room.desk, made, vault.address)
    assert made.signatures[0].kind == "approved on chain"
    assert room.execute(room.sign(made, room.ana)).status is DraftStatus.EXECUTED


def test_vault__one_of_its_owners_approved_in_the_vault__counts_there(
    room: Room, vault: Vault
) -> None:
    """
    An inner owner without a wallet that signs calls approveHash on the vault; and one who has not
    done so is none, whoever writes it.
    """
    made = room.draft()
    hash = wanted(room, made, vault)
    approved = address_word(vault.una.address) + bytes(32) + b"\1"
    parts = [vault.part(hash, vault.vic), approved]
    with pytest.raises(SignatureError, match="does not take this"):
        add_contract_signature(room.desk, made, vault.address, parts)
    data = safe_contract_type("Safe").encode("approveHash", hash)
    room.chain.send(vault.una.key, Call(vault.address, data))

    made = add_contract_signature(room.desk, made, vault.address, parts)

    assert room.execute(room.sign(made, room.ana)).status is DraftStatus.EXECUTED


def test_vault__what_is_not_its_signature__is_refused(room: Room, vault: Vault) -> None:
    """
    Too few, a stranger's, of another draft, of the transaction's own hash, of a contract that owns
    nothing, of an owner without code, and a part that points elsewhere.
    """
    made, other = room.draft(), room.draft()
    hash = wanted(room, made, vault)
    good = [vault.part(hash, owner) for owner in (vault.una, vault.vic)]
    foreign = wanted(room, other, vault)
    wrong: dict[str, tuple[Address, list[bytes], str]] = {
        "too few": (vault.address, good[:1], "does not take this"),
        "twice the same": (vault.address, [good[0], good[0]], "does not take this"),
        "stranger": (vault.address, [good[0], vault.part(hash, room.stranger)], "None of"),
        "other draft": (
            vault.address,
            [vault.part(foreign, one) for one in (vault.una, vault.vic)],
            "None of",
        ),
        "the transaction's hash": (
            vault.address,
            [vault.part(made.hash, one) for one in (vault.una, vault.vic)],
            "None of",
        ),
        "no owner": (room.book.organization, good, "no owner"),
        "no code": (room.ana.address, good, "does not take this"),
        "too long": (vault.address, [bytes(20_000)], "16,384"),
    }
    before = room.files()
    for name, (owner, parts, words) in wrong.items():
        with pytest.raises(SignatureError, match=words):
            add_contract_signature(room.desk, made, owner, parts)
        assert room.files() == before, name
    whole = add_contract_signature(room.desk, made, vault.address, good).signatures[0].encoded
    for broken in (whole[:-1], whole + b"\0", whole[:63] + b"\x42" + whole[64:], whole[:65]):
        with pytest.raises(SignatureError, match="missing or not whole"):
            add_signature(room.desk, made, broken)


def test_vault__signature_on_another_machine__is_read_again_there(
    room: Room, vault: Vault, tmp_path: Any
) -> None:
    """
    As other Safe clients write it, and in a draft's file; a forged one is not taken over, and one
    whose owner has changed its mind since does not count.
    """
    made = room.draft()
    hash = wanted(room, made, vault)
    parts = [vault.part(hash, owner) for owner in (vault.una, vault.vic)]
    made = add_contract_signature(room.desk, made, vault.address, parts)
    there = room.new_desk(tmp_path / "there")
    taken = import_file(there, export_draft(made), author="ben")
    assert taken.signatures == made.signatures
    again = add_signature(there, taken, made.signatures[0].encoded)
    assert again.signatures == made.signatures

    forged = export_draft(made).replace(parts[0].hex(), bytes(65).hex())
    with pytest.raises(SignatureError, match="does not take"):
        import_file(room.new_desk(tmp_path / "forged"), forged, author="ben")

    swapped = vault.safe.address
    data = safe_contract_type("Safe").encode(
        "swapOwner", previous_of(vault, vault.vic), vault.vic.address, room.stranger.address
    )
    vault.call(room, Call(swapped, data))
    made = room.sign(made, room.ana)
    with pytest.raises(MissingSignaturesError, match=f"1 of 2.*{vault.address} signed no longer"):
        room.execute(made)
    assert missing(room.desk, made) == 1


# Runs for ever; an opcode that is none, as old contracts assert; returns more than there is.
WALLS = {"loops": "0x5b5f56", "asserts": "0xfe", "floods": "0x630fffffff5ff3"}


@pytest.mark.parametrize("how", ["asks for more", "is gone", *WALLS])
def test_vault__changed_its_mind_since__is_shown_so_and_is_in_nobodys_way(
    room: Room, vault: Vault, how: str
) -> None:
    """
    Neither a vault whose threshold rose nor one without code, or with other code, keeps people from
    seeing the draft, and from executing it with signatures enough of others.
    """
    made = room.draft()
    hash = wanted(room, made, vault)
    parts = [vault.part(hash, one) for one in (vault.una, vault.vic)]
    made = add_contract_signature(room.desk, made, vault.address, parts)
    made = room.sign(made, room.ana)
    if how == "asks for more":
        data = safe_contract_type("Safe").encode("changeThreshold", 3)
        vault.call(room, Call(vault.address, data))
    else:
        room.chain.rpc.request("anvil_setCode", vault.address, WALLS.get(how, "0x"))

    shown = build_summary(room.desk, made, room.view())

    assert (shown.missing, shown.ready) == (1, False)
    (told,) = [one for one in shown.approvals if one.address == vault.address]
    assert (told.signed, "no longer counts" in told.how) == (False, True)
    assert room.execute(room.sign(made, room.ben)).status is DraftStatus.EXECUTED


def test_vault__twice_in_a_drafts_file__counts_once(room: Room, vault: Vault) -> None:
    """
    Whoever may write the file makes no second owner of one.
    """
    made = room.draft(author="ben")
    hash = wanted(room, made, vault)
    parts = [vault.part(hash, one) for one in (vault.una, vault.vic)]
    made = add_contract_signature(room.desk, made, vault.address, parts)
    room.desk.store.save(made.model_copy(update={"signatures": made.signatures * 2}))

    with pytest.raises(MissingSignaturesError, match="1 of 2"):
        room.execute(made)


def previous_of(vault: Vault, owner: Owner) -> Address:
    """
    The owner before it in the Safe's linked list.
    """
    owners = vault.safe.fetch_owners()
    place = owners.index(owner.address)
    sentinel = Address("0x0000000000000000000000000000000000000001")
    return owners[place - 1] if place else sentinel


@pytest.mark.parametrize("inner", ["1.4.1", "1.5.0"])
def test_safe_1_5_0__owned_by_a_safe__asks_with_the_hash(room: Room, inner: str) -> None:
    """
    A treasury of the next version hands the hash to its owners, and its owner may be of either.
    """
    vault = Vault(room, inner)
    chain: LocalChain = room.chain
    deployer = chain.new_account("deployer")
    contracts: SafeContracts = deploy_safe_contracts(chain, deployer, "1.5.0")
    outer: Safe = create_safe(chain, deployer, contracts, [room.ana.address, vault.address], 2)
    assert outer.fetch_version() == "1.5.0"
    transaction: SafeTransaction = outer.build(Call(room.stranger.address, b""))
    text = outer.fetch_owners_text(vault.address, transaction)
    assert text is not None
    hash = text.hash
    parts = sorted(
        ((one.address.lower(), vault.part(hash, one)) for one in (vault.una, vault.vic)),
    )
    content = b"".join(part for _, part in parts)
    assert outer.is_accepted_by(vault.address, transaction, content)
    assert not outer.is_accepted_by(vault.address, transaction, content[:65])

    signature = read_contract_signature(
        transaction, vault.address, content, outer.fetch_owners(), outer
    )
    receipt = outer.execute(
        deployer, transaction, [sign_with(transaction, room.ana.key), signature]
    )
    assert any(
        log["topics"][0] == f"0x{keccak(b'ExecutionSuccess(bytes32,uint256)').hex()}"
        for log in receipt.logs
    )


def test_desk__without_a_contract_among_the_owners__shows_nothing_to_sign(room: Room) -> None:
    """
    The neighbour: people's keys have no message of their own.
    """
    desk: SafeDesk = room.desk
    assert {one.to_sign for one in build_summary(desk, room.draft(), room.view()).approvals} == {""}
