"""The packages that only analytics needs, and how to install them into the environment that is running."""

import shlex
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final

from runtime.errors import BridgeError

ANALYTICS: Final = ("pyarrow>=20", "duckdb>=1.4")
"""The extra `analytics`."""
FAST: Final = ("pyruhvro>=0.4",)
"""The package that the extra `analytics-fast` adds to it."""


class ExtraMissingError(BridgeError):
    """A package of the extra is not installed."""

    exit_code: ClassVar[int] = 2


def how_to_install(packages: Sequence[str]) -> str:
    """The command that installs them here; where nothing can be installed, what to do instead."""
    return advice(
        packages,
        python=Path(sys.executable),
        has_pip=find_spec("pip") is not None,
        has_uv=_is_uvs(Path(sys.prefix)),
    )


def advice(packages: Sequence[str], *, python: Path, has_pip: bool, has_uv: bool) -> str:
    """The same for an environment that is described: its Python, whether it has pip, whether uv made it."""
    wanted = shlex.join(packages)
    here = shlex.quote(str(python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python))
    if has_pip:
        return f"{here} -m pip install {wanted}"
    if has_uv:
        return f"uv pip install --python {here} {wanted}"
    return f"build the container image with --build-arg EXTRAS=analytics, or install {wanted} for {here}"


def _is_uvs(prefix: Path) -> bool:
    """Whether uv made the environment: it says so in the file that every one has, and brings no pip."""
    try:
        lines = (prefix / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(line.partition("=")[0].strip() == "uv" for line in lines)
