"""The Python environment of the engines that come as Python packages; the project is not in it."""

import re
import sys
from typing import Final

from tests.kit.environments import Environment
from tests.kit.paths import ROOT

_FOLDER: Final = ROOT / "tests" / "engines"
_LIST: Final = _FOLDER / "requirements.txt"

ENGINES: Final = Environment(
    "engines", sys.executable, (_LIST,), builders=(_FOLDER / "requirements-build.txt",), has_project=False
)


def version(package: str) -> str:
    """The locked version of a package of the environment."""
    found = re.search(rf"^{re.escape(package)}==([^ \n]+)", _LIST.read_text("utf-8"), re.MULTILINE)
    assert found is not None, f"{_LIST} does not lock {package}"
    return found[1]
