"""
Bringing to each channel what the outbox has for it: at least once, apart from each other, and in
order but for what it has not taken.

    outbox → claim → Channel.tell → settle | postpone, longer after each failure

A channel that does not answer keeps nobody else waiting. What was told and not yet noted as told
when the process died is told again, with the same id.
"""

import logging
import os
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from bursar.alerts.channels import Channel, ChannelError, LogChannel, build_channel
from bursar.alerts.messages import topic_of
from bursar.alerts.settings import LiveSettings
from bursar.config import Channel as Setting
from bursar.config.alerts import LOG
from bursar.store.alerts import Whose
from bursar.store.database import Database
from bursar.store.outbox import Message, claim, find_due, postpone, settle
from bursar.store.posting import PostError, do_within

# Longer than the slowest channel takes; after that another process may have it.
CLAIM_SECONDS: Final = 300
# Each of its steps has a limit of its own, which a server can keep that sends a byte now and then.
CHANNEL_SECONDS: Final = 30.0
PASS_SECONDS: Final = 5.0
_FIRST_REST: Final = 5
_LONGEST_REST: Final = 3_600
_MOST_FAILED: Final = 2
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger("bursar.alerts")


class Deliverer:
    """
    Brings an organisation's messages to the channels that its settings name. `find_channel` makes
    a channel of a URL.
    """

    def __init__(
        self,
        database: Database,
        whose: Whose,
        live: LiveSettings,
        environment: Mapping[str, str] = os.environ,
        *,
        clock: Callable[[], float] = time.time,
        find_channel: Callable[[str], Channel] = build_channel,
    ) -> None:
        self._database = database
        self._whose = whose
        self._live = live
        self._environment = environment
        self._clock = clock
        self._find_channel = find_channel
        self._by = secrets.token_hex(8)
        self._rest_until: dict[str, float] = {}
        self.troubles: dict[str, str] = {}

    def deliver(self, seconds: float = PASS_SECONDS) -> int:
        """
        Tell what is due, and begin nothing more after so many seconds. Returns how much has
        arrived; `troubles` has what is wrong, by channel. Raises StoreError.
        """
        give_up = time.monotonic() + seconds
        channels: dict[str, Setting | None] = {LOG: None}
        channels |= {one.name: one for one in self._live.chosen.settings.channels}
        topics = {topic_of(self._whose, name): name for name in channels}
        now = int(self._clock())
        due = self._database.read(lambda c: find_due(c, list(topics), now=now))
        told = 0
        for topic, name in topics.items():
            if topic in due and self._rest_until.get(topic, 0) <= self._clock():
                told += self._deliver_to(topic, name, channels[name], give_up)
        return told

    def _deliver_to(self, topic: str, name: str, setting: Setting | None, give_up: float) -> int:
        """
        Until nothing is left, or two in a row are not taken: one alone may be what the channel will
        never take, and nothing else waits for that.
        """
        told = failed = 0
        while time.monotonic() < give_up and (message := self._claim(topic)) is not None:
            try:
                self._tell(setting, message)
            except ChannelError as error:
                self._put_off(topic, name, message, error)
                failed += 1
                if failed == _MOST_FAILED:
                    break
                continue
            failed = 0
            self._rest_until.pop(topic, None)
            done = partial(settle, id=message.id, now=int(self._clock()))
            self._database.write(done, repeatable=True)
            told += 1
            self.troubles.pop(name, None)
        return told

    def _claim(self, topic: str) -> Message | None:
        now = int(self._clock())
        claimed = self._database.write(
            lambda c: claim(c, topic, by=self._by, now=now, seconds=CLAIM_SECONDS, limit=1)
        )
        return claimed[0] if claimed else None

    def _tell(self, setting: Setting | None, message: Message) -> None:
        if setting is None:
            LogChannel().tell(message.payload)
            return
        try:
            channel = self._find_channel(self._find_url(setting))
            do_within(CHANNEL_SECONDS, partial(channel.tell, message.payload))
        except ChannelError:
            raise
        except PostError as error:
            raise ChannelError(str(error)) from None
        except Exception as error:  # noqa: BLE001 - somebody else's code, and it may say the URL
            raise ChannelError(f"It failed with {type(error).__name__}.") from None

    def _put_off(self, topic: str, name: str, message: Message, error: ChannelError) -> None:
        rest = min(_FIRST_REST << min(message.attempts - 1, 20), _LONGEST_REST)
        until = int(self._clock()) + rest
        self._rest_until[topic] = until
        self._database.write(
            lambda c: postpone(c, message.id, error=str(error), until=until), repeatable=True
        )
        trouble = f"Channel {name} has not taken an alert: {error}"
        if self.troubles.get(name) != trouble:
            _log.error("%s It is offered again, in %s s and then more seldom.", trouble, rest)
        self.troubles[name] = trouble

    def _find_url(self, setting: Setting) -> str:
        """
        Read anew each time, so that a new one holds at once. Raises ChannelError.
        """
        if setting.url_env is not None:
            url = self._environment.get(setting.url_env, "").strip()
            if not url:
                raise ChannelError(f"The variable {setting.url_env} is empty: set it to its URL.")
            return url
        assert setting.url_file is not None
        return _read_url(self._live.folder / Path(setting.url_file).expanduser())


def _read_url(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            url = file.read(4_096).decode("utf-8", errors="replace").strip()
    except OSError as error:
        raise ChannelError(f"{path} cannot be read: {error.strerror}.") from error
    if mode & _OTHERS:
        raise ChannelError(
            f"{path} has mode {stat.S_IMODE(mode):04o}, so others can write to the channel: run "
            f"`chmod 600 {path}`."
        )
    if not url:
        raise ChannelError(f"{path} is empty: write the channel's URL into it.")
    return url
