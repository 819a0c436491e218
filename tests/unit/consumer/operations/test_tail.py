"""The end of the log: merged by time, the last ones that are wanted, and going on without a gap or a double."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.operations.tail import Tail, merged
from consumer.operations.tail_text import TailedRecord, json_line, line_of, on_one_line, tailed_record_of
from consumer.places import Bounds, Offsets, Place
from consumer.record import Record
from runtime.config import Beginning
from runtime.errors import BridgeError
from runtime.kafka.errors import KafkaUnavailableError
from schemas.event import ActorRecord, Event, Target
from tests.kit.events import events


@dataclass
class FakeLog:
    """A topic `t` in memory, both asked for offsets and read; its records are in time order in each partition."""

    records: dict[int, list[Record]] = field(default_factory=dict)
    breaks_after: int | None = None
    """So many records are read before Kafka is away, once."""
    read_so_far: int = 0

    def bounds(self, topic: str) -> Bounds:
        """What is left, and the ends."""
        first = {n: next((record.offset for record in records), 0) for n, records in self.records.items()}
        return Bounds(first, {n: records[-1].next_offset if records else 0 for n, records in self.records.items()})

    def offsets_at(self, topic: str, place: Place, bounds: Bounds) -> dict[int, int]:
        """The beginning, or the offsets that a place names."""
        return dict(place.of if isinstance(place, Offsets) else bounds.first)

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """Partition by partition, the last one first: no order may be relied on."""
        for number, span in sorted(ranges.items(), reverse=True):
            found = [record for record in self.records[number] if record.offset in span]
            for record in found[:limit]:
                self.read_so_far += 1
                if self.breaks_after is not None and self.read_so_far > self.breaks_after:
                    self.breaks_after = None
                    raise KafkaUnavailableError("away")
                yield record


@dataclass(frozen=True)
class EveryNth:
    """Wants the records at every so many offsets."""

    modulus: int

    def matches(self, record: Record) -> bool:
        """Whether it is one of them."""
        return record.offset % self.modulus == 0


@st.composite
def logs(draw: st.DrawFn) -> FakeLog:
    """Up to three partitions, with gaps between offsets."""
    log = FakeLog()
    for number in range(draw(st.integers(1, 3))):
        stamps = sorted(draw(st.lists(st.integers(0, 50), max_size=25)))
        offsets = sorted(draw(st.sets(st.integers(0, 60), min_size=len(stamps), max_size=len(stamps))))
        log.records[number] = [
            Record("t", number, offset, stamp, None, None) for offset, stamp in zip(offsets, stamps, strict=True)
        ]
    return log


def everything(log: FakeLog) -> list[Record]:
    """All records by time."""
    found = [record for records in log.records.values() for record in records]
    return sorted(found, key=lambda record: (record.timestamp_ms, record.partition, record.offset))


@given(log=logs())
def test_merged(log: FakeLog) -> None:
    """Every record of the ranges once, partitions in order, and all by time."""
    spans = {n: range(5, 50) for n in log.records}
    found = list(merged(log, "t", spans))
    assert [record.timestamp_ms for record in found] == sorted(record.timestamp_ms for record in found)
    for number in log.records:
        wanted = [record for record in log.records[number] if record.offset in spans[number]]
        assert wanted == [record for record in found if record.partition == number]


def test_merged_reads_on() -> None:
    """More than is held ahead is read on, without a gap."""
    one = [Record("t", 0, offset, offset, None, None) for offset in range(1000)]
    two = [Record("t", 1, offset, offset * 10, None, None) for offset in range(150)]
    found = list(merged(FakeLog({0: one, 1: two}), "t", {0: range(1000), 1: range(150)}))
    assert sorted(one + two, key=lambda record: (record.timestamp_ms, record.partition)) == found


@given(log=logs(), count=st.integers(1, 12), modulus=st.integers(1, 7))
def test_last(log: FakeLog, count: int, modulus: int) -> None:
    """The last that are wanted, by time, however far back they lie; then nothing is unread."""
    tail = Tail(log, "t")

    wanted = EveryNth(modulus)
    expected = [record for record in everything(log) if wanted.matches(record)][-count:]
    found = tail.last(count, wanted)
    assert [record.timestamp_ms for record in expected] == [record.timestamp_ms for record in found]
    assert len(found) == len({(record.partition, record.offset) for record in found})
    assert all(map(wanted.matches, found))
    assert [] == list(tail.unread())


@given(log=logs(), breaks_after=st.none() | st.integers(0, 40), later=st.integers(0, 5))
def test_unread_has_no_gap_and_no_double(log: FakeLog, breaks_after: int | None, later: int) -> None:
    """From a place on everything comes once, though Kafka was away in between and more came in."""
    tail = Tail(log, "t")
    tail.start(Beginning())
    log.breaks_after = breaks_after
    found: list[Record] = []
    for _ in range(3):
        try:
            for record in tail.unread():
                found.append(record)  # noqa: PERF402 - what came before it broke off counts
        except BridgeError:
            found.extend(tail.unread())
        end = log.bounds("t").end[0]
        log.records[0] += [Record("t", 0, end + n, 60, None, None) for n in range(later)]
    log.breaks_after = None
    found.extend(tail.unread())
    assert sorted(everything(log), key=_place) == sorted(found, key=_place)


def test_breaking_off_in_the_middle() -> None:
    """What was read before Kafka went away does not come again."""
    log = FakeLog({0: [Record("t", 0, offset, offset, None, None) for offset in range(600)]}, breaks_after=450)
    tail = Tail(log, "t")
    tail.start(Beginning())
    found: list[int] = []
    with pytest.raises(KafkaUnavailableError):
        found.extend(record.offset for record in tail.unread())
    assert 0 < len(found) < 600
    found.extend(record.offset for record in tail.unread())
    assert list(range(600)) == found


def test_start_at_offsets() -> None:
    """A place that names some partitions leaves the others out, even new ones."""
    log = FakeLog({n: [Record("t", n, offset, offset, None, None) for offset in range(4)] for n in range(3)})
    tail = Tail(log, "t")
    tail.start(Offsets({1: 2}))
    log.records[3] = [Record("t", 3, 0, 9, None, None)]
    assert [(1, 2), (1, 3)] == [_place(record) for record in tail.unread()]


@given(event=events())
def test_shown_on_one_line(event: Event) -> None:
    """Whatever is in an event, a line of it and its JSON are one line without a character that a terminal obeys."""
    tailed = TailedRecord(Record("t", 1, 2, 1_700_000_000_123, None, b""), event)
    for line in (line_of(tailed), json_line(tailed)):
        assert line.isprintable()
    assert json.loads(json_line(tailed))["partition"] == 1
    assert line_of(tailed).startswith("2023-11-14T22:13:20.123Z  ")
    assert line_of(tailed).endswith("  1:2")


@given(
    value=st.recursive(
        st.text() | st.integers() | st.booleans(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_means_the_same(value: object) -> None:
    """JSON on one line is the same JSON."""
    for indent in (None, 3):
        assert value == json.loads(on_one_line(json.dumps(value, indent=indent, ensure_ascii=False)))


def test_subject() -> None:
    """A tag is shown with a colon, without one the digest with an at sign; what is absent is a dash."""
    record = Record("t", 0, 0, 0, None, b"")
    when = "1970-01-01T00:00:00.000Z"
    tagged = Event(action="push", target=Target(repository="a/b", tag="v1", digest="sha256:1"), registry="eu")
    assert f"{when}  push  a/b:v1  -  -  -  eu  -  0:0" == line_of(TailedRecord(record, tagged))
    digest = Event(target=Target(repository="a/b", digest="sha256:1"), actor=ActorRecord(name="x"))
    assert f"{when}  -  a/b@sha256:1  -  x  -  -  -  0:0" == line_of(TailedRecord(record, digest))
    assert f"{when}  -  -  -  -  -  -  -  0:0" == line_of(TailedRecord(record, Event()))


def test_the_source_of_another_format_is_shown() -> None:
    """By the name of its format; in JSON with the body that it sent, and an event of a registry has neither."""
    record = Record("t", 0, 0, 0, None, b"")
    foreign = Event(action="push", registry="eu", source_format="harbor", source_body='{"type": "PUSH_ARTIFACT"}\n')
    assert line_of(TailedRecord(record, foreign)).endswith("  eu  harbor  0:0")
    for event, told in ((foreign, ("harbor", '{"type": "PUSH_ARTIFACT"}\n')), (Event(), (None, None))):
        shown = json.loads(json_line(TailedRecord(record, event)))
        assert told == (shown["source_format"], shown["source_body"])


def test_what_holds_no_event() -> None:
    """A record without an event is shown with the reason, and its bytes in JSON."""
    tailed = tailed_record_of(Record("t", 0, 0, 0, None, b"no event"))
    assert line_of(tailed).startswith("1970-01-01T00:00:00.000Z  undecodable: ")
    told = json.loads(json_line(tailed))
    assert (None, "bm8gZXZlbnQ=") == (told["event"], told["raw"])
    assert json.loads(json_line(tailed_record_of(Record("t", 0, 0, 0, None, None))))["raw"] is None


def _place(record: Record) -> tuple[int, int]:
    return record.partition, record.offset


@pytest.mark.parametrize("timestamp_ms", [-1, -1_000_000_000_000_000, 2**63 - 1])
def test_a_record_without_a_valid_time_is_shown(timestamp_ms: int) -> None:
    """Any producer can write any number there; Kafka itself has -1 for none."""
    tailed = TailedRecord(Record("t", 0, 7, timestamp_ms, None, None), Event(id="a", action="push"))
    assert line_of(tailed).startswith("no valid time  push  ")
    assert json.loads(json_line(tailed))["accepted_at"] is None
