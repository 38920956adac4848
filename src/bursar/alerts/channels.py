"""
The ways to people: the service's log, a webhook that takes JSON, and what Apprise knows.

    URL → build_channel → Channel.tell(payload): it has arrived, or ChannelError

A channel's URL is a secret, because whoever has it can write there: no error and no log shows it.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from bursar.errors import BursarError
from bursar.store.posting import LOCAL, PostError, post_json

POST_SECONDS: Final = 10.0
# It refuses fields that it does not know.
_TEXT_ONLY: Final = ("hooks.slack.com",)
_LEVELS: Final = {"critical": logging.CRITICAL, "warning": logging.WARNING}

_log = logging.getLogger("bursar.alerts")


class ChannelError(BursarError):
    """
    It was not taken, as far as we know. It is offered again.
    """


class Channel(Protocol):
    """
    A way to people.
    """

    def tell(self, payload: Mapping[str, Any]) -> None:
        """
        Returns once it has arrived. Raises ChannelError.
        """


class LogChannel:
    """
    A line for people in the service's log; its record has the whole payload as `told`.
    """

    def tell(self, payload: Mapping[str, Any]) -> None:
        """
        Alerts that were cleared are information.
        """
        level = _LEVELS.get(payload["severity"], logging.INFO)
        words = payload["kind"], payload["event"], payload["text"]
        _log.log(level, "%s %s: %s", *words, extra={"told": payload})


class Webhook:
    """
    A server that takes JSON. What it answers with success has arrived; the same `id` may arrive
    twice, in the header Idempotency-Key as well. The `text` is what Slack, Mattermost and others
    show.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        is_local = parts.hostname in LOCAL
        if parts.scheme != "https" and not is_local:
            raise ChannelError("A webhook's URL has to begin with https://, because it is secret.")
        self._url = url
        self._text_only = parts.hostname in _TEXT_ONLY

    def tell(self, payload: Mapping[str, Any]) -> None:
        """
        Post it.
        """
        text = _headline(payload)
        body = {"text": _escape(text)} if self._text_only else {**payload, "text": text}
        try:
            key = {"Idempotency-Key": str(payload["id"])}
            post_json(self._url, body, key, seconds=POST_SECONDS)
        except PostError as error:
            raise ChannelError(str(error)) from None


class ByApprise:
    """
    What Apprise knows a URL for: e-mail, PagerDuty, Slack's bots and a hundred others.
    """

    def __init__(self, url: str) -> None:
        try:
            import apprise
        except ImportError:
            raise ChannelError(
                "A URL that is no https:// needs Apprise: install bursar[alerts]."
            ) from None
        # It writes URLs into its log.
        logging.getLogger("apprise").disabled = True
        self._apprise = apprise.Apprise()
        if not self._apprise.add(url):
            raise ChannelError("Apprise does not know this kind of URL: look at its list.")

    def tell(self, payload: Mapping[str, Any]) -> None:
        """
        Hand it over.
        """
        title = f"{payload['kind']}: {payload['event']}"
        # As text: to some it goes as HTML, in which a name or a token's words would be markup.
        if not self._apprise.notify(title=title, body=_headline(payload), body_format="text"):
            raise ChannelError("Apprise could not bring it there.")


def build_channel(url: str) -> Channel:
    """
    What fits the URL. Raises ChannelError.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise ChannelError("Its URL is none: write it again.") from None
    if scheme in ("http", "https"):
        return Webhook(url)
    return ByApprise(url)


def _escape(text: str) -> str:
    """
    As Slack asks for, so that nobody's words are a link or a call to everybody.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _headline(payload: Mapping[str, Any]) -> str:
    """
    In a line, whose it is and what it is.
    """
    return f"[{payload.get('organisation', 'bursar')}] {payload['text']}"
