# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Reasons
@author Bursar contributors
@license MIT
@notice Reverts with a reason, in one place for a whole contract.
@dev An `assert` with a reason of its own takes 55 bytes more each time, and the wallet's blueprint
     must fit in 24,576. Reasons are at most one word long for the same cause. Called in the
     failing branch, this costs nothing until it is reached.
"""


@internal
@pure
def _refuse(reason: String[32]):
    raise reason
