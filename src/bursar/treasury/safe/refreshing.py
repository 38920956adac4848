"""
What became of drafts on the chain: executed, overtaken, or forgotten with a local chain.

    desk → refresh → the drafts that changed, each with what is told of it
"""

from bursar.treasury.safe.desk import SafeDesk
from bursar.treasury.safe.models import Draft


def refresh(desk: SafeDesk) -> list[Draft]:
    """
    Mark what the chain has executed or overtaken since, and return what changed: the signatures of
    a dead draft are cleared, and `told` says why. What a reorganisation has undone is open again.
    """
    with desk.store.locked():
        return refresh_locked(desk)


def refresh_locked(desk: SafeDesk) -> list[Draft]:
    """
    The same for whoever holds the lock of the store.
    """
    used = desk.safe.fetch_nonce()
    changed = [judged for one in desk.store.all() if (judged := _judge(desk, one, used)) != one]
    return [desk.store.save(one) for one in changed]


def _judge(desk: SafeDesk, one: Draft, used: int) -> Draft:
    if not one.is_open:
        return _judge_again(desk, one, used)
    if desk.book.devnet and _is_forgotten(desk, one):
        return one.dead("The local chain that it was drafted on has ended.")
    if one.nonce >= used:
        return one
    done = desk.safe.find_execution(one.transaction, one.block)
    if done is None:
        return one.dead(
            f"The Safe has used nonce {one.nonce} for another transaction: this one can never be "
            "executed, and its signatures were cleared."
        )
    end = "Executed" if done.succeeded else "Executed, and its calls failed"
    return one.executed(done.transaction, f"{end} in block {done.block}.")


def _judge_again(desk: SafeDesk, one: Draft, used: int) -> Draft:
    """
    What was over is open again where the chain says that its nonce was not used after all: a block
    was reorganised away, or a node was wrong about it.
    """
    if one.nonce < used or (desk.book.devnet and _is_forgotten(desk, one)):
        return one
    return one.reopened()


def _is_forgotten(desk: SafeDesk, one: Draft) -> bool:
    if not one.block_hash:
        return False
    return (
        desk.safe.client.fetch_height() < one.block
        or fetch_block_hash(desk, one.block) != one.block_hash
    )


def fetch_block_hash(desk: SafeDesk, height: int) -> str:
    """
    The hash of a block; empty where the node has none of that number.
    """
    block = desk.safe.client.rpc.request_object("eth_getBlockByNumber", hex(height), False)
    return str(block["hash"]) if block else ""
