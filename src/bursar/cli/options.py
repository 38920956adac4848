"""
Options that several commands have, and how a command ends.

Exit status: 0 done, 1 fault, 2 denied or wrong usage, 130 interrupted.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.status import Status

FAULT = 1
DENIED = 2
INTERRUPTED = 130
USAGE = "usage"

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Goes on chain: 64 bytes at most.")]
RpcOption = Annotated[
    str | None,
    typer.Option("--rpc-url", metavar="URL", help="The node. Default: BURSAR_RPC_URL."),
]
BookOption = Annotated[
    str | None,
    typer.Option("--book", metavar="FILE", help="The address book. Default: BURSAR_BOOK."),
]


@contextmanager
def reporting(as_json: bool) -> Iterator[None]:
    """
    End the command with a sentence and an exit status where something goes wrong, never with a
    traceback.
    """
    # Here and not above, so that --help does not load what talks to a chain.
    from bursar.chain.errors import RevertedError
    from bursar.errors import BursarError

    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except RevertedError as error:
        revert = error.revert
        deny(as_json, reason=revert.reason or revert.text, message=str(error))
    except BursarError as error:
        fail(as_json, str(error), code=code_of(error), **_details(error))
    except BrokenPipeError:
        raise  # nobody listens any more: `main` ends quietly
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(as_json, f"{where}{error.strerror or error}", code="os")


def fail(as_json: bool, message: str, *, code: str = "fault", **details: Any) -> NoReturn:
    """
    Say what went wrong, and end with 1; with 2 where the options themselves are wrong.
    """
    if as_json:
        say_json({"ok": False, "error": {"code": code, "message": message, **details}})
    else:
        typer.echo(f"error: {_harmless(message)}", err=True)
    raise typer.Exit(DENIED if code == USAGE else FAULT)


def deny(as_json: bool, *, reason: str, message: str, **details: Any) -> NoReturn:
    """
    Say what was refused and why, and end with 2.
    """
    if as_json:
        say_json({"ok": False, "denied": {"reason": reason, "message": message, **details}})
    else:
        typer.echo(f"denied: {_harmless(message)}", err=True)
    raise typer.Exit(DENIED)


def _harmless(message: str) -> str:
    """
    What a stranger had a hand in, such as a file or a service's words, moves no cursor.
    """
    from bursar.treasury.letters import printable

    return "\n".join(map(printable, message.split("\n")))


def say_json(document: Any) -> None:
    """
    One document on standard output.
    """
    typer.echo(json.dumps(document, indent=2))


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """
    Ask before money moves. Ends with 1 where nobody can answer, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(as_json, f"{question} Nobody is there to answer: give --yes.", code="unconfirmed")
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            typer.echo("", err=True)
            raise KeyboardInterrupt from None
        agreed = False  # the end of what is typed, which is no yes
    if not agreed:
        fail(as_json, "Not done.", code="unconfirmed")


@contextmanager
def working(what: str) -> Iterator["Status"]:
    """
    Something turns at a terminal while a thing takes longer than people wait without wondering. On
    standard error, so that it is in nobody's pipe.
    """
    from rich.console import Console

    with Console(stderr=True).status(what) as spinner:
        yield spinner


def validate_reason(reason: str, as_json: bool, *, least: int = 0) -> None:
    """
    End with wrong usage where the chain would not take it.
    """
    from bursar.types import MAX_REASON_BYTES

    if least <= (found := len(reason.encode())) <= MAX_REASON_BYTES:
        return
    fail(
        as_json,
        f"--reason has {found} bytes: it is {least or 'at most'}{' to' if least else ''} "
        f"{MAX_REASON_BYTES} bytes long, because it goes on chain.",
        code=USAGE,
    )


def read_duration(option: str, text: str, as_json: bool) -> int:
    """
    Seconds, as treasury.yaml writes them: 600, 10m, 1h30m.
    """
    from bursar.config import parse_duration
    from bursar.config.problems import WrongError

    try:
        return parse_duration(text)
    except WrongError as wrong:
        fail(as_json, f"{option} {text!r}: {wrong.message}; {wrong.fix}.", code=USAGE)


def code_of(error: Exception) -> str:
    """
    A stable word for a kind of error: `NoAnswerError` is `no-answer`.
    """
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")


def _details(error: Exception) -> dict[str, Any]:
    problems = getattr(error, "problems", None)
    if problems is None:
        return {}
    return {"problems": [problem.model_dump(mode="json") for problem in problems]}
