"""The event model: what a registry says happened, as frozen values.

Follows the registry's `notifications` package (2.8 and 3.x): the names are its JSON's in snake_case, in the order in
which 3.x writes them. Absent text is `""`, an absent number 0, an absent list or map empty: in the registry's JSON
these mean the same. This module knows nothing of Avro, Kafka or HTTP.

A member that 3.x writes even when it is empty has a `default_factory` of its type (`str`, `int`): msgspec leaves out
plain defaults and empty containers, but never such a member. That is Go's `omitempty`, said in the model. Nothing in an
event refers back to it, so the garbage collector need not look at it (`gc=False`).
"""

from typing import Annotated, Final

from msgspec import Meta, Struct, field

from schemas.timestamps import micros

__all__ = ["ActorRecord", "Descriptor", "Event", "Platform", "RequestRecord", "SourceRecord", "Target"]

Long = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer that fits Avro's long and Go's int64."""

MEDIA_TYPE_V1: Final = "application/vnd.docker.distribution.events.v1+json"
"""Content-Type of registry 2.x (and GitLab's fork)."""
MEDIA_TYPE_V2: Final = "application/vnd.docker.distribution.events.v2+json"
"""Content-Type of registry 3.x."""


class Platform(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The platform of an image in an index (OCI image-spec)."""

    architecture: str = field(default_factory=str)
    os: str = field(default_factory=str)
    os_version: str = field(default="", name="os.version")
    os_features: list[str] = field(default_factory=list, name="os.features")
    variant: str = ""


class Descriptor(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An OCI descriptor: media type, digest and size of some content."""

    media_type: str = field(default_factory=str, name="mediaType")
    digest: str = field(default_factory=str)
    size: Long = field(default_factory=int)
    """Bytes."""
    urls: list[str] = field(default_factory=list)
    annotations: dict[str, str] = field(default_factory=dict)
    data: str = ""
    """The content itself as base64 text, where the registry embeds it."""
    platform: Platform | None = None
    artifact_type: str = field(default="", name="artifactType")


class Target(Descriptor, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What the action was done to: a descriptor, flattened as in the registry's JSON, and where it lives."""

    length: Long = 0
    """Bytes; always equal to `size`, kept by the registry for old clients."""
    repository: str = ""
    from_repository: str = field(default="", name="fromRepository")
    """Mounts only: the repository that the blob was mounted from."""
    url: str = ""
    tag: str = ""
    references: list[Descriptor] = field(default_factory=list)
    """Config and layers of a manifest, or children of an index; only with `includereferences`."""


class RequestRecord(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The HTTP request that caused the event."""

    id: str = field(default_factory=str)
    addr: str = ""
    """Of the client: `ip:port` of the connection, or an address without a port, from a proxy's header."""
    host: str = ""
    """The Host header as received, so with the port if it has one."""
    method: str = field(default_factory=str)
    useragent: str = field(default_factory=str)


class ActorRecord(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Who initiated the event: the actor initiates, the source generates."""

    name: str = ""


class SourceRecord(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The registry node that generated the event."""

    addr: str = ""
    """`host:port` of the node."""
    instance_id: str = field(default="", name="instanceID")


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """One registry action, with what this bridge knows about how it came in.

    The first seven members are the registry's JSON; the others are ours and never enter a body of a registry.
    """

    id: str = ""
    timestamp: str = ""
    """RFC 3339 text exactly as the registry wrote it: nanoseconds and offset survive."""
    action: str = ""
    target: Target = Target()
    request: RequestRecord = RequestRecord()
    actor: ActorRecord = ActorRecord()
    source: SourceRecord = SourceRecord()
    registry: str = ""
    """The label given at intake (`POST {path}/NAME`)."""
    content_type: str = MEDIA_TYPE_V2
    """The Content-Type of the POST that brought the event; it decides the shape of the JSON."""
    original: str = ""
    """The event's own JSON text, exactly when the typed members do not give back the same bytes; else empty."""
    source_format: str = ""
    """The format of the source that sent the event, such as `harbor`; empty for the envelope of CNCF distribution."""
    source_content_type: str = ""
    """The Content-Type of `source_body`, as its sender gave it; that of one event for an event of a batch."""
    source_headers: dict[str, str] = field(default_factory=dict)
    """The sender's headers that belong to its format, by their names in lower case; never a secret."""
    source_body: str = ""
    """The body that the source sent, less what `drop` removed; each event of one body has it, none of an envelope.

    An event of a batch of CloudEvents has its own alone.
    """

    @property
    def timestamp_micros(self) -> int | None:
        """`timestamp` in microseconds since the epoch, or None if it is no RFC 3339 time."""
        return micros(self.timestamp)
