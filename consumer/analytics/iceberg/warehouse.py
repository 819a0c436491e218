"""The warehouse that `--output` names: a directory of this machine, or a URL that pyiceberg has a file system for."""

import re
from pathlib import Path
from typing import Final

from pyiceberg.io import SCHEMA_TO_FILE_IO

from consumer.analytics.iceberg.errors import UnfitTableError
from consumer.analytics.objects.address import AddressError, read_directory

_URLS: Final = sorted(SCHEMA_TO_FILE_IO.keys() - {"file"})
_CONTAINER: Final = re.compile(r"(abfss?|wasbs?)://[^:@/]+")
"""What stands before the @ in a URL of Azure; in no other does anything stand there that may be shown."""
_AZURE: Final = "abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX"
_CUT: Final = re.compile(r"[?#\t\r\n]")
"""In the path of a URL pyiceberg takes these for its end, or leaves them out."""


def location(warehouse: str) -> str:
    """A warehouse as Iceberg names it; a directory becomes a URL, with its path as it is.

    Raises:
        UnfitTableError: it is none, or pyiceberg would take another place for it.
    """
    try:
        directory = read_directory(warehouse)
    except AddressError as error:
        raise UnfitTableError(f"--output: {error}") from None
    if directory is not None:
        return _of_directory(directory)
    _refuse_secrets(warehouse)
    scheme = warehouse.partition("://")[0]
    if scheme == "az":
        raise UnfitTableError(f"--output {warehouse}: Iceberg names a place in Azure otherwise: write {_AZURE}")
    if scheme not in _URLS:
        raise UnfitTableError(
            f"--output {warehouse}: write a directory, file:///DIRECTORY, or a URL with one of {', '.join(_URLS)}"
        )
    return warehouse


def _of_directory(directory: Path) -> str:
    path = str(directory.absolute())
    if _CUT.search(path):
        raise UnfitTableError(f"--output {path!r}: the path of a warehouse can have no ? or #, tab or line break")
    return f"file://{path}"


def _refuse_secrets(url: str) -> None:
    user_info, at, _ = url.rpartition("@")
    if _CUT.search(url) or (at and not _CONTAINER.fullmatch(user_info)):
        raise UnfitTableError(
            "--output: credentials and options do not belong in the URL: set them in pyiceberg's configuration"
        )
