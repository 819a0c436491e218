"""What reports make of each source: its samples, read as the intake does, exported and asked about."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from consumer.analytics.arrow import table_of
from consumer.analytics.report import LogReport, ReportScope, report_on
from consumer.analytics.report.questions import BYTES_BY_CLIENT, TAGS
from consumer.log.record_batch import RecordBatch
from producer.sources.formats import FORMATS
from runtime.config.source_settings import SourceFormat
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event
from tests.kit.foreign_samples import sample, samples

SEND_PULLS = ("harbor", "cloudevents")
NOON_MS = 1_793_620_800_000


def read(source_format: SourceFormat, *names: str) -> list[Event]:
    """The events of these samples, or of all of a format, as they lie in the log."""
    found = [sample(source_format, name) for name in names] if names else samples(source_format)
    events = []
    for one in found:
        reading = FORMATS[source_format].read(one.post)
        events += [(one.name, event) for event in (*reading.events, *reading.others)]
    return [
        replace(event, id=f"{name}-{at}", registry="r", source_format=source_format)
        for at, (name, event) in enumerate(events)
    ]


def report_of(folder: Path, events: Sequence[Event]) -> LogReport:
    """The report on these events."""
    values = [frame(CATALOG.latest.id, encode(event)) for event in events]
    offsets = list(range(len(values)))
    batch = RecordBatch("registry.events", 0, offsets, [NOON_MS + at for at in offsets], values, lambda _: ())
    pq.write_table(table_of(batch), folder / "events.parquet")
    return report_on([folder / "events.parquet"], ReportScope(), now=NOON_MS / 1000)


@pytest.mark.parametrize("source_format", FORMATS)
def test_every_event_of_an_image_is_seen_as_one(tmp_path: Path, source_format: SourceFormat) -> None:
    """Each push of a tag counts as an image's push, each pull as a pull; what is no image's counts as another event."""
    events = read(source_format)
    report = report_of(tmp_path, events)
    [row] = report.answers["what_sources_send"].records()
    assert (source_format, len(events)) == (row["source_format"], row["events"])
    pushed = [event for event in events if event.action == "push" and event.target.tag]
    [window] = report.answers["window"].records()
    assert len(pushed) == window["image_pushes"]
    pulled = [event for event in events if event.action == "pull" and event.request.method in {"", "GET"}]
    assert len(pulled) == window["image_pulls"]
    others = sum(event.action not in {"push", "pull", "mount", "delete"} for event in events)
    assert others == sum(int(str(one["events"])) for one in report.answers["other_events"].records())


@pytest.mark.parametrize("source_format", sorted(set(FORMATS) - set(SEND_PULLS)))
def test_of_a_source_without_pulls_no_use_is_known(tmp_path: Path, source_format: SourceFormat) -> None:
    """The questions about pulls are left open, and no image of it is called unused."""
    report = report_of(tmp_path, read(source_format))
    [most_pulled] = report.left_open(TAGS)
    assert f"no pulls: r ({source_format})" == most_pulled
    for name in ("last_use_of_tags", "last_use_of_digests"):
        assert {None} >= {row["not_used_since"] for row in report.answers[name].records()}
    assert {None} >= {row["pulls"] for row in report.answers["pushes_against_pulls"].records()}


def test_pulls_from_harbor_are_uses(tmp_path: Path) -> None:
    """Without method and client: each counts, and its image was used."""
    report = report_of(tmp_path, read("harbor", "push", "pull", "cloudevent-pull"))
    assert [] == report.left_open(TAGS)
    assert 2 == sum(int(str(row["pulls"])) for row in report.answers["most_pulled_repositories"].records())
    assert ["no addresses, sizes of blobs: r (harbor)"] == report.left_open(BYTES_BY_CLIENT)
