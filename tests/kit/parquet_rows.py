"""Small exports in Parquet, made by hand: a row says only what matters, the rest is as from a registry.

The schema is that of the documented columns, written down a second time on purpose: a test that took it from the code
would not see the code change.
"""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from consumer.analytics.report import LogReport, ReportScope, report_on
from consumer.analytics.report.database import parquet_files
from consumer.analytics.report.questions import QUESTIONS

T0 = datetime(2026, 11, 2, 12, 0, 0, tzinfo=UTC)
"""A Monday noon, from which rows count their seconds."""

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BLOB = "application/octet-stream"
MEDIA_TYPES = {"index": INDEX, "manifest": MANIFEST, "blob": BLOB}
METHODS = {"push": "PUT", "pull": "GET", "mount": "POST", "delete": "DELETE"}

TIME = pa.timestamp("us", tz="UTC")
REFERENCE = pa.struct(
    [
        ("media_type", pa.string()),
        ("digest", pa.string()),
        ("size_bytes", pa.int64()),
        ("artifact_type", pa.string()),
        ("os", pa.string()),
        ("architecture", pa.string()),
        ("variant", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("kafka_topic", pa.string(), nullable=False),
        pa.field("kafka_partition", pa.int32(), nullable=False),
        pa.field("kafka_offset", pa.int64(), nullable=False),
        pa.field("accepted_at", TIME, nullable=False),
        pa.field("registry", pa.string()),
        pa.field("event_id", pa.string()),
        pa.field("event_time", TIME),
        pa.field("action", pa.string()),
        pa.field("kind", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in ("repository", "tag", "digest", "media_type")),
        pa.field("size_bytes", pa.int64()),
        *(pa.field(name, pa.string()) for name in ("from_repository", "url")),
        pa.field("reference_count", pa.int32()),
        pa.field("refs", pa.list_(REFERENCE)),
        *(
            pa.field(name, pa.string())
            for name in (
                "actor",
                "client_addr",
                "client_ip",
                "user_agent",
                "request_id",
                "request_method",
                "request_host",
                "source_addr",
                "source_instance",
                "content_type",
            )
        ),
        pa.field("schema_id", pa.int32()),
        pa.field("original", pa.string()),
        pa.field("source_format", pa.string()),
        pa.field("source_body", pa.string()),
        pa.field("raw", pa.binary()),
    ]
)


def row(action: str, kind: str, *, at: float = 0.0, **columns: Any) -> dict[str, Any]:
    """One event `at` seconds after T0: repository `team/app`, from 203.0.113.9 with docker, unless said otherwise.

    `refs` may be given as a list of digests.
    """
    moment = T0 + timedelta(seconds=at)
    plain: dict[str, Any] = {
        "accepted_at": moment,
        "event_time": moment,
        "action": action,
        "kind": kind,
        "repository": "team/app",
        "media_type": MEDIA_TYPES.get(kind),
        "client_ip": "203.0.113.9",
        "user_agent": "docker/24.0.5 go/go1.20.6",
        "request_method": METHODS.get(action),
        "source_addr": "registry-0:5000",
    }
    refs = columns.pop("refs", None)
    if refs is not None:
        columns["refs"] = [dict.fromkeys(REFERENCE.names) | {"digest": digest} for digest in refs]
        columns["reference_count"] = len(refs)
    return plain | columns


def undecodable(*, at: float = 0.0, **columns: Any) -> dict[str, Any]:
    """A record that nobody can decode."""
    return {
        "accepted_at": T0 + timedelta(seconds=at),
        "kind": "unknown",
        "event_id": None,
        "raw": b"\x00broken",
        **columns,
    }


def write_export(directory: Path, rows: Iterable[Mapping[str, Any]], *, topic: str = "registry.events") -> Path:
    """The rows as an export: a file a day, offsets in the order given unless a row has its own, ids likewise."""
    offsets = itertools.count()
    by_day: dict[str, list[dict[str, Any]]] = {}
    for given in rows:
        offset = next(offsets)
        placed = {"kafka_topic": topic, "kafka_partition": 0, "kafka_offset": offset, "event_id": f"id-{offset}"}
        whole = dict.fromkeys(SCHEMA.names) | placed | dict(given)
        by_day.setdefault(f"{whole['accepted_at']:%Y-%m-%d}", []).append(whole)
    directory.mkdir(parents=True, exist_ok=True)
    for day, held in by_day.items():
        folder = directory / f"accepted_date={day}"
        folder.mkdir(exist_ok=True)
        first, last = held[0]["kafka_offset"], held[-1]["kafka_offset"]
        pq.write_table(
            pa.Table.from_pylist(held, SCHEMA), folder / f"{topic}-0-{first}-{last}.parquet", compression="zstd"
        )
    return directory


def report_of(directory: Path, rows: Iterable[Mapping[str, Any]], *names: str, **asked: Any) -> LogReport:
    """The report on these rows, as `ReportScope` says: the questions of these names, or all."""
    export = write_export(directory / "export", rows)
    questions = [question for question in QUESTIONS if question.name in names or not names]
    return report_on(parquet_files(export), ReportScope(**asked), now=T0.timestamp() + 3600, questions=questions)


def answers_of(
    directory: Path, rows: Iterable[Mapping[str, Any]], *names: str, **asked: Any
) -> dict[str, list[dict[str, Any]]]:
    """The answers by question, each row by column."""
    return {name: list(one.records()) for name, one in report_of(directory, rows, *names, **asked).answers.items()}
