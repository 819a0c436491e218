"""Lanes, rule by rule; histories of every kind are in the property tests."""

from consumer.lanes.delivery import Batch, Delivery
from consumer.lanes.lanes import Lanes
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record


def _add(lanes: Lanes, key: bytes | None, *offsets: int, partition: int = 0, now: float = 0.0, size: int = 0) -> None:
    for offset in offsets:
        lanes.add(Record("registry.events", partition, offset, 0, key, bytes(size)), None, now)


def _offsets(batch: Batch | None) -> list[int]:
    return [delivery.record.offset for delivery in batch.deliveries] if batch else []


class _TwoKinds:
    """Small offsets and large ones."""

    def kind(self, delivery: Delivery) -> object:
        """Which it is."""
        return delivery.record.offset >= 10


def _lose(batch: Batch, offsets: set[int]) -> None:
    """The partitions of these are another worker's now."""
    for delivery in batch.deliveries:
        if delivery.record.offset in offsets:
            delivery.partition = Partition(delivery.record.partition, 0, Ledger(0, end=0))
            delivery.partition.close()


def _next(lanes: Lanes, now: float = 0.0) -> Batch:
    batch = lanes.next_batch(now)
    assert batch is not None
    return batch


def test_a_repository_sends_one_at_a_time_in_order() -> None:
    """The next record of a lane goes when the one before is finished; other lanes do not wait."""
    lanes = Lanes()
    _add(lanes, b"a", 1, 2)
    _add(lanes, b"b", 3)
    first = _next(lanes)
    assert ([1], [3], []) == (_offsets(first), _offsets(lanes.next_batch(0.0)), _offsets(lanes.next_batch(0.0)))
    lanes.finish(first)
    assert [2] == _offsets(lanes.next_batch(0.0))


def test_the_same_repository_in_two_partitions_is_two_lanes() -> None:
    """Order is that of a partition's log."""
    lanes = Lanes()
    _add(lanes, b"a", 1)
    _add(lanes, b"a", 1, partition=1)
    assert ([1], [1]) == (_offsets(lanes.next_batch(0.0)), _offsets(lanes.next_batch(0.0)))


def test_records_without_a_key_are_lanes_of_their_own() -> None:
    """Null and empty keys wait for nothing."""
    lanes = Lanes()
    _add(lanes, None, 1, 2)
    _add(lanes, b"", 3, 4)
    assert [[1], [2], [3], [4]] == [_offsets(lanes.next_batch(0.0)) for _ in range(4)]


def test_without_order_every_record_is_a_lane() -> None:
    """`ordering: none` sends a repository's records side by side."""
    lanes = Lanes(ordered=False)
    _add(lanes, b"a", 1, 2)
    assert ([1], [2]) == (_offsets(lanes.next_batch(0.0)), _offsets(lanes.next_batch(0.0)))


def test_a_retry_waits_and_its_lane_with_it() -> None:
    """Nothing of the lane goes before the retry is due and finished."""
    lanes = Lanes()
    _add(lanes, b"a", 1, 2)
    batch = _next(lanes)
    lanes.wait(batch, 5.0)
    assert (None, 5.0) == (lanes.next_batch(4.9), lanes.next_due(4.9))
    assert batch is lanes.next_batch(5.0)
    assert None is lanes.next_batch(100.0)


def test_batches_take_several_lanes_up_to_their_size() -> None:
    """A batch fills from the lanes that are ready, each from its front."""
    lanes = Lanes(max_events=3)
    _add(lanes, b"a", 1, 2)
    _add(lanes, b"b", 3, 4)
    batch = _next(lanes)
    assert ([1, 2, 3], None) == (_offsets(batch), lanes.next_batch(0.0))
    lanes.finish(batch)
    assert [4] == _offsets(lanes.next_batch(0.0))


def test_batches_are_of_one_kind() -> None:
    """A lane gives only what is of the batch's kind, and nothing from behind another kind."""
    lanes = Lanes(max_events=5, kinds=_TwoKinds())
    _add(lanes, b"a", 1, 10)
    _add(lanes, b"b", 11)
    _add(lanes, b"c", 3)
    assert [1, 3] == _offsets(lanes.next_batch(0.0))
    assert [11] == _offsets(lanes.next_batch(0.0))


def test_batches_have_a_weight() -> None:
    """Bytes bound a batch, but one record may be larger."""
    lanes = Lanes(max_events=5, max_bytes=1000)
    _add(lanes, b"a", 1, size=5000)
    _add(lanes, b"b", 2, 3, 4, size=200)
    assert [1] == _offsets(lanes.next_batch(0.0))
    assert [2, 3] == _offsets(lanes.next_batch(0.0))


def test_a_batch_lingers_until_it_is_full_or_late() -> None:
    """It goes when `linger_s` has passed since its first record came, or at once when it is full."""
    lanes = Lanes(max_events=2, linger_s=1.0)
    _add(lanes, b"a", 1, now=10.0)
    assert (None, 11.0) == (lanes.next_batch(10.5), lanes.next_due(10.5))
    assert [1] == _offsets(lanes.next_batch(11.0))
    _add(lanes, b"b", 2, 3, now=20.0)
    assert [2, 3] == _offsets(lanes.next_batch(20.0))


def test_halves_keep_the_order_of_a_repository_they_share() -> None:
    """The second half goes when the first is finished, not before, and asks for no alarm meanwhile."""
    lanes = Lanes(max_events=4)
    _add(lanes, b"a", 1, 2, 3)
    first, second = lanes.split(_next(lanes), 0.0)
    assert ([1, 2], [3]) == (_offsets(first), _offsets(second))
    assert first is lanes.next_batch(0.0)
    lanes.wait(first, 8.0)
    assert (None, 8.0) == (lanes.next_batch(1.0), lanes.next_due(1.0))
    assert first is lanes.next_batch(8.0)
    assert (None, None) == (lanes.next_batch(9.0), lanes.next_due(9.0))
    lanes.finish(first)
    assert second is lanes.next_batch(9.0)


def test_halves_of_different_repositories_go_side_by_side() -> None:
    """Without a shared repository there is nothing to wait for."""
    lanes = Lanes(max_events=2)
    _add(lanes, b"a", 1)
    _add(lanes, b"b", 2)
    lanes.split(_next(lanes), 0.0)
    assert ([1], [2]) == (_offsets(lanes.next_batch(0.0)), _offsets(lanes.next_batch(0.0)))


def test_a_batch_of_several_repositories_is_cut_between_them() -> None:
    """The border nearest to the middle: a repository stands in one half alone, and no other waits for it."""
    lanes = Lanes(max_events=6)
    _add(lanes, b"a", 1, 2, 3, 4)
    _add(lanes, b"b", 5)
    _add(lanes, b"c", 6)
    assert [[1, 2, 3, 4], [5, 6]] == [_offsets(half) for half in lanes.split(_next(lanes), 0.0)]


def test_a_half_waits_for_nothing_that_has_gone() -> None:
    """Between them stood a repository of another partition: when that is revoked, both may go side by side."""
    lanes = Lanes(max_events=4)
    _add(lanes, b"a", 1)
    _add(lanes, b"b", 2, 3, partition=1)
    _add(lanes, b"b", 4)
    lanes.split(_next(lanes), 0.0)
    lanes.remove(1)
    assert [[1], [4], []] == [_offsets(lanes.next_batch(0.0)) for _ in range(3)]


def test_a_split_keeps_only_what_is_ours() -> None:
    """Two that are left are two halves, one goes as it is, and of none there is nothing."""
    for ours, parts in (({1, 2}, [[1], [2]]), ({2}, [[2]]), (set[int](), list[list[int]]())):
        lanes = Lanes(max_events=4)
        _add(lanes, b"a", 1, 2, 3, 4)
        batch = _next(lanes)
        _lose(batch, {1, 2, 3, 4}.difference(ours))
        split = lanes.split(batch, 0.0)
        assert parts == [_offsets(part) for part in split]
        assert (len(ours), len(lanes)) == (lanes.held, min(len(ours), 1))


def test_a_half_split_again_is_not_overtaken() -> None:
    """The second half waits for both quarters of the first."""
    lanes = Lanes(max_events=4)
    _add(lanes, b"a", 1, 2, 3, 4)
    lanes.split(_next(lanes), 0.0)
    lanes.split(_next(lanes), 0.0)
    sent = []
    while (batch := lanes.next_batch(0.0)) is not None:
        assert None is lanes.next_batch(0.0)
        sent.append(_offsets(batch))
        lanes.finish(batch)
    assert [[1], [2], [3, 4]] == sent


def test_the_probe_is_the_lane_tried_longest_ago() -> None:
    """Whether its wait is over or not; a lane that was never tried comes first."""
    lanes = Lanes()
    for number, key in enumerate((b"a", b"b")):
        _add(lanes, key, number)
        batch = _next(lanes)
        batch.deliveries[0].lane.last_try = 10.0 - number
        lanes.wait(batch, 100.0)
    _add(lanes, b"c", 7)
    assert [[7], [1], [0], []] == [_offsets(lanes.next_probe()) for _ in range(4)]


def test_a_capped_wait_brings_forward_and_never_puts_off() -> None:
    """A batch that pins a full window is tried at the given moment at the latest."""
    lanes = Lanes()
    _add(lanes, b"a", 1)
    lanes.wait(_next(lanes), 100.0)
    lanes.cap_wait(1, 0, 7.0)
    assert 7.0 == lanes.next_due(0.0)
    lanes.cap_wait(1, 0, 50.0)
    lanes.cap_wait(1, 1, 2.0)
    lanes.cap_wait(2, 0, 2.0)
    assert 7.0 == lanes.next_due(0.0)


def test_a_partition_that_goes_takes_all_but_what_is_under_way() -> None:
    """Queues and retries of it are forgotten, others stay; a lane under way stays locked until its request ends."""
    lanes = Lanes()
    _add(lanes, b"a", 1, 2)
    _add(lanes, b"b", 3)
    _add(lanes, b"a", 9, partition=1)
    flying, waiting = _next(lanes), _next(lanes)
    lanes.wait(waiting, 0.0)
    lanes.remove(0)
    assert [9] == _offsets(lanes.next_batch(0.0))
    _add(lanes, b"a", 1)
    assert None is lanes.next_batch(0.0)
    lanes.finish(flying)
    assert [1] == _offsets(lanes.next_batch(0.0))


def test_what_was_broken_off_is_due_again_if_it_is_ours() -> None:
    """The rest of the batch is forgotten."""
    lanes = Lanes(max_events=2)
    _add(lanes, b"a", 1)
    _add(lanes, b"a", 2, partition=1)
    batch = _next(lanes)
    _lose(batch, {1})
    lanes.put_back(batch, 3.0)
    assert [2] == _offsets(lanes.next_batch(3.0))
    assert (1, 257) == (lanes.held, lanes.bytes)


def test_counters_fall_to_nothing() -> None:
    """When all is finished nothing is held, in bytes or in lanes."""
    lanes = Lanes()
    _add(lanes, b"a", 1, 2, size=10)
    assert (2, 534, 2, 1) == (lanes.held, lanes.bytes, lanes.startable, len(lanes))
    first = _next(lanes)
    assert (2, 534, 0, 1) == (lanes.held, lanes.bytes, lanes.startable, len(lanes))
    lanes.finish(first)
    lanes.finish(_next(lanes))
    assert (0, 0, 0, 0) == (lanes.held, lanes.bytes, lanes.startable, len(lanes))
