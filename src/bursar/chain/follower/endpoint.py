"""
One node, asked over HTTP: raw JSON-RPC, several calls to a request where the node likes that.

    call(s) → orjson → aiohttp → orjson → result(s), or a ChainError that says what happened
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import orjson

from bursar.chain.errors import BadAnswerError, NoAnswerError, RpcError
from bursar.chain.follower.errors import RateLimitedError, TooMuchError
from bursar.chain.rpc import find_secrets

Question: TypeAlias = tuple[str, tuple[Any, ...]]
"""A method and its parameters."""

# What most providers take in one request.
MOST_IN_A_BATCH: Final = 100
_AT_ONCE: Final = 4
# Bytes, unpacked. What is asked for at once is some MB, and a block of ours at most some ten.
LARGEST_ANSWER: Final = 128 << 20
# How long to leave a node alone that does not say how long.
USUAL_REST: Final = 1.0
# Longer, and a mistyped header would silence a node for good.
LONGEST_REST: Final = 60.0

_LONGEST_SHOWN: Final = 120
# EIP-1474, and what providers made of it.
_LIMIT_EXCEEDED: Final = -32005
_RATE_WORDS: Final = ("rate limit", "too many requests", "429", "throttl")
_SIZE_WORDS: Final = ("range", "too many", "limit", "too large", "more than", "exceed", "timed out")


class Endpoint:
    """
    A node at `url`. Nothing is retried here. Errors name the host only, because paths of providers
    hold keys. Close it when done.

    timeout: seconds for one answer, however many calls were asked.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        self.url = url
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._secrets = find_secrets(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None
        self._takes_batches = True

    async def close(self) -> None:
        """
        Give the connections back. Harmless when there are none.
        """
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, method: str, *params: Any) -> Any:
        """
        The result of one call.

        Raises RpcError (TooMuchError where it looks like one), RateLimitedError, NoAnswerError, or
        BadAnswerError.
        """
        return self._result(method, await self._post(method, _call(method, params, 1)))

    async def ask_all(self, questions: Sequence[Question]) -> list[Any]:
        """
        The results of many calls, in their order. One error is the error of all.
        """
        parts = [
            questions[start : start + MOST_IN_A_BATCH]
            for start in range(0, len(questions), MOST_IN_A_BATCH)
        ]
        results: list[Any] = []
        for start in range(0, len(parts), _AT_ONCE):
            asked = map(self._ask_batch, parts[start : start + _AT_ONCE])
            for answers in await asyncio.gather(*asked):
                results += answers
        return results

    async def _ask_batch(self, questions: Sequence[Question]) -> list[Any]:
        if len(questions) == 1 or not self._takes_batches:
            asked = (self.ask(method, *params) for method, params in questions)
            return list(await asyncio.gather(*asked))
        method = questions[0][0]
        calls = [_call(method, params, id) for id, (method, params) in enumerate(questions)]
        answers = await self._post(method, calls)
        if isinstance(answers, dict) and answers.get("error") is not None:
            # Some nodes know no batches, and say so as if it were one call.
            self._result_of_refused_batch(method, answers)
            self._takes_batches = False
            return await self._ask_batch(questions)
        return self._sort_out(questions, answers)

    def _result_of_refused_batch(self, method: str, answer: dict[str, Any]) -> None:
        try:
            self._result(method, answer)
        except RateLimitedError:
            raise
        except RpcError:
            return

    def _sort_out(self, questions: Sequence[Question], answers: Any) -> list[Any]:
        method = questions[0][0]
        if not isinstance(answers, list) or len(answers) != len(questions):
            raise self._bad(method, answers)
        by_id = {
            answer["id"]: answer
            for answer in answers
            if isinstance(answer, dict) and isinstance(answer.get("id"), int)
        }
        if len(by_id) != len(questions):
            raise self._bad(method, answers)
        return [self._result(asked[0], by_id.get(id)) for id, asked in enumerate(questions)]

    async def _post(self, method: str, body: Any) -> Any:
        try:
            session = self._open()
            async with session.post(self.url, data=orjson.dumps(body)) as response:
                content = await self._read(method, response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswerError(
                f"{method}: no answer from {self.name} (it has {self._timeout.total:g} s): "
                f"{self._mask(error)}. Check that the node runs and the URL is right."
            ) from error
        rest = response.headers.get("Retry-After")
        if response.status == 429 or (response.status == 503 and rest):
            raise self._limited(method, rest)
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            shown = f"status {response.status}, {len(content)} bytes that are no JSON"
            raise self._bad(method, shown) from error

    async def _read(self, method: str, response: aiohttp.ClientResponse) -> bytes:
        """
        The body, unpacked. Raises TooMuchError before it fills the memory.
        """
        parts, size = [], 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > LARGEST_ANSWER:
                response.close()
                words = f"{self.name} answers with more than {LARGEST_ANSWER >> 20} MiB"
                raise TooMuchError(method, 0, words, None)
            parts.append(part)
        return b"".join(parts)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # `trust_env` stays off: a proxy for the outside must not see calls to this machine.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, headers={"Content-Type": "application/json"}
            )
        return self._session

    def _result(self, method: str, answer: Any) -> Any:
        if not isinstance(answer, dict):
            raise self._bad(method, answer)
        error = answer.get("error")
        if error is not None:
            raise self._build_error(method, error)
        if "result" not in answer:
            raise self._bad(method, answer)
        return answer["result"]

    def _build_error(self, method: str, error: Any) -> Exception:
        code, message = 0, str(error)
        if isinstance(error, dict):
            message = str(error.get("message", error))
            code = error["code"] if isinstance(error.get("code"), int) else 0
        words = message.lower()
        if code == 429 or any(word in words for word in _RATE_WORDS):
            return self._limited(method, None)
        too_much = code == _LIMIT_EXCEEDED or any(word in words for word in _SIZE_WORDS)
        kind = TooMuchError if too_much and method == "eth_getLogs" else RpcError
        return kind(method, code, self._mask(message), None)

    def _limited(self, method: str, seconds: str | None) -> RateLimitedError:
        try:
            # In this order, so that what is no number ("nan") is no rest.
            rest = min(max(0.0, float(seconds or USUAL_REST)), LONGEST_REST)
        except ValueError:  # the header's other form is a date
            rest = USUAL_REST
        return RateLimitedError(
            f"{method}: {self.name} is asked too often and rests {rest:g} s. Name another endpoint "
            "beside it, or ask the provider for more.",
            rest,
        )

    def _bad(self, method: str, answer: Any) -> BadAnswerError:
        shown = str(answer)
        shown = shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "…"
        return BadAnswerError(
            f"{method}: {self.name} answers what cannot be used: {self._mask(shown)}. Check that "
            "the URL is a node's, or use another node."
        )

    def _mask(self, what: object) -> str:
        text = str(what) or type(what).__name__
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _call(method: str, params: Sequence[Any], id: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
