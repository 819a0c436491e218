"""Where an event's content can be fetched: absolute URLs, by digest. Knows no server and no event.

Follows the registry's `v2.URLBuilder`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from producer.bridge.forwarded import forwarded_parameters
from producer.bridge.references import check_digest, check_repository
from producer.bridge.requests import IncomingRequest
from runtime.errors import BridgeError

__all__ = ["RegistryURLBuilder", "RootURLError"]

_API: Final = "/v2/"
_SCHEMES: Final = ("http", "https")
_VISIBLE: Final = re.compile(r"[!-~]+", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]+", re.ASCII)
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~"
_NOWHERE: Final = "localhost"


class RootURLError(BridgeError):
    """The root is no URL that a receiver of events could use; it is not shown, since it may hold a password."""


class RegistryURLBuilder:
    """Builds the URLs of one registry.

    Args:
        root: where the registry is reached from outside: http or https, a host and, if it is mounted below one, a
            path prefix, with or without its last slash (the registry drops a prefix without).
        relative: make URLs that are a path from `/v2/` on, without the prefix (the registry's `relativeurls`).

    Raises:
        RootURLError: `root` is not absolute, or has credentials, a query or a fragment.
    """

    def __init__(self, root: str, relative: bool = False) -> None:  # noqa: FBT001, FBT002 - the registry's signature
        if not _is_absolute(root):
            raise RootURLError(
                "root: must be an absolute URL without credentials, query or fragment, such as https://registry.example.com/"
            )
        self._start = "/" if relative else root.rstrip("/") + "/"

    @classmethod
    def from_request(cls, request: Mapping[str, Any], relative: bool = False) -> "RegistryURLBuilder":  # noqa: FBT001, FBT002
        """The builder for the registry as the client of an ASGI scope or WSGI environ reached it.

        `Forwarded` decides if it is there, else `X-Forwarded-Proto` and `X-Forwarded-Host`, of each the first
        element, else the connection and the Host header. What cannot stand in a URL is passed over.
        """
        incoming = (IncomingRequest.from_wsgi if "REQUEST_METHOD" in request else IncomingRequest.from_asgi)(request)
        scheme, host = _origin(incoming)
        prefix = quote(incoming.path[: max(incoming.path.find(_API), 0)], safe=_PATH_CHARACTERS)
        return cls(f"{scheme}://{host}{prefix}/", relative)

    def manifest_url(self, repository: str, digest: str) -> str:
        """The URL of a manifest, always by digest, never by tag.

        Raises:
            ReferenceFormatError: a bad repository name or digest.
        """
        return f"{self._start}v2/{check_repository(repository)}/manifests/{check_digest(digest)}"

    def blob_url(self, repository: str, digest: str) -> str:
        """The URL of a blob.

        Raises:
            ReferenceFormatError: a bad repository name or digest.
        """
        return f"{self._start}v2/{check_repository(repository)}/blobs/{check_digest(digest)}"


def _is_absolute(url: str) -> bool:
    """Whether it is http or https with a host, and no credentials, query or fragment."""
    if not _VISIBLE.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError:
        return False
    in_parts = parts.scheme in _SCHEMES and parts.hostname and _HOST.fullmatch(parts.netloc)
    return bool(in_parts) and not parts.query and not parts.fragment


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None and _is_absolute(f"http://{text}/")


def _origin(incoming: IncomingRequest) -> tuple[str, str]:
    """Scheme and host as the client wrote them."""
    headers = incoming.headers
    if headers.get("forwarded"):
        first = forwarded_parameters(headers["forwarded"])
        scheme, host = first.get("proto", ""), first.get("host", "")
    else:
        scheme = headers.get("x-forwarded-proto", "").partition(",")[0].strip()
        host = headers.get("x-forwarded-host", "").partition(",")[0].strip()
    hosts = (host, headers.get("host", ""), incoming.server, _NOWHERE)
    return (
        next(candidate for candidate in (scheme.lower(), incoming.scheme, "http") if candidate in _SCHEMES),
        next(candidate for candidate in hosts if _is_host(candidate)),
    )
