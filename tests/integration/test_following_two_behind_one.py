"""
Two nodes behind one address, on different branches: each request may be answered by either.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bursar.chain.anvil import Anvil
from bursar.chain.contracts import wallet_at
from bursar.chain.errors import NoAnswerError, RpcError
from bursar.chain.follower import Receipts
from bursar.chain.local import LocalChain
from bursar.devnet import USDC
from bursar.events import Paid
from bursar.store.database import Database
from tests.integration.followed import build_following, check_against_chain, close, stored_events
from tests.integration.live import LiveWorld, ref
from tests.integration.proxy import FaultyNode


def _answer_by_any(chance: random.Random, nodes: Sequence[Any], body: bytes) -> Any:
    return chance.choice(nodes)(body)


@pytest.mark.parametrize("receipts", [Receipts.NEVER, Receipts.TOUCHED])
def test_following__two_branches_behind_one_address__are_never_mixed(
    world: LiveWorld, tmp_path: Path, receipts: Receipts
) -> None:
    """
    On one branch each payment is of one USDC, on the other of two: the store has the one or the
    other, and in the end what the node that stays has.
    """
    chance, chain = random.Random(3), world.chain
    with (
        Anvil(fork_url=chain.rpc.url, chain_id=chain.chain_id) as other,
        FaultyNode(chain.rpc.url) as node,
        FaultyNode(other.url) as second,
        Database.open(f"sqlite:///{tmp_path}/bursar.db") as store,
    ):
        nodes = (node.handle, second.handle)
        wallet = wallet_at(LocalChain(other.url), world.wallet.address)
        following = build_following(world, store, node.url, receipts=receipts, depth=200)

        async def live() -> set[int]:
            seen: set[int] = set()
            for number in range(1, 16):
                # At first one answers all of a look, then whichever.
                here = nodes[number % 2 :][:1] if number < 4 else nodes
                node.handle = partial(_answer_by_any, chance, here)  # type: ignore[method-assign]
                world.pay(USDC, ref=ref(number))
                wallet.send(world.agent, "pay", *world.payment(2 * USDC, ref=ref(number)))
                with suppress(NoAnswerError, RpcError):
                    await following.run_once()
                paid = {one.amount for one in stored_events(store) if isinstance(one, Paid)}
                assert len(paid) <= 1
                seen |= paid
            node.handle = nodes[0]  # type: ignore[method-assign]
            await following.run_once()
            await close(following)
            return seen

        assert asyncio.run(live()) == {USDC, 2 * USDC}
        check_against_chain(world, store)
