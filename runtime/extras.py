"""Packages that only an extra needs, and how to install them into the environment that is running."""

import shlex
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from runtime.errors import BridgeError


class ExtraMissingError(BridgeError):
    """A package of an extra is not installed."""

    exit_code: ClassVar[int] = 2


def how_to_install(extra: str, packages: Sequence[str]) -> str:
    """The command that installs the packages of an extra here; where nothing can be installed, what to do instead."""
    return advice(
        extra,
        packages,
        python=Path(sys.executable),
        has_pip=find_spec("pip") is not None,
        has_uv=_is_uvs(Path(sys.prefix)),
    )


def advice(extra: str, packages: Sequence[str], *, python: Path, has_pip: bool, has_uv: bool) -> str:
    """The same for an environment that is described: its Python, whether it has pip, whether uv made it."""
    wanted = shlex.join(packages)
    here = shlex.quote(str(python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python))
    if has_pip:
        return f"{here} -m pip install {wanted}"
    if has_uv:
        return f"uv pip install --python {here} {wanted}"
    return f"build the container image with --target {extra}, or install {wanted} for {here}"


def _is_uvs(prefix: Path) -> bool:
    """Whether uv made the environment: it says so in the file that every one has, and brings no pip."""
    try:
        lines = (prefix / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(line.partition("=")[0].strip() == "uv" for line in lines)
