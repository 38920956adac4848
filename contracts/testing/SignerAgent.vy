# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title SignerAgent
@author Bursar contributors
@license MIT
@notice An agent that is a contract: it takes as signatures what a test says (ERC-1271), or answers
        as a broken or hostile one would.
"""

MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000

# How to answer for a signature that is not approved, and `approved` otherwise.
WRONG: constant(uint256) = 0       # another four bytes
REVERTS: constant(uint256) = 1     # with a reason
BURNS: constant(uint256) = 2       # all gas
SHORT: constant(uint256) = 3       # the magic value, four bytes and no more
DIRTY: constant(uint256) = 4       # the magic value with something behind it
BOOLEAN: constant(uint256) = 5        # a 1, as functions that return a bool do

# Which digest is approved, and with which signature.
approved: public(bytes32)
signature: public(Bytes[1024])

# How anything else is answered.
manner: public(uint256)


@external
def approve(digest: bytes32, signature: Bytes[1024]):
    """
    @notice Take this signature of this digest from now on, and no other.
    """
    self.approved = digest
    self.signature = signature


@external
def set_manner(manner: uint256):
    """
    @notice Answer everything that is not approved in this manner.
    """
    self.manner = manner


@external
def do(target: address, call: Bytes[1024]):
    """
    @notice Make a call.
    """
    raw_call(target, call)


@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> Bytes[64]:
    """
    @notice ERC-1271.
    """
    is_approved: bool = digest == self.approved and digest != empty(bytes32)
    if is_approved and keccak256(signature) == keccak256(self.signature):
        return concat(MAGIC, b"")
    if self.manner == REVERTS:
        raise "agent: I did not sign that"
    if self.manner == BURNS:
        raise UNREACHABLE
    if self.manner == SHORT:
        return slice(MAGIC, 0, 4)
    if self.manner == DIRTY:
        return concat(slice(MAGIC, 0, 4), slice(keccak256(b"dirt"), 0, 28))
    if self.manner == BOOLEAN:
        return concat(convert(1, bytes32), b"")
    return concat(keccak256(b"wrong"), b"")
