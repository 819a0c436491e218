"""What goes wrong with a catalog or a table, as one line without secrets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from runtime.errors import BridgeError

_USER_INFO: Final = re.compile(r"(?<=://)[^/@\s]+@")
_LONGEST: Final = 300


class TableError(BridgeError):
    """The catalog, the table or its files do not answer, or refuse."""


class UnfitTableError(BridgeError):
    """The catalog or the table cannot be used as it is."""

    exit_code: ClassVar[int] = 2


@contextmanager
def told(what: str) -> Iterator[None]:
    """Whatever a library raises within, as a TableError that begins with these words."""
    try:
        yield
    except BridgeError:
        raise
    except Exception as error:  # the libraries behind a catalog have no root of their errors
        raise TableError(f"{what}: {line_of(error)}") from error


def line_of(error: BaseException) -> str:
    """An error's kind and the first line of its text, without the user info of URLs."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    text = _USER_INFO.sub("", text)[:_LONGEST]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
