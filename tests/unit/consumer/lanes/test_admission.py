"""Admission: what of the records that were read is let into the lanes, and when."""

from dataclasses import dataclass, field, replace

import pytest

from consumer.filters.endpoint_filter import Filter
from consumer.lanes.admission import Admission
from consumer.lanes.allowed import Allowed
from consumer.lanes.lanes import Lanes
from consumer.lanes.screening import Screening
from consumer.log.decoding import UnaskedError
from consumer.offsets.ledger import Ledger, Snapshot
from consumer.offsets.partition import Partition
from consumer.record import Record
from schemas.avro import UndecodableError
from schemas.catalog import CATALOG
from tests.simulation.simulated_log import Stored
from tests.simulation.simulation import damaged, endpoint_settings, foreign, newer, stored


@dataclass
class Door:
    """An admission with its lanes and partitions, and what it told."""

    concurrency: int = 64
    max_events: int = 1
    window: int = 24_000
    lanes: Lanes = field(default_factory=Lanes)
    rules: list[str] = field(default_factory=list)
    """Those by which events were filtered."""
    count: int = 0
    """Events that were admitted."""
    undecodable: list[tuple[int, str]] = field(default_factory=list)
    obstructed: list[int] = field(default_factory=list)
    giving_up: int = 0
    """Undecodable records whose dead letters are not written yet."""
    known: dict[int, str | None] | None = None
    """Fingerprints by foreign schema id; None: there is no schema registry."""

    def __post_init__(self) -> None:
        self.partitions = [Partition(number, 1, Ledger(0, end=0, window=self.window)) for number in range(3)]
        settings = endpoint_settings(
            ignore={"actions": ["pull"]}, concurrency=self.concurrency, batch={"max_events": self.max_events}
        )
        screening = Screening(Filter(settings), None if self.known is None else self)
        self.admission = Admission(settings, self.lanes, screening, undecodable=self, monitor=self)

    def __len__(self) -> int:
        return self.giving_up

    def filtered(self, rule: str) -> None:
        """Note it."""
        self.rules.append(rule)

    def admitted(self) -> None:
        """Note it."""
        self.count += 1

    def upgrade_needed(self, partition: Partition) -> None:
        """Note it."""
        self.obstructed.append(partition.number)

    def ask(self, schema_id: int) -> None:
        """Nobody asks: the test says what is known."""
        raise AssertionError(schema_id)

    def give_up(self, record: Record, partition: Partition, error: str) -> None:
        """Note it."""
        assert partition is self.partitions[record.partition]
        self.undecodable.append((record.offset, error))
        self.giving_up += 1

    def resolve_known(self, record: Record, schema_id: int) -> Record:
        """What a schema registry says of an id."""
        assert self.known is not None
        if schema_id not in self.known:
            raise UnaskedError(schema_id)
        fingerprint = self.known[schema_id]
        if fingerprint is None:
            raise UndecodableError("nobody knows it")
        return replace(record, schema_fingerprint=fingerprint)

    @property
    def lanes_hold(self) -> list[int]:
        """Offsets of the deliveries that wait in the lanes, in the order in which they came."""
        return [delivery.record.offset for lane in self.lanes._lanes.values() for delivery in lane.queue]

    def read(self, number: int, *records: Stored, first: int = 0) -> None:
        """Records that were read of a partition."""
        backlog = self.partitions[number].backlog
        for offset, at in enumerate(records, first):
            backlog.append(Record("registry.events", number, offset, 7, at.key, at.value, at.headers))

    def admit(self, allowed: Allowed = Allowed.ALL) -> None:
        """Let in what helps."""
        self.admission.admit(self.partitions, 0.0, allowed)


def test_a_filtered_event_is_finished_at_once() -> None:
    """It enters no lane, and the offset may move past it."""
    door = Door()
    door.read(0, stored("a", action="pull"), stored("a"))
    door.admit()
    assert ["ignore.actions"] == door.rules
    assert [1] == door.lanes_hold
    assert 1 == door.partitions[0].ledger.base


def test_what_was_finished_before_is_left_out() -> None:
    """The map of the commit's metadata says that it was delivered above a hole."""
    door = Door()
    door.partitions[0] = Partition(0, 1, Ledger(0, Snapshot(0, (0, 2), 3), end=9))
    door.read(0, *[stored("a")] * 5)
    door.admit()
    assert [0, 2, 4] == door.lanes_hold


@pytest.mark.parametrize("value", [None, b"", b"\x01RE\x00\x01", b"\x00damaged"])
def test_what_cannot_be_read_is_told_and_stays_unfinished(value: bytes | None) -> None:
    """Until its dead letter is written the offset does not move past it."""
    door = Door()
    door.read(0, damaged("a", value), stored("a"))
    door.admit()
    assert [0] == [offset for offset, _ in door.undecodable]
    assert [1] == door.lanes_hold
    assert 0 == door.partitions[0].ledger.base
    assert 1 == door.giving_up


def test_undecodable_records_are_given_up_256_at_a_time() -> None:
    """More wait in the backlog until dead letters are written."""
    door = Door()
    door.read(0, *[damaged("a")] * 400, stored("a"))
    door.admit()
    assert 256 == len(door.undecodable)
    door.giving_up -= 200
    door.admit()
    assert 400 == len(door.undecodable)
    assert [400] == door.lanes_hold


def test_a_newer_schema_stops_its_partition_and_is_told_once() -> None:
    """The records behind it are dropped, to be read again after the upgrade; other partitions go on."""
    door = Door()
    door.read(0, stored("a"), newer("a"), stored("a"))
    door.read(1, stored("b"), stored("b"))
    door.admit()
    assert [0, 0, 1] == sorted(door.lanes_hold)
    assert [0] == door.obstructed
    assert door.partitions[0].is_blocked
    assert not door.partitions[0].is_full
    assert 1 == door.partitions[0].ledger.next
    door.admit()
    assert [0] == door.obstructed


def test_nothing_is_admitted_for_a_partition_that_is_drained() -> None:
    """It is another worker's soon."""
    door = Door()
    door.read(0, stored("a"))
    door.partitions[0].draining = True
    door.admit()
    assert [] == door.lanes_hold


def test_the_window_bounds_what_is_admitted() -> None:
    """The first unfinished offset and the next to be admitted are never a window apart."""
    door = Door(window=100)
    door.read(0, *[stored("a")] * 300)
    door.admit()
    assert 100 == door.count
    assert door.partitions[0].is_full
    door.partitions[0].ledger.finish(0)
    door.admit()
    assert 101 == door.count


def test_no_more_is_admitted_than_could_start_soon() -> None:
    """Twice what may be in flight, 128 at least; a lane that waits hides nothing behind it."""
    door = Door(concurrency=100)
    door.read(0, *(stored(f"r{number}") for number in range(1000)))
    door.admit()
    assert 200 == door.count
    waiting = Door(concurrency=1)
    waiting.read(0, *[stored("a")] * 1000)
    waiting.read(1, *[stored("b")] * 10)
    waiting.admit()
    assert waiting.lanes.startable == 128
    while waiting.lanes.next_batch(0.0) is not None:
        waiting.admit()
    assert 1010 == waiting.count


def test_partitions_take_turns() -> None:
    """A long backlog of one does not keep out another's."""
    door = Door(concurrency=64)
    for number in range(3):
        door.read(number, *(stored(f"{number}/{at}") for at in range(500)))
    door.admit()
    assert {0: 64, 1: 64} == {number: sum(lane[0] == number for lane in door.lanes._lanes) for number in (0, 1)}


def test_memory_is_bounded_by_bytes() -> None:
    """64 MiB of records held, whatever their number: one stuck partition has half, two have a third each."""
    third = 64 * 1024 * 1024 // 3
    door = Door()
    big = stored("a", pad=1_000_000)
    for number in range(2):
        door.read(number, *[big] * 200)
        door.admit()
        while door.lanes.next_batch(0.0) is not None:
            door.admit()
        assert door.partitions[number].is_full
    assert 32 * 1024 * 1024 <= door.partitions[0].bytes < 32 * 1024 * 1024 + 1_100_000
    assert door.partitions[1].bytes < third
    assert door.lanes.bytes < 64 * 1024 * 1024
    door.read(2, stored("b"))
    door.admit()
    assert not door.partitions[2].is_full
    assert 1 == len(door.lanes._lanes[2, b"b"].queue)


def test_behind_an_open_breaker_only_new_heads_are_admitted() -> None:
    """As many lanes as may be in flight; what lies between belongs to lanes that are known."""
    door = Door(concurrency=4)
    door.read(0, *[stored("a")] * 300, *(stored(f"r{number}") for number in range(50)))
    door.admit(Allowed.PROBES)
    assert 4 == len(door.lanes)
    assert 303 == door.count


def test_behind_an_open_breaker_there_is_always_a_head_that_was_never_tried() -> None:
    """However many heads were tried in vain, another one is looked for."""
    door = Door(concurrency=2)
    door.read(0, *(stored(f"r{number}") for number in range(6)))
    tried = []
    for now in range(6):
        door.admit(Allowed.PROBES)
        batch = door.lanes.next_probe()
        assert batch is not None
        batch.deliveries[0].lane.last_try = float(now)
        tried.append(batch.deliveries[0].record.offset)
        door.lanes.wait(batch, 1e9)
    assert [0, 1, 2, 3, 4, 5] == tried


def test_what_an_endpoint_refused_hides_nothing_behind_it() -> None:
    """While it refuses, as many new heads are admitted as with the breaker closed, past what refused lanes have."""
    door = Door(concurrency=2)
    door.read(0, *[stored("a")] * 400, *(stored(f"r{number}") for number in range(200)))
    door.admit()
    batch = door.lanes.next_batch(0.0)
    assert batch is not None
    door.lanes.refuse(batch)
    door.lanes.finish(batch)
    door.admit(Allowed.PROBES)
    assert 2 == len(door.lanes)
    door.admit(Allowed.FRESH)
    assert 128 == door.lanes.fresh_startable
    assert 129 == len(door.lanes)


def test_what_only_the_schema_registry_can_tell_waits_for_it() -> None:
    """Its partition stands still with the record at its head, others go on; told, all goes on in order."""
    door = Door(known={})
    door.read(0, stored("a"), foreign("b", 7), stored("c"))
    door.read(1, stored("d"))
    door.admit()
    assert (7, True) == (door.partitions[0].awaits, door.partitions[0].is_blocked)
    assert [0, 0] == door.lanes_hold
    assert [1, 2] == [record.offset for record in door.partitions[0].backlog]
    door.known = {7: CATALOG.latest.fingerprint}
    door.partitions[0].awaits = None
    door.admit()
    assert [0, 0, 1, 2] == door.lanes_hold
    assert [] == door.undecodable


def test_a_schema_that_the_registry_does_not_have_is_undecodable() -> None:
    """The record is given up with that reason, and holds up nobody."""
    door = Door(known={7: None})
    door.read(0, foreign("a", 7), stored("b"))
    door.admit()
    assert [(0, "nobody knows it")] == door.undecodable
    assert [1] == door.lanes_hold


def test_a_newer_schema_of_the_registry_stops_the_partition() -> None:
    """As one that a fingerprint in the header tells of."""
    door = Door(known={7: "00000000deadbeef"})
    door.read(0, foreign("a", 7))
    door.admit()
    assert [0] == door.obstructed


def test_a_record_that_the_ledger_refuses_stays_where_it_is() -> None:
    """A fault of ours stops the partition, which is seen; it loses nothing."""
    door = Door()
    door.read(0, stored("a"), stored("a"), first=5)
    door.partitions[0].ledger.pass_over(6)
    for _ in range(2):
        with pytest.raises(ValueError, match="offset 5 was read after 5"):
            door.admit()
    assert [5, 6] == [record.offset for record in door.partitions[0].backlog]


def test_each_partition_has_its_share_of_memory_at_each_look() -> None:
    """One that was crowded is not any more when others have left the lanes, though nothing more is wanted now."""
    door = Door()
    door.read(0, *[stored("a", pad=1_000_000)] * 40)
    door.read(1, stored("b"))
    door.admit()
    assert door.partitions[0].is_full
    batch = door.lanes.next_batch(0.0)
    assert batch is not None
    door.lanes.remove(0)
    door.partitions[0].bytes = 0
    door.giving_up = 256
    door.admit()
    assert not door.partitions[0].is_full
