"""
A node that misbehaves on demand: it stands between a client and a real one, and breaks answers.

    client → FaultyNode (rules) → anvil
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils import keccak
from hexbytes import HexBytes

Params = list[Any]
Forward = Callable[[], Any]
Rule = Callable[[Params, Forward], Any]
"""Given the parameters and the way to the real node, what to answer: a whole JSON-RPC response as a
dict, or bytes that are sent as they are, or a Status, or None to hang up."""


class Status(NamedTuple):
    """
    An answer with another status than 200.
    """

    code: int
    headers: dict[str, str]
    body: bytes = b""


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def late(seconds: float) -> Rule:
    """
    The right answer, too late.
    """

    def rule(_: Params, forward: Forward) -> Any:
        time.sleep(seconds)
        return forward()

    return rule


def error(message: str, code: int = -32000) -> Rule:
    """
    A JSON-RPC error, and nothing done.
    """
    return lambda *_: {"error": {"code": code, "message": message}}


def answer(result: Any) -> Rule:
    """
    A made-up result.
    """
    return lambda *_: {"result": result}


def raw(body: bytes) -> Rule:
    """
    A body that may be anything.
    """
    return lambda *_: body


def too_often(seconds: float = 0.05) -> Rule:
    """
    Status 429: come again later.
    """
    return lambda *_: Status(429, {"Retry-After": str(seconds)})


def halved(_: Params, forward: Forward) -> Any:
    """
    The first half of a list, or half of the answer's text.
    """
    answered = forward()
    if isinstance(answered.get("result"), list):
        return {"result": answered["result"][: len(answered["result"]) // 2]}
    text = json.dumps(answered).encode()
    return text[: len(text) // 2]


def hang_up(*_: Any) -> None:
    """
    No answer at all, and nothing done.
    """


def swallow(_: Params, forward: Forward) -> None:
    """
    The real node gets it, and whoever asked hears nothing.
    """
    forward()


def pretend(params: Params, _: Forward) -> Any:
    """
    Take a transaction, and forget it.
    """
    return {"result": f"0x{keccak(HexBytes(params[0])).hex()}"}


class FaultyNode:
    """
    A proxy on a port of its own. `rules` maps methods to what goes wrong with them, `calls` counts
    what was asked. A transaction that replaces another has to offer 10 % more, as on real nodes.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self.rules: dict[str, Rule] = {}
        self.calls: Counter[str] = Counter()
        self.sent: list[dict[str, Any]] = []
        self._offers: dict[tuple[str, int], tuple[str, tuple[int, int]]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """
        Where it listens.
        """
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def breaking(self, *methods: str, by: Rule, times: int | None = None) -> Iterator[None]:
        """
        Let `methods` go wrong, always or the first few times.
        """
        left = dict.fromkeys(methods, times)

        def limited(method: str) -> Rule:
            def rule(params: Params, forward: Forward) -> Any:
                remaining = left[method]
                if remaining == 0:
                    return forward()
                left[method] = None if remaining is None else remaining - 1
                return by(params, forward)

            return rule

        self.rules.update({method: limited(method) for method in methods})
        try:
            yield
        finally:
            for method in methods:
                del self.rules[method]

    def handle(self, body: bytes) -> Any:
        """
        What to answer to one request: bytes, a Status, or None to hang up.
        """
        calls = json.loads(body)
        if not isinstance(calls, list):
            reply = self._handle_call(calls)
            return json.dumps(reply).encode() if isinstance(reply, dict) else reply
        replies = [self._handle_call(call) for call in calls]
        broken = [reply for reply in replies if not isinstance(reply, dict)]
        return broken[0] if broken else json.dumps(replies).encode()

    def _handle_call(self, call: dict[str, Any]) -> Any:
        method, params = call["method"], call["params"]
        self.calls[method] += 1

        def forward() -> Any:
            if method == "eth_sendRawTransaction" and not self._replaces_properly(params[0]):
                return error("replacement transaction underpriced")([], forward)
            return self._ask(json.dumps(call).encode())

        rule = self.rules.get(method) or self.rules.get("*")
        reply = rule(params, forward) if rule else forward()
        if isinstance(reply, dict):
            # Whatever was forwarded has the id of the call that asked.
            return {"jsonrpc": "2.0", **reply, "id": call["id"]}
        return reply

    def _ask(self, body: bytes) -> Any:
        request = urllib.request.Request(self._upstream, body, {"Content-Type": "application/json"})
        with _opener.open(request, timeout=30) as response:
            return json.load(response)

    def _replaces_properly(self, raw_transaction: str) -> bool:
        fields = TypedTransaction.from_bytes(HexBytes(raw_transaction)).as_dict()
        key = (Account.recover_transaction(raw_transaction), fields["nonce"])
        offer = (fields["maxFeePerGas"], fields["maxPriorityFeePerGas"])
        hash = f"0x{keccak(HexBytes(raw_transaction)).hex()}"
        with self._lock:
            before = self._offers.get(key)
            if before and before[0] != hash and self._is_pending(before[0]):
                pairs = zip(offer, before[1], strict=True)
                if any(new * 10 < old * 11 for new, old in pairs):
                    return False
            self._offers[key] = (hash, offer)
            self.sent.append(fields)
        return True

    def _is_pending(self, hash: str) -> bool:
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionByHash", "params": [hash]}
        found = self._ask(json.dumps(call).encode())["result"]
        return found is not None and found["blockNumber"] is None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer's head and body are two packets: else the second waits 40 ms for the first.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                # Whoever asked may have gone, and the real node with it.
                with suppress(OSError):
                    self._reply(node.handle(self.rfile.read(int(self.headers["Content-Length"]))))
                    return
                self.close_connection = True

            def _reply(self, reply: bytes | Status | None) -> None:
                if reply is None:
                    self.close_connection = True
                    return
                code, headers, body = reply if isinstance(reply, Status) else (200, {}, reply)
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """
                Quiet.
                """

        return Handler
