"""
`bursar safe`: what the treasury's owners see, sign and execute. Nobody ever types calldata.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.cli import safe_draft_organisation  # noqa: F401 - its commands join the others
from bursar.cli.options import (
    BookOption,
    JsonOption,
    RpcOption,
    YesOption,
    confirm,
    fail,
    reporting,
    say_json,
)
from bursar.cli.safe_draft import draft

if TYPE_CHECKING:
    from bursar.cli.safe_place import SafePlace
    from bursar.treasury.safe import Draft
    from bursar.treasury.safe.summary import Summary

safe = typer.Typer(
    help="Draft, show, sign and execute what the treasury does.", no_args_is_help=True
)
safe.add_typer(draft, name="draft")

DraftArgument = Annotated[
    str, typer.Argument(metavar="DRAFT", help="How its hash begins, or its nonce.")
]
BlindOption = Annotated[
    bool, typer.Option("--blind", help="Although it has calls that nobody here can read.")
]
AuthorOption = Annotated[
    str | None,
    typer.Option("--author", metavar="NAME", help="Who drafts it. Default: BURSAR_AUTHOR."),
]


@safe.command("list")
def list_drafts(
    all_: Annotated[bool, typer.Option("--all", help="Executed and dead ones, too.")] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show the drafts that wait, and tell which were executed or overtaken since the last look.

    Example: bursar safe list
    """
    with reporting(as_json):
        # Here and not above, so that --help does not load what talks to a chain.
        from bursar.cli.safe_place import SafePlace, say
        from bursar.cli.safe_show import as_item, print_drafts
        from bursar.treasury.safe import refresh

        place = SafePlace.find(rpc_url, book)
        changed = refresh(place.desk)
        store = place.desk.store
        found = store.all() if all_ else store.open()
        if as_json:
            told = {"drafts": [as_item(one) for one in found]}
            say_json({"ok": True, **told, "changed": [as_item(one) for one in changed]})
            return
        for one in changed:
            say(f"nonce {one.nonce}, {one.id[:12]}, is {one.status}: {one.told}")
        print_drafts(place, found)


@safe.command()
def show(
    id: DraftArgument,
    raw: Annotated[bool, typer.Option("--raw", help="Show calldata whole.")] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show a draft: what it does in words, figures before and after, and the hashes to compare.

    Example: bursar safe show 0x5f
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft

        place = SafePlace.find(rpc_url, book)
        tell_draft(place, place.open_draft(id), as_json, raw=raw)


@safe.command()
def sign(
    id: DraftArgument,
    keystore: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Asks for its password, or BURSAR_KEYSTORE_PASSWORD."),
    ] = None,
    from_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="The variable that holds your key.")
    ] = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="Sign on a Ledger.")] = False,
    path: Annotated[str, typer.Option(help="Which account of the Ledger.")] = "44'/60'/0'/0/0",
    owner: Annotated[
        str | None, typer.Option("--as", metavar="OWNER", help="On a devnet: whose public key.")
    ] = None,
    blind: BlindOption = False,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Sign a draft as one of the treasury's owners, after it was shown.

    Example: bursar safe sign 0x5f --keystore ~/ana.json
    """
    with reporting(as_json):
        from bursar.cli.owner_keys import find_signer
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import print_draft, tell_draft
        from bursar.treasury.safe.signing import sign as sign_draft

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        summary = place.summary(target)
        if not as_json:
            print_draft(target, summary)
        if summary.refused:
            fail(as_json, summary.refused, code="refused-call")
        _check_known(summary, blind, as_json)
        confirm("Sign exactly this?", yes=yes, as_json=as_json)
        signer = find_signer(
            place.place, owner=owner, keystore=keystore, from_env=from_env, ledger=ledger, path=path
        )
        strict = not summary.explanation.only_tightens
        signed = sign_draft(place.desk, target, signer, strict=strict)
        _tell_signed(place, signed, signer.address, as_json, tell_draft)


def _check_known(summary: "Summary", blind: bool, as_json: bool) -> None:
    """
    What nobody can read is signed and sent by those only who say that they know it.
    """
    if not (summary.explanation.is_known or blind):
        fail(
            as_json,
            "It has calls that nobody here can read. Reject it; or, if you know exactly what they "
            "do, say --blind.",
            code="unknown-call",
        )


def _tell_signed(
    place: "SafePlace", signed: "Draft", who: Any, as_json: bool, tell_draft: Any
) -> None:
    from bursar.cli.safe_place import say

    shared = place.share(signed)
    if as_json:
        tell_draft(place, signed, as_json, signed_by=who, service=shared)
        return
    missing = max(0, place.desk.safe.fetch_threshold() - len(signed.signatures))
    left = f"{missing} more needed" if missing else "enough have signed"
    say(f"{place.place.name_of(who)} has signed {signed.id[:12]}: {left}.")
    if shared:
        say(shared)


@safe.command("add-signature")
def add_signature(
    id: DraftArgument,
    signature: Annotated[str, typer.Argument(help="65 bytes in hexadecimal.")],
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Add a signature that was made elsewhere, in any wallet. Refused unless it is an owner's, of
    exactly this draft.

    Example: bursar safe add-signature 0x5f 0x1b…
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft
        from bursar.treasury.safe import add_signature as add

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        signed = add(place.desk, target, signature)
        new = [one for one in signed.signers if one not in target.signers]
        _tell_signed(place, signed, (new or signed.signers)[0], as_json, tell_draft)


@safe.command()
def execute(
    id: DraftArgument,
    blind: BlindOption = False,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Send what enough owners have signed. Anybody may; whoever does pays the gas.

    Pays with BURSAR_RELAYER_KEY (or the file BURSAR_RELAYER_KEY_FILE), else a keeper's or a
    guardian's key. Simulated first: what would fail is refused with its reason.

    Example: bursar safe execute 0x5f
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace, say
        from bursar.cli.safe_show import as_item, print_draft
        from bursar.treasury.safe.execution import check_executable
        from bursar.treasury.safe.execution import execute as execute_draft

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        summary = place.summary(target)
        strict = not summary.explanation.only_tightens
        if not as_json:
            print_draft(target, summary)
        if target.is_open:
            check_executable(place.desk, target, strict=strict)
            _check_known(summary, blind, as_json)
        confirm("Execute exactly this?", yes=yes, as_json=as_json)
        done = execute_draft(place.desk, target, place.gas_payer(), strict=strict)
        if as_json:
            say_json({"ok": True, "draft": as_item(done)})
            return
        assert done.executed_in is not None
        say(done.told)
        say(f"transaction 0x{done.executed_in.hex()}")


@safe.command()
def reject(
    id: DraftArgument,
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="Why.")] = "",
    author: AuthorOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Draft what uses a draft's nonce for nothing. Once it is executed, the other one is dead.

    Example: bursar safe reject 0x5f --purpose "wrong agent"
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft
        from bursar.treasury.safe import reject as reject_draft

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        name = place.author(author)
        made = reject_draft(place.desk, target, author=name, purpose=purpose)
        tell_draft(place, made, as_json)


@safe.command("export")
def export_draft(
    id: DraftArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: standard output.")
    ] = None,
    builder: Annotated[
        bool, typer.Option("--builder", help="For Safe's Transaction Builder; no signatures.")
    ] = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Write a draft with its signatures to a file, for another signer or for a Safe client.

    Example: bursar safe export 0x5f --out raise.json
    """
    with reporting(as_json):
        import time

        from bursar.cli.safe_place import SafePlace
        from bursar.treasury.safe.exchange import export_builder
        from bursar.treasury.safe.exchange import export_draft as export

        place = SafePlace.find(rpc_url, book)
        target = place.open_draft(id)
        if builder:
            said = place.summary(target).explanation
            text = export_builder(target, said, int(time.time()))
        else:
            text = export(target)
        if out is None:
            typer.echo(text, nl=False)
            return
        out.write_text(text)
        if as_json:
            say_json({"ok": True, "id": target.id, "file": str(out)})
        else:
            typer.echo(f"{out}: draft {target.id}")


@safe.command("import")
def import_draft(
    file: Annotated[Path, typer.Argument(help="A draft, or a Transaction Builder's file.")],
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="Why; else its name.")] = "",
    author: AuthorOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Take over a draft from another machine, or a file of Safe's Transaction Builder.

    Example: bursar safe import raise.json
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft
        from bursar.treasury.safe.exchange import import_file

        place = SafePlace.find(rpc_url, book)
        name = place.author(author)
        taken = import_file(place.desk, file.read_text(), author=name, purpose=purpose)
        tell_draft(place, taken, as_json)


@safe.command()
def sync(
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Exchange drafts and signatures with the Safe Transaction Service at BURSAR_SAFE_SERVICE_URL.

    Its API key, where it asks for one, is BURSAR_SAFE_SERVICE_TOKEN.

    Example: bursar safe sync
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SERVICE_URL, SafePlace, say
        from bursar.cli.safe_show import as_item
        from bursar.treasury.safe.exchange import pull, push

        place = SafePlace.find(rpc_url, book)
        service = place.service()
        if service is None:
            fail(as_json, f"No service is configured: set {SERVICE_URL}.", code="usage")
        taken, refused = pull(place.desk, service)
        sent = [one for one in place.desk.store.open() if one.signatures]
        for one in sent:
            push(place.desk, service, one)
        if as_json:
            told = {"taken": [as_item(one) for one in taken], "sent": [one.id for one in sent]}
            say_json({"ok": True, **told, "refused": refused})
            return
        say(f"{len(taken)} drafts are new or have more signatures; {len(sent)} were left there.")
        for reason in refused:
            say(f"!! refused: {reason}")
