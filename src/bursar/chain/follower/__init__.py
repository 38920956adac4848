"""
Following a chain: everything that an organisation and its wallets log, in order and once.

    nodes → Endpoints → Follower.catch_up() → Extension | Rollback, which a store takes in
"""

from bursar.chain.follower.blocks import Header, Mark
from bursar.chain.follower.decoding import Logged, decode_logs, read_event
from bursar.chain.follower.endpoint import Endpoint
from bursar.chain.follower.endpoints import Endpoints
from bursar.chain.follower.errors import (
    DeepReorgError,
    DisagreementError,
    HaltedError,
    IncompleteError,
    LaggingNodeError,
    RateLimitedError,
    TooMuchError,
    WrongStoreError,
)
from bursar.chain.follower.following import (
    DEPTH,
    Extension,
    Follower,
    Position,
    Rollback,
    Step,
)
from bursar.chain.follower.heads import Heads
from bursar.chain.follower.inspecting import Receipts
from bursar.chain.follower.receipts import (
    NO_TRAFFIC,
    FailedCall,
    TokenTransfer,
    Traffic,
    Unexplained,
)

__all__ = [
    "DEPTH",
    "NO_TRAFFIC",
    "DeepReorgError",
    "DisagreementError",
    "Endpoint",
    "Endpoints",
    "Extension",
    "FailedCall",
    "Follower",
    "HaltedError",
    "Header",
    "Heads",
    "IncompleteError",
    "LaggingNodeError",
    "Logged",
    "Mark",
    "Position",
    "RateLimitedError",
    "Receipts",
    "Rollback",
    "Step",
    "TokenTransfer",
    "TooMuchError",
    "Traffic",
    "Unexplained",
    "WrongStoreError",
    "decode_logs",
    "read_event",
]
