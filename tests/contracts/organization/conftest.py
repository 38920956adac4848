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


@pytest.fixture(scope="module")
def untouched() -> Company:
    """
    A company for questions and for calls that must be refused: no test that uses it changes it.
    """
    return Company()
