"""
Following until somebody ends it: at each new block, and by the clock where no word of one comes.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from bursar.chain.errors import ChainError
from bursar.chain.follower import HaltedError, Heads
from bursar.errors import BursarError
from bursar.keeper.following import Following, Progress
from bursar.store.errors import StoreError

# Twice within the shortest interval between blocks that money is worth waiting for (Base: 2 s).
POLL_SECONDS: Final = 1.0


async def follow(
    following: Following,
    *,
    stop: asyncio.Event,
    heads: Heads | None = None,
    poll: float = POLL_SECONDS,
    on_progress: Callable[[Progress], None] | None = None,
    on_failure: Callable[[BursarError], None] | None = None,
) -> None:
    """
    Look again and again until `stop` is set. What time or another node may cure goes to
    `on_failure`, and following goes on.

    Raises HaltedError where only people can help.
    """
    wake = asyncio.Event()
    listening = asyncio.ensure_future(heads.run(wake)) if heads is not None else None
    try:
        while not stop.is_set():
            wake.clear()
            try:
                progress = await following.run_once()
            except HaltedError:
                raise
            except (ChainError, StoreError) as error:
                if on_failure is not None:
                    on_failure(error)
            else:
                if on_progress is not None:
                    on_progress(progress)
            await _wait_for_any(wake, stop, seconds=poll)
    finally:
        if listening is not None:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def _wait_for_any(*events: asyncio.Event, seconds: float) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
