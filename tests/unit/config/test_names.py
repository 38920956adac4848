"""
Names, categories, addresses and URLs as people write them.
"""

import pytest

from bursar.chain.local import derive_account
from bursar.config import PRESETS, devnet_address, encode_category
from bursar.config.names import (
    DEVNET,
    parse_address,
    parse_endpoint,
    parse_explorer,
    parse_holder,
    parse_name,
    parse_symbol,
    parse_text,
)
from bursar.config.problems import WrongError, build_hint
from bursar.types import NATIVE, ZERO_ADDRESS, validate_address
from tests.unit.config.support import address

RIGHT = address("somebody")


@pytest.mark.parametrize("name", ["a", "trading-agent-1", "usdc.e", "a_b", "0x", "a" * 32])
def test_name__of_what_fits_on_chain__is_taken(name: str) -> None:
    """Up to 32 lower-case letters and digits, with single separators."""
    assert parse_name(name) == name


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("", "lower-case"),
        ("Trading", "hyphens: trading"),
        ("trading bot", "trading-bot"),
        ("a--b", "a-b"),
        ("-a", ": a"),
        ("a\n", ": a"),
        ("é", "lower-case"),
        ("a" * 33, "shorter"),
    ],
)
def test_name__that_resembles_another_or_is_too_long__is_refused(name: str, fix: str) -> None:
    """One spelling each, so that none is mistaken for another; and what 32 bytes hold."""
    with pytest.raises(WrongError) as caught:
        parse_name(name)
    assert fix in caught.value.fix


def test_category__of_up_to_32_bytes__is_padded_on_the_right() -> None:
    """As the contracts have it; no name is no category."""
    assert encode_category("refund") == b"refund" + bytes(26)
    assert encode_category("a" * 32) == b"a" * 32
    assert encode_category("") == bytes(32)


@pytest.mark.parametrize("name", ["a" * 33, "é"])
def test_category__of_33_bytes_or_not_ascii__is_refused(name: str) -> None:
    """It would not be what was written."""
    with pytest.raises(ValueError, match=r"33 bytes|ascii"):
        encode_category(name)


@pytest.mark.parametrize("symbol", ["USDC", "USDC.e", "wstETH", "A" * 16])
def test_symbol__letters_and_digits__is_taken(symbol: str) -> None:
    """As tokens call themselves."""
    assert parse_symbol(symbol) == symbol


@pytest.mark.parametrize("symbol", ["", "1INCH", "US DC", "A" * 17, "USÐC"])
def test_symbol__anything_else__is_refused(symbol: str) -> None:
    """Nothing that looks like another symbol."""
    with pytest.raises(WrongError, match="not a symbol"):
        parse_symbol(symbol)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "\u202eabc", "a" * 121])
def test_text__empty_or_with_invisible_characters__is_refused(text: str) -> None:
    """Texts are shown to people who decide by them."""
    with pytest.raises(WrongError):
        parse_text(text)


def test_address__with_its_checksum__is_taken() -> None:
    """And no other spelling."""
    assert parse_address(RIGHT) == RIGHT


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (RIGHT.lower(), "without a checksum", RIGHT),
        ("0x" + RIGHT[2:].upper(), "without a checksum", RIGHT),
        (RIGHT[:-4] + RIGHT[-4:].swapcase(), "wrong checksum", "only if every digit is right"),
        (RIGHT[:-1], "not an address", "there are 39"),
        (RIGHT + "0", "not an address", "there are 41"),
        (RIGHT[2:], "not an address", f'write "0x{RIGHT[2:]}"'),
        ("0x" + "1" * 64, "not an address", "looks like a private key"),
        ("somebody.eth", "not an address", "40 hex digits"),
        (ZERO_ADDRESS, "the zero address", "address that is meant"),
        (NATIVE, "the chain's own currency", "write NATIVE"),
    ],
)
def test_address__any_other__is_refused(text: str, message: str, fix: str) -> None:
    """A mistyped digit would be another account, and nobody gets money back from there."""
    with pytest.raises(WrongError) as caught:
        parse_address(text)
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_holder__devnet__is_a_local_chains_account() -> None:
    """The address is the one whose key the local chain derives, so whoever deploys has the key."""
    assert parse_holder(DEVNET) == DEVNET
    assert devnet_address("agent bot") == derive_account("agent bot").address
    with pytest.raises(WrongError) as caught:
        parse_holder("dev")
    assert "on a local chain, devnet" in caught.value.fix


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8545", "https://node.example/v2?x=1", "wss://node.example"]
)
def test_endpoint__a_url__is_taken(url: str) -> None:
    """Over HTTP or a socket."""
    assert parse_endpoint(url) == url


@pytest.mark.parametrize(
    "url", ["", "node", "ftp://a", "http://", "http://a b", "http://a:x", "http://[", "$RPC"]
)
def test_endpoint__anything_else__is_refused(url: str) -> None:
    """No scheme, no host, or no port that is one."""
    with pytest.raises(WrongError, match="not a URL"):
        parse_endpoint(url)


def test_explorer__with_a_slash_at_the_end__loses_it() -> None:
    """So that links are built in one way."""
    assert parse_explorer("https://basescan.org/") == "https://basescan.org"


def test_presets__addresses__are_checksummed() -> None:
    """A mistyped USDC would be found here."""
    for preset in PRESETS.values():
        if preset.usdc is not None:
            assert validate_address(preset.usdc) == preset.usdc


@pytest.mark.parametrize(
    ("word", "known", "otherwise", "hint"),
    [
        ("refnd", ["refund", "payroll"], "", "did you mean refund?"),
        ("REFUND", ["refund"], "add it", "did you mean refund? Otherwise add it"),
        ("x", ["b", "a"], "", "use one of: a, b"),
        ("x", ["b", "a"], "add it", "use one of: a, b; or add it"),
        ("x", [], "add it", "add it"),
        ("x", [], "", "there is none"),
    ],
)
def test_hint__of_a_misspelled_word__names_the_nearest(
    word: str, known: list[str], otherwise: str, hint: str
) -> None:
    """A close match, else all there is."""
    assert build_hint(word, known, otherwise) == hint
