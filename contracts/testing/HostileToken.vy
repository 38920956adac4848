# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title HostileToken
@author Bursar contributors
@license MIT
@notice A token that does to a wallet whatever a test tells it to: it answers with any bytes, takes
        a fee, refuses, moves nothing, or calls back in mid-transfer. Untouched it behaves.
"""

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

struct Reaction:
    target: address
    call: Bytes[1024]

struct Outcome:
    succeeded: bool
    response: Bytes[256]

# What wallets and people count in, and no contract of ours asks for.
decimals: public(constant(uint8)) = 6

balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

# What `transfer` and `transferFrom` return, as it goes over the wire.
answer: public(Bytes[1024])

# Taken out of every transfer, in hundredths of a percent.
fee_bps: public(uint256)

# Why transfers revert; empty: they do not.
refusal: public(String[64])

# Whether transfers revert without a word, or burn all the gas that they get.
mute: public(bool)
burns: public(bool)

# Whether transfers move anything.
moves: public(bool)

# Calls that the next transfer makes before it moves anything, and what became of them.
reactions: DynArray[Reaction, 32]
outcomes: DynArray[Outcome, 32]


@deploy
def __init__():
    self.answer = abi_encode(True)
    self.moves = True


@external
def mint(to: address, amount: uint256):
    """
    @notice Make `amount` base units out of nothing.
    """
    self.balanceOf[to] += amount


@external
def burn(owner: address, amount: uint256):
    """
    @notice Take `amount` base units off anyone.
    """
    self.balanceOf[owner] -= amount


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let `spender` move up to `amount` base units of the caller's.
    """
    self.allowance[msg.sender][spender] = amount
    return True


@external
def set_answer(answer: Bytes[1024]):
    """
    @notice Return these bytes from transfers from now on.
    """
    self.answer = answer


@external
def set_fee(bps: uint256):
    """
    @notice Keep a share of every transfer.
    """
    self.fee_bps = bps


@external
def set_refusal(reason: String[64]):
    """
    @notice Revert every transfer with this reason.
    """
    self.refusal = reason


@external
def set_mute(mute: bool):
    """
    @notice Revert every transfer without a reason, or no longer.
    """
    self.mute = mute


@external
def set_burns(burns: bool):
    """
    @notice Burn all gas in every transfer, or no longer.
    """
    self.burns = burns


@external
def set_moves(moves: bool):
    """
    @notice Say whether transfers move anything; the answer stays what it is.
    """
    self.moves = moves


@external
def react(target: address, call: Bytes[1024]):
    """
    @notice Make this call, too, during the next transfer.
    """
    self.reactions.append(Reaction(target=target, call=call))


@external
@raw_return
def transfer(to: address, amount: uint256) -> Bytes[1024]:
    """
    @notice Move `amount` base units of the caller's to `to`, more or less.
    """
    self._react()
    self._move(msg.sender, to, amount)
    return self.answer


@external
@raw_return
def transferFrom(owner: address, to: address, amount: uint256) -> Bytes[1024]:
    """
    @notice Move `amount` base units of `owner`'s, who has approved the caller, more or less.
    """
    assert amount <= self.allowance[owner][msg.sender], "token: insufficient allowance"

    self.allowance[owner][msg.sender] -= amount
    self._react()
    self._move(owner, to, amount)
    return self.answer


@external
@view
def outcome(i: uint256) -> (bool, Bytes[256]):
    """
    @notice Whether reaction number `i` of the last transfer succeeded, and what came back.
    """
    return self.outcomes[i].succeeded, self.outcomes[i].response


@internal
def _react():
    """
    @dev Make the calls that were asked for, once, and remember what became of them.
    """
    reactions: DynArray[Reaction, 32] = self.reactions
    self.reactions = []
    for reaction: Reaction in reactions:
        succeeded: bool = False
        response: Bytes[256] = b""
        succeeded, response = raw_call(
            reaction.target, reaction.call, max_outsize=256, revert_on_failure=False
        )
        self.outcomes.append(Outcome(succeeded=succeeded, response=response))


@internal
def _move(owner: address, to: address, amount: uint256):
    if self.burns:
        raise UNREACHABLE
    if len(self.refusal) != 0:
        raise self.refusal
    assert not self.mute
    if not self.moves:
        return

    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - amount * self.fee_bps // 10_000
    log Transfer(sender=owner, receiver=to, amount=amount)
