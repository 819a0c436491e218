"""A partition whose log has gaps, newer records or foreign ids, on two topics that are lists."""

import pytest
from msgspec.structs import replace

from consumer.log.schema_ids import SchemaIds
from consumer.materialize.kept_partition import UnreadableTopicError
from consumer.tags.partition_counts import PartitionCountError
from runtime.clock import SystemClock
from schemas.catalog import CATALOG
from tests.kit.listed_topics import NEWER, ListedTopics, pushed


@pytest.fixture
def log() -> ListedTopics:
    """Eight pushes."""
    return ListedTopics(records=[pushed(offset) for offset in range(8)])


def test_what_retention_took_while_it_was_read_is_lost(log: ListedTopics) -> None:
    """It is counted, and nothing is missing from now on."""
    kept = log.opened()
    log.begins = 5
    assert log.take(kept, 0, 1, 6, 7).lost == 3
    position, tags = log.found()
    assert (position.offset, position.whole_since_us) == (7, log.now_us)
    assert tags == {"v0", "v1", "v6", "v7"}


def test_offsets_without_a_record_are_not_lost(log: ListedTopics) -> None:
    """Compaction and transactions leave such: the log begins before them."""
    kept = log.opened()
    assert log.take(kept, 0, 3, end=8).lost == 0
    position, _ = log.found()
    assert (position.offset, position.whole_since_us) == (7, None)


def test_what_retention_took_while_nobody_read_is_lost(log: ListedTopics) -> None:
    """Whoever gets the partition next finds out, and writes at once that nothing is missing from now on only."""
    log.take(log.opened(), 0, 1)
    log.begins = 4
    kept = log.opened()
    assert (kept.lost, kept.next_offset) == (2, 4)
    position, _ = log.found()
    assert (position.offset, position.whole_since_us) == (3, log.now_us)


def test_a_gap_up_to_the_end_of_the_log_is_remembered(log: ListedTopics) -> None:
    """No record has to come behind it; whoever goes on, also later, knows of it and finds it once."""
    kept = log.opened()
    log.take(kept, 0, 1)
    log.begins = 8
    assert log.take(kept, end=8).lost == 6
    found_us = log.now_us
    assert (log.found()[0].offset, log.found()[0].whole_since_us) == (7, found_us)
    log.clock.sleep(60)
    again = log.opened()
    log.records.append(pushed(8))
    log.take(again, 8)
    assert (again.lost, log.found()[0].whole_since_us) == (0, found_us)


def test_another_topic_of_the_name_is_read_from_its_beginning(log: ListedTopics) -> None:
    """The tags stay; what came last in the topic before may be missing, which is written even if nothing comes."""
    log.take(log.opened(), 0, 1, 2, 3)
    log.records = [pushed(0), pushed(1)]
    kept = log.opened("second")
    assert (kept.next_offset, kept.lost) == (0, 0)
    position, _ = log.found()
    assert (position.topic_id, position.offset, position.whole_since_us) == ("second", -1, log.now_us)
    log.take(kept, 0, 1)
    position, tags = log.found()
    assert (position.topic_id, position.offset, position.whole_since_us) == ("second", 1, log.now_us)
    assert tags == {"v0", "v1", "v2", "v3"}


def test_an_id_that_is_not_known_is_no_other_topic(log: ListedTopics) -> None:
    """Whoever did not get one goes on where the last one was, with the id that was known; also where no ids are."""
    log.take(log.opened(None), 0, 1)
    assert log.found()[0].topic_id is None
    log.take(log.opened("first"), 2, 3)
    kept = log.opened(None)
    assert (kept.next_offset, kept.events_id) == (4, "first")
    log.take(kept, 4)
    position, tags = log.found()
    assert (position.topic_id, position.offset, position.whole_since_us) == ("first", 4, None)
    assert tags == {"v0", "v1", "v2", "v3", "v4"}


def test_rows_of_another_number_of_partitions_are_refused(log: ListedTopics) -> None:
    """Both topics were enlarged by hand: a tag would stand in two partitions, and one of them would be unused."""
    log.take(log.opened(), 0)
    log.partitions = 3
    with pytest.raises(
        PartitionCountError, match=r"topic tags was made with 1 partition, and has 3 now: .*, for example tags-2, "
    ):
        log.opened()


def test_a_record_of_a_newer_release_is_waited_for(log: ListedTopics) -> None:
    """What comes before it is kept, and nothing behind it, up to the end of the log neither."""
    log.records[2] = replace(log.records[2], headers=NEWER)
    kept = log.opened()
    done = log.take(kept, 0, 1, 2, 3, end=8)
    assert done.upgrade_needed.startswith("events/0/2: schema id 0x")
    assert done.upgrade_needed.endswith(f"this version knows releases up to {CATALOG.latest.version}")
    assert (kept.next_offset, log.found()[0].offset, log.found()[1]) == (2, 1, {"v0", "v1"})


def test_a_record_of_a_newer_release_can_be_passed_over(log: ListedTopics) -> None:
    """If the configuration says so, as for endpoints: it counts as undecodable."""
    log.records[2] = replace(log.records[2], headers=NEWER)
    done = log.take(log.opened(passes_unknown=True), 0, 1, 2, 3)
    assert (done.upgrade_needed, done.undecodable) == ("", 1)
    assert log.found()[1] == {"v0", "v1", "v3"}


class OneSchema:
    """A registry that gave one id to the newest schema."""

    def schema(self, schema_id: int) -> str | None:
        """The schema with this id."""
        return CATALOG.latest.text if schema_id == 7 else None


def test_ids_of_a_schema_registry_are_resolved(log: ListedTopics) -> None:
    """A record without our header is decoded by the schema that the registry has for its id."""
    log.records = [pushed(0, schema_id=7), pushed(1, schema_id=8)]
    done = log.take(log.opened(schema_ids=SchemaIds(OneSchema(), SystemClock())), 0, 1)
    assert (done.undecodable, log.found()[1]) == (1, {"v0"})


def test_rows_of_a_newer_release_are_left_alone(log: ListedTopics) -> None:
    """Whoever cannot read the state does not go on from another one."""
    log.take(log.opened(), 0)
    log.rows = [replace(row, headers=NEWER) for row in log.rows]
    with pytest.raises(
        UnreadableTopicError, match=r"topic tags: tags/0/0 has schema id .*: this version knows releases"
    ):
        log.opened()
