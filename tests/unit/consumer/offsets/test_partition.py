"""One partition of a worker: when the offsets behind the last record are owed to nobody."""

from consumer.offsets.ledger import Ledger, Snapshot
from consumer.offsets.partition import Partition
from consumer.record import Record


def partition() -> Partition:
    """One that begins at offset 0, with a record read and not admitted yet."""
    made = Partition(0, 1, Ledger(0, end=0))
    made.backlog.append(Record("t", 0, 0, 0, None, b""))
    return made


def test_nothing_is_passed_over_while_something_is_to_be_admitted() -> None:
    """The end was met behind a record that is still in the backlog: it is passed over when that is admitted."""
    at = partition()
    at.read_up_to(5)
    assert 0 == at.ledger.next
    at.ledger.admit(at.backlog.popleft().offset)
    at.pass_over()
    assert 5 == at.ledger.next


def test_nothing_is_passed_over_once_the_backlog_is_forgotten() -> None:
    """What was read and not admitted comes again to whoever has the partition next: it must not be committed past."""
    draining, stopped = partition(), partition()
    draining.draining, stopped.upgrade_needed = True, "a newer schema"
    for at in (draining, stopped):
        at.read_up_to(5)
        at.forget_backlog()
        at.read_up_to(6)
        at.pass_over()
        assert 0 == at.ledger.next
    early = partition()
    early.read_up_to(5)
    early.forget_backlog()
    early.pass_over()
    assert 0 == early.ledger.next


def test_a_record_without_a_valid_time_has_no_age() -> None:
    """Kafka takes any number for a time; one of a thousand years ago would be an alarm about retention."""
    made = Partition(0, 1, Ledger(0, end=0))
    for timestamp_ms, oldest_ms in ((-(10**15), 0), (-1, 0), (2**63 - 1, 0), (1_000, 1_000)):
        made.backlog.appendleft(Record("t", 0, 0, timestamp_ms, None, b""))
        assert made.oldest_ms == oldest_ms


def test_a_record_that_is_read_and_not_admitted_has_its_age() -> None:
    """Also where an earlier worker has finished what lies behind it, and once the backlog is forgotten, even twice."""
    fresh = Partition(0, 1, Ledger(5, end=9))
    again = Partition(0, 1, Ledger(5, Snapshot(5, (5,), 7), end=9))
    for made in (fresh, again):
        made.backlog.extend(Record("t", 0, offset, 1_000 * offset, None, b"") for offset in (5, 8))
        assert 5_000 == made.oldest_ms
        made.forget_backlog()
        made.forget_backlog()
        assert 5_000 == made.oldest_ms


def test_a_record_without_a_time_lends_none_from_those_behind_it() -> None:
    """It was admitted, or is the first that was read: the age of the oldest is unknown."""
    made = partition()
    made.backlog.clear()
    made.backlog.extend(Record("t", 0, offset, stamp, None, b"") for offset, stamp in enumerate((-1, 7_000)))
    assert 0 == made.oldest_ms
    made.ledger.admit(made.backlog.popleft().offset)
    assert 0 == made.oldest_ms
    made.ledger.finish(0)
    assert 7_000 == made.oldest_ms
