"""
What receipts show and logs of ours do not: calls that failed, and tokens that moved in any way.

    eth_getBlockReceipts → checked against the header → Traffic, and the logs once more
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from bursar import events
from bursar.chain.errors import BadAnswerError, RpcError
from bursar.chain.follower.blocks import Header
from bursar.chain.follower.bloom import build_bloom
from bursar.chain.follower.decoding import Logged
from bursar.chain.follower.endpoint import Endpoint, Question
from bursar.chain.follower.errors import HaltedError, IncompleteError
from bursar.chain.follower.shapes import is_log
from bursar.chain.follower.words import ADDRESSES, DIGITS, NUMBER
from bursar.types import MAX_UINT256, NATIVE, Address, keccak

RawLog = dict[str, Any]
RawReceipt = Mapping[str, Any]

TRANSFER: Final = f"0x{keccak(b'Transfer(address,address,uint256)').hex()}"

# Of a word that holds an address.
_PADDING: Final = "0x" + "0" * 24
_NO_SUCH_METHOD: Final = -32601


class FailedCall(NamedTuple):
    """
    A transaction to one of ours that was mined and reverted, or ran out of gas. `position` is its
    place in the block.
    """

    block: int
    position: int
    at: int
    transaction: bytes
    sender: Address
    target: Address
    gas_used: int


class TokenTransfer(NamedTuple):
    """
    A token's own word that it moved, in base units.
    """

    block: int
    log: int
    at: int
    transaction: bytes
    token: Address
    sender: Address
    recipient: Address
    amount: int


class Unexplained(NamedTuple):
    """
    What of a token came into a wallet and went out of it in one transaction, and how much of that
    our events tell of. At most 2^256 - 1 each: a token may say anything, and its sum is more.
    """

    block: int
    transaction: bytes
    wallet: Address
    token: Address
    at: int
    came: int
    went: int
    came_explained: int
    went_explained: int


class Traffic(NamedTuple):
    """
    What a block's receipts show beside our events.
    """

    failed: tuple[FailedCall, ...] = ()
    transfers: tuple[TokenTransfer, ...] = ()
    unexplained: tuple[Unexplained, ...] = ()


NO_TRAFFIC: Final = Traffic()


async def fetch_receipts(endpoint: Endpoint, headers: Sequence[Header]) -> list[list[RawReceipt]]:
    """
    All receipts of each of these blocks.

    Raises IncompleteError where they do not add up to the header, HaltedError where the node has no
    such method.
    """
    asked: list[Question] = [("eth_getBlockReceipts", (header.hash,)) for header in headers]
    try:
        answers = await endpoint.ask_all(asked)
    except RpcError as error:
        if error.code != _NO_SUCH_METHOD:
            raise
        raise HaltedError(
            f"{endpoint.name} has no eth_getBlockReceipts. Name another endpoint, or read no "
            "receipts: failed calls and unexplained moves are then not seen."
        ) from error
    for header, receipts in zip(headers, answers, strict=True):
        _validate_receipts(endpoint, header, receipts)
    return answers


def _validate_receipts(endpoint: Endpoint, header: Header, receipts: Any) -> None:
    try:
        if receipts is not None and _add_up(header, receipts):
            return
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(
            f"{endpoint.name} answers receipts that are none: {error!r}."
        ) from error
    raise IncompleteError(
        f"The receipts that {endpoint.name} shows of block {header.number} do not add up to its "
        "header. It is not ready, or not to be trusted."
    )


def _add_up(header: Header, receipts: Sequence[RawReceipt]) -> bool:
    """
    As many as transactions, of this very block, logs numbered without a gap, filters that make up
    the header's. Logs that were cut off at the end of the block are found by the own filter of the
    last receipt that has one.
    """
    bloom, index, last = 0, 0, None
    for receipt in receipts:
        own = int(receipt["logsBloom"], 16)
        bloom |= own
        if receipt["blockHash"] != header.hash or (own == 0) != (not receipt["logs"]):
            return False
        last = receipt if own else last
        for log in receipt["logs"]:
            if not is_log(log):
                return False
            place = int(log["blockNumber"], 16), int(log["logIndex"], 16)
            if place != (header.number, index):
                return False
            index += 1
    whole = last is None or build_bloom(last["logs"]) == int(last["logsBloom"], 16)
    return whole and len(receipts) == header.transactions and bloom == header.bloom


def logs_of(receipts: Iterable[RawReceipt], topics: Collection[str]) -> list[RawLog]:
    """
    The logs with one of these first topics, in order.
    """
    return [
        log
        for receipt in receipts
        for log in receipt["logs"]
        if log["topics"] and log["topics"][0] in topics
    ]


def read_traffic(
    header: Header,
    receipts: Sequence[RawReceipt],
    emitters: Collection[str],
    decoded: Iterable[Logged],
) -> Traffic:
    """
    What the receipts show of `emitters` (hex, lower case) beside what they logged. Raises
    BadAnswerError.
    """
    try:
        failed = tuple(
            _failed_call(header, receipt)
            for receipt in receipts
            if receipt["status"] == "0x0" and (receipt["to"] or "").lower() in emitters
        )
        transfers = tuple(
            transfer
            for log in logs_of(receipts, (TRANSFER,))
            if (transfer := _transfer(header, log, emitters)) is not None
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(f"The node answers receipts that are none: {error!r}.") from error
    return Traffic(failed, transfers, _find_unexplained(header, transfers, decoded, emitters))


def _failed_call(header: Header, receipt: RawReceipt) -> FailedCall:
    return FailedCall(
        block=header.number,
        position=int(receipt["transactionIndex"], 16),
        at=header.at,
        transaction=bytes.fromhex(receipt["transactionHash"][2:]),
        sender=_address(receipt["from"]),
        target=_address(receipt["to"]),
        gas_used=int(receipt["gasUsed"], 16),
    )


def _transfer(header: Header, log: RawLog, emitters: Collection[str]) -> TokenTransfer | None:
    """
    Of an ERC-20 token, from or to one of ours. An NFT's has a topic more, and is none; neither is
    what names something longer than an address, which anybody may log.
    """
    topics = log["topics"]
    if len(topics) != 3 or len(log["data"]) < 2 + DIGITS:
        return None
    if not topics[1].startswith(_PADDING) or not topics[2].startswith(_PADDING):
        return None
    if "0x" + topics[1][26:] not in emitters and "0x" + topics[2][26:] not in emitters:
        return None
    return TokenTransfer(
        block=header.number,
        log=int(log["logIndex"], 16),
        at=header.at,
        transaction=bytes.fromhex(log["transactionHash"][2:]),
        token=_address(log["address"]),
        sender=ADDRESSES[topics[1][2:]],
        recipient=ADDRESSES[topics[2][2:]],
        amount=NUMBER.read(log["data"][2 : 2 + DIGITS]),
    )


def _address(text: str) -> Address:
    return ADDRESSES["0" * 24 + text[2:]]


Move = tuple[bytes, Address, Address]
"""Transaction, wallet and token."""


def _find_unexplained(
    header: Header,
    transfers: Iterable[TokenTransfer],
    decoded: Iterable[Logged],
    emitters: Collection[str],
) -> tuple[Unexplained, ...]:
    came: Counter[Move] = Counter()
    went: Counter[Move] = Counter()
    for one in transfers:
        # To itself and back, a wallet has what it had.
        if one.sender != one.recipient:
            if one.sender.lower() in emitters:
                went[one.transaction, one.sender, one.token] += one.amount
            if one.recipient.lower() in emitters:
                came[one.transaction, one.recipient, one.token] += one.amount
    came_explained, went_explained = _explain(decoded)
    found = []
    for move in sorted({*came, *went, *came_explained, *went_explained}):
        figures = (came[move], went[move], came_explained[move], went_explained[move])
        if figures[:2] != figures[2:]:
            capped = (min(figure, MAX_UINT256) for figure in figures)
            found.append(Unexplained(header.number, *move, header.at, *capped))
    return tuple(found)


def _explain(decoded: Iterable[Logged]) -> tuple[Counter[Move], Counter[Move]]:
    came: Counter[Move] = Counter()
    went: Counter[Move] = Counter()
    for logged in decoded:
        event = logged.event
        if isinstance(event, events.Paid | events.PaymentExecuted | events.Swept):
            if event.token != NATIVE and event.amount:
                went[event.transaction or b"", event.emitter, event.token] += event.amount
        elif isinstance(event, events.Refilled) and event.token != NATIVE and event.amount:
            came[event.transaction or b"", event.emitter, event.token] += event.amount
    return came, went
