"""A plain client of the OCI distribution API, one connection a request, with whatever headers a test wants to send."""

import hashlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from tests.kit.eventually import LIMIT_S

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reply:
    """A registry's answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def digest_of(content: bytes) -> str:
    """The digest that a registry gives `content`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class RegistryClient:
    """Drives the registry at `address` (HOST:PORT) over plain HTTP.

    The methods named after an operation raise AssertionError if the registry refuses it; `request` never does.

    Args:
        address: HOST:PORT.
        headers: sent with every request, under those of a call (User-Agent, X-Forwarded-For, Authorization, ...).
    """

    def __init__(self, address: str, headers: Mapping[str, str] = NONE) -> None:
        self.address = address
        self._headers = dict(headers)

    def request(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NONE) -> Reply:
        """Sends one request and reads the whole answer."""
        connection = http.client.HTTPConnection(self.address, timeout=LIMIT_S)
        try:
            connection.request(method, path, body=body, headers={**self._headers, **headers})
            answer = connection.getresponse()
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def push_blob(self, repository: str, content: bytes, headers: Mapping[str, str] = NONE) -> str:
        """Uploads a blob and returns its digest."""
        begun = self._expect(202, "POST", f"/v2/{repository}/blobs/uploads/", headers=headers)
        where = urlsplit(begun.headers["location"])
        digest = digest_of(content)
        query = f"{where.query}&digest={quote(digest)}" if where.query else f"digest={quote(digest)}"
        octets = {"Content-Type": "application/octet-stream", **headers}
        self._expect(201, "PUT", f"{where.path}?{query}", content, octets)
        return digest

    def push_manifest(
        self, repository: str, reference: str, content: bytes, media_type: str, headers: Mapping[str, str] = NONE
    ) -> str:
        """Puts a manifest under a tag or its digest and returns the digest."""
        typed = {"Content-Type": media_type, **headers}
        return self._expect(201, "PUT", _manifest(repository, reference), content, typed).headers[
            "docker-content-digest"
        ]

    def pull_manifest(self, repository: str, reference: str, accept: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Gets a manifest by tag or digest."""
        return self._expect(200, "GET", _manifest(repository, reference), headers={"Accept": accept, **headers})

    def head_manifest(self, repository: str, reference: str, accept: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Asks for a manifest's headers by tag or digest."""
        return self._expect(200, "HEAD", _manifest(repository, reference), headers={"Accept": accept, **headers})

    def pull_blob(self, repository: str, digest: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Gets a blob."""
        return self._expect(200, "GET", _blob(repository, digest), headers=headers)

    def head_blob(self, repository: str, digest: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Asks for a blob's headers."""
        return self._expect(200, "HEAD", _blob(repository, digest), headers=headers)

    def mount_blob(self, repository: str, digest: str, source: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Mounts a blob of the repository `source` into `repository`."""
        query = f"mount={quote(digest)}&from={quote(source, safe='')}"
        return self._expect(201, "POST", f"/v2/{repository}/blobs/uploads/?{query}", headers=headers)

    def delete_manifest(self, repository: str, digest: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Deletes a manifest by digest; its tags go with it."""
        return self._expect(202, "DELETE", _manifest(repository, digest), headers=headers)

    def delete_blob(self, repository: str, digest: str, headers: Mapping[str, str] = NONE) -> Reply:
        """Deletes a blob from a repository."""
        return self._expect(202, "DELETE", _blob(repository, digest), headers=headers)

    def _expect(
        self, status: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NONE
    ) -> Reply:
        reply = self.request(method, path, body, headers)
        assert status == reply.status, f"{method} {path} answered {reply.status}: {reply.body.decode(errors='replace')}"
        return reply


def _manifest(repository: str, reference: str) -> str:
    return f"/v2/{repository}/manifests/{reference}"


def _blob(repository: str, digest: str) -> str:
    return f"/v2/{repository}/blobs/{digest}"
