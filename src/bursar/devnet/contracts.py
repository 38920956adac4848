"""
The contracts of a local chain, each at the address that follows from what it is: whoever looks for
one finds what an earlier run has deployed, also one that was interrupted.
"""

from typing import Final

from eth_account.signers.local import LocalAccount
from eth_typing import HexAddress, HexStr
from web3.types import Nonce
from web3.utils.address import get_create_address

from bursar.chain.contracts import Contract, token_type, wallet_type
from bursar.chain.local import ETHER, LocalChain, derive_account
from bursar.chain.safe import Safe
from bursar.chain.safe_setup import SafeContracts
from bursar.chain.safe_transaction import safe_contract_type
from bursar.types import ZERO_ADDRESS, Address, address_word, checksummed, keccak

_ENOUGH: Final = 10 * ETHER
# A failed creation uses a nonce up, too; more than a few in a row is another problem.
_ATTEMPTS: Final = 16


def created_address(creator: Address, nonce: int) -> Address:
    """
    Where the contract stands that `creator` creates with its transaction or creation `nonce`.
    """
    return checksummed(get_create_address(HexAddress(HexStr(creator)), Nonce(nonce)))


def fund_account(chain: LocalChain, name: str) -> LocalAccount:
    """
    The account of that name, with ether if it has little.
    """
    account = derive_account(name)
    address = checksummed(account.address)
    if chain.fetch_balance(address) < _ENOUGH:
        chain.fund(address, 10 * _ENOUGH)
    return account


def find_or_create(chain: LocalChain, name: str, creation_code: bytes) -> Address:
    """
    The contract with that code, deployed by an account of its own unless it exists.
    """
    account = _creator(name, creation_code)
    creator = checksummed(account.address)
    for nonce in range(_ATTEMPTS):
        address = created_address(creator, nonce)
        if chain.fetch_code(address):
            return address
    chain.fund(creator, 10 * _ENOUGH)
    created = chain.deploy(account, creation_code).created
    assert created is not None, "a creation that was mined has an address"
    return created


def find_safe_contracts(chain: LocalChain) -> SafeContracts:
    """
    What all Safes of the chain share.
    """
    return SafeContracts(
        *(
            find_or_create(chain, name, safe_contract_type(name).creation_code)
            for name in (
                "Safe",
                "ProxyFactory",
                "CompatibilityFallbackHandler",
                "MultiSendCallOnly",
            )
        )
    )


def find_blueprint(chain: LocalChain) -> Address:
    """
    What wallets are created from.
    """
    return find_or_create(chain, "blueprint", wallet_type().blueprint_code)


def expected_blueprint() -> Address:
    """
    Where the first attempt puts it on every devnet.
    """
    return created_address(
        checksummed(_creator("blueprint", wallet_type().blueprint_code).address), 0
    )


def find_token(chain: LocalChain, symbol: str, decimals: int) -> Contract:
    """
    A test token, which anybody can mint.
    """
    name = "USD Coin" if symbol == "USDC" else symbol
    code = token_type().build_deployment(name, symbol, decimals)
    return Contract(chain, token_type(), find_or_create(chain, f"token {symbol}", code))


def find_safe(
    chain: LocalChain,
    contracts: SafeContracts,
    owners: tuple[Address, ...],
    threshold: int,
    name: str,
) -> Safe:
    """
    The Safe of these owners for the organisation of that name.
    """
    setup = safe_contract_type("Safe").encode(
        "setup",
        *(owners, threshold, ZERO_ADDRESS, b"", contracts.fallback_handler),
        *(ZERO_ADDRESS, 0, ZERO_ADDRESS),
    )
    salt = int.from_bytes(keccak(f"bursar devnet: {name}".encode()), "big")
    factory = Contract(chain, safe_contract_type("ProxyFactory"), contracts.factory)
    code = factory.view("proxyCreationCode") + address_word(contracts.singleton)
    address = _create2_address(
        contracts.factory, keccak(keccak(setup) + salt.to_bytes(32, "big")), code
    )
    if not chain.fetch_code(address):
        deployer = fund_account(chain, "deployer")
        factory.send(deployer, "createProxyWithNonce", contracts.singleton, setup, salt)
    return Safe(chain, address, contracts.multi_send)


def _creator(name: str, creation_code: bytes) -> LocalAccount:
    return derive_account(f"{name} {keccak(creation_code)[:8].hex()}")


def _create2_address(creator: Address, salt: bytes, code: bytes) -> Address:
    digest = keccak(b"\xff" + bytes.fromhex(creator[2:]) + salt + keccak(code))
    return checksummed(f"0x{digest[-20:].hex()}")
