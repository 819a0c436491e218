"""The Debian packages that the tests need, and the one line that says so when one is missing."""

import shutil

import pytest

PACKAGES = {
    "docker-registry": "docker-registry",
    "skopeo": "skopeo",
    "kcat": "kcat",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
}


def need(program: str) -> str:
    """The path of `program`; fails the test if it is missing, for a skipped proof is none."""
    found = shutil.which(program)
    if found is None:
        packages = " ".join(dict.fromkeys(PACKAGES.values()))
        pytest.fail(
            f"{program} is missing: the tests need the Debian packages {packages} (apt-get install {packages})",
            pytrace=False,
        )
    return found
