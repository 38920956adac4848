"""
Who may begin, confirm and approve: people whom treasury.yaml names. Pure.
"""

from bursar.config import Treasury
from bursar.config.problems import build_hint
from bursar.treasury.refills.errors import UnknownPersonError


def find_people(treasury: Treasury) -> dict[str, str]:
    """
    Everybody by name, with what they are.
    """
    people: dict[str, list[str]] = {}
    if treasury.treasury_manager is not None:
        people.setdefault(treasury.treasury_manager, []).append("treasury manager")
    for role, accounts in (("owner", treasury.safe.owners), ("guardian", treasury.guardians)):
        for account in accounts:
            people.setdefault(account.name, []).append(role)
    return {name: ", ".join(roles) for name, roles in people.items()}


def validate_person(treasury: Treasury, name: str) -> str:
    """
    The name itself. Raises UnknownPersonError for somebody whom the file does not name as a person.
    """
    people = find_people(treasury)
    if name in people:
        return name
    services = {one.name for one in (*treasury.keepers, *treasury.agents)}
    if name in services:
        raise UnknownPersonError(f"{name} is a service: only people take part in a refill.")
    raise UnknownPersonError(
        f"{name!r} is nobody whom treasury.yaml names as an owner, a guardian or the treasury "
        f"manager: {build_hint(name, people)}"
    )


def validate_manager(treasury: Treasury, name: str) -> str:
    """
    The name itself. Raises UnknownPersonError for anybody but the treasury manager.
    """
    manager = treasury.treasury_manager
    if manager is None:
        raise UnknownPersonError(
            "treasury.yaml names no treasury manager, who has to approve refills: add "
            "organisation.treasury_manager with a name."
        )
    validate_person(treasury, name)
    if name != manager:
        raise UnknownPersonError(f"{name} is not the treasury manager: {manager} has to approve.")
    return name
