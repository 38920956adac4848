# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title HostileRecipient
@author Bursar contributors
@license MIT
@notice An account that does whatever a test tells it to when native currency arrives: it refuses,
        burns all gas, sends change back, or calls back in mid-payment. It can also call anything
        on its own, so that it can be an agent, a guardian or a treasury. Untouched it takes money.
"""

event Received:
    sender: indexed(address)
    amount: uint256

struct Reaction:
    target: address
    call: Bytes[1024]

struct Outcome:
    succeeded: bool
    response: Bytes[256]

# Whether money is refused, with a reason.
refuses: public(bool)

# Whether arriving money burns all the gas that came along.
burns: public(bool)

# Sent back to whoever pays, in base units.
change: public(uint256)

# Calls to make when money arrives next, and what became of them.
reactions: DynArray[Reaction, 32]
outcomes: DynArray[Outcome, 32]


@external
@payable
def __default__():
    """
    @dev Money arrives.
    """
    if self.burns:
        raise UNREACHABLE
    if self.refuses:
        raise "recipient: no, thank you"

    log Received(sender=msg.sender, amount=msg.value)
    if self.change != 0:
        raw_call(msg.sender, b"", value=self.change)
    self._react()


@external
def set_refuses(refuses: bool):
    """
    @notice Refuse money from now on, or take it again.
    """
    self.refuses = refuses


@external
def set_burns(burns: bool):
    """
    @notice Burn all gas when money arrives from now on, or no longer.
    """
    self.burns = burns


@external
def set_change(change: uint256):
    """
    @notice Send this much back out of whatever arrives.
    """
    self.change = change


@external
def react(target: address, call: Bytes[1024]):
    """
    @notice Make this call, too, when money arrives next.
    """
    self.reactions.append(Reaction(target=target, call=call))


@external
@payable
def do(target: address, call: Bytes[1024]) -> Bytes[256]:
    """
    @notice Make a call now, with the value sent along.
    """
    return raw_call(target, call, max_outsize=256, value=msg.value)


@external
@view
def outcome(i: uint256) -> (bool, Bytes[256]):
    """
    @notice Whether reaction number `i` succeeded, and what came back.
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
