"""The value of each exported column: the rules, once, in plain Python. Pure.

The slow path: for records that the fast one (`arrow.py`) cannot take, and the yardstick that it is tested against.
"""

import re
from typing import Any, Final

from consumer.analytics.decoding import read_or_none, schema_id_of
from consumer.log.record_batch import RecordBatch, micros_of
from schemas.catalog import Release

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


def kind_of(target: dict[str, Any], action: str | None) -> str:
    """The kind of an event: by media type, else by URL, else by what its action names."""
    media_type = target["mediaType"]
    if media_type in INDEX_TYPES:
        return "index"
    if media_type in MANIFEST_TYPES:
        return "manifest"
    return _kind_by_url(target["url"] or "") or _kind_by_names(target, action)


def _kind_by_url(url: str) -> str:
    if _BLOB_URL.search(url):
        return "blob"
    if "/manifests/" in url:
        return "manifest"
    return "blob" if "/blobs/" in url else ""


def _kind_by_names(target: dict[str, Any], action: str | None) -> str:
    """Only manifests and indexes have tags, and some sources say no more of what was pushed than its tag."""
    if action == "delete":
        return "tag" if target["tag"] else "unknown" if target["digest"] else "repository"
    return "manifest" if target["tag"] and action in TAGGED_ACTIONS else "unknown"


def client_ip(address: str | None) -> str | None:
    """An address without its port and brackets."""
    return _PORT.sub(r"\1\2", address) or None if address else None


def event_time(micros: int | None) -> int | None:
    """A time that readers know; None for none."""
    return micros if micros is not None and FIRST_TIME <= micros <= LAST_TIME else None


def row_of(batch: RecordBatch, index: int, release: Release | None) -> dict[str, Any]:
    """The row of one record; columns that are not named are null."""
    value = batch.values[index]
    row: dict[str, Any] = {
        "kafka_topic": batch.topic,
        "kafka_partition": batch.partition,
        "kafka_offset": batch.offsets[index],
        "accepted_at": micros_of(batch.timestamps_ms[index]),
        "kind": "unknown",
        "schema_id": schema_id_of(value),
    }
    event = read_or_none(value, release)
    return {**row, "raw": value} if event is None else {**row, **_columns(event)}


def _columns(event: dict[str, Any]) -> dict[str, Any]:
    target, request, source = event["target"], event["request"], event["source"]
    return {
        "registry": event["registry"] or None,
        "event_id": event["id"] or None,
        "event_time": event_time(event["timestamp"]),
        "action": event["action"] or None,
        "kind": kind_of(target, event["action"]),
        "repository": target["repository"] or None,
        "tag": target["tag"] or None,
        "digest": target["digest"] or None,
        "media_type": target["mediaType"] or None,
        "size_bytes": target["size"] or None,
        "from_repository": target["fromRepository"] or None,
        "url": target["url"] or None,
        "reference_count": len(target["references"]),
        "refs": [_reference(reference) for reference in target["references"]],
        "actor": event["actor"]["name"] or None,
        "client_addr": request["addr"] or None,
        "client_ip": client_ip(request["addr"]),
        "user_agent": request["useragent"] or None,
        "request_id": request["id"] or None,
        "request_method": request["method"] or None,
        "request_host": request["host"] or None,
        "source_addr": source["addr"] or None,
        "source_instance": source["instanceID"] or None,
        "content_type": event["contentType"] or None,
        "original": event["original"] or None,
        "source_format": event.get("sourceFormat") or None,
        "source_body": event.get("sourceBody") or None,
    }


def _reference(reference: dict[str, Any]) -> dict[str, Any]:
    platform = reference["platform"] or {}
    return {
        "media_type": reference["mediaType"] or None,
        "digest": reference["digest"] or None,
        "size_bytes": reference["size"] or None,
        "artifact_type": reference["artifactType"] or None,
        "os": platform.get("os") or None,
        "architecture": platform.get("architecture") or None,
        "variant": platform.get("variant") or None,
    }
