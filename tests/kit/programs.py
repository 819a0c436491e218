"""The programs of Debian packages that the tests run, and the one line that says so when one is missing."""

import pytest

from tests.kit.debian import PACKAGES, find


def need(program: str) -> str:
    """The path of `program`; fails the test if it is missing, for a skipped proof is none."""
    found = find(program)
    if found is None:
        packages = " ".join(names[0] for names in PACKAGES.values())
        pytest.fail(
            f"{program} is missing: the tests need the Debian packages {packages} (apt-get install {packages})",
            pytrace=False,
        )
    return found
