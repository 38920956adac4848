"""
The treasury for the people who look after it: what it looks like now, what they may do about it.

    AddressBook + node → Office → State → status, scopes, drafts for the Safe
"""

from bursar.treasury.history import History
from bursar.treasury.office import Office, OfficeError, View
from bursar.treasury.status import Status, build_status

__all__ = ["History", "Office", "OfficeError", "Status", "View", "build_status"]
