"""What goes wrong with a catalog or a table, as one line without secrets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from runtime.errors import BridgeError

_URL: Final = re.compile(r"://(?:[^/\s]\S*@)?([^\s?]*)(?:\?\S*)?")
"""From the scheme on: the user info up to the last @, whatever stands in a password; the host and path; parameters."""
_SYSTEM: Final = re.compile(r"\[Errno -?\d+\] ([^'\"\[\]()<>]+)")
"""What the operating system said, somewhere in the text of a library that wraps it several times."""
_LONGEST: Final = 300


class TableError(BridgeError):
    """The catalog, the table or its files do not answer, or refuse."""


class UnfitTableError(BridgeError):
    """The catalog or the table cannot be used as it is."""

    exit_code: ClassVar[int] = 2


@contextmanager
def told(what: str) -> Iterator[None]:
    """Whatever a library raises within, as a TableError that begins with these words.

    Raises:
        TableError: a library raised an error.
        UnfitTableError: a package is not installed.
    """
    try:
        yield
    except BridgeError:
        raise
    except ModuleNotFoundError as error:  # of a kind of catalog or storage
        raise UnfitTableError(f"{what}: it needs {error.name}, which is not installed") from error
    except Exception as error:  # the libraries behind a catalog have no root of their errors
        raise TableError(f"{what}: {line_of(error)}") from error


def line_of(error: BaseException) -> str:
    """An error's kind and the first line of its text, without the secrets of URLs; or what the system said in it."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    said = _SYSTEM.search(text)
    text = without_secrets(said[1].strip() if said else text)[:_LONGEST]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def without_secrets(text: str) -> str:
    """A text whose URLs have no user info and no parameters."""
    return _URL.sub(r"://\1", text)
