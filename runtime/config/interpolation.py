"""`${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$$` in one scalar's text; environment and files are passed in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_LONGEST_FILE = 2**16
"""Characters of an interpolated file: tokens and keys, not data."""
_REFERENCE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?:file:(?P<file>[^}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?)\}|(?P<broken>\{))"
)


def _no_file(path: Path) -> str:
    raise OSError(f"{path}: no files here")


@dataclass(frozen=True)
class Sources:
    """Where interpolated values come from."""

    environ: Mapping[str, str]
    folder: Path = Path()
    """What relative paths in the file are relative to: the folder of the configuration."""
    read: Callable[[Path], str] = _no_file
    """Reads a text file whole; raises OSError, or ValueError if it is not UTF-8."""

    def file(self, path: str) -> str:
        """Read a file named in the configuration; raises InterpolationError in words that never hold its content."""
        try:
            content = self.read(self.folder / path)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "it is not readable text"
            raise InterpolationError(f"cannot be read: {reason}") from None
        if len(content) > _LONGEST_FILE:
            raise InterpolationError(f"cannot be read: it is longer than {_LONGEST_FILE} characters")
        return content


class InterpolationError(ValueError):
    """A reference that gives no text; its message holds references as written, never values."""


def interpolate(text: str, sources: Sources) -> str:
    """Replace every reference; `:-` also stands in for an empty value, as in a shell.

    Raises:
        InterpolationError: a name without value or default, a file that cannot be read, or a `${` that is no reference.
    """
    return _REFERENCE.sub(lambda found: _value(found, sources), text)


def _value(found: re.Match[str], sources: Sources) -> str:
    if found["dollar"]:
        return "$"
    if found["broken"]:
        raise InterpolationError(
            "has a ${ that is not one of ${NAME}, ${NAME:-default} or ${file:PATH}; write $$ for a plain $"
        )
    if found["file"]:
        return _from_file(found, sources)
    value = sources.environ.get(found["name"])
    if found["default"] is not None:
        return value or found["default"].removeprefix(":-")
    if value is None:
        raise InterpolationError(
            f"needs {found['name']}, which is not set in the environment; write ${{{found['name']}:-...}} for a default"
        )
    return value


def _from_file(found: re.Match[str], sources: Sources) -> str:
    try:
        content = sources.file(found["file"])
    except InterpolationError as error:
        raise InterpolationError(f"needs the file {found['file']}, which {error}") from None
    return content.removesuffix("\n").removesuffix("\r")
