"""A Listener that makes events of the calls and writes them to a sink: one instance a request.

Follows the `bridge` of the registry's `notifications` package, which this project
grew from. It must not know what the sink is, nor what serves the request.
"""

import time
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import asdict, replace

from producer.bridge.event_id import new_id
from producer.bridge.event_time import local_utc_offset, rfc3339_nano
from producer.bridge.references import check_digest, check_repository, check_tag
from producer.listener.protocol import ManifestContent
from producer.manifest.manifest import Manifest
from producer.sinks.sink import Sink
from schemas import ActorRecord, Descriptor, Event, RequestRecord, SourceRecord, Target

__all__ = ["Bridge", "URLBuilder"]


class URLBuilder(Protocol):
    """Where an event's content can be fetched: absolute URLs, by digest."""

    def manifest_url(self, repository: str, digest: str) -> str:
        """Where the manifest is."""

    def blob_url(self, repository: str, digest: str) -> str:
        """Where the blob is."""


class Bridge:
    """A Listener; each call writes one event, in the shape of registry 3.1, and returns when the sink has it.

    Every method raises `ReferenceFormatError` for a bad repository name, digest or tag, `SinkError` if the sink does
    not take the event, and whatever the URL builder raises; a bad manifest is a `ManifestError`. When a method raises
    before the sink was asked, nothing was written.
    """

    def __init__(  # noqa: PLR0917 - the registry's own signature
        self,
        url_builder: URLBuilder,
        source: SourceRecord,
        actor: ActorRecord,
        request: RequestRecord,
        sink: Sink,
        include_references: bool = False,  # noqa: FBT001, FBT002
        *,
        clock: Callable[[], int] = time.time_ns,
        utc_offset: Callable[[int], int] = local_utc_offset,
        ids: Callable[[], str] = new_id,
    ) -> None:
        """For the calls of one request.

        Args:
            url_builder: a `RegistryURLBuilder`, or any other `URLBuilder`.
            source: who generates the events: this registry.
            actor: who asked for it.
            request: by which it was asked for.
            sink: takes the events.
            include_references: whether events of manifests name the manifest's parts: config and layers, or children.
            clock: the time, in nanoseconds since the epoch.
            utc_offset: seconds east of UTC at such a time, for the events' timestamps.
            ids: a new id for each event.
        """
        self._urls = url_builder
        self._source = source
        self._actor = actor
        self._request = request
        self._sink = sink
        self._include_references = include_references
        self._clock = clock
        self._utc_offset = utc_offset
        self._ids = ids

    def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
        """Write a push with the manifest's canonical digest, whatever digest the client used."""
        self._write("push", self._manifest_target(repository, manifest, tag))

    def manifest_pulled(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
        """Write a pull with the manifest's canonical digest."""
        self._write("pull", self._manifest_target(repository, manifest, tag))

    def manifest_deleted(self, repository: str, digest: str) -> None:
        """Write a delete that carries repository and digest alone."""
        self._write("delete", _deleted(repository, digest))

    def blob_pushed(self, repository: str, descriptor: Descriptor) -> None:
        """Write a push of the whole descriptor."""
        self._write("push", self._blob_target(repository, descriptor))

    def blob_pulled(self, repository: str, descriptor: Descriptor) -> None:
        """Write a pull of the whole descriptor."""
        self._write("pull", self._blob_target(repository, descriptor))

    def blob_mounted(self, repository: str, descriptor: Descriptor, from_repository: str) -> None:
        """Write a mount into `repository`."""
        target = self._blob_target(repository, descriptor)
        self._write("mount", replace(target, from_repository=check_repository(from_repository)))

    def blob_deleted(self, repository: str, digest: str) -> None:
        """Write a delete; the registry's JSON has the same members for that of a manifest."""
        self._write("delete", _deleted(repository, digest))

    def tag_deleted(self, repository: str, tag: str) -> None:
        """Write a delete that carries repository and tag; the digest that the tag pointed to is not known here."""
        self._write("delete", Target(repository=check_repository(repository), tag=check_tag(tag)))

    def repo_deleted(self, repository: str) -> None:
        """Write a delete that carries the repository alone."""
        self._write("delete", Target(repository=check_repository(repository)))

    def _manifest_target(self, repository: str, content: ManifestContent, tag: str) -> Target:
        manifest = content if isinstance(content, Manifest) else Manifest(content.media_type, content.payload)
        check_repository(repository)
        return Target(
            media_type=manifest.media_type,
            digest=manifest.digest,
            size=manifest.size,
            length=manifest.size,
            repository=repository,
            url=self._urls.manifest_url(repository, manifest.digest),
            tag=check_tag(tag) if tag else "",
            references=manifest.references if self._include_references else [],
        )

    def _blob_target(self, repository: str, descriptor: Descriptor) -> Target:
        check_repository(repository)
        return Target(
            **{name: getattr(descriptor, name) for name in _DESCRIPTOR_MEMBERS},
            length=descriptor.size,
            repository=repository,
            url=self._urls.blob_url(repository, check_digest(descriptor.digest)),
        )

    def _write(self, action: str, target: Target) -> None:
        now = self._clock()
        event = Event(
            id=self._ids(),
            timestamp=rfc3339_nano(now, self._utc_offset(now)),
            action=action,
            target=target,
            request=self._request,
            actor=self._actor,
            source=self._source,
        )
        self._sink.write(event)


_DESCRIPTOR_MEMBERS = tuple(asdict(Descriptor()))


def _deleted(repository: str, digest: str) -> Target:
    return Target(repository=check_repository(repository), digest=check_digest(digest))
