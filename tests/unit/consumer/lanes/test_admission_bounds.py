"""Admission: its bounds, and what is admitted behind an open breaker."""

from consumer.lanes.allowed import Allowed
from tests.kit.admitted import Door
from tests.simulation.simulation import stored


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
