"""The value of each exported column: the rules, once, in plain Python. Pure.

The slow path: for records that the fast one (`arrow.py`) cannot take, and the yardstick that it is tested against.
"""

from typing import Any

from consumer.analytics.decoding import read_or_none, schema_id_of
from consumer.log.record_batch import RecordBatch, micros_of
from schemas.catalog import Release
from schemas.columns import client_ip, event_time, kind_of


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
        "kind": kind_of(
            target["mediaType"],
            target["url"],
            event["action"],
            target["tag"],
            target["digest"],
            source_format=event.get("sourceFormat"),
        ),
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
