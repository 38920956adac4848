"""
`bursar safe sign`, `add-signature` and `execute`: what a person decides, after it was shown.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from bursar.cli.safe_options import BlindOption, DraftArgument, ReportOption

if TYPE_CHECKING:
    from bursar.cli.safe_place import SafePlace
    from bursar.treasury.safe import Draft
    from bursar.treasury.safe.summary import Summary


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
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="OWNER", help="For an owner that is a Safe of yours."),
    ] = None,
    report: ReportOption = None,
    blind: BlindOption = False,
    yes: YesOption = False,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Sign a draft as one of the treasury's owners, after it was shown.

    With --for, sign for an owner that is a Safe, as one of its own owners: your part is printed,
    and whoever has enough of them gives them to `bursar safe add-signature --owner`.

    Example: bursar safe sign 0x5f --keystore ~/ana.json
    """
    with reporting(as_json):
        from bursar.cli.owner_keys import find_signer
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import print_draft, print_text, tell_draft
        from bursar.treasury.safe.checks import validate_signable
        from bursar.treasury.safe.signing import find_text, sign_part
        from bursar.treasury.safe.signing import sign as sign_draft

        place = SafePlace.find(rpc_url, book, report)
        target = place.open_draft(id)
        summary = place.summary(target)
        if not as_json:
            print_draft(target, summary)
        validate_signable(place.desk, target.transaction)
        _check_known(summary, blind, as_json)
        if for_ is not None:
            text = find_text(place.desk, target, place.owner(for_))
            if not as_json:
                print_text(for_, text)
        confirm("Sign exactly this?", yes=yes, as_json=as_json)
        signer = find_signer(
            place.place, owner=owner, keystore=keystore, from_env=from_env, ledger=ledger, path=path
        )
        strict = not summary.explanation.only_tightens
        if for_ is not None:
            who = place.owner(for_)
            part = sign_part(place.desk, target, who, signer, strict=strict)
            _tell_part(target, for_, signer.address, part, as_json)
            return
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


def _tell_part(target: "Draft", owner: str, who: str, part: bytes, as_json: bool) -> None:
    from bursar.cli.safe_place import say

    digits = f"0x{part.hex()}"
    if as_json:
        say_json({"ok": True, "id": target.id, "for": owner, "signed_by": who, "part": digits})
        return
    say(f"{who} has signed for {owner}. With enough of such parts:")
    say(f"  bursar safe add-signature {target.id[:12]} --owner {owner} …")
    say("This one:")
    typer.echo(digits)


def _tell_signed(
    place: "SafePlace", signed: "Draft", who: Any, as_json: bool, tell_draft: Any
) -> None:
    from bursar.cli.safe_place import say
    from bursar.treasury.safe.collect import missing

    shared = place.share(signed)
    if as_json:
        tell_draft(place, signed, as_json, signed_by=who, service=shared)
        return
    left_over = missing(place.desk, signed)
    left = f"{left_over} more needed" if left_over else "enough have signed"
    say(f"{place.place.name_of(who)} has signed {signed.id[:12]}: {left}.")
    if shared:
        say(shared)


def add_signature(
    id: DraftArgument,
    signature: Annotated[
        list[str] | None,
        typer.Argument(help="In hexadecimal: 65 bytes, or more of a contract."),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER",
            help="A contract that owns the Safe; without a signature, who approved on chain.",
        ),
    ] = None,
    report: ReportOption = None,
    rpc_url: RpcOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Add a signature that was made elsewhere, in any wallet. Refused unless it is an owner's, of
    exactly this draft.

    An owner that is a Safe itself has signed once enough of its own owners have signed the message
    that `bursar safe show` names: give their signatures, in any order, with --owner. An owner who
    has called approveHash on the Safe is counted with --owner alone.

    Examples: bursar safe add-signature 0x5f 0x1b… / bursar safe add-signature 0x5f --owner vault
    0x77… 0x9a…
    """
    with reporting(as_json):
        from bursar.cli.safe_place import SafePlace
        from bursar.cli.safe_show import tell_draft

        place = SafePlace.find(rpc_url, book, report)
        target = place.open_draft(id)
        signed = _collect(place, target, signature or [], owner, as_json)
        changed = set(signed.signatures) - set(target.signatures)
        who = next((one.owner for one in changed), signed.signers[0])
        _tell_signed(place, signed, who, as_json, tell_draft)


def _collect(
    place: "SafePlace", target: "Draft", given: list[str], owner: str | None, as_json: bool
) -> "Draft":
    from bursar.treasury.safe import add_approval, add_contract_signature
    from bursar.treasury.safe import add_signature as add
    from bursar.treasury.safe.collect import read_hex

    if owner is None:
        if len(given) != 1:
            fail(as_json, "Give one signature, or say whose with --owner.", code="usage")
        return add(place.desk, target, given[0])
    who = place.owner(owner)
    if not given:
        return add_approval(place.desk, target, who)
    return add_contract_signature(place.desk, target, who, [read_hex(one) for one in given])


def execute(
    id: DraftArgument,
    report: ReportOption = None,
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

        place = SafePlace.find(rpc_url, book, report)
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
