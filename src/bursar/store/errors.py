"""
What can go wrong between here and the database.

    BursarError
    └── StoreError
        ├── StoreUrlError             an address of a database that Bursar cannot use
        ├── StoreInUseError           another process writes to this SQLite file
        ├── StoreVersionError         its tables are of another version of Bursar
        ├── StoreDamagedError         the file is no database, or is damaged
        ├── StoreFullError            no space is left: nothing of the transaction was kept
        ├── StoreLockedError          somebody held it for too long: nothing was kept
        └── StoreGoneError            it cannot be reached: nothing was kept
            ├── StoreReadOnlyError    … or takes no writes here and now
            └── OutcomeUnknownError   … lost in mid-commit: all of it was kept, or nothing
"""

from bursar.errors import BursarError


class StoreError(BursarError):
    """
    The root of everything that the store raises on purpose.
    """


class StoreUrlError(StoreError):
    """
    The database's address cannot be used: its kind, its folder, or a package that is missing.
    """


class StoreInUseError(StoreError):
    """
    One process writes to an SQLite file. Read it with `Database.open(url, read_only=True)`, or
    use Postgres.
    """


class StoreVersionError(StoreError):
    """
    The tables are not those that this version of Bursar knows.
    """


class StoreDamagedError(StoreError):
    """
    What is there cannot be read as a database.
    """


class StoreFullError(StoreError):
    """
    No space is left. The transaction was undone whole.
    """


class StoreLockedError(StoreError):
    """
    Somebody else held what was needed for longer than is waited. The transaction was undone whole.
    """


class StoreGoneError(StoreError):
    """
    The database cannot be reached, or the connection broke before the commit was asked for: the
    transaction was undone whole, and may be done again.
    """


class StoreReadOnlyError(StoreGoneError):
    """
    It can be read and not written: a standby, a disk that was mounted to be read, or a connection
    that only reads.
    """


class OutcomeUnknownError(StoreGoneError):
    """
    The connection broke while the commit was under way: the transaction was kept whole or not at
    all. Look before doing it again, or do only what may be done twice.
    """
