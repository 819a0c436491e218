"""Records in the log: the values that other readers see, and which damage is which error."""

import contextlib
import io
import random
import time
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer

from schemas import ActorRecord, Descriptor, Event, Platform, RequestRecord, SourceRecord, Target
from schemas.avro import UndecodableError, UnknownSchemaError, attribute_of, decode, encode, frame, read, unframe
from schemas.catalog import CATALOG
from schemas.compiled_writer import compile_writer, varint
from schemas.limits import MAX_REFERENCES, MAX_VALUES
from tests.kit.events import V1

_LATEST = CATALOG.latest
_EVENT = Event(
    id="a",
    timestamp="2026-11-24T11:52:14.007678039+05:30",
    action="push",
    target=Target(
        media_type="m",
        size=2**63 - 1,
        annotations={"k": "v"},
        platform=Platform(os="linux"),
        references=[Descriptor(size=-(2**63)), Descriptor(platform=Platform())],
    ),
    request=RequestRecord(id="r"),
    actor=ActorRecord(name="n"),
    source=SourceRecord(instance_id="i"),
    registry="eu",
    content_type=V1,
    original='{"id":"a","timestamp":"2026-11-24T11:52:14.007678039+05:30","action":"push","target":{"mediaType":"m"}}',
)


_REFERENCES = encode(Event(target=Target(tag="v1"))).partition(b"v1")[0] + b"v1"
"""The record up to its target's references."""


def _record(event: Event) -> dict[str, Any]:
    stream = io.BytesIO(encode(event))
    record = schemaless_reader(stream, _LATEST.schema, None)
    assert isinstance(record, dict)
    return record


def test_empty_event_is_nulls_in_records_that_are_not() -> None:
    """Absent scalars are null; records, arrays and maps are there and empty; `platform` alone is null."""
    target = dict.fromkeys(("mediaType", "size", "digest", "data", "platform", "artifactType", "length", "repository"))
    target |= dict.fromkeys(("fromRepository", "url", "tag"))
    expected = {
        **dict.fromkeys(("id", "timestamp", "timestampText", "action", "registry", "contentType", "original")),
        **dict.fromkeys(("sourceFormat", "sourceContentType", "sourceBody")),
        "sourceHeaders": {},
        "target": target | {"urls": [], "annotations": {}, "references": []},
        "request": dict.fromkeys(("id", "addr", "host", "method", "useragent")),
        "actor": {"name": None},
        "source": {"addr": None, "instanceID": None},
    }
    assert expected == _record(Event(content_type=""))


def test_platform_present_is_a_record_though_empty() -> None:
    """A platform that was given is a record of nulls."""
    empty: dict[str, Any] = {"architecture": None, "os": None, "osVersion": None, "osFeatures": [], "variant": None}
    record = _record(Event(target=Target(platform=Platform(), references=[Descriptor(platform=Platform())])))
    assert empty == record["target"]["platform"]
    assert empty == record["target"]["references"][0]["platform"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T11:52:14.007678999+05:30", "2026-11-24T06:22:14.007678+00:00"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999+00:00"),
        ("yesterday", None),
    ],
)
def test_time_is_micros_beside_its_exact_text(text: str, expected: str | None) -> None:
    """`timestamp` is cut off to microseconds, 1970 among them; `timestampText` is exact."""
    record = _record(Event(timestamp=text))
    assert (expected, text) == (record["timestamp"] and record["timestamp"].isoformat(), record["timestampText"])


def test_framing_is_confluents() -> None:
    """A value is 0x00, the id in four bytes with the most significant first, and the Avro bytes."""
    assert frame(0x52450001, b"avro").hex() == "0052450001" + b"avro".hex()
    assert unframe(frame(0x52450001, b"avro")) == (0x52450001, b"avro")
    assert unframe(b"\x00\xff\xff\xff\xff") == (0xFFFFFFFF, b"")


@pytest.mark.parametrize(
    "value", [frame(_LATEST.id, encode(_EVENT))[:n] for n in range(len(encode(_EVENT)) + 5)], ids=len
)
def test_cut_short_anywhere_is_undecodable(value: bytes) -> None:
    """A record that ends too early is damaged, wherever it ends."""
    with pytest.raises(UndecodableError):
        decode(value, _LATEST.fingerprint)


def test_flipped_bits_never_pass_for_the_same_event() -> None:
    """Every single flipped bit after the frame is damage or another event, but for the time that only others read."""
    avro = encode(_EVENT)
    outcomes: set[bool | None] = set()
    for bit in range(len(avro) * 8):
        flipped = bytearray(avro)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            outcomes.add(decode(frame(_LATEST.id, bytes(flipped)), _LATEST.fingerprint) == _EVENT)
        except UndecodableError:
            outcomes.add(None)
    assert {None, False, True} == outcomes


_DAMAGED = {
    "tombstone": (None, _LATEST.fingerprint, "the record has no value"),
    "empty": (b"", _LATEST.fingerprint, "0 bytes are too few for a framed value"),
    "frame cut short": (b"\x00\x52\x45\x00", None, "4 bytes are too few for a framed value"),
    "foreign framing": (b"\xc3\x01" + encode(_EVENT), _LATEST.fingerprint, "framing byte is 0xc3, not 0x00"),
    "JSON": (b'{"events":[]}', None, "framing byte is 0x7b, not 0x00"),
    "header id framing": (b"\x01" + frame(_LATEST.id, encode(_EVENT))[1:], None, "framing byte is 0x01, not 0x00"),
    "left over": (frame(_LATEST.id, encode(_EVENT) + b"\x00\x00"), None, "not an event: 2 bytes are left over"),
    "nothing after the frame": (frame(_LATEST.id, b""), _LATEST.fingerprint, "not an event: "),
    "foreign id": (frame(17, encode(_EVENT)), None, "schema id 17 is not one of the bridge's"),
    "id below our range": (frame(0x5244FFFF, encode(_EVENT)), None, "schema id 1380253695 is not one of the bridge's"),
    "id above our range": (frame(0x52460000, encode(_EVENT)), None, "schema id 1380319232 is not one of the bridge's"),
    "no UTF-8": (
        frame(_LATEST.id, b"\x02\x02\xff" + encode(_EVENT)[3:]),
        _LATEST.fingerprint,
        "not an event: a text is not UTF-8",
    ),
    "union of no branch": (frame(_LATEST.id, b"\x04" + encode(_EVENT)[1:]), _LATEST.fingerprint, "not an event: "),
}


@pytest.mark.parametrize(("value", "fingerprint", "reason"), _DAMAGED.values(), ids=_DAMAGED.keys())
def test_damage_is_named(value: bytes | None, fingerprint: str | None, reason: str) -> None:
    """What no version of the bridge could read says what it is."""
    with pytest.raises(UndecodableError) as error:
        decode(value, fingerprint)
    assert str(error.value).startswith(reason)


_NEWER = {
    "fingerprint": (frame(_LATEST.id, encode(_EVENT)), "0123456789abcdef"),
    "fingerprint under a foreign id": (frame(17, encode(_EVENT)), "0123456789abcdef"),
    "pinned id": (frame(_LATEST.id + 1, encode(_EVENT)), None),
    "last pinned id": (frame(0x5245FFFF, encode(_EVENT)), None),
    "damaged too": (frame(_LATEST.id + 1, b""), None),
}


@pytest.mark.parametrize(("value", "fingerprint"), _NEWER.values(), ids=_NEWER.keys())
def test_newer_release_is_no_damage(value: bytes, fingerprint: str | None) -> None:
    """A schema of ours that this version does not know waits for an upgrade and says so."""
    with pytest.raises(UnknownSchemaError, match=f"this version knows releases up to {_LATEST.version}"):
        decode(value, fingerprint)


@pytest.mark.parametrize("schema_id", [0, 1, 17, 0xFFFFFFFF, _LATEST.id + 7])
def test_known_fingerprint_decides_whatever_the_id(schema_id: int) -> None:
    """A schema registry's own id does no harm where the header names the schema."""
    assert decode(frame(schema_id, encode(_EVENT)), _LATEST.fingerprint) == _EVENT


@pytest.mark.parametrize("claim", [2**60, 2**63 - 1, -(2**63), -1])
def test_impossible_length_is_undecodable(claim: int) -> None:
    """Text and lists of a length that the bytes do not hold are damage."""
    text = b"\x02" + varint(claim) + b"abc"
    urls = b"\x00" * 4 + b"\x00" * 3 + varint(claim) + b"\x02a"
    for avro in (text, urls):
        with pytest.raises(UndecodableError):
            decode(frame(_LATEST.id, avro), _LATEST.fingerprint)


def test_blocks_of_other_writers_are_read() -> None:
    """Arrays in several blocks, and in blocks with their size in bytes, are read as any Avro reader must."""
    empty = encode(Event())
    assert empty[7:8] == b"\x00"
    blocks = varint(1) + b"\x02a" + varint(-2) + varint(4) + b"\x02b\x02c" + b"\x00"
    assert decode(frame(_LATEST.id, empty[:7] + blocks + empty[8:]), None).target.urls == ["a", "b", "c"]


_BOMBS = {
    "20 million empty urls": (b"\x00" * 7 + varint(20_000_000) + b"\x00" * 20_000_000, f"{MAX_VALUES:,} values"),
    "a claim of them": (b"\x00" * 7 + varint(20_000_000), f"{MAX_VALUES:,} values"),
    "a hundred thousand references": (
        _REFERENCES + varint(100_000) + b"\x00" * 800_000,
        f"{MAX_REFERENCES:,} references",
    ),
}


@pytest.mark.parametrize(("avro", "limit"), _BOMBS.values(), ids=_BOMBS)
def test_more_than_an_event_may_hold_is_undecodable_at_once(avro: bytes, limit: str) -> None:
    """Megabytes of nothing are refused before they become gigabytes of objects, by either way of reading."""
    started = time.thread_time()
    for read_it in (lambda: decode(frame(_LATEST.id, avro), None), lambda: read(avro, _LATEST)):
        with pytest.raises(UndecodableError, match=f"it has more than {limit}, the limit of one event"):
            read_it()
    assert time.thread_time() - started < 1.0


@pytest.mark.parametrize(
    ("avro_name", "attribute"),
    [
        ("id", "id"),
        ("timestamp", "timestamp_micros"),
        ("timestampText", "timestamp"),
        ("mediaType", "media_type"),
        ("osVersion", "os_version"),
        ("instanceID", "instance_id"),
    ],
)
def test_fields_are_attributes_of_the_model(avro_name: str, attribute: str) -> None:
    """Each Avro field has its attribute in snake_case, two times and one initialism excepted."""
    assert attribute == attribute_of(avro_name)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 2**200, -(2**200)])
def test_number_beyond_64_bits_is_refused(number: int) -> None:
    """Like fastavro's writer, ours writes no number that a reader would take for another."""
    with pytest.raises((OverflowError, ValueError)):
        schemaless_writer(io.BytesIO(), "long", number)
    with pytest.raises((OverflowError, ValueError)):
        encode(Event(target=Target(size=number)))


def test_lone_surrogate_is_refused() -> None:
    """Text that UTF-8 cannot carry is an error to who made the event, not a broken record."""
    with pytest.raises(UnicodeEncodeError):
        encode(Event(actor=ActorRecord(name="\ud800")))


def test_long_texts_have_long_lengths() -> None:
    """Lengths on both sides of each size of varint are right, in characters of several bytes too."""
    for length in (0, 1, 63, 64, 8191, 8192, 8193, 100_000):
        event = Event(id="é" * length, target=Target(urls=["u" * length]))
        assert event == decode(frame(_LATEST.id, encode(event)), None)


@pytest.mark.parametrize("kind", ["int", "double", "boolean", "bytes", ["string", "null"], {"type": "enum"}])
def test_schema_that_the_writer_does_not_know_is_refused(kind: Any) -> None:
    """A type that no release uses yet is an error when the writer is compiled, not bad bytes later."""
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": kind}]}
    with pytest.raises(NotImplementedError):
        compile_writer(schema, str)


@pytest.mark.parametrize("body", ["", "{}"])
@pytest.mark.parametrize("headers", [{}, {"ce-id": "1"}], ids=["no headers", "headers"])
def test_rare_members_are_written_as_others_are(body: str, headers: dict[str, str]) -> None:
    """Absent, or only one of them there: the bytes are those of a writer that looks at each."""
    event = Event(source_body=body, source_headers=headers)
    assert compile_writer(_LATEST.schema, attribute_of)(event) == encode(event)


def test_noise_costs_nothing_else() -> None:
    """Ten thousand runs of noise are events or one error."""
    noise = random.Random(20261124)
    for _ in range(10_000):
        avro = bytes(noise.choice((0, 1, 2, 3, 4, 127, 128, 255)) for _ in range(noise.randrange(60)))
        with contextlib.suppress(UndecodableError):
            assert isinstance(decode(frame(_LATEST.id, avro), _LATEST.fingerprint), Event)
