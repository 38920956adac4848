import pytest

from tests.contracts.organization.company import Company


@pytest.fixture
def company() -> Company:
    """
    Two sealed and funded wallets, two agents who can pay from each.
    """
    return Company()


@pytest.fixture
def unsealed() -> Company:
    """
    The same while its wallets are being set up.
    """
    return Company(sealed=False)
