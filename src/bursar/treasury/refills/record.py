"""
What is kept of a refill: who confirmed, approved, drafted, saw the money arrive and closed it, each
with the time. Frozen: every step returns another one.
"""

from enum import StrEnum

from bursar.treasury.refills.evidence import FORMAT, Model, Units
from bursar.types import Address


class Stage(StrEnum):
    """
    How far a refill has come.
    """

    REPORTED = "reported"
    APPROVED = "approved"
    DRAFTED = "drafted"
    FUNDED = "funded"
    FINISHED = "finished"
    ABANDONED = "abandoned"


class Confirmation(Model):
    """
    A person's word about one item of the checklist.
    """

    item: str
    by: str
    at: int
    note: str = ""


class Approval(Model):
    """
    The treasury manager's approval of exactly one report.
    """

    by: str
    at: int
    report_hash: str
    note: str = ""


class Drafted(Model):
    """
    The Safe transaction that owners sign.
    """

    by: str
    at: int
    safe_hash: str
    nonce: int


class Funded(Model):
    """
    What one wallet got of one token, in base units.
    """

    wallet: str
    address: Address
    token: str
    amount: Units
    balance: Units


class Funding(Model):
    """
    The money has arrived: in which transaction, signed by whom, seen by whom.
    """

    by: str
    at: int
    transaction: str
    block: int
    signers: tuple[str, ...]
    funded: tuple[Funded, ...]


class Closing(Model):
    """
    Afterwards: the balances from which on they are watched again, and how many low-balance alerts
    were cleared (None: nobody records alerts).
    """

    by: str
    at: int
    balances: tuple[Funded, ...]
    alerts_cleared: int | None


class Abandoning(Model):
    """
    It will not happen.
    """

    by: str
    at: int
    note: str


class Refill(Model):
    """
    One refill. `file` is where the treasury.yaml lies that its report compared.
    """

    format: int = FORMAT
    id: str
    report_hash: str
    file: str
    begun_by: str
    begun_at: int
    confirmations: tuple[Confirmation, ...] = ()
    approval: Approval | None = None
    draft: Drafted | None = None
    funding: Funding | None = None
    closing: Closing | None = None
    abandoned: Abandoning | None = None

    @property
    def stage(self) -> Stage:
        """
        How far it has come.
        """
        steps = (
            (self.abandoned, Stage.ABANDONED),
            (self.closing, Stage.FINISHED),
            (self.funding, Stage.FUNDED),
            (self.draft, Stage.DRAFTED),
            (self.approval, Stage.APPROVED),
        )
        return next((stage for done, stage in steps if done is not None), Stage.REPORTED)

    @property
    def is_open(self) -> bool:
        """
        Whether something is still to be done.
        """
        return self.stage not in (Stage.FINISHED, Stage.ABANDONED)
