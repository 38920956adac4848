"""
`bursar refill confirm-funded`, `finish` and `abandon`: how a refill ends.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from bursar.cli.options import BookOption, JsonOption, RpcOption, reporting
from bursar.cli.refill_options import ByOption, IdArgument
from bursar.cli.refill_words import hear

if TYPE_CHECKING:
    from bursar.treasury.refills.desk import RefillDesk
    from bursar.treasury.refills.record import Refill


def confirm_funded(
    by: ByOption,
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Confirm that the money has arrived. The chain has to show exactly what was decided.

    Example: bursar refill confirm-funded --by dana
    """
    where = id, rpc_url, book
    _step(
        where,
        as_json,
        f"Confirm as {by} that refill {{id}} has arrived?",
        lambda desk, found: desk.confirm_funded(found, by),
    )


def finish(
    by: ByOption,
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Close a refill: note the new balances, clear the low-balance alerts.

    Example: bursar refill finish --by dana
    """
    where = id, rpc_url, book
    _step(
        where, as_json, f"Finish refill {{id}} as {by}?", lambda desk, found: desk.finish(found, by)
    )


def abandon(
    by: ByOption,
    note: Annotated[str, typer.Option(help="Why.")],
    id: IdArgument = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Give a refill up. A draft that owners could still sign has to be rejected first.

    Example: bursar refill abandon --by ana --note "the alarm was real"
    """
    where = id, rpc_url, book
    _step(
        where,
        as_json,
        f"Give up refill {{id}} as {by}?",
        lambda desk, found: desk.abandon(found, by, note),
    )


def _step(
    where: tuple[str | None, str | None, str | None],
    as_json: bool,
    question: str,
    act: "Callable[[RefillDesk, Refill], Refill]",
) -> None:
    """
    Ask a person, do it, and show where the refill stands. `where` is its id, the node and the book.
    """
    with reporting(as_json):
        from bursar.cli.refill_desk import open_refill
        from bursar.cli.refill_show import tell

        id, rpc_url, book = where
        opened, found = open_refill(rpc_url, book, id)
        hear(question.replace("{id}", found.id), as_json)
        tell(opened, act(opened.desk, found), as_json)
