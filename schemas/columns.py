"""What exported columns derive from an event's members: its kind, a time that readers know, an address without port.

Whoever shows an event under the columns' names has these rules, in plain Python.
"""

import re
from typing import Final

INDEX_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
TAGGED_ACTIONS: Final = ("push", "pull")
FIRST_TIME: Final = -62_104_060_800_000_000
"""Year 2, in microseconds: Go's zero time, in year 1, means that there is none."""
LAST_TIME: Final = 253_402_300_799_999_999
PORT: Final = r"^\[([^\]]*)\](?::[0-9]+)?$|^([^:\[]*):[0-9]+$"
r"""An address with a port or brackets; what `\1\2` leaves is neither. A bare IPv6 address does not match."""
BLOB_URL: Final = r"/blobs/[^/]*$"
"""First of all: a repository may be named `team/manifests/x`."""

_PORT: Final = re.compile(PORT.replace("$", r"\Z"))
_BLOB_URL: Final = re.compile(BLOB_URL.replace("$", r"\Z"))


def kind_of(
    media_type: str | None,
    url: str | None,
    action: str | None,
    tag: str | None,
    digest: str | None,
    *,
    source_format: str | None,
) -> str:
    """The kind of an event: by media type, else by URL, else by what its action names; None is as empty.

    Some sources say no more of what was pushed than its tag, and only manifests and indexes have tags. A distribution
    registry says the media type of each.
    """
    if media_type in INDEX_TYPES:
        return "index"
    if media_type in MANIFEST_TYPES:
        return "manifest"
    if by_url := _kind_by_url(url or ""):
        return by_url
    if action == "delete":
        return "tag" if tag else "unknown" if digest else "repository"
    return "manifest" if source_format and tag and action in TAGGED_ACTIONS else "unknown"


def _kind_by_url(url: str) -> str:
    if _BLOB_URL.search(url):
        return "blob"
    if "/manifests/" in url:
        return "manifest"
    return "blob" if "/blobs/" in url else ""


def client_ip(address: str | None) -> str | None:
    """An address without its port and brackets."""
    return _PORT.sub(r"\1\2", address) or None if address else None


def event_time(micros: int | None) -> int | None:
    """A time that readers know; None for none."""
    return micros if micros is not None and FIRST_TIME <= micros <= LAST_TIME else None
