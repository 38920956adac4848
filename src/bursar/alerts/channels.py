"""
The ways to people: the service's log, a webhook that takes JSON, and what Apprise knows.

    URL → build_channel → Channel.tell(payload): it has arrived, or ChannelError

A channel's URL is a secret, because whoever has it can write there: no error and no log shows it.
"""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from bursar.errors import BursarError

POST_SECONDS: Final = 10.0
_LOCAL: Final = ("127.0.0.1", "localhost", "::1")
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
        is_local = parts.hostname in _LOCAL
        if parts.scheme != "https" and not is_local:
            raise ChannelError("A webhook's URL has to begin with https://, because it is secret.")
        self._url = url
        self._text_only = parts.hostname in _TEXT_ONLY
        # A redirect would be followed by a GET without what there is to tell. A proxy that is
        # configured for the outside must not see calls to this machine.
        proxies = [urllib.request.ProxyHandler({})] if is_local else []
        self._opener = urllib.request.build_opener(_NoRedirect, *proxies)

    def tell(self, payload: Mapping[str, Any]) -> None:
        """
        Post it.
        """
        text = _headline(payload)
        body = {"text": _escape(text)} if self._text_only else {**payload, "text": text}
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "bursar",
            "Idempotency-Key": str(payload["id"]),
        }
        try:
            request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
            with self._opener.open(request, timeout=POST_SECONDS):
                return
        except urllib.error.HTTPError as error:
            error.close()
            raise ChannelError(f"It answered with status {error.code}.") from None
        # What they say may hold the URL.
        except (OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ChannelError(f"It could not be reached: {type(reason).__name__}.") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """
        Not followed, so that it is an error.
        """


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
