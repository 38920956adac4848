"""
JSON to somebody's web server, whose address is a secret: whoever has it can write there.

    URL, body → post_json: it has arrived, or PostError, in which no URL is
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from bursar.errors import BursarError

LOCAL: Final = ("127.0.0.1", "localhost", "::1")


class PostError(BursarError):
    """
    It was not taken, as far as we know.
    """


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """
        Not followed, so that it is an error.
        """


def post_json(
    url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None, *, seconds: float
) -> None:
    """
    Returns once a server has answered with success; each step may take `seconds`. Raises PostError.
    """
    sent = {"Content-Type": "application/json", "User-Agent": "bursar", **(headers or {})}
    try:
        # A redirect would be followed by a GET without what there is to tell. A proxy that is
        # configured for the outside must not see calls to this machine.
        is_local = urlsplit(url).hostname in LOCAL
        proxies = [urllib.request.ProxyHandler({})] if is_local else []
        opener = urllib.request.build_opener(_NoRedirect, *proxies)
        request = urllib.request.Request(url, json.dumps(body).encode(), sent)
        with opener.open(request, timeout=seconds):
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise PostError(f"It answered with status {error.code}.") from None
    # What they say may hold the URL.
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise PostError(f"It could not be reached: {type(reason).__name__}.") from None


def do_within(seconds: float, work: Callable[[], None]) -> None:
    """
    A server that sends a byte now and then keeps every limit of one step. Raises what `work`
    raises, and PostError where it goes on for longer: it is left behind then.
    """
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            done.set_exception(error)
        else:
            done.set_result(None)

    # No pool: the end of a process would wait for its threads.
    threading.Thread(target=run, name="posting", daemon=True).start()
    try:
        done.result(seconds)
    except FutureTimeoutError:
        if done.done():
            raise
        raise PostError(f"It has taken longer than {seconds:g} s.") from None
