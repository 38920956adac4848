"""
Options that several commands have, and how a command ends.

Exit status: 0 done, 1 fault, 2 denied or wrong usage, 130 interrupted.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer

FAULT = 1
DENIED = 2
INTERRUPTED = 130

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
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
    Say what went wrong, and end with 1.
    """
    if as_json:
        say_json({"ok": False, "error": {"code": code, "message": message, **details}})
    else:
        typer.echo(f"error: {message}", err=True)
    raise typer.Exit(FAULT)


def deny(as_json: bool, *, reason: str, message: str, **details: Any) -> NoReturn:
    """
    Say what was refused and why, and end with 2.
    """
    if as_json:
        say_json({"ok": False, "denied": {"reason": reason, "message": message, **details}})
    else:
        typer.echo(f"denied: {message}", err=True)
    raise typer.Exit(DENIED)


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
    if not typer.confirm(question, err=True):
        fail(as_json, "Not done.", code="unconfirmed")


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
