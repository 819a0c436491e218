"""Where each module of the four packages is tested: in its mirror image, or where tested_elsewhere.toml says.

The mirror image of `consumer/log/credit.py` is `tests/unit/consumer/log/test_credit.py`. A line of the table names a
test file that imports the module, or a test (`FILE::TEST`) that cannot pass without it, of a command or a server say.
"""

import re
import tomllib
from pathlib import Path

import pytest

from tests.kit.paths import ROOT
from tests.kit.sources import PACKAGES, module_of, paths

TABLE = Path(__file__).with_name("tested_elsewhere.toml")
ELSEWHERE: dict[str, str] = tomllib.loads(TABLE.read_text("utf-8"))
MODULES = {module_of(path): path for path in paths(*PACKAGES) if path.name != "__init__.py"}


def mirror(path: Path) -> Path:
    """The test file of a module by rule."""
    return ROOT / "tests" / "unit" / path.with_name(f"test_{path.name}")


def imports(text: str, module: str) -> bool:
    """Whether a test file imports a module."""
    package, _, name = module.rpartition(".")
    whole = (
        rf"from {re.escape(module)} import |import {re.escape(module)}\b|from {re.escape(package)} import .*\b{name}\b"
    )
    return bool(re.search(rf"^\s*({whole})", text, re.MULTILINE))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_tested_somewhere(module: str) -> None:
    """By rule or by the table, which has no line that is not needed."""
    is_mirrored = mirror(MODULES[module]).exists()
    assert is_mirrored != (module in ELSEWHERE)
    if is_mirrored:
        return
    file, _, test = ELSEWHERE[module].partition("::")
    text = (ROOT / "tests" / file).read_text("utf-8")
    assert f"def {test}(" in text if test else imports(text, module)


def test_the_table_names_modules() -> None:
    """That are there, in order."""
    assert [] == sorted(ELSEWHERE.keys() - MODULES.keys())
    assert sorted(ELSEWHERE) == list(ELSEWHERE)
