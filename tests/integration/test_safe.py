"""
The treasury is a real Safe 1.4.1 of three owners, two of whom sign.
"""

from __future__ import annotations

import pytest
from safe_eth.safe.multi_send import MultiSend

from bursar.chain.errors import RevertedError
from bursar.chain.safe_transaction import safe_contract_type, sign
from bursar.devnet import USDC, address_of
from bursar.reasons import Reason
from bursar.types import ZERO_ADDRESS
from tests.integration.live import LiveWorld


def test_safe__deployed__is_1_4_1_and_two_of_three(world: LiveWorld) -> None:
    """
    What the organisation obeys is a Safe in whose code nothing was replaced.
    """
    contract = world.safe._contract

    assert contract.view("VERSION") == "1.4.1"
    assert world.safe.fetch_owners() == tuple(map(address_of, world.owners))
    assert world.safe.fetch_threshold() == 2
    assert world.organization.view("treasury") == world.safe.address


@pytest.mark.parametrize("size", [1, 2], ids=["call", "batch"])
def test_safe_transaction__hash__is_what_the_safe_computes(world: LiveWorld, size: int) -> None:
    """
    The owners sign the hash that the contract checks.
    """
    call = world.usdc.build_call("approve", world.wallet.address, 1)
    transaction = world.safe.build(*[call] * size)

    on_chain = world.safe._contract.view(
        "getTransactionHash",
        *(transaction.to, transaction.value, transaction.data, transaction.operation),
        *(0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS, transaction.nonce),
    )

    assert transaction.hash == on_chain


def test_safe_batch__packed__is_read_back_by_the_safes_own_tools(world: LiveWorld) -> None:
    """
    A batch that we pack is what other Safe clients show to the signers.
    """
    calls = world.build_refill(world.wallet, 5 * USDC, b"\1" * 32)

    read = MultiSend.from_transaction_data(world.safe.build(*calls).data)

    assert [(tx.to, tx.value, bytes(tx.data)) for tx in read] == [
        (call.to, call.value, call.data) for call in calls
    ]


def test_safe__one_owner_alone__is_refused(world: LiveWorld) -> None:
    """
    T5: the treasury is nobody's alone. With a second owner's signature the same goes through.
    """
    thief, second = world.owners[0], world.owners[1]
    transaction = world.safe.build(
        world.usdc.build_call("transfer", address_of(thief), 1_000 * USDC)
    )

    with pytest.raises(RevertedError, match="GS020"):
        world.safe.execute(thief, transaction, [sign(transaction, thief)])
    assert world.usdc_of(address_of(thief)) == 0

    world.safe.execute(thief, transaction, [sign(transaction, key) for key in (thief, second)])
    assert world.usdc_of(address_of(thief)) == 1_000 * USDC


def test_safe__one_owner_twice__is_refused(world: LiveWorld) -> None:
    """
    T5: signing twice is not two owners.
    """
    owner = world.owners[0]
    transaction = world.safe.build(world.usdc.build_call("approve", address_of(owner), 1))

    with pytest.raises(RevertedError, match="GS026"):
        world.safe.execute(owner, transaction, [sign(transaction, owner)] * 2)


@pytest.mark.parametrize("role", ["agent", "guardian", "keeper", "deployer", "stranger"])
def test_safe__owner_and_somebody_else__is_refused(world: LiveWorld, role: str) -> None:
    """
    T5: no agent's and no service's signature counts as an owner's.
    """
    other = getattr(world, role)
    transaction = world.safe.build(world.usdc.build_call("approve", address_of(other), 1))
    signatures = [sign(transaction, key) for key in (world.owners[0], other)]

    with pytest.raises(RevertedError, match="GS026"):
        world.safe.execute(other, transaction, signatures)


def test_safe__signatures_in_any_order__are_accepted(world: LiveWorld) -> None:
    """
    A Safe wants signatures by ascending owner; whoever collects them need not know.
    """
    for signers in (world.owners[:2], world.owners[1::-1], (world.owners[2], world.owners[0])):
        transaction = world.safe.build(world.usdc.build_call("approve", world.wallet.address, 0))
        world.safe.execute(world.relayer, transaction, [sign(transaction, key) for key in signers])


def test_safe__transaction_executed__cannot_be_replayed(world: LiveWorld) -> None:
    """
    The nonce makes signatures good for once.
    """
    transaction = world.safe.build(world.usdc.build_call("transfer", address_of(world.stranger), 7))
    signatures = [sign(transaction, key) for key in world.owners[:2]]
    world.safe.execute(world.relayer, transaction, signatures)

    with pytest.raises(RevertedError, match="GS026"):
        world.safe.execute(world.stranger, transaction, signatures)


def test_safe__next_nonce__ignores_what_is_signed_and_waits(world: LiveWorld) -> None:
    """
    Two drafts get the same nonce and only one can run, so whoever keeps drafts names the nonce.
    """
    calls = [world.usdc.build_call("approve", world.wallet.address, 0)] * 3
    first, rival = world.safe.build(calls[0]), world.safe.build(calls[1])
    queued = world.safe.build(calls[2], nonce=first.nonce + 1)

    assert rival.nonce == first.nonce
    for transaction in (first, queued):
        world.safe.execute(
            world.relayer, transaction, [sign(transaction, key) for key in world.owners[:2]]
        )
    assert world.safe.fetch_nonce() == first.nonce + 2


@pytest.mark.parametrize("gas", [None, 1_000_000], ids=["refused unsent", "mined"])
def test_safe__a_call_that_fails__is_reported_with_the_guards_reason(
    world: LiveWorld, gas: int | None
) -> None:
    """
    The Safe only says GS013; the signers read what the wallet said.
    """
    transaction = world.safe.build(world.wallet.build_call("seal"))
    signatures = [sign(transaction, key) for key in world.owners[:2]]

    with pytest.raises(RevertedError) as refused:
        world.safe.execute(world.relayer, transaction, signatures, gas=gas)

    assert refused.value.revert.reason is Reason.WALLET_SEALED
    assert (refused.value.transaction is not None) == (gas is not None)


@pytest.mark.parametrize("gas", [None, 1_000_000], ids=["refused unsent", "mined"])
def test_safe__a_batch_of_which_one_fails__does_nothing_and_says_why(
    world: LiveWorld, gas: int | None
) -> None:
    """
    All or none: the transfer before the failing call is undone with it.
    """
    stranger = address_of(world.stranger)
    transaction = world.safe.build(
        world.usdc.build_call("transfer", stranger, 7),
        world.organization.build_call("unpause", world.wallet.address, 99, "go on"),
    )
    signatures = [sign(transaction, key) for key in world.owners[:2]]

    with pytest.raises(RevertedError) as refused:
        world.safe.execute(world.relayer, transaction, signatures, gas=gas)

    assert refused.value.revert.reason is Reason.STOPS_SEEN
    assert world.usdc_of(stranger) == 0


def test_safe__simulate__tells_before_anybody_signs(world: LiveWorld) -> None:
    """
    A draft shows its fate without a signature: None where it would pass.
    """
    good = world.build_refill(world.wallet, 1_000 * USDC, b"\1" * 32)
    above = world.build_refill(world.wallet, 5_001 * USDC, b"\1" * 32)

    assert world.safe.simulate(world.safe.build(*good)) is None
    revert = world.safe.simulate(world.safe.build(*above))
    assert revert is not None
    assert revert.reason is Reason.REFILL_MAX_BALANCE


def test_safe_batch__a_delegatecall_hidden_in_it__fails(world: LiveWorld) -> None:
    """
    Batches go through MultiSendCallOnly: a delegatecall inside would act as the Safe itself. The
    same item as a plain call passes.
    """
    token = bytes.fromhex(world.usdc.address[2:])
    approve = world.usdc.build_call("approve", world.wallet.address, 0).data
    item = token + bytes(32) + len(approve).to_bytes(32, "big") + approve
    multi_send = safe_contract_type("MultiSendCallOnly")
    batch = world.safe.build(*world.build_refill(world.wallet, 1, b"\1" * 32))

    delegating = batch.model_copy(update={"data": multi_send.encode("multiSend", b"\1" + item)})
    calling = batch.model_copy(update={"data": multi_send.encode("multiSend", b"\0" + item)})

    assert world.safe.simulate(delegating) is not None
    assert world.safe.simulate(calling) is None
