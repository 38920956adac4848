"""
New blocks as they come, over a websocket: a reason to look at once, and never a reason not to.

    eth_subscribe newHeads → wake; broken or silent → polling goes on, and it is tried again
"""

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
# A connection that is dead without knowing it is found by its missing pong.
_PING_SECONDS: Final = 20.0

_SUBSCRIBE: Final = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}

_log = logging.getLogger(__name__)


class Heads:
    """
    The subscription to new blocks at the websocket `url`. What a message says does not matter: it
    is looked up, so that a wrong one costs a question and nothing else. Where there is none, it is
    tried again after at most `longest_pause` seconds.
    """

    def __init__(self, url: str, *, longest_pause: float = LONGEST_PAUSE) -> None:
        parts = urlsplit(url)
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._url = url
        self._longest_pause = longest_pause

    async def run(self, wake: asyncio.Event | threading.Event) -> None:
        """
        Set `wake` at each new block, until cancelled. That there is no subscription is said once,
        and again only after there was one.
        """
        pause, said = FIRST_PAUSE, False
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                if await self._subscribe(wake):
                    pause, said = FIRST_PAUSE, False
            if not said:
                _log.warning("No subscription at %s: looking by the clock alone.", self.name)
                said = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._longest_pause)

    async def _subscribe(self, wake: asyncio.Event | threading.Event) -> bool:
        """
        Until it ends. Whether any block came.
        """
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self._url, heartbeat=_PING_SECONDS) as socket,
        ):
            await socket.send_str(orjson.dumps(_SUBSCRIBE).decode())
            return await self._listen(socket, wake)

    async def _listen(
        self, socket: aiohttp.ClientWebSocketResponse, wake: asyncio.Event | threading.Event
    ) -> bool:
        heard = False
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            if '"eth_subscription"' in message.data:
                heard = True
                wake.set()
            elif '"error"' in message.data:
                return heard
        return heard
