"""
How a draft looks: why and what first, then who has signed, then hashes, and the raw calls last.
"""

from textwrap import shorten
from typing import TYPE_CHECKING, Any

from bursar.cli.console import build_console, build_table, show_time
from bursar.cli.options import say_json
from bursar.cli.safe_place import say

if TYPE_CHECKING:
    from bursar.chain.safe_hash import SafeText
    from bursar.cli.safe_place import SafePlace
    from bursar.treasury.safe import Draft
    from bursar.treasury.safe.summary import Summary

# Of a purpose in a list: `bursar safe show` has it whole.
_PURPOSE = 60
# What is shown of calldata without --raw.
_FOLDED = 20


def tell_draft(
    place: "SafePlace", target: "Draft", as_json: bool, *, raw: bool = False, **more: Any
) -> None:
    """
    Show a draft, whole.
    """
    summary = place.summary(target)
    if as_json:
        lines = build_lines(target, summary)
        told = {"draft": summary.model_dump(mode="json"), "lines": lines}
        say_json({"ok": True, **told, **more})
        return
    print_draft(target, summary, raw=raw)


def build_lines(target: "Draft", summary: "Summary") -> list[str]:
    """
    The lines that signers decide by.
    """
    from bursar.treasury.safe.words import describe_lines

    return list(describe_lines(target, summary.explanation))


def print_draft(target: "Draft", summary: "Summary", *, raw: bool = False) -> None:
    """
    For people.
    """
    say(
        f"draft {summary.id[:12]}, nonce {summary.nonce}: {summary.status}. {summary.told}".rstrip()
    )
    if summary.status != "open":
        say("Figures and warnings are as of now, not of then.")
    if summary.refused:
        say(f"!! REFUSED: {summary.refused}")
    for line in build_lines(target, summary):
        say(line)
    if summary.report:
        say(f"report: {summary.report}")
    for other in summary.others:
        say(f"!! {other}")
    if summary.failure:
        say(f"!! would fail now: {summary.failure}")
    _print_approvals(summary)
    say()
    say("on a hardware wallet, compare: domain hash, message hash")
    say(f"  {summary.hashes.domain}")
    say(f"  {summary.hashes.message}")
    say("in a Safe client, compare: Safe transaction hash")
    say(f"  {summary.hashes.safe_transaction}")
    _print_calls(summary, raw)


def print_text(owner: str, text: "SafeText") -> None:
    """
    What is signed for an owner that is a Safe: a device shows its hashes and none of the draft's.
    """
    say()
    say(f"For {owner} you sign a message of that Safe, which agrees to exactly this draft.")
    say("on a hardware wallet, compare these instead: domain hash, message hash")
    say(f"  0x{text.domain_hash.hex()}")
    say(f"  0x{text.message_hash.hex()}")
    say("in a Safe client, compare: the hash of the message")
    say(f"  0x{text.hash.hex()}")


def _print_approvals(summary: "Summary") -> None:
    say()
    for one in summary.approvals:
        how = f", {one.how}" if one.how else ""
        who = one.address if one.name == one.address else f"{one.name} {one.address}"
        say(f"{'signed' if one.signed else 'open':7}{who}{how}")
        if one.to_sign:
            say("       a contract. Where it is a Safe, its own owners sign the message")
            say(f"       {one.to_sign}")
    if summary.status != "open":
        return
    if summary.missing:
        many = "signature is" if summary.missing == 1 else "signatures are"
        say(f"{summary.missing} more {many} needed, of {summary.threshold}.")
    elif summary.ready:
        say(f"Enough have signed: bursar safe execute {summary.id[:12]}")
    else:
        say("Enough have signed; it is not the next nonce, or it is refused.")


def _print_calls(summary: "Summary", raw: bool) -> None:
    say()
    say("addresses" if summary.explanation.names else "no known addresses")
    for name, address in summary.explanation.names.items():
        say(f"  {address} {name}")
    say("raw")
    for call in summary.explanation.calls:
        digits = call.data.hex()
        folded = raw or len(digits) <= 2 * _FOLDED
        data = digits if folded else f"{digits[: 2 * _FOLDED]}… ({len(call.data)} bytes, --raw)"
        say(f"  to {call.to}, value {call.value}")
        say(f"    data 0x{data}")
        if raw and call.function:
            say(f"    {call.function}")


def print_drafts(place: "SafePlace", found: list["Draft"]) -> None:
    """
    A table of drafts.
    """
    if not found:
        say("No draft waits.")
        return
    from bursar.treasury.safe import usable_signatures
    from bursar.treasury.safe.words import printable

    table = build_table(
        "Drafts of the treasury",
        nonce="right",
        draft="left",
        state="left",
        signed="left",
        author="left",
        at="left",
        why="left",
    )
    threshold = place.desk.safe.fetch_threshold()
    for one in found:
        counted = usable_signatures(place.desk, one) if one.is_open else one.signatures
        signed = ", ".join(place.place.office.book.name_of(each.owner) for each in counted)
        table.add_row(
            str(one.nonce),
            one.id[:12],
            one.status,
            f"{len(counted)} of {threshold}" + (f": {signed}" if signed else ""),
            printable(one.author.name),
            show_time(one.created_at),
            shorten(printable(one.purpose), _PURPOSE, placeholder=" …"),
        )
    build_console().print(table, markup=False)


def as_item(target: "Draft") -> dict[str, Any]:
    """
    A draft in a list.
    """
    return {
        "id": target.id,
        "nonce": target.nonce,
        "status": str(target.status),
        "told": target.told,
        "purpose": target.purpose,
        "author": target.author.name,
        "rejects": target.only_rejects,
        "created_at": target.created_at,
        "signers": list(target.signers),
        "executed_in": f"0x{target.executed_in.hex()}" if target.executed_in else None,
    }
