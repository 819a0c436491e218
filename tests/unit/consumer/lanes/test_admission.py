"""Admission: what of the records that were read is let into the lanes, and when."""

import pytest

from consumer.lanes.allowed import Allowed
from consumer.offsets.ledger import Ledger, Snapshot
from consumer.offsets.partition import Partition
from schemas.catalog import CATALOG
from tests.kit.admitted import Door
from tests.simulation.simulation import damaged, foreign, newer, stored


def test_a_filtered_event_is_finished_at_once() -> None:
    """It enters no lane, and the offset may move past it."""
    door = Door()
    door.read(0, stored("a", action="pull"), stored("a"))
    door.admit()
    assert ["ignore.actions"] == door.rules
    assert [1] == door.lanes_hold
    assert 1 == door.partitions[0].ledger.base


def test_filtered_events_wait_as_others_do() -> None:
    """For the window, and behind what was read before them."""
    door = Door(window=4)
    door.read(0, stored("a"), *[stored("a", action="pull")] * 6)
    door.admit()
    assert ["ignore.actions"] * 3 == door.rules
    assert [4, 5, 6] == [record.offset for record in door.partitions[0].backlog]
    door.partitions[0].ledger.finish(0)
    door.admit()
    assert ["ignore.actions"] * 6 == door.rules
    assert 7 == door.partitions[0].ledger.base


def test_filtered_events_are_passed_over_in_turns() -> None:
    """However many one partition has, others have their turn, and then the event loop has."""
    door = Door()
    for number in range(2):
        door.read(number, *[stored("a", action="pull")] * 2_000)
    assert not door.admission.admit(door.partitions, 0.0, 0.0, Allowed.ALL)
    left = [len(partition.backlog) for partition in door.partitions[:2]]
    assert all(0 < count < 2_000 for count in left)
    assert 200 > abs(left[0] - left[1])
    door.admit()
    assert 4_000 == len(door.rules)


@pytest.mark.parametrize("action", ["push", "pull"])
def test_what_lies_behind_the_last_record_is_passed_over_with_it(action: str) -> None:
    """The log was read up to an end behind it, delivered or filtered: the offsets between hold no record."""
    door = Door()
    partition = door.partitions[0]
    door.read(0, stored("a"), stored("a", action=action))
    partition.read_up_to(7)
    assert 0 == partition.ledger.next
    door.admit()
    assert 7 == partition.ledger.next


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
