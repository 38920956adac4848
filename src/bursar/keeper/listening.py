"""
New blocks as a reason to look at once, for a loop that would look by the clock alone.

    node's URL → its websocket → Heads, on a thread → news → run
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from bursar.chain.follower import Heads

# A node without a websocket, as many are, is not asked for one more often than this.
LONGEST_PAUSE: Final = 300.0

_log = logging.getLogger(__name__)


@contextmanager
def listening(url: str) -> Iterator[threading.Event]:
    """
    An event that is set at each new block, as far as the node at `url` tells of them over the
    websocket at the same place. Where it does not, that is said once, and polling has to do.
    """
    news, loop = threading.Event(), asyncio.new_event_loop()
    heads = Heads(find_websocket(url), longest_pause=LONGEST_PAUSE)
    task = loop.create_task(heads.run(news))
    thread = threading.Thread(target=_run, args=(loop, task), name="heads", daemon=True)
    thread.start()
    try:
        yield news
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


def find_websocket(url: str) -> str:
    """
    Where a node that answers at `url` most often has its websocket: at the same host and path.
    """
    return f"ws{url.removeprefix('http')}" if url.startswith("http") else url


def _run(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    try:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
    except Exception:  # noqa: BLE001 - a hint less, and the loop goes on
        _log.exception("New blocks are not listened to any more: looking by the clock alone.")
