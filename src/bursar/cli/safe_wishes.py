"""
What `bursar safe draft` reads: names, amounts and times, as people write them.

    options → build, in the words of the command → Policy → calls → a draft, shown

A command is written as what it makes of its own options; `drafting` adds those that all have.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli.combining import combine
from bursar.cli.options import BookOption, JsonOption, RpcOption, fail, reporting
from bursar.cli.safe_options import AuthorOption

if TYPE_CHECKING:
    from bursar.chain.reader import Call
    from bursar.treasury.safe import Policy

Purpose = Annotated[str, typer.Option("--purpose", "-p", help="Why: every signer reads it.")]
Wallet = Annotated[str, typer.Option("--wallet", metavar="NAME", help="Which wallet.")]
Agent = Annotated[str, typer.Option("--agent", metavar="NAME", help="Which agent.")]
Token = Annotated[str, typer.Option("--token", metavar="SYMBOL", help="Which token.")]
Category = Annotated[str, typer.Option("--category", metavar="NAME", help="Which category.")]
Amount = Annotated[str | None, typer.Option(metavar="AMOUNT", help="Whole tokens.")]
Reason = Annotated[str, typer.Option(help="Goes on chain: 64 bytes at most.")]
Who = Annotated[str, typer.Argument(metavar="WHO", help="A name of the book, or an address.")]
Time = Annotated[str, typer.Argument(metavar="TIME", help="Such as 10m, 2d or 48h.")]

Build = Callable[..., "list[Call]"]


def drafting(build: Build) -> Callable[..., None]:
    """
    The command that drafts what `build` makes of a Policy and of its own options.
    """

    def command(
        *,
        purpose: Purpose,
        author: AuthorOption = None,
        rpc_url: RpcOption = None,
        book: BookOption = None,
        as_json: JsonOption = False,
        **wishes: Any,
    ) -> None:
        with reporting(as_json):
            _draft(build, wishes, purpose, author, (rpc_url, book), as_json)

    combine(build, command, leave_out=1)
    return command


def _draft(
    build: Build,
    wishes: dict[str, Any],
    purpose: str,
    author: str | None,
    where: tuple[str | None, str | None],
    as_json: bool,
) -> None:
    """
    Make the calls, draft them, and show what came of it.
    """
    # Here and not above, so that --help does not load what talks to a chain.
    from bursar.cli.safe_place import SafePlace
    from bursar.cli.safe_show import tell_draft
    from bursar.config.problems import WrongError
    from bursar.treasury.safe import NodeChain, Policy, draft

    place = SafePlace.find(*where)
    policy = Policy(place.place.view, NodeChain(place.place.office.client))
    try:
        calls = build(policy, **wishes)
    except WrongError as wrong:
        fail(as_json, f"{wrong.message}; {wrong.fix}.", code="usage")
    made = draft(place.desk, calls, purpose=purpose, author=place.author(author))
    tell_draft(place, made, as_json)


def find_person(policy: "Policy", who: str) -> Any:
    """
    An owner, guardian, keeper or agent by name, or any address. Raises BookError.
    """
    from bursar.book import require_address

    for _, name, holder in policy.book.holders():
        if name == who:
            return holder.address
    return require_address(who)


def find_token(policy: "Policy", name: str) -> tuple[Any, int]:
    """
    A token's address and decimals. Raises BookError.
    """
    _, token = policy.book.find_token(name)
    return token.address, token.decimals


@contextmanager
def _naming(text: str) -> Iterator[None]:
    """
    What was found goes before what is wrong with it: a draft has many figures.
    """
    from bursar.config.problems import WrongError

    try:
        yield
    except WrongError as wrong:
        raise WrongError(f"{text!r}: {wrong.message}", wrong.fix) from None


def read_amount(text: str | None, decimals: int, *, off: bool = False) -> int | None:
    """
    Whole tokens as base units; `off`, where it may be, is the maximum. Raises WrongError.
    """
    from bursar.config.amounts import OFF_WORDS, parse_amount, to_base_units
    from bursar.types import MAX_UINT256

    if text is None:
        return None
    if off and text in OFF_WORDS:
        return MAX_UINT256
    with _naming(text):
        return to_base_units(parse_amount(text), decimals)


def read_time(text: str) -> int:
    """
    Seconds. Raises WrongError.
    """
    from bursar.config import parse_duration

    with _naming(text):
        return parse_duration(text)


def read_expiry(text: str | None) -> int | None:
    """
    The full hour at which a budget ends; `off` is the last that the contract holds.
    """
    from bursar.config.times import parse_expiry
    from bursar.types import EXPIRY_HOURS_END, HOUR

    if text is None:
        return None
    with _naming(text):
        return (EXPIRY_HOURS_END - 1) * HOUR if text == "off" else parse_expiry(text)


def read_share(text: str | None) -> int | None:
    """
    Basis points of a percentage with at most two decimals; `off` is all of it. Raises WrongError.
    """
    from bursar.config.amounts import OFF_WORDS, parse_amount, to_base_units
    from bursar.types import ALL_BPS

    if text is None:
        return None
    with _naming(text):
        return ALL_BPS if text in OFF_WORDS else to_base_units(parse_amount(text), 2)


def find_category(policy: "Policy", name: str) -> Any:
    """
    A category's 32 bytes, by the book's name or as it is written. Raises DraftError.
    """
    from bursar.treasury.safe import DraftError
    from bursar.types import EMPTY, Bytes32

    if not name:
        return EMPTY
    digits = policy.book.categories.get(name)
    if digits is not None:
        return Bytes32(bytes.fromhex(digits.removeprefix("0x")))
    if len(name.encode()) > 32 or not name.isascii():
        raise DraftError(f"{name!r} is no category: at most 32 letters.")
    return Bytes32(name.encode().ljust(32, b"\0"))
