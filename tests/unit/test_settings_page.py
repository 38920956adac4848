"""
docs/settings.md names every variable that Bursar reads, and none that it does not.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"BURSAR_[A-Z]+(?:_[A-Z]+)*(?![A-Z_])")
# The examples that end in a name of somebody's own.
_EXAMPLES = {"BURSAR_AGENT_KEY_SHOPPER", "BURSAR_SLACK_URL"}
_ROLES = ("AGENT", "KEEPER", "GUARDIAN", "RELAYER", "DEPLOYER")


def variables() -> set[str]:
    """
    Those in the code, and those that it puts together from a role.
    """
    sources = (ROOT / "src" / "bursar").rglob("*.py")
    found = {name for path in sources for name in _NAME.findall(path.read_text())}
    return found | {f"BURSAR_{role}_KEY{end}" for role in _ROLES for end in ("", "_FILE")}


def test_settings_page__every_variable_of_the_code__is_on_it_and_no_other() -> None:
    """
    Nobody has to read the code to learn what a command asked for.
    """
    page = set(_NAME.findall((ROOT / "docs" / "settings.md").read_text()))

    assert page - _EXAMPLES == variables() - _EXAMPLES
