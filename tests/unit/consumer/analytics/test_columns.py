"""The exported columns: what stands in each, and that decoding all at once gives what decoding one by one gives."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.analytics.arrow import SCHEMA, slow_table, table_of
from consumer.analytics.decoding import NewerSchemaError, releases_of
from consumer.log.record_batch import RecordBatch
from consumer.record import Headers
from schemas import Event, RequestRecord, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG, FIRST_ID
from tests.kit import parquet_rows
from tests.kit.events import events
from tests.kit.examples import examples

OCI = "application/vnd.oci.image.manifest.v1+json"
FINGERPRINT: Headers = (("schema-fingerprint", CATALOG.latest.fingerprint.encode()),)


def batch(values: Sequence[bytes | None], headers: Headers = ()) -> RecordBatch:
    """Records of these values, accepted a second apart."""
    offsets = list(range(100, 100 + len(values)))
    return RecordBatch("registry.events", 3, offsets, [1000 * at for at in offsets], values, lambda _: headers)


def value_of(event: Event, schema_id: int = CATALOG.latest.id) -> bytes:
    """A record's value."""
    return frame(schema_id, encode(event))


def row(event: Event) -> dict[str, Any]:
    """The exported row of an event, decoded in bulk."""
    found: dict[str, Any] = table_of(batch([value_of(event)] * 20)).to_pylist()[7]
    return found


def test_the_columns_and_their_order() -> None:
    """The columns are those that the reference names, five of them never null."""
    names = [
        *("kafka_topic", "kafka_partition", "kafka_offset", "accepted_at", "registry"),
        *("event_id", "event_time", "action", "kind", "repository"),
        *("tag", "digest", "media_type", "size_bytes", "from_repository"),
        *("url", "reference_count", "refs", "actor", "client_addr"),
        *("client_ip", "user_agent", "request_id", "request_method", "request_host"),
        *("source_addr", "source_instance", "content_type", "schema_id", "original"),
        *("source_format", "source_body", "raw"),
    ]
    assert names == SCHEMA.names
    never_null = {"kafka_topic", "kafka_partition", "kafka_offset", "accepted_at", "kind"}
    assert never_null == {field.name for field in SCHEMA if not field.nullable}
    assert "timestamp[us, tz=UTC]" == str(SCHEMA.field("accepted_at").type)


def test_the_columns_types() -> None:
    """They are those of the exports that tests of the report are made from, where they are written down once more."""
    assert parquet_rows.SCHEMA == SCHEMA


@pytest.mark.parametrize(
    ("kind", "target", "action"),
    [
        ("index", Target(media_type="application/vnd.oci.image.index.v1+json"), "push"),
        ("index", Target(media_type="application/vnd.docker.distribution.manifest.list.v2+json"), "pull"),
        ("manifest", Target(media_type=OCI, url="http://r/v2/a/blobs/sha256:0a"), "push"),
        ("manifest", Target(media_type="application/vnd.docker.distribution.manifest.v1+prettyjws"), "push"),
        ("blob", Target(media_type="application/octet-stream", url="http://r/v2/a/blobs/sha256:0a"), "push"),
        ("blob", Target(url="http://r/v2/team/manifests/app/blobs/sha256:0a"), "pull"),
        ("manifest", Target(url="http://r/v2/team/blobs/manifests/sha256:0a"), "pull"),
        ("tag", Target(repository="a", tag="v1"), "delete"),
        ("tag", Target(repository="a", tag="v1", digest="sha256:0a"), "delete"),
        ("repository", Target(repository="a"), "delete"),
        ("unknown", Target(repository="a", digest="sha256:0a"), "delete"),
        ("unknown", Target(repository="a", tag="v1"), "push"),
        ("unknown", Target(repository="a", tag="v1"), "pull"),
        ("unknown", Target(repository="a", tag="v1"), "scan"),
        ("unknown", Target(repository="a", digest="sha256:0a"), "push"),
        ("unknown", Target(), ""),
    ],
)
def test_kind(kind: str, target: Target, action: str) -> None:
    """The kind goes by media type, then by URL, then by what the action names."""
    assert kind == row(Event(action=action, target=target))["kind"]


@pytest.mark.parametrize(("kind", "action"), [("manifest", "push"), ("manifest", "pull"), ("tag", "delete")])
def test_the_kind_where_a_source_says_little(kind: str, action: str) -> None:
    """What a source of another format pushed with a tag is a manifest, though it says no media type."""
    event = Event(action=action, target=Target(repository="a", tag="v1"), source_format="quay")
    assert [kind] * 20 == [found["kind"] for found in table_of(batch([value_of(event)] * 20)).to_pylist()]
    assert kind == row(event)["kind"]


@pytest.mark.parametrize(
    ("ip", "address"),
    [
        ("203.0.113.9", "203.0.113.9:35742"),
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "[2001:db8::1]:443"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("2001:db8::1", "2001:db8::1"),
        (None, ":80"),
        (None, ""),
    ],
)
def test_client_ip(ip: str | None, address: str) -> None:
    """The client's address loses its port and brackets, and nothing else."""
    assert ip == row(Event(request=RequestRecord(addr=address)))["client_ip"]


def test_absence_is_null() -> None:
    """Empty text, size 0 and Go's zero time are null; references that are none are an empty list."""
    found = row(Event(timestamp="0001-01-01T00:00:00Z", action="delete", content_type=""))
    filled = {name for name, value in found.items() if value is not None}
    always = {"kafka_topic", "kafka_partition", "kafka_offset", "accepted_at", "kind"}
    assert always | {"action", "schema_id", "reference_count", "refs"} == filled
    assert ([], 0, CATALOG.latest.id) == (found["refs"], found["reference_count"], found["schema_id"])


def test_undecodable_records_are_rows() -> None:
    """Tombstones, foreign, cut and overlong values stand among the events as rows of kind unknown, with their bytes."""
    good = value_of(Event(id="x", action="push"))
    odd = [None, b"", b"junk", good[:-3], good + b"z", frame(7, encode(Event(id="x")))]
    rows = table_of(batch([good] * 20 + odd + [good])).to_pylist()
    assert odd == [each["raw"] for each in rows[20:-1]]
    assert {"unknown"} == {each["kind"] for each in rows[20:-1]}
    assert ["x"] * 21 == [each["event_id"] for each in rows if each["raw"] is None and each["event_id"]]
    assert list(range(100, 127)) == [each["kafka_offset"] for each in rows]


def test_a_foreign_id_is_read_by_its_fingerprint() -> None:
    """A value with a schema registry's own id is decoded by the header, and keeps that id."""
    found = table_of(batch([value_of(Event(id="x"), 7)] * 20, FINGERPRINT)).to_pylist()
    assert {("x", 7)} == {(each["event_id"], each["schema_id"]) for each in found}


def test_a_newer_release_stops_the_export() -> None:
    """A record of a release that this version does not know is not flattened to a row without columns."""
    newer = frame(FIRST_ID + 999, b"\x00")
    with pytest.raises(NewerSchemaError, match=r"registry\.events/3/102 .* upgrade") as caught:
        table_of(batch([value_of(Event())] * 2 + [newer]))
    assert 2 == caught.value.index


def damaged(value: bytes) -> st.SearchStrategy[bytes]:
    """The value with a piece cut out and another put in."""
    at = st.integers(0, len(value))
    return st.builds(lambda start, gone, new: value[:start] + new + value[start + gone :], at, st.integers(0, 3), PIECE)


PIECE = st.binary(max_size=3)
GOOD = events(original=st.sampled_from(["", '{"x": 1}'])).map(value_of)
VALUES = st.one_of(GOOD, GOOD, GOOD.flatmap(damaged), st.none(), st.binary(max_size=20))


@settings(max_examples=examples(150, suite=25))
@given(st.lists(VALUES, min_size=9, max_size=24), st.sampled_from([(), FINGERPRINT]))
def test_both_paths_give_the_same_rows(values: list[bytes | None], headers: Headers) -> None:
    """Whatever lies in the topic, the table made in bulk equals the one made record by record."""
    odd = batch(values, headers)
    try:
        releases = releases_of(odd)
    except NewerSchemaError:
        return
    expected = slow_table(odd, releases)
    assert expected.to_pylist() == table_of(odd).to_pylist()
    assert expected.schema == table_of(odd).schema


def test_bytes_behind_an_event_are_seen_in_bulk() -> None:
    """A value that decodes but goes on behind its event is no event, alone among sound ones too."""
    good = value_of(Event(id="x"))
    rows = table_of(batch([good] * 20 + [good + b"\x02"] + [good] * 20)).to_pylist()
    assert [(120, good + b"\x02")] == [(each["kafka_offset"], each["raw"]) for each in rows if each["raw"]]
