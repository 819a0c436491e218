"""The address of an output: a directory of this machine, or a bucket and a prefix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

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
    scheme, found, rest = text.partition("://")
    if not found:
        return _directory(text)
    _refuse_secrets(rest)
    parts = urlsplit(text)
    if scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Path(unquote(parts.path))
    if scheme not in SCHEMES:
        raise AddressError(f"{text!r} is not an output: {_ALLOWED}")
    if not parts.netloc or ":" in parts.netloc:
        raise AddressError(
            f"{scheme}://... names no {SCHEMES[scheme].lower()}: write {scheme}://{SCHEMES[scheme]}/PREFIX"
        )
    prefix = parts.path.strip("/")
    if any(part in {"", ".", ".."} for part in prefix.split("/")) and prefix:
        raise AddressError(f"{text!r} has an empty part, `.` or `..` in its prefix")
    return StorageAddress(scheme, parts.netloc, prefix)


def _directory(text: str) -> Path:
    """The directory of a text without `://`, unless it begins like an address."""
    head, colon, _ = text.partition(":")
    if colon and head.lower() in {*SCHEMES, "file"}:
        _refuse_secrets(text)
        raise AddressError(f"{text!r} lacks the slashes of {head.lower()}://; if it is a directory, write ./{text}")
    return Path(text)


def _refuse_secrets(text: str) -> None:
    if any(sign in text for sign in "@?#"):
        raise AddressError("credentials and options do not belong in the address: set them in the environment")
