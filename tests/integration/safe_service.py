"""
A stand-in for Safe's Transaction Service on this machine, with the rules of the real one.

It hashes and reads signatures with safe-eth-py, as the real one does, and shares no code with what
is tested. Chain state (owners, nonce) is asked of the node.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from eth_utils import is_checksum_address
from safe_eth.safe import SafeTx
from safe_eth.safe.safe_signature import SafeSignature

from bursar.chain.safe import Safe

NULL = "0x" + "00" * 20
NUMBERS = ("safeTxGas", "baseGas", "gasPrice")


class RefusedError(Exception):
    """
    What the service answers with another status than 2xx.
    """

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body


class StandIn:
    """
    Serves one Safe. `tamper` may change what a list answers; `token` is the API key, if any.
    """

    def __init__(self, safe: Safe, *, token: str = "") -> None:
        self.safe = safe
        self.token = token
        self.kept: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.tamper = lambda results: results
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """
        Where it answers.
        """
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> StandIn:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """
        Status and JSON.
        """
        parts = urlsplit(path)
        self.asked.append(f"{method} {parts.path}")
        steps = [step for step in parts.path.split("/") if step]
        match (method, steps):
            case ("POST", ["api", "v2", "safes", safe, "multisig-transactions"]):
                self.propose(safe, body)
                return 201, None
            case ("GET", ["api", "v2", "safes", safe, "multisig-transactions"]):
                return 200, self.listed(safe, parse_qs(parts.query))
            case ("GET", ["api", "v2", "multisig-transactions", hash]):
                return 200, self.one(hash)
            case ("POST", ["api", "v1", "multisig-transactions", hash, "confirmations"]):
                self.confirm(hash, body)
                return 201, None
        raise RefusedError(404, {"detail": "Not found."})

    # The rules

    def check_address(self, name: str, value: str | None) -> str:
        """
        Addresses are checksummed, or the whole request is refused.
        """
        if value is None:
            return NULL
        if not is_checksum_address(value):
            raise RefusedError(422, {"code": 1, "message": "Checksum address validation failed"})
        return value

    def propose(self, safe: str, body: dict[str, Any]) -> None:
        """
        Addresses, hash, nonce, sender and signature, in this order.
        """
        self.check_safe(safe)
        for name in ("to", "gasToken", "refundReceiver", "sender"):
            self.check_address(name, body.get(name))
        transaction = self.build(body)
        hash = f"0x{bytes(transaction.safe_tx_hash).hex()}"
        if hash != body["contractTransactionHash"]:
            self.refuse(
                f"Contract-transaction-hash={hash} does not match provided "
                f"contract-tx-hash={body['contractTransactionHash']}"
            )
        if int(body["nonce"]) < self.safe.fetch_nonce():
            self.refuse(f"Tx with nonce={body['nonce']} for safe={safe} already executed")
        if body["sender"] not in self.safe.fetch_owners():
            self.refuse(f"Sender={body['sender']} is not an owner or delegate")
        confirmations = self.read(hash, body.get("signature"))
        if hash in self.kept:
            self.refuse(f"Tx with safe-tx-hash={hash} already exists")
        self.kept[hash] = {
            **{name: body.get(name) for name in ("to", "value", "data", "operation")},
            **{name: int(body[name]) for name in NUMBERS},
            "safe": safe,
            "value": str(body["value"]),
            "gasPrice": str(body["gasPrice"]),
            "gasToken": body["gasToken"],
            "refundReceiver": body["refundReceiver"],
            "nonce": int(body["nonce"]),
            "safeTxHash": hash,
            "proposer": body["sender"],
            "origin": body.get("origin") or "{}",
            "isExecuted": False,
            "transactionHash": None,
            "signatures": None,
            "confirmations": confirmations,
        }

    def check_safe(self, safe: str) -> None:
        """
        A Safe that the indexer does not know is not found.
        """
        self.check_address("safe", safe)
        if safe != self.safe.address:
            raise RefusedError(404, {"detail": "Safe not found"})

    def build(self, body: dict[str, Any]) -> SafeTx:
        """
        As safe-eth-py hashes it.
        """
        return SafeTx(
            *(None, self.safe.address, body["to"], int(body["value"])),
            bytes.fromhex((body.get("data") or "0x")[2:]),
            int(body["operation"]),
            *(int(body[name]) for name in NUMBERS),
            *(body["gasToken"], body["refundReceiver"]),
            safe_nonce=int(body["nonce"]),
            safe_version="1.4.1",
            chain_id=self.safe.client.chain_id,
        )

    def read(self, hash: str, signatures: str | None) -> list[dict[str, Any]]:
        """
        Every signature of an owner, or none is taken.
        """
        if not signatures:
            self.refuse("At least one signature is needed")
        digest = bytes.fromhex(hash[2:])
        given = bytes.fromhex(str(signatures)[2:])
        found = SafeSignature.parse_signature(given, digest)
        if not found:
            self.refuse("Signature cannot be parsed")
        for one in found:
            if one.owner not in self.safe.fetch_owners():
                self.refuse(f"Signer={one.owner} is not an owner or delegate")
        return [
            {
                "owner": one.owner,
                "signature": f"0x{bytes(one.export_signature()).hex()}",
                "signatureType": one.signature_type.name,
            }
            for one in found
        ]

    def confirm(self, hash: str, body: dict[str, Any]) -> None:
        """
        One more owner's, for what is there and not executed.
        """
        kept = self.one(hash)
        if kept["nonce"] < self.safe.fetch_nonce():
            self.refuse(f"Transaction with safe-tx-hash={hash} was already executed")
        for one in self.read(hash, body.get("signature")):
            others = [each for each in kept["confirmations"] if each["owner"] != one["owner"]]
            kept["confirmations"] = [*others, one]

    def one(self, hash: str) -> dict[str, Any]:
        """
        A transaction by its hash.
        """
        if hash not in self.kept:
            raise RefusedError(404, {"detail": "No MultisigTransaction matches the given query."})
        return self.kept[hash]

    def listed(self, safe: str, query: dict[str, list[str]]) -> dict[str, Any]:
        """
        Those from a nonce on.
        """
        self.check_safe(safe)
        first = int(query.get("nonce__gte", ["0"])[0])
        found = [one for one in self.kept.values() if one["nonce"] >= first]
        copies = self.tamper(json.loads(json.dumps(found)))
        return {"count": len(copies), "next": None, "previous": None, "results": copies}

    def refuse(self, message: str) -> None:
        """
        As Django REST Framework words it.
        """
        raise RefusedError(422, {"nonFieldErrors": [message]})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        standin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.handle_one("GET", None)

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                self.handle_one("POST", json.loads(self.rfile.read(size)))

            def handle_one(self, method: str, body: Any) -> None:
                try:
                    if standin.token and self.headers.get("Authorization") != (
                        f"Bearer {standin.token}"
                    ):
                        raise RefusedError(401, {"message": "Unauthorized"})
                    status, answer = standin.answer(method, self.path, body)
                except RefusedError as error:
                    status, answer = error.status, error.body
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """
                Nothing.
                """

        return Handler
