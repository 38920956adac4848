# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Signatures
@author Bursar contributors
@license MIT
@notice Payments that an agent has signed and anyone may submit, each at most once (EIP-712,
        ERC-1271).
@dev Nonces are bits, 256 to a word, in no order, so that one payment that is never submitted holds
     up no other. The queue's epoch is signed too: voiding the queue voids every signature.
"""

from interfaces import IHotWallet
from modules import reasons

# A signature that lies around for longer is a payment that somebody else picks the moment of.
MAX_AHEAD: constant(uint256) = 86400

DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
PAYMENT_TYPE: constant(bytes32) = keccak256(
    "Payment(address agent,address token,address to,uint256 amount,bytes32 category,bytes32 ref,uint256 epoch,uint256 nonce,uint256 deadline)"
)

NAME: constant(String[16]) = "Bursar HotWallet"
VERSION: constant(String[8]) = "1"

# The domain on the chain that the wallet was created on.
CHAIN_ID: immutable(uint256)
DOMAIN: immutable(bytes32)

# ERC-1271's answer for a signature that is good, as it comes back.
MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000

# Used and voided nonces: bit `nonce % 256` of the word at the hash of agent and `nonce // 256`.
_nonces: HashMap[bytes32, uint256]


@deploy
def __init__():
    CHAIN_ID = chain.id
    DOMAIN = self._build_domain()


@external
@view
def nonce_used(agent: address, nonce: uint256) -> bool:
    """
    @notice Whether `agent` can sign nothing more with this nonce: it was used or voided.
    """
    return self._nonces[keccak256(abi_encode(agent, nonce >> 8))] & (1 << (nonce & 255)) != 0


@internal
def _use(agent: address, nonce: uint256):
    """
    @dev Use up a nonce.
    """
    bit: uint256 = 1 << (nonce & 255)
    at: bytes32 = keccak256(abi_encode(agent, nonce >> 8))
    word: uint256 = self._nonces[at]
    if word & bit != 0:
        reasons._refuse("signatures: nonce used")

    self._nonces[at] = word | bit
    log IHotWallet.NonceVoided(agent=agent, nonce=nonce)


@internal
@view
def _digest(fields: bytes32) -> bytes32:
    """
    @dev What is signed: `fields` is the hash of the typed payment. After a fork the chain's id is
         another one, and so is the domain.
    """
    domain: bytes32 = DOMAIN
    if chain.id != CHAIN_ID:
        domain = self._build_domain()
    return keccak256(concat(0x1901, domain, fields))


@internal
@view
def _check_by_contract(agent: address, digest: bytes32, signature: Bytes[1024]):
    """
    @dev Ask an agent that is a contract (ERC-1271). Whatever else it answers, also nothing, is a
         no.
    """
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        agent,
        abi_encode(digest, signature, method_id=method_id("isValidSignature(bytes32,bytes)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    is_good: bool = success and len(answer) == 32
    if not (is_good and convert(answer, bytes32) == MAGIC):
        reasons._refuse("signatures: not by the agent")


@internal
@view
def _build_domain() -> bytes32:
    return keccak256(
        abi_encode(DOMAIN_TYPE, keccak256(NAME), keccak256(VERSION), chain.id, self)
    )
