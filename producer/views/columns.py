"""The columns of a flat view: those of the Parquet export, in its order, then every other member of the schema. Pure.

A member that a new release brings becomes a column by itself, named by its path in snake_case without `target`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from producer.views.members import BYTES, INT, LONG, TEXT, TIME, ListOf, MemberType, RecordType, leaves

_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Given:
    """What no member holds, and the engine knows of the record."""

    of: MemberType


@dataclass(frozen=True, slots=True)
class MemberAt:
    """The member at a path, of the type that it has in the schema; empty text and 0 are null."""

    path: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What the event is about, by the rules of `schemas.columns`."""


@dataclass(frozen=True, slots=True)
class WithoutPort:
    """The address at a path without its port and brackets."""

    path: str


@dataclass(frozen=True, slots=True)
class ItemCount:
    """How many items the list at a path has."""

    path: str


@dataclass(frozen=True, slots=True)
class References:
    """The list of descriptors at a path, each with the members of `REFERENCE`."""

    path: str


ColumnSource = Given | MemberAt | Kind | WithoutPort | ItemCount | References


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column of the view."""

    name: str
    of: MemberType
    source: ColumnSource


REFERENCE: Final[Mapping[str, tuple[str, MemberType]]] = {
    "media_type": ("mediaType", TEXT),
    "digest": ("digest", TEXT),
    "size_bytes": ("size", LONG),
    "artifact_type": ("artifactType", TEXT),
    "os": ("platform.os", TEXT),
    "architecture": ("platform.architecture", TEXT),
    "variant": ("platform.variant", TEXT),
}
"""The members of a reference as the export has them, each with its path and type in the schema."""

_REFERENCES: Final = "target.references"
_ADDRESS: Final = "request.addr"
_EXPORTED: Final[Mapping[str, ColumnSource]] = {
    "kafka_topic": Given(TEXT),
    "kafka_partition": Given(INT),
    "kafka_offset": Given(LONG),
    "accepted_at": Given(TIME),
    "registry": MemberAt("registry"),
    "event_id": MemberAt("id"),
    "event_time": MemberAt("timestamp"),
    "action": MemberAt("action"),
    "kind": Kind(),
    "repository": MemberAt("target.repository"),
    "tag": MemberAt("target.tag"),
    "digest": MemberAt("target.digest"),
    "media_type": MemberAt("target.mediaType"),
    "size_bytes": MemberAt("target.size"),
    "from_repository": MemberAt("target.fromRepository"),
    "url": MemberAt("target.url"),
    "reference_count": ItemCount(_REFERENCES),
    "refs": References(_REFERENCES),
    "actor": MemberAt("actor.name"),
    "client_addr": MemberAt(_ADDRESS),
    "client_ip": WithoutPort(_ADDRESS),
    "user_agent": MemberAt("request.useragent"),
    "request_id": MemberAt("request.id"),
    "request_method": MemberAt("request.method"),
    "request_host": MemberAt("request.host"),
    "source_addr": MemberAt("source.addr"),
    "source_instance": MemberAt("source.instanceID"),
    "content_type": MemberAt("contentType"),
    "schema_id": Given(INT),
    "original": MemberAt("original"),
    "source_format": MemberAt("sourceFormat"),
    "source_body": MemberAt("sourceBody"),
    "raw": Given(BYTES),
}

NEVER_NULL: Final = frozenset({"kafka_topic", "kafka_partition", "kafka_offset", "accepted_at", "kind"})
ONLY_IN_THE_TOPIC: Final = frozenset(
    {
        "timestamp_text",
        "urls",
        "annotations",
        "data",
        "platform_architecture",
        "platform_os",
        "platform_os_version",
        "platform_os_features",
        "platform_variant",
        "artifact_type",
        "length",
        "source_content_type",
        "source_headers",
    }
)
"""Columns that the Parquet export leaves out."""


def columns_of(event: RecordType) -> tuple[ViewColumn, ...]:
    """All columns, in order.

    Raises:
        ValueError: two members would have the same name.
    """
    members = dict(leaves(event))
    columns = (*_exported(members), *_others(members))
    names = [column.name for column in columns]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two columns have the name {min(twice)}: give the newer one another name")
    return columns


def exported_columns_of(event: RecordType) -> tuple[ViewColumn, ...]:
    """Those that a Parquet file has."""
    return tuple(column for column in columns_of(event) if column.name not in ONLY_IN_THE_TOPIC)


def name_of(path: str) -> str:
    """The name of the column of a member that has none of its own: `target.artifactType` is `artifact_type`."""
    words = path.removeprefix("target.").replace(".", "_")
    return _WORD_BEGINS.sub("_", words).lower()


def _exported(members: Mapping[str, MemberType]) -> Iterator[ViewColumn]:
    for name, source in _EXPORTED.items():
        yield ViewColumn(name, _type_of(source, members), source)


def _type_of(source: ColumnSource, members: Mapping[str, MemberType]) -> MemberType:
    match source:
        case Given(of):
            return of
        case MemberAt(path):
            return members[path]
        case ItemCount():
            return INT
        case References():
            return ListOf(RecordType(tuple((name, of) for name, (_, of) in REFERENCE.items())))
        case Kind() | WithoutPort():
            return TEXT


def _others(members: Mapping[str, MemberType]) -> Iterator[ViewColumn]:
    known = {source.path for source in _EXPORTED.values() if isinstance(source, MemberAt | References)}
    for path, of in members.items():
        if path not in known:
            yield ViewColumn(name_of(path), of, MemberAt(path))
