"""The address of an output: a directory of this machine, or a bucket and a prefix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

SCHEMES: Final = {"s3": "BUCKET", "gs": "BUCKET", "az": "CONTAINER"}
"""The schemes of object storage, and what the first part of their addresses is called."""
_ALLOWED: Final = (
    "write a directory, file:///DIRECTORY, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
)


class AddressError(ValueError):
    """The text is no address; says why, without what may be a secret."""


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """A bucket, and what the paths of the objects in it begin with."""

    scheme: str
    bucket: str
    prefix: str = ""
    """Without a slash at either end."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}".rstrip("/")


def read_address(text: str) -> StorageAddress | Path:
    """The address that a text means; a text without a scheme is a directory.

    Raises:
        AddressError: it is none.
    """
    directory = read_directory(text)
    if directory is not None:
        return directory
    _refuse_secrets(text)
    parts = _split(text)
    scheme = text.partition("://")[0]
    if parts is None or scheme not in SCHEMES:
        raise AddressError(f"{text!r} is neither a directory nor the address of a bucket: {_ALLOWED}")
    if not parts.netloc or ":" in parts.netloc:
        raise AddressError(
            f"{scheme}://... names no {SCHEMES[scheme].lower()}: write {scheme}://{SCHEMES[scheme]}/PREFIX"
        )
    prefix = parts.path.strip("/")
    if any(part in {"", ".", ".."} for part in prefix.split("/")) and prefix:
        raise AddressError(f"{text!r} has an empty part, `.` or `..` in its prefix")
    return StorageAddress(scheme, parts.netloc, prefix)


def read_directory(text: str) -> Path | None:
    """The directory of this machine that a text means, by its path or as file:///DIRECTORY; None if it has another URL.

    Raises:
        AddressError: it lacks the slashes of an address.
    """
    if "://" not in text:
        return _path(text)
    if not text.startswith("file:///"):
        return None
    _refuse_secrets(text)
    return Path(unquote(urlsplit(text).path))


def _path(text: str) -> Path:
    """The directory of a text without `://`, unless it begins like an address."""
    head, colon, _ = text.partition(":")
    if colon and head.lower() in {*SCHEMES, "file"}:
        _refuse_secrets(text)
        raise AddressError(f"{text!r} lacks the slashes of {head.lower()}://; if it is a directory, write ./{text}")
    return Path(text)


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:  # brackets that no host has, or characters that mean another host
        return None


def _refuse_secrets(text: str) -> None:
    if any(sign in text for sign in "@?#"):
        raise AddressError("credentials and options do not belong in the address: set them in the environment")
