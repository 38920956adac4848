"""
The service that watches one organisation, executes what is due and cancels what no longer fits.

    chain → Following → store → Watcher → View → decide → send → CycleReport
                                     ↘ Notice → whoever queued the payment
"""

from bursar.keeper.loop import run, stopping_on_signals
from bursar.keeper.node import ClientNode
from bursar.keeper.notices import FileNotices, MemoryNotices, Notice, NoticeKind
from bursar.keeper.report import (
    ChangeReport,
    CycleReport,
    Heartbeat,
    Outcome,
    PaymentReport,
    Problem,
    ProblemKind,
)
from bursar.keeper.service import Keeper
from bursar.keeper.settings import KEEPER_PATIENCE, KeeperSettings

__all__ = [
    "KEEPER_PATIENCE",
    "ChangeReport",
    "ClientNode",
    "CycleReport",
    "FileNotices",
    "Heartbeat",
    "Keeper",
    "KeeperSettings",
    "MemoryNotices",
    "Notice",
    "NoticeKind",
    "Outcome",
    "PaymentReport",
    "Problem",
    "ProblemKind",
    "run",
    "stopping_on_signals",
]
