"""Pytest in a folder that is not ours, where pyproject.toml's settings do not hold."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

PYTEST: Final[Sequence[str]] = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
"""A command that leaves no cache behind; run it with `WITHOUT_PLUGINS` in its environment."""
WITHOUT_PLUGINS: Final[Mapping[str, str]] = {"PYTEST_ADDOPTS": "-p no:anyio -p no:cloudcoil"}
"""The plugins that pyproject.toml leaves out."""
