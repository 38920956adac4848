"""
What the file defines for its other parts: the chain, tokens, categories.
"""

from typing import Final

from bursar.config.books import Book, Books, Register
from bursar.config.chains import (
    ANVIL,
    NATIVE_DECIMALS,
    NATIVE_SYMBOL,
    PRESETS,
    PRESETS_BY_ID,
    USDC_DECIMALS,
    USDC_SYMBOL,
    Preset,
)
from bursar.config.model import Category, Chain, Token
from bursar.config.names import encode_category
from bursar.config.problems import build_hint
from bursar.config.reading import is_readable
from bursar.config.sections import ChainSection, TokenSection, TreasuryFile
from bursar.types import NATIVE, Address

_DEFAULT_NATIVE: Final = "ETH"


def read_chain(books: Books, section: ChainSection) -> Chain | None:
    """
    The chain; None, and noted, if it is not said which.
    """
    if not is_readable(section) or not is_readable(section.preset, section.id):
        return None
    preset = _find_preset(books, section)
    if preset is None:
        return None
    endpoint = section.rpc_url or preset.endpoint
    if endpoint is None and preset.name not in PRESETS:
        fix = "add rpc_url: where a node of it answers"
        books.problems.add(section.mark("id"), "an id without rpc_url", fix, str(section.id))
    return Chain.model_construct(
        name=preset.name,
        id=preset.id,
        native_symbol=section.native_symbol or preset.native_symbol,
        rpc_url=endpoint,
        explorer=section.explorer or preset.explorer,
        is_devnet=preset.name == ANVIL,
    )


def _find_preset(books: Books, section: ChainSection) -> Preset | None:
    """
    What is known of the chain: little, if it has no preset.
    """
    name, chain_id = section.preset, section.id
    if name is not None and chain_id is None:
        if name not in PRESETS:
            fix = build_hint(name, PRESETS, "write id and rpc_url")
            books.problems.add(section.mark("preset"), "no such preset", fix, name)
        return PRESETS.get(name)
    if name is None and chain_id is not None:
        if chain_id == 0:
            fix = "ask the node: eth_chainId"
            books.problems.add(section.mark("id"), "no chain has the id 0", fix, "0")
        unknown = Preset(f"eip155:{chain_id}", chain_id, _DEFAULT_NATIVE, usdc=None, explorer=None)
        return PRESETS_BY_ID.get(chain_id, unknown)
    fix = f"write preset: one of {', '.join(PRESETS)}; or id and rpc_url"
    message = "no chain is named" if name is None else "both a preset and an id"
    books.problems.add(section.mark("id"), message, fix)
    return None


def read_tokens(books: Books, register: Register, file: TreasuryFile) -> Book[Token]:
    """
    The chain's own currency, the preset's USDC, and what the file adds.
    """
    if books.chain is None or not is_readable(file.tokens):
        return Book("token", None)
    preset = PRESETS.get(books.chain.name)
    native = Token(symbol=NATIVE_SYMBOL, address=NATIVE, decimals=NATIVE_DECIMALS)
    known: dict[str, Token | None] = {NATIVE_SYMBOL: native}
    if preset is not None:
        usdc = Token(symbol=USDC_SYMBOL, address=preset.usdc, decimals=USDC_DECIMALS)
        known[USDC_SYMBOL] = usdc
        if preset.usdc is not None:
            register.enter(preset.usdc, f"token {USDC_SYMBOL}", file.mark("chain"))
    for symbol, section in file.tokens.items():
        token = _read_token(books, file, symbol, section, known)
        if token is not None and token.address not in (None, NATIVE):
            register.enter(Address(token.address or ""), f"token {symbol}", section.mark("address"))
        known[symbol] = token
    return Book("token", known)


def _read_token(
    books: Books,
    file: TreasuryFile,
    symbol: str,
    section: TokenSection,
    known: dict[str, Token | None],
) -> Token | None:
    preset = known.get(symbol)
    mark = file.key_mark("tokens", symbol)
    if symbol == NATIVE_SYMBOL:
        message = f"{NATIVE_SYMBOL} is known on every chain"
        books.problems.add(mark, message, f"remove it; wallets may name {NATIVE_SYMBOL}", symbol)
        return preset
    alike = [other for other in known if other.lower() == symbol.lower() and other != symbol]
    if alike:
        fix = "choose a symbol that cannot be mistaken for it"
        books.problems.add(mark, f"differs from {alike[0]} only in its case", fix, symbol)
    if not is_readable(section) or not is_readable(section.address, section.decimals):
        return None
    _check_preset_token(books, section, preset)
    address = section.address or (preset.address if preset is not None else None)
    if address is None and books.is_devnet is False:
        message = "only a local chain deploys test tokens"
        books.problems.add(section.mark("address"), message, "add address: the token's contract")
    return Token(symbol=symbol, address=address, decimals=section.decimals)


def _check_preset_token(books: Books, section: TokenSection, preset: Token | None) -> None:
    """
    Deny another USDC than the chain's own: a wrong address is money lost.
    """
    if preset is None:
        return
    if preset.address is not None and section.address not in (None, preset.address):
        fix = f'write "{preset.address}", or choose another symbol for this token'
        message = f"not the {preset.symbol} of this chain"
        books.problems.add(section.mark("address"), message, fix, str(section.address))
    if section.decimals != preset.decimals:
        message, fix = f"{preset.symbol} has {preset.decimals}", f"write {preset.decimals}"
        books.problems.add(section.mark("decimals"), message, fix, str(section.decimals))


def read_categories(books: Books, file: TreasuryFile) -> Book[Category]:
    """
    What payments are for, as the contracts have it.
    """
    names = file.categories
    if not is_readable(names) or not is_readable(*names):
        return Book("category", None)
    for index, name in enumerate(names):
        if name in names[:index]:
            mark = file.item_mark("categories", index)
            books.problems.add(mark, "the same category twice", "remove one", name)
    return Book(
        "category", {name: Category(name=name, value=encode_category(name)) for name in names}
    )
