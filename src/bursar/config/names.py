"""
How names, addresses and URLs are written: each function takes the text and raises WrongError.
"""

import re
from typing import Final, Literal
from urllib.parse import urlsplit

from bursar.config.problems import WrongError
from bursar.types import (
    EMPTY,
    MAX_NAME_BYTES,
    NATIVE,
    ZERO_ADDRESS,
    Address,
    Bytes32,
    checksummed,
)

Devnet = Literal["devnet"]
DEVNET: Final[Devnet] = "devnet"
"""In place of an address: a local chain's account, whose key everybody can derive."""

# Categories and wallets have 32 bytes on chain; one spelling each, so that none resembles another.
NAME_PATTERN: Final = r"[a-z0-9]+(?:[-_.][a-z0-9]+)*"
SYMBOL_PATTERN: Final = r"[A-Za-z][A-Za-z0-9.]{0,15}"
ADDRESS_PATTERN: Final = r"0x[0-9a-fA-F]{40}"
_LONGEST_TEXT: Final = 120


def parse_name(text: str) -> str:
    """
    A name of at most 32 lower-case letters and digits, with `-`, `_` or `.` between them.
    """
    if re.fullmatch(NAME_PATTERN, text) and len(text) <= MAX_NAME_BYTES:
        return text
    if len(text) > MAX_NAME_BYTES:
        shorter = "choose a shorter name"
        raise WrongError(
            f"too long: {len(text)} characters, {MAX_NAME_BYTES} fit on chain", shorter
        )
    mended = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    fix = "use lower-case letters, digits and single hyphens"
    raise WrongError("not a name", f"{fix}: {mended}" if mended else fix)


def encode_category(name: str) -> Bytes32:
    """
    The category as the contracts have it: ASCII, padded on the right. Empty is no category.

    Raises ValueError for a name that does not fit.
    """
    encoded = name.encode("ascii")
    if len(encoded) > len(EMPTY):
        raise ValueError(f"category {name} has {len(encoded)} bytes, at most {len(EMPTY)} fit")
    return Bytes32(encoded.ljust(len(EMPTY), b"\0"))


def parse_symbol(text: str) -> str:
    """
    A token's symbol.
    """
    if re.fullmatch(SYMBOL_PATTERN, text) is None:
        raise WrongError("not a symbol", "use up to 16 letters and digits, such as USDC")
    return text


def parse_text(text: str) -> str:
    """
    One line for people to read.
    """
    if not text.strip():
        raise WrongError("an empty text", "write one, or remove the key")
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        fix = f"write one line of at most {_LONGEST_TEXT} visible characters"
        raise WrongError("too long, or with characters that cannot be seen", fix)
    return text


def parse_address(text: str) -> Address:
    """
    An address with its checksum (EIP-55): without, a mistyped digit passes for another account.
    """
    if re.fullmatch(ADDRESS_PATTERN, text) is None:
        raise WrongError("not an address", _mend_address(text))
    right = checksummed(text)
    if right == ZERO_ADDRESS:
        raise WrongError(
            "the zero address, whose key nobody has", "write the address that is meant"
        )
    if right == NATIVE:
        raise WrongError(
            "stands for the chain's own currency", "write NATIVE where a token is named"
        )
    if text == right:
        return right
    if text[2:] in (text[2:].lower(), text[2:].upper()):
        raise WrongError(
            "without a checksum", f'copy it again from its source; checksummed: "{right}"'
        )
    raise WrongError(
        "wrong checksum: a character was mistyped",
        f'copy it again from its source; only if every digit is right: "{right}"',
    )


def _mend_address(text: str) -> str:
    if re.fullmatch(r"(?:0x)?[0-9a-fA-F]{64}", text):
        return "this looks like a private key: replace that key, and write its address here"
    if re.fullmatch(r"[0-9a-fA-F]{40}", text):
        return f'write "0x{text}"'
    return f'write "0x" and 40 hex digits, in quotes; there are {max(len(text) - 2, 0)}'


def parse_holder(text: str) -> Address | Devnet:
    """
    An address, or `devnet`.
    """
    if text == DEVNET:
        return DEVNET
    try:
        return parse_address(text)
    except WrongError as wrong:
        if text.startswith("0x"):
            raise
        raise WrongError(wrong.message, f"{wrong.fix}; on a local chain, devnet") from None


def parse_endpoint(text: str) -> str:
    """
    Where a node answers.
    """
    return _parse_url(text, ("http", "https", "ws", "wss"), "https://node.example")


def parse_explorer(text: str) -> str:
    """
    A block explorer's front page, without a slash at the end.
    """
    return _parse_url(text, ("http", "https"), "https://basescan.org").rstrip("/")


def _parse_url(text: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url or not text.isprintable() or " " in text:
        raise WrongError("not a URL", f"write {' or '.join(schemes)}: {example}")
    return text
