"""
One connection to a local chain that stays open: a scene asks hundreds of times a second.

    Wire(url).ask(method, …) → result
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class WireError(Exception):
    """
    The node has said no; the message is its own.
    """


class Wire:
    """
    For one thread.
    """

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30.0)

    def ask(self, method: str, *params: Any) -> Any:
        """
        The result of one call. Raises WireError.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise WireError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def close(self) -> None:
        """
        Hang up.
        """
        self._connection.close()
